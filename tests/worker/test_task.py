"""The task of one partition: what it commits, what it tells, and what it keeps to itself."""

from collections.abc import Sequence
from copy import deepcopy

import orjson
import pytest

from streamer.adapters.memory import MemoryLog, MemorySink, MemoryStore
from streamer.codecs.events import decode
from streamer.ports import OutboxEntry, PublishedMark
from streamer.types import HOUR, MINUTE, SECOND, Millis
from streamer.worker import Batching, LogRunner, PartitionTask
from tests.contracts.examples import TRACEPARENT
from tests.lives import START, story_rules

AT_ONCE = Batching(in_order=False)


class Shop:
    """One partition of a log, a store and a sink, and tasks that come to it."""

    def __init__(self) -> None:
        self.log, self.store, self.sink = MemoryLog(), MemoryStore(), MemorySink()
        self.claims = 0

    def happens(
        self,
        customer: str,
        name: str,
        at: Millis,
        appended: Millis | None = None,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        event = {"id": f"{customer} {name} {at}", "name": name, "time": at, "user_id": customer}
        self.log.append(orjson.dumps(event), at if appended is None else appended, headers=headers)

    def runner(self, batching: Batching = AT_ONCE) -> LogRunner:
        self.claims += 1
        owner = f"w/{self.claims}"
        task = PartitionTask(
            story_rules(), self.store, self.sink, decode, batching=batching, owner=owner
        )
        runner = LogRunner(task, self.log, self.sink, batching.batch)
        runner.start()
        return runner

    def told(self) -> list[tuple[str, str, str, Millis]]:
        return [(c.customer, c.direction, c.segment, c.at) for c in self.sink.changes]


class Recorder(MemorySink):
    """A sink that keeps what it is given as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[OutboxEntry] = []

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        self.published += batch


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_record_waits_for_no_wake_of_others(shop: Shop) -> None:
    for number in range(20):
        shop.happens(f"c-{number}", "product_added", START)
    runner = shop.runner(Batching(in_order=False, wakes=3))
    runner.step()
    shop.happens("d", "page_viewed", START + HOUR)
    runner.step()
    assert ("d", "entered", "engagement.semi_active", START + HOUR) in shop.told()
    entered = {who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"}
    assert len(entered) == 3
    runner.fire_due(START + HOUR)
    entered = {who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"}
    assert len(entered) == 20


def test_log_time_goes_on_with_a_sweep_and_never_back(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    runner = shop.runner()
    runner.step()
    runner.fire_due(START + HOUR)
    assert runner.task.log_time == START + HOUR + 2 * SECOND
    shop.happens("b", "product_added", START + MINUTE, appended=START + 50 * MINUTE)
    runner.step()
    assert runner.task.log_time == START + HOUR + 2 * SECOND
    assert ("b", "entered", "cart_abandoner", START + 31 * MINUTE) in shop.told()


def test_what_was_told_before_the_store_went_back_is_not_told_again(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    shop.runner().step()
    before = deepcopy(shop.store)
    shop.happens("b", "product_added", START + HOUR)
    shop.runner().step()
    told = shop.told()
    assert ("a", "entered", "cart_abandoner", START + 30 * MINUTE) in told
    shop.store = before
    runner = shop.runner()
    runner.step()
    assert shop.told() == told
    shop.happens("c", "page_viewed", START + HOUR + SECOND)
    runner.step()
    assert [who for who, *_ in shop.told()[len(told) :]] == ["c"]


def test_wakes_that_were_not_published_before_wait_until_the_partition_is_restored(
    shop: Shop,
) -> None:
    """With one wake in each cycle, the mark says that a's was told and b's was not."""
    slow = Batching(in_order=False, wakes=1, batch=1)
    shop.happens("a", "product_added", START)
    shop.happens("b", "product_added", START + 1)
    runner = shop.runner(slow)
    runner.step()
    runner.step()
    shop.happens("c", "page_viewed", START + HOUR)
    runner.step()
    entered = [who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"]
    assert entered == ["a"]
    shop.store = MemoryStore()
    runner = shop.runner(Batching(in_order=False))
    runner.step()
    runner.fire_due(START + HOUR)
    entered = [who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"]
    assert entered == ["a", "b"]


def test_a_task_that_restores_does_not_say_how_far_it_is(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    shop.happens("b", "product_added", START)
    runner = shop.runner(Batching(in_order=False, batch=2))
    runner.step()
    assert runner.task.progress() == OutboxEntry(1, offset=2, fired_until=runner.task.fired_until)
    shop.store = MemoryStore()
    runner = shop.runner(Batching(in_order=False, batch=1))
    runner.step()
    assert runner.task.progress() is None


def test_an_empty_store_numbers_its_commits_on_from_the_mark(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    shop.sink.publish([OutboxEntry(41, offset=1, fired_until=(START, ""))])
    runner = shop.runner()
    runner.step()
    assert shop.told() == []
    shop.happens("a", "page_viewed", START + 1)
    shop.happens("b", "page_viewed", START + 1)
    runner.step()
    assert shop.sink.mark(0) > PublishedMark(41)
    assert [who for who, *_ in shop.told()] == ["b"]


def test_while_profiles_are_made_again_the_store_says_so(shop: Shop) -> None:
    for number in range(4):
        shop.happens(f"c-{number}", "product_added", START + number)
    shop.runner().step()
    shop.store = MemoryStore()
    slow = Batching(in_order=False, batch=3)
    shop.runner(slow).step()
    assert shop.store.claim(0).restoring_until == 4
    shop.runner(slow).step()
    assert shop.store.claim(0).restoring_until is None


def test_memberships_are_told_with_the_changes(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    runner = shop.runner()
    runner.step()
    runner.fire_due(START + HOUR)
    standing = shop.sink.memberships["a"]
    assert dict(standing.segments or ()) == {
        "cart_abandoner": START + 30 * MINUTE,
        "engagement.semi_active": START,
    }


def test_changes_that_an_event_causes_wait_in_the_outbox_with_its_traceparent(shop: Shop) -> None:
    traced = (("traceparent", TRACEPARENT.encode()),)
    shop.happens("a", "product_added", START)
    shop.happens("b", "page_viewed", START + MINUTE, headers=traced)
    shop.happens("a", "page_viewed", START + HOUR, headers=traced)
    runner = shop.runner()
    entries, _ = runner.task.process(shop.log.read(0, 0, 10))  # and dies before it publishes
    (entry,) = entries
    assert shop.store.outbox(0) == [entry]
    expected = {
        index: TRACEPARENT
        for index, one in enumerate(entry.changes)
        if one.cause == "event" and one.event_id != f"a product_added {START}"
    }
    assert entry.traceparents == expected
    assert {entry.changes[index].customer for index in expected} >= {"b"}
    assert {one.cause for one in entry.changes} == {"event", "time"}
    shop.sink = heir = Recorder()
    shop.runner()
    assert heir.published == [entry]


def test_a_traceparent_is_no_part_of_a_change(shop: Shop) -> None:
    plain = Shop()
    for one, headers in ((shop, (("traceparent", TRACEPARENT.encode()),)), (plain, ())):
        one.happens("a", "product_added", START, headers=headers)
        one.runner().step()
    assert shop.sink.changes == plain.sink.changes != []
