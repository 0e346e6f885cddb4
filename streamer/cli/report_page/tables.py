"""The tables of the page: the segments, and the pairs that overlap most."""

from typing import Final

from streamer.analysis.report import FindingLimits, Overlap, Report, SegmentReport, shares_of
from streamer.cli.report_page.charts import bar, spark
from streamer.cli.report_page.findings import pair_text
from streamer.cli.report_page.tags import Html, code, joined, tag
from streamer.cli.report_text import ended, number, ran_out, sales_share, stay

_MOST_PAIRS: Final = 25


def segment_table(live: list[SegmentReport], report: Report) -> Html:
    """Return the table of these segments."""
    heads = ["Size", "Over time", "Entered", "Exited", "Volatility", "Median stay"]
    heads += ["Sales"] * (report.sales is not None) + ["Stays ended by"]
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
    if report.sales is not None:
        sold = sales_share(one, report)
        cells.append("-" if sold is None else f"{sold:.1%}")
    cells.append(tag("span", ended(one), class_="causes"))
    if one.unreachable is not None:
        cells.append(f"{one.unreachable:,}")
    described = tag(
        "details",
        tag("summary", one.full_title),
        tag("p", one.purpose),
        tag("p", code(one.definition)),
        *([tag("p", "Time ended ", ran_out(one))] if one.ran_out else []),
    )
    name = tag("th", code(one.membership), tag("small", described), scope="row")
    return tag("tr", name, *(tag("td", cell) for cell in cells))


def pair_table(report: Report, limits: FindingLimits) -> Html:
    """Return the table of the pairs that overlap most."""
    ranked = sorted(report.overlaps, key=lambda pair: -shares_of(pair, report)[1])
    if not ranked:
        return tag("p", "No two segments share a customer.")
    heads = ("In both", "Of the smaller", "Of either")
    head = tag("tr", tag("th", "Pair", scope="col"), *(tag("th", h, scope="col") for h in heads))
    rows = (_pair(pair, report, limits) for pair in ranked[:_MOST_PAIRS])
    said = f"The {min(len(ranked), _MOST_PAIRS)} pairs that overlap most, of {len(ranked):,}."
    table = tag("table", tag("caption", said), tag("thead", head), tag("tbody", *rows))
    return _scrolled(table, "pairs")


def _pair(pair: Overlap, report: Report, limits: FindingLimits) -> Html:
    of_smaller, jaccard = shares_of(pair, report)
    said = [tag("small", "alike")] if jaccard >= limits.overlap else []
    return tag(
        "tr",
        tag("th", pair_text(pair, report), *said, scope="row"),
        tag("td", f"{pair.both:,}"),
        tag("td", joined(f"{of_smaller:.1%}", bar(of_smaller))),
        tag("td", joined(f"{jaccard:.1%}", bar(jaccard))),
    )


def _scrolled(table: Html, key: str) -> Html:
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_labelledby=key)
