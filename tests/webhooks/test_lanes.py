"""The lanes: order per customer, what is safe, what is kept, and what a restart brings back."""

from collections.abc import Mapping

from streamer.codecs.changes import encode_change
from streamer.types import SegmentChange
from streamer.webhooks.lanes import Lanes, Waiting
from tests.webhooks.changes import change


def waiting(offset: int, said: SegmentChange) -> Waiting:
    return Waiting(0, offset, said, encode_change(said), None, since=0)


def lanes_with(*changes: SegmentChange) -> Lanes:
    lanes = Lanes()
    lanes.open(0, 0, [])
    for offset, said in enumerate(changes):
        lanes.take(waiting(offset, said), wanted=True)
    return lanes


def due(lanes: Lanes, now: int = 0) -> list[Waiting]:
    found = []
    while (one := lanes.next_due(now)) is not None:
        found.append(one)
    return found


def write(lanes: Lanes, topic: dict[int, bytes]) -> None:
    """Bring what is unwritten into a topic."""
    taken = lanes.unwritten()
    for offset, one in taken.get(0, {}).items():
        if one is None:
            topic.pop(offset, None)
        else:
            topic[offset] = one.encode()
    lanes.written(taken)


def restarted(position: int, topic: Mapping[int, bytes]) -> Lanes:
    lanes = Lanes()
    lanes.open(0, position, [Waiting.decode(0, at, value) for at, value in topic.items()])
    return lanes


def test_only_the_first_change_of_a_customer_is_due() -> None:
    lanes = lanes_with(change("a", 1), change("a", 2), change("b", 1))
    first, other = due(lanes)
    assert (first.offset, other.offset) == (0, 2)
    lanes.settled(first)
    assert [one.offset for one in due(lanes)] == [1]


def test_nothing_past_a_change_in_hand_is_safe() -> None:
    lanes = lanes_with(change("a", 1), change("b", 1), change("c", 1))
    first, second, third = due(lanes)
    lanes.settled(third)
    lanes.settled(second)
    assert lanes.safe() == {0: 0}
    lanes.settled(first)
    assert lanes.safe() == {0: 3}


def test_a_failed_change_is_passed_once_it_and_all_behind_it_are_written() -> None:
    lanes = lanes_with(change("a", 1), change("b", 1), change("a", 2))
    failed, other = due(lanes)
    lanes.settled(other)
    lanes.postponed(failed, due=1_000)
    assert lanes.safe() == {0: 0}
    topic: dict[int, bytes] = {}
    write(lanes, topic)
    assert topic.keys() == {0, 2}
    assert lanes.safe() == {0: 3}
    lanes.take(waiting(3, change("a", 3)), wanted=True)
    assert lanes.safe() == {0: 3}
    write(lanes, topic)
    assert lanes.safe() == {0: 4}
    assert due(lanes, 999) == []
    assert due(lanes, 1_000) == [failed]


def test_what_the_topic_does_not_take_stays_unsafe() -> None:
    lanes = lanes_with(change("a", 1))
    (failed,) = due(lanes)
    lanes.postponed(failed, due=1_000)
    lanes.not_written(lanes.unwritten())
    assert lanes.safe() == {0: 0}
    write(lanes, {})
    assert lanes.safe() == {0: 1}


def test_a_kept_change_that_is_delivered_leaves_the_topic() -> None:
    lanes = lanes_with(change("a", 1))
    topic: dict[int, bytes] = {}
    (failed,) = due(lanes)
    lanes.postponed(failed, due=1_000)
    write(lanes, topic)
    (again,) = due(lanes, 1_000)
    lanes.settled(again)
    write(lanes, topic)
    assert topic == {}
    assert len(lanes) == lanes.kept == 0


def test_a_restart_goes_on_with_tries_and_due_times() -> None:
    lanes = lanes_with(change("a", 1), change("a", 2))
    topic: dict[int, bytes] = {}
    (failed,) = due(lanes)
    failed.tries = 3
    lanes.postponed(failed, due=1_000)
    write(lanes, topic)
    lanes = restarted(2, topic)
    assert due(lanes, 999) == []
    (first,) = due(lanes, 1_000)
    assert (first.offset, first.tries, first.change) == (0, 3, failed.change)
    lanes.settled(first)
    assert [one.offset for one in due(lanes)] == [1]


def test_what_is_read_again_comes_before_what_was_kept_after_it() -> None:
    """A process died after `a` 1 had left the topic and before its offset was committed."""
    lanes = lanes_with(change("a", 1), change("a", 2))
    topic: dict[int, bytes] = {}
    (failed,) = due(lanes)
    lanes.postponed(failed, due=0)
    write(lanes, topic)
    del topic[0]
    lanes = restarted(0, topic)
    assert due(lanes) == []
    lanes.take(waiting(0, change("a", 1)), wanted=True)
    lanes.take(waiting(1, change("a", 2)), wanted=True)
    (first,) = due(lanes)
    assert first.offset == 0
    lanes.settled(first)
    assert [one.offset for one in due(lanes)] == [1]
    assert len(lanes) == 1


def test_a_change_is_overtaken_by_a_later_one_that_undoes_it_also_an_unwanted_one() -> None:
    lanes = lanes_with(change("a", 1))
    topic: dict[int, bytes] = {}
    (failed,) = due(lanes)
    lanes.postponed(failed, due=1_000)
    lanes.take(waiting(1, change("a", 2, "other", "exited")), wanted=False)
    write(lanes, topic)
    (before,) = due(restarted(3, topic), 1_000)
    assert not before.overtaken
    lanes.take(waiting(2, change("a", 3, direction="exited")), wanted=False)
    write(lanes, topic)
    (again,) = due(restarted(3, topic), 1_000)
    assert again.overtaken


def test_a_dropped_partition_takes_its_changes_with_it_and_leaves_the_others() -> None:
    lanes = lanes_with(change("a", 1), change("b", 1))
    lanes.open(1, 0, [])
    said = change("c", 1)
    lanes.take(Waiting(1, 0, said, encode_change(said), None, since=0), wanted=True)
    (sent, *_) = due(lanes)
    lanes.drop(0)
    lanes.settled(sent)
    assert len(lanes) == 1
    assert lanes.safe() == {1: 0}
