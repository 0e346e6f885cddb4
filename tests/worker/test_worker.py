"""The workers of a process: what stops one partition stops no other, and nothing goes unnoticed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import orjson
import pytest

from streamer.adapters.memory import MemoryFeed, MemoryLog, MemorySink, MemoryStore
from streamer.codecs.events import decode
from streamer.errors import AdapterError, Unavailable
from streamer.ports import PartitionMeta, PublishedMark
from streamer.types import HOUR, MINUTE, SECOND, Millis, Record
from streamer.worker import Batching, Clocks, PartitionTask, Stopwatch, Worker
from tests.lives import START, story_rules

BATCHING = Batching(in_order=False)


class RefusingFeed(MemoryFeed):
    """A feed of which tests say what it refuses."""

    def __init__(self, log: MemoryLog, partitions: Iterable[int]) -> None:
        super().__init__(log, partitions)
        self.refuses: dict[int, AdapterError] = {}
        self.stalls: dict[str, Callable[[], object]] = {}

    def poll(self, limit: int, wait: float) -> Sequence[Record]:
        records = super().poll(limit, wait)
        self._stall("poll")
        return records

    def caught_up(self, partition: int, offset: int) -> bool:
        answer = super().caught_up(partition, offset)
        self._stall("caught_up")
        return answer

    def at_end(self, offsets: Mapping[int, int]) -> AbstractSet[int]:
        answer = super().at_end(offsets)
        self._stall("at_end")
        return answer

    def _stall(self, call: str) -> None:
        """Stand still once after this call, if that is what `stalls` says."""
        self.stalls.pop(call, lambda: None)()

    def failed(self) -> Mapping[int, AdapterError]:
        return self.refuses


class TroubledStore(MemoryStore):
    """A store that fails where it is claimed, as tests say."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: Callable[[int], None] = lambda _: None

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        self.fails(partition)
        return super().claim(partition, owner)


class ForgetfulSink(MemorySink):
    """A sink that can forget its marks, as Kafka does of a group that is gone for days."""

    def forget(self) -> None:
        self._marks.clear()


class Shop:
    """A log of some partitions, and processes that work on them, one at a time."""

    def __init__(self, partitions: int = 1) -> None:
        self.log, self.store, self.sink = MemoryLog(), TroubledStore(), ForgetfulSink()
        self.feed = RefusingFeed(self.log, range(partitions))
        self.partitions = range(partitions)
        self.now = START
        self.troubles: list[tuple[int, str, Millis]] = []
        self.worker = self.begun()

    def begun(self) -> Worker:
        """Return the worker of a process that has just begun."""
        self.feed = RefusingFeed(self.log, self.partitions)
        claims = iter(range(1_000))

        def task_factory(partition: int) -> PartitionTask:
            owner = f"{id(self.feed)}/{next(claims)}"
            return PartitionTask(
                story_rules(),
                self.store,
                self.sink,
                decode,
                partition=partition,
                batching=BATCHING,
                owner=owner,
            )

        clocks = Clocks(lambda: self.now, lambda: self.now)
        self.worker = Worker(
            self.feed, self.sink, task_factory, BATCHING, clocks, self, Stopwatch()
        )
        return self.worker

    def happens(self, customer: str, name: str, partition: int = 0) -> None:
        """Let a customer do something now."""
        event = {"id": f"{customer} {name} {self.now}", "name": name, "time": self.now}
        self.log.append(orjson.dumps({**event, "user_id": customer}), self.now, partition=partition)

    def turns(self, number: int = 3) -> None:
        """Let the process work for some turns, a second apart."""
        for _ in range(number):
            self.worker.run_once()
            self.now += SECOND

    def told(self) -> list[tuple[str, str, str]]:
        return [(each.customer, each.direction, each.segment) for each in self.sink.changes]

    # What the worker reports

    def on_assigned(self, partition: int, task: PartitionTask) -> None:
        """Hear that a partition has a task."""

    def on_failure(self, partition: int, error: AdapterError, pause: Millis) -> None:
        self.troubles.append((partition, str(error), pause))

    def on_migrated(self, partition: int, task: PartitionTask) -> None:
        """Hear that everybody is decided under the present rules."""

    def on_revoked(self, partition: int) -> None:
        """Hear that a partition went."""


def failing_at_0(error: Exception) -> Callable[[int], None]:
    """Return what fails where partition 0 is claimed, and nowhere else."""

    def fails(partition: int) -> None:
        if partition == 0:
            raise error

    return fails


ABANDONED = ("a", "entered", "cart_abandoner")


def test_a_store_that_loses_everything_in_silence_is_noticed_where_nothing_happens() -> None:
    """No connection breaks, no record comes: only what is asked for can tell."""
    shop = Shop()
    shop.happens("a", "product_added")
    shop.turns()
    shop.store.__dict__.update(TroubledStore().__dict__)
    shop.turns()
    assert [partition for partition, *_ in shop.troubles] == [0]
    shop.now += HOUR
    shop.turns()
    assert shop.told().count(ABANDONED) == 1


@pytest.mark.parametrize("call", ["poll", "caught_up", "at_end"])
def test_time_does_not_run_past_a_record_that_came_while_the_worker_stalled(call: str) -> None:
    """A wake of b is due, so the log is asked; that of a would be when the worker goes on."""
    shop = Shop()
    shop.happens("b", "product_added")
    shop.now += 15 * MINUTE
    shop.happens("a", "product_added")
    shop.turns()
    shop.now += 16 * MINUTE

    def stall() -> None:
        shop.happens("a", "order_completed")
        shop.now += 15 * MINUTE

    shop.feed.stalls[call] = stall
    shop.turns()
    assert shop.feed.stalls == {}
    assert ("b", "entered", "cart_abandoner") in shop.told()
    assert ABANDONED not in shop.told()


def test_a_wake_that_went_with_the_store_is_not_taken_for_told() -> None:
    """The mark must not cover a time at which the store did not know what was due."""
    shop = Shop()
    shop.happens("a", "product_added")
    shop.turns()
    shop.happens("a", "cart_viewed")  # commits a later wake, and tells nothing
    shop.turns(1)
    shop.store.__dict__.update(TroubledStore().__dict__)
    shop.now += 31 * MINUTE
    shop.turns(20)  # also moves the mark
    assert shop.told().count(ABANDONED) == 1


def test_what_was_told_is_known_when_the_sink_has_forgotten_its_mark() -> None:
    shop = Shop()
    shop.happens("a", "product_added")
    shop.turns()
    shop.worker.close()
    told = shop.told()
    assert told
    shop.sink.forget()
    shop.begun()
    shop.turns()
    assert shop.told() == told
    shop.happens("b", "product_added")
    shop.turns()
    assert [who for who, *_ in shop.told()[len(told) :]] == ["b"]
    assert shop.sink.mark(0) > PublishedMark(1)


def test_what_was_not_told_is_told_when_the_sink_has_forgotten_its_mark() -> None:
    shop = Shop()
    shop.happens("a", "product_added")
    shop.turns()
    shop.worker.close()
    shop.sink.forget()
    shop.happens("b", "product_added")
    task = PartitionTask(
        story_rules(), shop.store, MemorySink(), decode, batching=BATCHING, owner="dies"
    )
    task.start()
    task.process(shop.log.read(0, 1, 1))  # and dies before it publishes
    shop.begun()
    shop.turns()
    assert [who for who, *_ in shop.told()] == ["a", "b"]


def test_a_change_takes_from_the_append_or_from_when_it_was_due_until_it_is_published() -> None:
    shop = Shop()
    shop.turns(1)
    added = shop.now
    shop.happens("a", "product_added")
    shop.now += 2 * SECOND
    shop.turns(1)
    (entered,) = shop.sink.changes
    assert entered.cause == "event"
    assert shop.worker.delays.total == 2
    shop.now = added + 30 * MINUTE + 5 * SECOND
    shop.turns(1)
    assert ABANDONED in shop.told()
    assert (shop.worker.delays.total, shop.worker.timer_delays.total) == (2, 5 - 2)


def test_timers_lag_while_wakes_may_be_due_that_have_not_fired() -> None:
    shop = Shop()
    shop.turns(1)
    shop.happens("a", "product_added")
    shop.turns(1)
    assignment = shop.worker.assignments[0]
    task = assignment.task
    assert task is not None
    settled = assignment.timer_lag(task)
    assert settled <= SECOND
    shop.now += MINUTE
    assert assignment.timer_lag(task) == settled + MINUTE
    shop.turns(1)
    assert assignment.timer_lag(task) <= 2 * SECOND


def test_what_does_not_pass_holds_its_partition_and_no_other() -> None:
    shop = Shop(partitions=2)
    shop.store.fails = failing_at_0(AdapterError("a stored profile cannot be read"))
    shop.happens("a", "product_added", partition=0)
    shop.happens("b", "product_added", partition=1)
    shop.turns(15)
    assert {who for who, *_ in shop.told()} == {"b"}
    assert shop.troubles == [(0, "a stored profile cannot be read", 10 * SECOND)] * 2
    shop.store.fails = lambda _: None
    shop.turns(10)
    assert {who for who, *_ in shop.told()} == {"a", "b"}


def test_a_bug_holds_its_partition_and_says_where_it_is() -> None:
    shop = Shop(partitions=2)
    shop.store.fails = failing_at_0(ZeroDivisionError("of all things"))
    shop.happens("b", "product_added", partition=1)
    shop.turns()
    assert {who for who, *_ in shop.told()} == {"b"}
    (trouble,) = shop.troubles
    assert "ZeroDivisionError('of all things') at fails:" in trouble[1]


def test_where_nothing_can_be_done_at_all_it_ends() -> None:
    shop = Shop(partitions=2)

    def fails(partition: int) -> None:
        raise AdapterError(f"no way {partition}")

    shop.store.fails = fails
    with pytest.raises(AdapterError, match="no way 0"):
        shop.turns()
    assert [partition for partition, *_ in shop.troubles] == [0, 1]


def test_a_store_that_hangs_does_not_keep_a_turn_for_long() -> None:
    """Ten partitions, each of which waits for five seconds: two are tried, then it is polled."""
    shop = Shop(partitions=10)
    tried: list[int] = []

    def hangs(partition: int) -> None:
        tried.append(partition)
        shop.now += 5 * SECOND
        raise Unavailable("does not answer")

    shop.store.fails = hangs
    began = shop.now
    shop.worker.run_once()
    assert shop.now - began == 10 * SECOND
    for _ in range(4):
        shop.worker.run_once()
    assert set(tried) == set(range(10)), "those that were not tried come first in the next turns"
    shop.store.fails = lambda _: None
    shop.turns(15)
    assert shop.worker.ready


def test_one_partition_that_hangs_does_not_keep_the_others_from_working() -> None:
    shop = Shop(partitions=3)

    def hangs(partition: int) -> None:
        if partition != 2:
            shop.now += 5 * SECOND
            raise Unavailable("does not answer")

    shop.store.fails = hangs
    shop.happens("c", "product_added", partition=2)
    shop.turns(3)
    assert {who for who, *_ in shop.told()} == {"c"}


def test_a_partition_that_is_refused_is_held_and_tried_again_ever_more_rarely() -> None:
    shop = Shop(partitions=2)
    shop.turns()
    shop.feed.refuses = {1: Unavailable("may not be read")}
    shop.happens("a", "product_added", partition=0)
    shop.turns(20)
    pauses = [pause for partition, _, pause in shop.troubles if partition == 1]
    assert pauses[:4] == [100, 200, 400, 800]
    assert {who for who, *_ in shop.told()} == {"a"}
    shop.feed.refuses = {}
    shop.happens("b", "product_added", partition=1)
    shop.turns(20)
    assert {who for who, *_ in shop.told()} == {"a", "b"}


def test_a_log_that_ends_before_the_place_to_read_on_is_refused() -> None:
    shop = Shop()
    shop.happens("a", "product_added")
    shop.turns()
    shop.log = MemoryLog()
    shop.begun()
    with pytest.raises(AdapterError, match=r"read from offset 1 on, but the log ends at 0: if the"):
        shop.turns()
