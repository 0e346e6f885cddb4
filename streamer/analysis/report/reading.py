"""Reading what a report is about: events through the rules, or published changes.

Both ways go through the same counts, and read their input once. Memory grows with customers and
memberships, not with lines.
"""

from collections.abc import Callable
from typing import TypeAlias

from streamer.analysis.report.course import SizeHistory
from streamer.analysis.report.ran_out import RanOut
from streamer.analysis.report.report import Gathered, Report, memberships_of, put_together
from streamer.analysis.report.shop import Endings, Shop
from streamer.app.books import MembershipStats
from streamer.app.inputs import Decoder, EventReading, read_changes, refused
from streamer.app.replay import replay_into
from streamer.core.engine.program import RuleSet
from streamer.errors import StreamerError
from streamer.ports import Log
from streamer.types import Millis, Record, SegmentChange

Progress: TypeAlias = Callable[[], object]


def report_events(
    rules: RuleSet,
    log: Log,
    decode: Decoder,
    *,
    reachable: str | None = None,
    until: Millis | None = None,
    watch: Progress = lambda: None,
) -> Report:
    """Replay the events, up to `until` or to their end, and report on what came of them.

    `reachable` names the membership of those who can be reached. Raises as `replay` does.
    """
    course, shop = SizeHistory(memberships_of(rules)), Shop()
    endings = Endings(course, RanOut(rules), shop)
    done = replay_into(endings, rules, EventReading(log, shop.noting(decode), watch), until=until)
    gathered = Gathered(
        source="events",
        begin=done.first,
        end=None if done.first is None else done.until,
        accounts=done.accounts,
        changes=done.changes,
        unknown={},
        unusable=done.unusable,
        customers=done.known,
        forgotten=done.customers - done.joined - done.known,
        intake=done.intake,
        ended=endings.ended,
        ran_out=endings.ran_out,
        sales=shop.sales(),
    )
    return put_together(rules, course, gathered, reachable)


def report_changes(
    rules: RuleSet,
    log: Log,
    *,
    reachable: str | None = None,
    until: Millis | None = None,
    watch: Progress = lambda: None,
) -> Report:
    """Report on changes as `encode_change` writes them; those after `until` are left out.

    The span ends at `until`, or at the last change. Raises `UsageError` with file and line for a
    line that is no change, and for a customer whose changes are not all there or not in order.
    """
    course, books = SizeHistory(memberships_of(rules)), MembershipStats(rules.segments)
    endings = Endings(course, RanOut(rules))
    known = set(memberships_of(rules))
    unknown: dict[str, int] = {}
    last: dict[str, tuple[Millis, int]] = {}
    for record, change in read_changes(log, watch):
        _check_order(last, record, change)
        if until is not None and change.at > until:
            continue
        if change.segment not in known:
            unknown[change.segment] = unknown.get(change.segment, 0) + 1
            continue
        try:
            books.enter([change])
        except StreamerError as error:
            raise refused(record, str(error)) from None
        endings.enter([change])
    gathered = Gathered(
        source="changes",
        begin=course.first,
        end=course.last if until is None or course.first is None else until,
        accounts=books.accounts(),
        changes=books.changes,
        unknown=unknown,
        unusable={},
        customers=len(course.inside),
        forgotten=None,
        ended=endings.ended,
        ran_out=endings.ran_out,
    )
    return put_together(rules, course, gathered, reachable)


def _check_order(
    last: dict[str, tuple[Millis, int]], record: Record, change: SegmentChange
) -> None:
    number = (change.born, change.sequence)
    if number <= last.get(change.customer, (0, 0)):
        raise refused(
            record,
            f"change {change.sequence} of customer {change.customer} is told twice or out of order",
        )
    last[change.customer] = number
