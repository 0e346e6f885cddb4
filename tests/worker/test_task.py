"""The task of one partition: what it commits, what it tells, and what it keeps to itself."""

from copy import deepcopy

import orjson
import pytest

from streamer.adapters.memory import MemoryLog, MemorySink, MemoryStore
from streamer.codecs.events import decode
from streamer.ports import OutboxEntry, PublishedMark
from streamer.types import HOUR, MINUTE, SECOND, Millis
from streamer.worker import Pace, PartitionTask
from tests.lives import START, story_rules

AT_ONCE = Pace(in_order=False)


class Shop:
    """One partition of a log, a store and a sink, and workers that come to it."""

    def __init__(self) -> None:
        self.log, self.store, self.sink = MemoryLog(), MemoryStore(), MemorySink()
        self.claims = 0

    def happens(self, customer: str, name: str, at: Millis, appended: Millis | None = None) -> None:
        event = {"id": f"{customer} {name} {at}", "name": name, "time": at, "user_id": customer}
        self.log.append(orjson.dumps(event), at if appended is None else appended)

    def task(self, pace: Pace = AT_ONCE) -> PartitionTask:
        self.claims += 1
        owner = f"w/{self.claims}"
        task = PartitionTask(story_rules(), self.store, self.sink, decode, pace=pace, owner=owner)
        task.start()
        return task

    def told(self) -> list[tuple[str, str, str, Millis]]:
        return [(c.customer, c.direction, c.segment, c.at) for c in self.sink.changes]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_record_waits_for_no_wake_of_others(shop: Shop) -> None:
    for number in range(20):
        shop.happens(f"c-{number}", "product_added", START)
    task = shop.task(Pace(in_order=False, wakes=3))
    task.step(shop.log)
    shop.happens("d", "page_viewed", START + HOUR)
    task.step(shop.log)
    assert ("d", "entered", "engagement.semi_active", START + HOUR) in shop.told()
    entered = {who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"}
    assert len(entered) == 3
    task.sweep(START + HOUR)
    entered = {who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"}
    assert len(entered) == 20


def test_log_time_goes_on_with_a_sweep_and_never_back(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    task = shop.task()
    task.step(shop.log)
    task.sweep(START + HOUR)
    assert task.log_time == START + HOUR + AT_ONCE.lateness
    shop.happens("b", "product_added", START + MINUTE, appended=START + 50 * MINUTE)
    task.step(shop.log)
    assert task.log_time == START + HOUR + AT_ONCE.lateness
    assert ("b", "entered", "cart_abandoner", START + 31 * MINUTE) in shop.told()


def test_what_was_told_before_the_store_went_back_is_not_told_again(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    shop.task().step(shop.log)
    before = deepcopy(shop.store)
    shop.happens("b", "product_added", START + HOUR)
    shop.task().step(shop.log)
    told = shop.told()
    assert ("a", "entered", "cart_abandoner", START + 30 * MINUTE) in told
    shop.store = before
    task = shop.task()
    task.step(shop.log)
    assert shop.told() == told
    shop.happens("c", "page_viewed", START + HOUR + SECOND)
    task.step(shop.log)
    assert [who for who, *_ in shop.told()[len(told) :]] == ["c"]


def test_wakes_that_were_not_told_before_wait_until_the_ground_is_covered(shop: Shop) -> None:
    """With one wake in each cycle, the mark says that a's was told and b's was not."""
    slow = Pace(in_order=False, wakes=1, batch=1)
    shop.happens("a", "product_added", START)
    shop.happens("b", "product_added", START + 1)
    task = shop.task(slow)
    task.step(shop.log)
    task.step(shop.log)
    shop.happens("c", "page_viewed", START + HOUR)
    task.step(shop.log)
    entered = [who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"]
    assert entered == ["a"]
    shop.store = MemoryStore()
    task = shop.task(Pace(in_order=False))
    task.step(shop.log)
    task.sweep(START + HOUR)
    entered = [who for who, _, segment, _ in shop.told() if segment == "cart_abandoner"]
    assert entered == ["a", "b"]


def test_on_covered_ground_a_worker_does_not_say_how_far_it_is(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    shop.happens("b", "product_added", START)
    task = shop.task(Pace(in_order=False, batch=2))
    task.step(shop.log)
    assert task.standing() == OutboxEntry(1, offset=2, swept=task.swept)
    shop.store = MemoryStore()
    task = shop.task(Pace(in_order=False, batch=1))
    task.step(shop.log)
    assert task.standing() is None


def test_an_empty_store_numbers_its_commits_on_from_the_mark(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    shop.sink.publish([OutboxEntry(41, offset=1, swept=(START, ""))])
    task = shop.task()
    task.step(shop.log)
    assert shop.told() == []
    shop.happens("a", "page_viewed", START + 1)
    shop.happens("b", "page_viewed", START + 1)
    task.step(shop.log)
    assert shop.sink.mark(0) > PublishedMark(41)
    assert [who for who, *_ in shop.told()] == ["b"]


def test_while_profiles_are_made_again_the_store_says_so(shop: Shop) -> None:
    for number in range(4):
        shop.happens(f"c-{number}", "product_added", START + number)
    shop.task().step(shop.log)
    shop.store = MemoryStore()
    slow = Pace(in_order=False, batch=3)
    shop.task(slow).step(shop.log)
    assert shop.store.claim(0).rebuilding_until == 4
    shop.task(slow).step(shop.log)
    assert shop.store.claim(0).rebuilding_until is None


def test_memberships_are_told_with_the_changes(shop: Shop) -> None:
    shop.happens("a", "product_added", START)
    task = shop.task()
    task.step(shop.log)
    task.sweep(START + HOUR)
    standing = shop.sink.memberships["a"]
    assert dict(standing.segments or ()) == {
        "cart_abandoner": START + 30 * MINUTE,
        "engagement.semi_active": START,
    }
