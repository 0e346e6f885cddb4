"""What the page of a report says, section by section."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import groupby
from typing import Final

from streamer.cli.report_page.charts import bar, chart, spark
from streamer.cli.report_page.tags import Html, code, joined, tag
from streamer.cli.report_text import number, stay, story
from streamer.cli.wording import instant, lasting
from streamer.compose.report import (
    Judgement,
    Limits,
    Overlap,
    Report,
    SegmentReport,
    judge,
    shares_of,
)

_MOST_PAIRS: Final = 25
_MOST_NAMED: Final = 6
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def as_page(report: Report, limits: Limits) -> str:
    """Return the report as one HTML page."""
    judgement = judge(report, limits)
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    head = (
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        tag("title", f"Segments of {report.ruleset}"),
        tag("style", Html(style)),
    )
    body = (
        _header(report),
        tag("main", _facts(report), _look(report, judgement, limits), *_body(report, limits)),
    )
    page = tag("html", tag("head", *head), tag("body", *body), lang="en")
    return f"<!doctype html>\n{page}"


def _header(report: Report) -> Html:
    read = "events run through the rules" if report.source == "events" else "changes as told"
    return tag(
        "header",
        tag("p", f"Rule set {report.ruleset}", class_="over"),
        tag("h1", "What the segments amount to"),
        tag("p", f"{story(report)}; {read}."),
    )


def _body(report: Report, limits: Limits) -> Iterator[Html]:
    live = [one for one in report.segments if one.customers]
    if live:
        yield _section("segments", "Segments", _table(live, report))
        yield _section("time", "Over time", *_over_time(live, report))
        yield _section("pairs", "Pairs", *_pairs(report, limits))
    yield _section("how", "How it is measured", _definitions(report, limits))


def _section(key: str, title: str, *inside: Html) -> Html:
    return tag("section", tag("h2", title, id=key), *inside, aria_labelledby=key)


def _facts(report: Report) -> Html:
    facts = [("customers", f"{report.customers:,}")]
    if report.forgotten is not None:
        facts.append(("forgotten since", f"{report.forgotten:,}"))
    live = sum(1 for one in report.segments if one.customers)
    facts += [
        ("segments ever entered", f"{live:,} of {len(report.segments):,}"),
        ("in no segment", f"{report.in_no_segment:,}"),
        ("in nothing but otherwise", f"{report.in_rest_only:,}"),
    ]
    reached = next((one for one in report.segments if one.membership == report.reachable), None)
    if reached is not None:
        facts.append(("can be reached", f"{reached.size:,}"))
    return tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts),
        class_="facts",
    )


def _look(report: Report, judgement: Judgement, limits: Limits) -> Html:
    items = [*_unreachable(report, judgement)]
    if judgement.alike:
        pairs = (_pair_text(pair, report) for pair in judgement.alike)
        what = f"Alike, {limits.overlap:.0%} or more of those in either are in both: "
        items.append(joined(tag("b", what), _listed(pairs, "; ")))
    for what, found in (
        (f"Too large, more than {limits.large:.0%} of the customers: ", judgement.large),
        (f"Too small, fewer than {limits.small:.0%} of the customers: ", judgement.small),
        ("Never entered, since the events do not say it or nobody does it: ", judgement.never),
    ):
        if found:
            names = (code(one.membership) for one in found)
            items.append(joined(tag("b", what), _listed(names)))
    if not items:
        items.append(joined("Nothing: every segment is within the limits."))
    return _section("look", "To look at", tag("ul", *(tag("li", item) for item in items)))


def _unreachable(report: Report, judgement: Judgement) -> Iterator[Html]:
    if report.reachable is None:
        yield joined("Who can be reached is not known: the rules have no segment that says so.")
        return
    reached = next(one for one in report.segments if one.membership == report.reachable)
    if not reached.size:
        yield joined(
            tag("b", "Nobody can be reached: "),
            "no customer is in ",
            code(reached.membership),
            ". The events carry no channel, or no consent.",
        )
    elif judgement.unreachable:
        names = (
            joined(code(one.membership), f" ({one.unreachable:,} of {one.size:,})")
            for one in judgement.unreachable
        )
        yield joined(tag("b", "Members nobody can reach: "), _listed(names))


def _listed(parts: Iterable[Html], between: str = ", ") -> Html:
    """Return the first of the parts and, folded away, the rest."""
    every = list(parts)
    first, rest = every[:_MOST_NAMED], every[_MOST_NAMED:]
    said = Html(between.join(first))
    if not rest:
        return said
    more = tag("summary", f" and {len(rest):,} more")
    return joined(said, tag("details", more, ": ", Html(between.join(rest))))


def _pair_text(pair: Overlap, report: Report) -> Html:
    one, other = report.segments[pair.one], report.segments[pair.other]
    return joined(code(one.membership), " and ", code(other.membership))


def _table(live: list[SegmentReport], report: Report) -> Html:
    heads = ["Size", "Over time", "Entered", "Exited", "Volatility", "Median stay"]
    if report.reachable is not None:
        heads.append("Unreachable")
    head = tag("tr", tag("th", "Segment", scope="col"), *(tag("th", h, scope="col") for h in heads))
    rows = (_row(one, report) for one in live)
    table = tag(
        "table",
        tag("caption", "Every segment that ever had a member; sizes are those at the end."),
        tag("thead", head),
        tag("tbody", *rows),
    )
    return _scrolled(table, "segments")


def _row(one: SegmentReport, report: Report) -> Html:
    share = one.size / report.customers if report.customers else 0.0
    cells = [
        joined(f"{one.size:,} ", tag("small", f"{share:.1%}"), bar(share)),
        spark(one.size_by_step, f"from {one.size_by_step[0]:,} to {one.size:,}"),
        f"{one.entered:,}",
        f"{one.exited:,}",
        number(one.volatility),
        stay(one),
    ]
    if one.unreachable is not None:
        cells.append(f"{one.unreachable:,}")
    name = tag("th", code(one.membership), tag("small", one.title), scope="row")
    return tag("tr", name, *(tag("td", cell) for cell in cells))


def _scrolled(table: Html, key: str) -> Html:
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_labelledby=key)


def _over_time(live: list[SegmentReport], report: Report) -> Iterator[Html]:
    yield tag(
        "p",
        "The area is the number of members, with its largest value above it. Below: how many "
        f"entered (up) and left (down) in each step of {lasting(report.width)}.",
    )
    alone = [_figure(one, report) for one in live if one.ladder is None]
    if alone:
        yield tag("div", *alone, class_="figures")
    tiers = sorted((one for one in live if one.ladder is not None), key=lambda one: str(one.ladder))
    for ladder, group in groupby(tiers, key=lambda one: str(one.ladder)):
        members = list(group)
        yield tag("h3", members[0].title, " ", tag("code", ladder))
        yield tag("div", *(_figure(one, report) for one in members), class_="figures")


def _figure(one: SegmentReport, report: Report) -> Html:
    words = (
        f"{one.membership}: {one.size:,} members at the end, at most {one.peak:,}; entered "
        f"{one.entered:,} times, left {one.exited:,} times"
    )
    ends = (_day(report.steps[0]), _day(report.steps[-1]))
    drawn = chart(one.size_by_step, one.entered_by_step, one.exited_by_step, words, ends)
    caption = [code(one.membership)]
    if one.ladder is None:
        caption.append(tag("small", one.title))
    return tag("figure", tag("figcaption", *caption), drawn)


def _day(at: int) -> str:
    return instant(at)[:16].removesuffix(" 00:00")


def _pairs(report: Report, limits: Limits) -> Iterator[Html]:
    ranked = sorted(report.overlaps, key=lambda pair: -shares_of(pair, report)[1])
    if not ranked:
        yield tag("p", "No two segments share a customer.")
        return
    heads = ("In both", "Of the smaller", "Of either")
    head = tag("tr", tag("th", "Pair", scope="col"), *(tag("th", h, scope="col") for h in heads))
    rows = (_pair(pair, report, limits) for pair in ranked[:_MOST_PAIRS])
    said = f"The {min(len(ranked), _MOST_PAIRS)} pairs that overlap most, of {len(ranked):,}."
    yield _scrolled(
        tag("table", tag("caption", said), tag("thead", head), tag("tbody", *rows)), "pairs"
    )


def _pair(pair: Overlap, report: Report, limits: Limits) -> Html:
    of_smaller, jaccard = shares_of(pair, report)
    alike = jaccard >= limits.overlap
    return tag(
        "tr",
        tag("th", _pair_text(pair, report), tag("small", "alike" if alike else ""), scope="row"),
        tag("td", f"{pair.both:,}"),
        tag("td", joined(f"{of_smaller:.1%}", bar(of_smaller))),
        tag("td", joined(f"{jaccard:.1%}", bar(jaccard))),
    )


def _definitions(report: Report, limits: Limits) -> Html:
    known = "who are known at the end" if report.source == "events" else "whom the changes name"
    said = (
        ("Size", "Members at the end of the report."),
        ("Volatility", "(entered + exited) / mean size: how often a member comes or goes."),
        ("Mean size", "All time that customers spent inside, by the time of the whole report."),
        ("Median stay", "Of the stays that ended; ~ if of a sample of them."),
        ("Customers", f"Those {known}. Shares are of them."),
        ("Otherwise", "The last tier of a ladder, which holds for everybody else."),
        ("Unreachable", "Members who are not in the segment that says who can be reached."),
        ("Of the smaller", "Customers in both, by the size of the smaller one."),
        ("Of either", "Customers in both, by all who are in one or the other (Jaccard index)."),
        ("Alike", f"Of either, {limits.overlap:.0%} or more are in both."),
    )
    terms = (tag("div", tag("dt", name), tag("dd", text)) for name, text in said)
    return joined(
        tag("dl", *terms, class_="terms"),
        tag("p", "Rules ", tag("code", report.rules), class_="version"),
    )
