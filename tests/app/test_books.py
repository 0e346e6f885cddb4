"""MembershipStats on changes: entries, exits, members and the median stay."""

from collections.abc import Iterator

import pytest

from streamer.adapters.memory import MemorySink
from streamer.app import books
from streamer.app.books import Account, BookedSink, MembershipStats
from streamer.ports import OutboxEntry
from streamer.types import Direction, Millis, SegmentChange
from tests.engine import compiled

RULES = """
segment: loud
title: Loud
purpose: An example.
when: {performed: any, within: 1h}
---
ladder: volume
title: Volume
purpose: An example.
tiers:
  - high: {performed: any, at_least: 9}
  - low: otherwise
"""


def change(customer: str, direction: Direction, at: Millis, segment: str = "loud") -> SegmentChange:
    return SegmentChange(
        customer, segment, direction, at, 1, 0, "time", None, (), "", holdout=False
    )


def stays(lengths: Iterator[int] | list[int]) -> Iterator[SegmentChange]:
    for number, length in enumerate(lengths):
        yield change(f"u-{number % 3}", "entered", number * 1_000)
        yield change(f"u-{number % 3}", "exited", number * 1_000 + length)


def account_of(*changes: SegmentChange) -> Account:
    kept = MembershipStats(compiled(RULES).segments)
    kept.enter(changes)
    return kept.accounts()[0]


def test_every_membership_has_an_account_in_the_order_of_the_rules() -> None:
    accounts = MembershipStats(compiled(RULES).segments).accounts()
    assert [one.membership for one in accounts] == ["loud", "volume.high", "volume.low"]


def test_members_are_those_who_did_not_leave() -> None:
    account = account_of(
        change("u-1", "entered", 0),
        change("u-2", "entered", 5),
        change("u-1", "exited", 10),
        change("u-1", "entered", 20),
    )
    assert (account.entered, account.exited, account.members, account.customers) == (3, 1, 2, 2)
    assert account.median_stay == 10


def test_nobody_who_left_is_no_median() -> None:
    assert account_of(change("u-1", "entered", 0)).median_stay is None


def test_the_median_is_a_stay_that_happened() -> None:
    account = account_of(*stays([5, 100, 7, 9]))
    assert (account.median_stay, account.sampled) == (7, False)


def test_beyond_the_most_stays_a_sample_is_kept_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MOST_STAYS", 100)
    lengths = [1 + (number * 7_919) % 1_000 for number in range(1_000)]
    account = account_of(*stays(lengths))
    assert account.sampled
    assert account.median_stay is not None
    assert 350 < account.median_stay < 650
    assert account == account_of(*stays(lengths))


def test_what_is_told_twice_is_entered_once() -> None:
    kept = MembershipStats(compiled(RULES).segments)
    sink = BookedSink(MemorySink(), kept)
    entry = OutboxEntry(1, (change("u-1", "entered", 0),), ())
    sink.publish([entry])
    sink.publish([entry])
    assert (kept.changes, sink.mark(0).number) == (1, 1)
