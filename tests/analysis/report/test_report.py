"""A report: the same over events and over their changes, and what a plain recomputation says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import median_low
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.adapters.memory import MemoryLog, MemorySink
from streamer.analysis.report import Report, SegmentReport, report_changes, report_events
from streamer.app.replay import replay
from streamer.codecs.changes import encode_change
from streamer.codecs.events import decode
from streamer.core.engine.program import RuleSet
from streamer.core.values import SCALE
from streamer.errors import UsageError
from streamer.ports import Log
from streamer.types import DAY, HOUR, MINUTE, Millis, Record, SegmentChange
from tests.cli.shop import START, event
from tests.engine import compiled

RULES = compiled("""
{ruleset: shop, retention: 30d}
---
segment: loud
title: Loud
purpose: An example for tests.
when: {performed: product_viewed, at_least: 2, within: 1d}
---
segment: reachable
title: Reachable
purpose: An example for tests.
when: {trait: email, exists: true}
---
segment: silent
title: Silent
purpose: An example for tests.
when: {performed: order_completed}
---
ladder: pace
title: Batching
purpose: An example for tests.
tiers:
  - fast: {performed: any, at_least: 2, within: 1h}
  - slow: {performed: product_added, within: 10d}
  - idle: otherwise
""")
SHOP = compiled("""
segment: buyer
title: Buys
purpose: An example for tests.
when: {performed: order_completed}
settings: {min_dwell: 30d, cooldown: 1d}
---
segment: left_cart
title: Left something
purpose: An example for tests.
when: {abandoned: {did: product_added, without: order_completed}, same: customer, within: 1d}
---
segment: returning
title: Bought and looks
purpose: An example for tests.
when: {all: [{in_segment: buyer}, {performed: product_viewed}]}
""")
MAIL: dict[str, Any] = {"traits": {"email": "a@example.com"}}


Edit: TypeAlias = Callable[[list[SegmentChange]], list[SegmentChange]]


def log_of(lines: Iterable[bytes]) -> Log:
    log = MemoryLog()
    for line in lines:
        log.append(line)
    return log


def changes_of(lines: Sequence[bytes], rules: RuleSet = RULES) -> list[SegmentChange]:
    sink = MemorySink()
    replay(rules, log_of(lines), decode, sink)
    return sink.changes


def over_events(*lines: bytes, reachable: str | None = "reachable") -> Report:
    return report_events(RULES, log_of(lines), decode, reachable=reachable)


def over_changes(changes: Iterable[SegmentChange]) -> Report:
    return report_changes(RULES, log_of(map(encode_change, changes)), reachable="reachable")


def viewed(number: int, at: Millis, user: str = "u-1", **more: Any) -> bytes:  # noqa: ANN401
    return event(number, at, user, name="product_viewed", **more)


def test_a_day_of_two_customers() -> None:
    # u-1 is loud from hour 1 until its first view is a day old; u-2 views once, 24 h later.
    report = over_events(viewed(1, 0, **MAIL), viewed(2, HOUR), viewed(3, 25 * HOUR, "u-2"))
    loud = report.segments[0]
    assert (loud.membership, loud.entered, loud.exited, loud.size) == ("loud", 1, 1, 0)
    assert loud.median_stay == 23 * HOUR
    assert loud.mean_size == 23 / 25
    assert loud.volatility == 2 / (23 / 25)
    assert (report.customers, report.forgotten, report.in_no_segment) == (2, 0, 0)
    assert report.in_rest_only == 1
    assert report.width == HOUR / 4
    assert len(report.steps) == len(loud.size_by_step) == 101
    assert [at for at, size in zip(report.steps, loud.size_by_step, strict=True) if size][::91] == [
        START + HOUR,
        START + 24 * HOUR - HOUR / 4,
    ]


def test_members_who_cannot_be_reached_are_counted() -> None:
    report = over_events(
        viewed(1, 0, **MAIL), viewed(2, 1), viewed(3, 2, "u-2"), viewed(4, 3, "u-2")
    )
    found = {one.membership: one.unreachable for one in report.segments}
    assert found["loud"] == found["pace.fast"] == 1
    assert found["reachable"] == 0
    assert {one.unreachable for one in over_events(reachable=None).segments} == {None}


def test_who_was_forgotten_is_no_customer_any_more() -> None:
    report = over_events(viewed(1, 0), viewed(2, 31 * DAY, "u-2"))
    assert (report.customers, report.forgotten) == (1, 1)


def test_nothing_is_a_report_too() -> None:
    for report in (over_events(), over_changes([])):
        assert (report.begin, report.end, report.steps) == (None, None, ())
        assert {(one.size, one.mean_size, one.volatility) for one in report.segments} == {
            (0, None, None)
        }


def test_who_leaves_without_having_entered_was_inside_before() -> None:
    # u-1 is idle at first, becomes fast, and is idle again after an hour; u-2 comes a day later.
    lines = [viewed(1, 0), viewed(2, MINUTE), viewed(3, 25 * HOUR, "u-2")]
    report = over_changes(one for one in changes_of(lines) if one.at > START)
    idle = next(one for one in report.segments if one.membership == "pace.idle")
    assert report.begin == START + MINUTE
    assert (idle.entered, idle.exited, idle.size, idle.peak) == (2, 1, 2, 2)
    assert idle.median_stay is None
    assert idle.mean_size == 24 * HOUR / (25 * HOUR - MINUTE)


def test_changes_of_memberships_that_the_rules_do_not_have_are_left_out_and_counted() -> None:
    said = changes_of([viewed(1, 0), viewed(2, 1)])
    other = [replace_segment(one) for one in said]
    report = over_changes(other)
    assert report.unknown == {"was_loud": 1}
    assert report.changes == len(said) - 1


def replace_segment(change: SegmentChange) -> SegmentChange:
    return change._replace(segment="was_loud") if change.segment == "loud" else change


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda said: [said[0], said[0]], "log:2: change 1 of customer u-1 is told twice or out"),
        (lambda said: [said[1], said[0]], "log:2: change 1 of customer u-1 is told twice or out"),
        (
            lambda said: [one for one in said if one.direction == "entered"],
            "log:4: customer u-1 has entered pace.idle twice in a row: a change between is missing",
        ),
    ],
)
def test_changes_that_are_not_all_there_are_refused(edit: Edit, why: str) -> None:
    said = [
        one
        for one in changes_of([viewed(1, 0), viewed(2, 1), viewed(3, 2 * DAY), viewed(4, 2 * DAY)])
        if one.segment in {"loud", "pace.idle", "pace.fast"}
    ]
    lines = [encode_change(one) for one in edit(said)]
    with pytest.raises(UsageError) as caught:
        report_changes(RULES, Named(lines))
    assert str(caught.value).startswith(why)


class Named:
    """A log whose records know their line, as those of files do."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._log = MemoryLog()
        for line in lines:
            self._log.append(line)

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return records that name their line."""
        found = self._log.read(partition, offset, limit)
        return [one._replace(source="log", line=one.offset + 1) for one in found]


@pytest.mark.parametrize("line", [b"", b"{}", b"no", b'{"customer_id": "u-1"}'])
def test_a_line_that_is_no_change_is_named(line: bytes) -> None:
    with pytest.raises(UsageError, match=r"^log:1: not a segment change"):
        report_changes(RULES, Named([line]))


def test_a_change_beyond_the_years_of_events_is_refused() -> None:
    late = changes_of([viewed(1, 0)])[0]._replace(at=END_OF_TIME)
    with pytest.raises(UsageError, match=r"^log:1: the change is outside of the years 1990 to"):
        report_changes(RULES, Named([encode_change(late)]))


END_OF_TIME = 200_000_000_000_000

histories = st.lists(
    st.tuples(
        st.integers(0, 40 * DAY) | st.integers(0, 3 * HOUR).map(lambda at: at // MINUTE * MINUTE),
        st.sampled_from(["u-1", "u-2", "u-3", "u-4"]),
        st.sampled_from(["product_viewed", "product_added"]),
        st.booleans(),
    ),
    max_size=25,
)


@given(histories)
@settings(deadline=None)
def test_a_report_says_what_a_plain_recomputation_says(
    history: list[tuple[Millis, str, str, bool]],
) -> None:
    lines = [
        event(number, at, user, name=name, **(MAIL if mail else {}))
        for number, (at, user, name, mail) in enumerate(sorted(history))
    ]
    said = changes_of(lines)
    report = over_events(*lines)
    check_against(said, report)
    again = over_changes(said)
    if said:
        assert again.begin == report.begin
        until = report.end
        same = report_changes(
            RULES, log_of(map(encode_change, said)), reachable="reachable", until=until
        )
        assert same.intake is None
        unknown: dict[str, Any] = {
            "customers": 0,
            "forgotten": 0,
            "in_no_segment": 0,
            "sales": None,
        }
        assert replace(same, source="events", segments=untold(same), **unknown) == replace(
            report, segments=untold(report), intake=None, **unknown
        )


def untold(report: Report) -> tuple[SegmentReport, ...]:
    """The segments without what only events tell: the names of what ended stays, and sales."""
    for one in report.segments:
        assert sum(one.ended.values()) == one.exited
    return tuple(replace(one, ended={}, sales=None) for one in report.segments)


def test_what_ended_stays_and_what_members_bought_is_told() -> None:
    def order(number: int, at: Millis, user: str, **properties: Any) -> bytes:  # noqa: ANN401
        properties = {"currency": "GBP", **properties}
        return event(number, at, user, name="order_completed", properties=properties)

    sold = {"products": [{"price": 10, "quantity": 3}, {"price": 5}]}
    lines = [
        event(1, 0, "u-1", name="product_added"),
        order(2, 1, "u-1", **sold),
        order(2, 1, "u-1", **sold),  # told twice
        event(3, 0, "u-2", name="product_added"),
        order(4, 2, "u-3", revenue=65),
        order(5, 3, "u-4", revenue=7, currency="EUR"),
        viewed(6, 2 * DAY, "u-9"),
    ]
    report = report_events(SHOP, log_of(lines), decode)
    segments = {one.membership: one for one in report.segments}
    assert segments["left_cart"].ended == {"order_completed": 1, "time": 1}
    label = "abandoned: product_added without order_completed within 1d"
    assert segments["left_cart"].ran_out == {label: 1}
    assert report.sales is not None
    assert (report.sales.currency, report.sales.left_out) == ("GBP", 1)
    assert segments["buyer"].sales == 100 * SCALE
    assert segments["left_cart"].sales == 0
    assert segments["buyer"].held == "min_dwell 30d and cooldown 1d"
    assert segments["buyer"].definition == "performed order_completed at least 1 time"
    told = over_changes(changes_of([viewed(1, 0), viewed(2, 1)]))
    assert {one.sales for one in told.segments} == {None}


def test_pairs_that_hold_by_construction_are_left_out() -> None:
    lines = [event(1, 0, "u-1", name="order_completed"), viewed(2, 1)]
    report = report_events(SHOP, log_of(lines), decode)
    names = [one.membership for one in report.segments]
    assert ("buyer", "returning") not in {(names[p.one], names[p.other]) for p in report.overlaps}
    inside = {one.membership for one in report.segments if one.size}
    assert {"buyer", "returning"} <= inside


def test_there_is_no_pair_of_what_is_asked_for_by_what_is_asked_for() -> None:
    documents = [
        f"segment: {key}\npurpose: p\nwhen: {when}\n"
        for key, when in (
            ("first", "{performed: order_completed}"),
            ("second", "{in_segment: first}"),
            ("third", "{in_segment: second}"),
            ("other", "{performed: any}"),
        )
    ]
    log = log_of([event(1, 0, name="order_completed")])
    report = report_events(compiled("---\n".join(documents)), log, decode)
    names = [one.membership for one in report.segments]
    pairs = {frozenset((names[pair.one], names[pair.other])) for pair in report.overlaps}
    assert pairs == {frozenset((key, "other")) for key in ("first", "second", "third")}


def test_the_title_of_a_tier_is_beside_that_of_its_ladder() -> None:
    report = report_events(RULES, log_of([event(1, 0)]), decode)
    titles = {one.membership: one.full_title for one in report.segments}
    assert (titles["loud"], titles["pace.slow"]) == ("Loud", "Batching: slow")


def check_against(said: list[SegmentChange], report: Report) -> None:
    """Compare with what a list of all changes says, instant by instant."""
    if report.begin is None or report.end is None:
        assert not said
        return
    stays = {one.membership: stays_of(said, one.membership) for one in report.segments}
    for one in report.segments:
        mine = stays[one.membership]
        ended = [until - since for _, since, until in mine if until is not None]
        assert (one.entered, one.exited) == (len(mine), len(ended))
        assert one.size == inside(mine, report.end)
        assert one.customers == len({customer for customer, _, _ in mine})
        assert one.median_stay == (median_low(ended) if ended else None)
        ends = [*(step - 1 for step in report.steps[1:]), report.end]
        assert one.size_by_step == tuple(inside(mine, at) for at in ends)
        assert one.peak == max(one.size_by_step)
        time = sum((until or report.end) - since for _, since, until in mine)
        if report.end > report.begin:
            assert one.mean_size == time / (report.end - report.begin)
    members = {
        name: {customer for customer, since, until in mine if until is None}
        for name, mine in stays.items()
    }
    found = {
        (report.segments[one].membership, report.segments[other].membership): both
        for one, other, both in report.overlaps
    }
    assert found == {
        (one, other): len(members[one] & members[other])
        for one, other in combinations(members, 2)
        if members[one] & members[other]
    }
    for one in report.segments:
        assert one.unreachable == len(members[one.membership] - members["reachable"])
    anywhere = set().union(*members.values())
    assert report.in_no_segment == report.customers - len(anywhere)
    better = set().union(*(members[name] for name in members if name != "pace.idle"))
    assert report.in_rest_only == len(anywhere - better)


def stays_of(said: list[SegmentChange], membership: str) -> list[tuple[str, Millis, Millis | None]]:
    """Every stay in a membership: who, since when, until when."""
    stays: list[tuple[str, Millis, Millis | None]] = []
    for change in said:
        if change.segment == membership:
            if change.direction == "entered":
                stays.append((change.customer, change.at, None))
            else:
                nth = max(n for n, stay in enumerate(stays) if stay[0] == change.customer)
                stays[nth] = (change.customer, stays[nth][1], change.at)
    return stays


def inside(stays: list[tuple[str, Millis, Millis | None]], at: Millis) -> int:
    """How many are inside at an instant."""
    return sum(1 for _, since, until in stays if since <= at and (until is None or at < until))


MODEL = """
segment: leaving
purpose: An example for tests.
when: {predicted: alive, below: 30%}
---
model: alive
kind: bg_nbd
purchase: order_completed
unit: 7d
parameters: {r: 1, alpha: 1, a: 1, b: 1}
"""


@pytest.mark.parametrize(
    ("fitted", "foreign"),
    [
        ("", True),
        ("{on: CDNOW, from: 1997-01-01, until: 1997-09-30}", True),
        ("{on: a younger shop, from: 2026-03-01, until: 2027-01-01}", True),
        ("{on: last year, from: 2025-01-01, until: 2025-12-31}", False),
        ("{on: the same, from: 2026-01-01, until: 2026-01-02}", False),
        ("{on: somebody}", False),
    ],
)
def test_a_report_says_of_a_model_that_it_was_not_fitted_on_this_shop(
    fitted: str,
    foreign: bool,  # noqa: FBT001 (a parameter of a test)
) -> None:
    rules = compiled(MODEL + (f"fitted: {fitted}\n" if fitted else ""))
    log = log_of([event(1, 0, name="order_completed"), event(2, DAY)])
    ((key, _, segments, said),) = report_events(rules, log, decode).models
    assert (key, segments, said) == ("alive", ("leaving",), foreign)
