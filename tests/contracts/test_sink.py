"""The contract of `Sink`: what is told is told once, in order, together with the mark."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamer.ports import OutboxEntry, PublishedMark

from .adapters import SINKS, OpenSink, Rejected, SinkAdapter
from .examples import outbox_entry, rejection, tier_change

LASTING = {name: adapter for name, adapter in SINKS.items() if adapter.lasting}


@pytest.fixture(params=SINKS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenSink]:
    adapter: SinkAdapter = SINKS[request.param]
    with adapter.opened(tmp_path, request.getfixturevalue) as sink:
        yield sink


@pytest.fixture(params=LASTING)
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenSink]:
    with LASTING[request.param].opened(tmp_path, request.getfixturevalue) as sink:
        yield sink


def test_nothing_is_marked_at_first(opened: OpenSink) -> None:
    sink = opened.connect()
    assert sink.mark(0) == PublishedMark()
    assert opened.told() == ([], [])


def test_changes_come_out_as_they_went_in_and_in_order(opened: OpenSink) -> None:
    sink = opened.connect()
    first, second = outbox_entry(1, changes=3), outbox_entry(2, changes=2)
    sink.publish([first])
    sink.publish([second])
    assert opened.told()[0] == [*first.changes, *second.changes]


def test_a_ladder_s_move_keeps_both_ends(opened: OpenSink) -> None:
    opened.connect().publish([OutboxEntry(1, (tier_change(1),), ())])
    assert opened.told()[0] == [tier_change(1)]


def test_rejections_come_out_with_their_reason(opened: OpenSink) -> None:
    opened.connect().publish([OutboxEntry(1, (), (rejection(0), rejection(1, b"{")))])
    assert opened.told() == (
        [],
        [Rejected("not \\xff JSON", "reason 0"), Rejected("{", "reason 1")],
    )


@pytest.mark.parametrize("name", [name for name, adapter in SINKS.items() if adapter.shared])
def test_control_records_go_into_the_log_once_and_in_order(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with SINKS[name].opened(tmp_path, request.getfixturevalue) as opened:
        sink = opened.connect()
        entries = [outbox_entry(1, controls=2), outbox_entry(2, changes=0, controls=1)]
        sink.publish(entries)
        sink.publish(entries)
        assert opened.controls() == [one for entry in entries for one in entry.controls]


def test_publishing_moves_the_mark_to_the_number(opened: OpenSink) -> None:
    sink = opened.connect()
    sink.publish([outbox_entry(1)])
    assert sink.mark(0) == PublishedMark.after(outbox_entry(1))
    sink.publish([outbox_entry(5)])  # commits without anything to tell have no outbox_entry
    assert sink.mark(0) == PublishedMark.after(outbox_entry(5))


def test_telling_twice_is_telling_once(opened: OpenSink) -> None:
    sink = opened.connect()
    told = outbox_entry(3, changes=2, rejections=1)
    sink.publish([told])
    sink.publish([told])
    sink.publish([outbox_entry(2)])
    assert sink.mark(0) == PublishedMark.after(outbox_entry(3))
    changes, rejections = opened.told()
    assert changes == list(told.changes)
    assert len(rejections) == 1


def test_each_partition_has_its_own_mark(opened: OpenSink) -> None:
    sink = opened.connect()
    sink.publish([outbox_entry(2)])
    assert sink.mark(1) == PublishedMark()
    sink.publish([outbox_entry(1, partition=1)])
    assert (sink.mark(0).number, sink.mark(1).number) == (2, 1)
    assert len(opened.told()[0]) == 2


def test_whoever_connects_next_finds_the_mark(lasting: OpenSink) -> None:
    lasting.connect().publish([outbox_entry(1)])
    successor = lasting.connect()
    assert successor.mark(0) == PublishedMark.after(outbox_entry(1))
    successor.publish([outbox_entry(1)])
    successor.publish([outbox_entry(2)])
    assert lasting.told()[0] == [*outbox_entry(1).changes, *outbox_entry(2).changes]
