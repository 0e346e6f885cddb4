"""Which segments a person should look at before they go live, and why.

A segment must be large enough to be worth a message and small enough to mean something, its members
must be reachable, and no two segments should be the same customers under two names.
"""

from dataclasses import dataclass

from streamer.analysis.report.measures import Overlap, shares
from streamer.analysis.report.report import Report, SegmentReport


@dataclass(frozen=True, slots=True)
class FindingLimits:
    """The limits for a finding, as shares from 0 to 1.

    A membership is too small with fewer than `small` of the customers, too large with more than
    `large` of them. A pair is alike when of all who are in either, `overlap` or more are in both.
    """

    small: float = 0.01
    large: float = 0.5
    overlap: float = 0.8


@dataclass(frozen=True, slots=True)
class Judgement:
    """Findings, the most striking first; sizes are those at the end.

    `never` never had a member. `small` and `large` did, and are so at the end. `alike` are the
    pairs that overlap too much. `unreachable` have members whom no channel reaches; empty where the
    report does not know.
    """

    never: tuple[SegmentReport, ...]
    small: tuple[SegmentReport, ...]
    large: tuple[SegmentReport, ...]
    alike: tuple[Overlap, ...]
    unreachable: tuple[SegmentReport, ...]


def judge(report: Report, limits: FindingLimits) -> Judgement:
    """Return the findings that a person should look at."""
    live = [one for one in report.segments if one.customers]
    return Judgement(
        never=tuple(one for one in report.segments if not one.customers),
        small=tuple(sorted((one for one in live if is_small(one, report, limits)), key=_size)),
        large=tuple(
            sorted((one for one in live if is_large(one, report, limits)), key=_size, reverse=True)
        ),
        alike=tuple(_alike(report, limits)),
        unreachable=tuple(
            sorted((one for one in live if one.unreachable), key=_unreachable, reverse=True)
        ),
    )


def is_small(one: SegmentReport, report: Report, limits: FindingLimits) -> bool:
    """Say whether a membership is too small at the end."""
    return one.size < limits.small * report.customers


def is_large(one: SegmentReport, report: Report, limits: FindingLimits) -> bool:
    """Say whether a membership is too large at the end."""
    return one.size > limits.large * report.customers


def shares_of(pair: Overlap, report: Report) -> tuple[float, float]:
    """Return the shares of `measures.shares` for a pair of the report."""
    one, other = report.segments[pair.one], report.segments[pair.other]
    return shares(pair.both, one.size, other.size)


def _alike(report: Report, limits: FindingLimits) -> list[Overlap]:
    found = [(shares_of(pair, report)[1], pair) for pair in report.overlaps]
    alike = [(share, pair) for share, pair in found if share >= limits.overlap]
    return [pair for _, pair in sorted(alike, key=lambda one: (-one[0], one[1]))]


def _size(one: SegmentReport) -> int:
    return one.size


def _unreachable(one: SegmentReport) -> int:
    return one.unreachable or 0
