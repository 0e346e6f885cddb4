"""What a person should look at first, as a list on the page."""

from collections.abc import Iterable, Iterator
from typing import Final

from streamer.analysis.report import FindingLimits, Judgement, Overlap, Report
from streamer.cli.report_page.tags import Html, code, joined, tag

_MOST_NAMED: Final = 6


def findings(report: Report, judgement: Judgement, limits: FindingLimits) -> Html:
    """Return the list of what a person should look at."""
    items = [*_unreachable(report, judgement)]
    if judgement.alike:
        pairs = (pair_text(pair, report) for pair in judgement.alike)
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
    return tag("ul", *(tag("li", item) for item in items))


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
    more = tag("summary", f"and {len(rest):,} more")
    return joined(said, " ", tag("details", more, ": ", Html(between.join(rest))))


def pair_text(pair: Overlap, report: Report) -> Html:
    """Return the names of a pair."""
    one, other = report.segments[pair.one], report.segments[pair.other]
    return joined(code(one.membership), " and ", code(other.membership))
