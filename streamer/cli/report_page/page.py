"""What the page of a report says, section by section."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from streamer.analysis.report import FindingLimits, Report, judge
from streamer.cli.report_page.figures import over_time
from streamer.cli.report_page.findings import findings
from streamer.cli.report_page.tables import pair_table, segment_table
from streamer.cli.report_page.tags import Html, joined, tag
from streamer.cli.report_text import ORDERS, held_line, model_lines, sales_lines, story
from streamer.cli.wording import unusable

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def as_page(report: Report, limits: FindingLimits, by: str = "rules") -> str:
    """Return the report as one HTML page, its segments ordered by one of `ORDERS`."""
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
        tag("main", _facts(report), *_sections(report, limits, by)),
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
        *(tag("p", said) for said in unusable(report.unusable)),
        *(
            tag("p", said)
            for said in (*sales_lines(report), held_line(report), *model_lines(report))
            if said
        ),
    )


def _sections(report: Report, limits: FindingLimits, by: str) -> Iterator[Html]:
    yield _section("look", "To look at", findings(report, judge(report, limits), limits))
    live = sorted((one for one in report.segments if one.customers), key=ORDERS[by])
    if live:
        yield _section("segments", "Segments", segment_table(live, report))
        yield _section("time", "Over time", *over_time(live, report))
        yield _section("pairs", "Pairs", pair_table(report, limits))
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


def _definitions(report: Report, limits: FindingLimits) -> Html:
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
