"""The figures of the page: each segment over time."""

from collections.abc import Iterator
from itertools import groupby

from streamer.analysis.report import Report, SegmentReport
from streamer.cli.report_page.charts import chart
from streamer.cli.report_page.tags import Html, code, tag
from streamer.cli.wording import instant, lasting


def over_time(live: list[SegmentReport], report: Report) -> Iterator[Html]:
    """Yield a figure of each of these segments, the tiers of a ladder together."""
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
