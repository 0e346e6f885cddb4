"""New rules come: everybody is decided under them once, whoever is silent and whatever dies."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest

from streamer.adapters.memory import MemoryFeed, MemoryLog, MemorySink, MemoryStore
from streamer.codecs.events import decode
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.program import RuleSet
from streamer.errors import AdapterError, Fenced
from streamer.ports import Store
from streamer.types import HOUR, MINUTE, SECOND, Millis
from streamer.worker import Batching, Clocks, LogRunner, PartitionTask, Stopwatch, Worker
from tests.contracts.adapters import STORES
from tests.crashing import Calls, Crash, InterruptedSink, InterruptedStore
from tests.engine import compiled
from tests.lives import START

AT_ONCE = Batching(in_order=False)
SMALL = Batching(in_order=False, batch=3, wakes=2, cache=2, renewals=2)
Told = tuple[str, str, Millis, str]


def rules(**segments: str) -> RuleSet:
    """A segment for each condition."""
    document = "{{segment: {}, title: T, purpose: A test., when: {}}}"
    return compiled("\n---\n".join(document.format(*each) for each in segments.items()))


FRESH = "{performed: product_viewed, within: 1h}"
OLD = rules(fresh=FRESH, gone="{performed: product_viewed}", resting="{quiet: 10h}")
NEW = rules(fresh=FRESH, calm="{all: [{performed: product_viewed}, {quiet: 1m}]}")


class Shop:
    """One partition of a log, a store and a sink, and workers that come to it."""

    def __init__(self, store: Store | None = None) -> None:
        self.log, self.store, self.sink = MemoryLog(), store or MemoryStore(), MemorySink()
        self.claims = 0

    def happens(self, customer: str, at: Millis, name: str = "product_viewed") -> None:
        event = {"id": f"{customer} {at}", "name": name, "time": at, "user_id": customer}
        self.log.append(orjson.dumps(event), at)

    def runner(
        self, of: RuleSet, batching: Batching = AT_ONCE, calls: Calls | None = None
    ) -> LogRunner:
        self.claims += 1
        calls = calls or Calls()
        store, sink = InterruptedStore(self.store, calls), InterruptedSink(self.sink, calls)
        task = PartitionTask(of, store, sink, decode, batching=batching, owner=f"w/{self.claims}")
        runner = LogRunner(task, self.log, sink, batching.batch)
        runner.start()
        return runner

    def lives(
        self, of: RuleSet, batching: Batching = AT_ONCE, calls: Calls | None = None
    ) -> LogRunner:
        """Let a task do all that there is to do."""
        runner = self.runner(of, batching, calls)
        while runner.step():
            migrate(runner, batching, slices=1)
        migrate(runner, batching)
        return runner

    def told(self) -> list[Told]:
        return [
            (c.customer, f"{c.direction} {c.segment}", c.at - START, c.cause)
            for c in self.sink.changes
        ]

    def told_of(self, customer: str) -> list[tuple[str, Millis, str]]:
        return [each[1:] for each in self.told() if each[0] == customer]


def migrate(runner: LogRunner, batching: Batching, slices: int = 1_000) -> None:
    """Let a task look at some slices of its customers, as a worker does."""
    while runner.task.needs_migration and slices:
        slices -= 1
        runner.migrate(batching.renewals)


@pytest.fixture(params=STORES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with STORES[request.param].opened(tmp_path, request.getfixturevalue) as connect:
        yield Shop(connect())


def test_whoever_is_silent_is_decided_under_new_rules(shop: Shop) -> None:
    for number in range(9):
        shop.happens(f"c-{number}", START)
    shop.happens("d", START + 2 * MINUTE)
    shop.lives(OLD)
    before = len(shop.told())
    runner = shop.lives(NEW, SMALL)
    came = 2 * MINUTE - 2 * SECOND
    assert sorted(shop.told()[before:]) == sorted(
        [("d", "exited gone", 2 * MINUTE, "rules")]
        + [(f"c-{each}", "exited gone", came, "rules") for each in range(9)]
        + [(f"c-{each}", "entered calm", came, "rules") for each in range(9)]
    )
    assert not runner.task.has_old_profiles
    assert runner.task.scanned >= 10
    assert runner.task.tally.migrated == 10


def test_a_corrected_title_rewrites_no_profile_and_adds_no_layout(shop: Shop) -> None:
    head = "{segment: fresh, title: Fesh, purpose: A test., settings: {owner: crm}, when: "
    said = f"{head}{FRESH}}}"
    for number in range(9):
        shop.happens(f"c-{number}", START + number)
    shop.lives(compiled(said))
    meta, told = shop.store.claim(0), shop.told()
    before = shop.store.load(0, [f"c-{number}" for number in range(9)])
    corrected = said.replace("Fesh", "Fresh").replace("crm", "shop").replace("A test.", "Tested.")
    runner = shop.lives(compiled(corrected), SMALL)
    assert not runner.task.needs_migration
    after = shop.store.claim(0)
    assert (after.number, after.layouts, shop.told()) == (meta.number, meta.layouts, told)
    assert shop.store.load(0, before) == before


def test_what_both_rule_sets_have_goes_on_unmoved(shop: Shop) -> None:
    shop.happens("a", START)
    shop.happens("b", START + MINUTE)
    shop.lives(OLD)
    runner = shop.lives(NEW)
    runner.fire_due(START + 2 * HOUR)
    told = [each for each in shop.told_of("a") if "fresh" in each[0]]
    assert told == [("entered fresh", 0, "event"), ("exited fresh", HOUR, "time")]


def test_a_customer_is_renewed_before_its_event_and_its_wake(shop: Shop) -> None:
    shop.happens("a", START)
    shop.happens("b", START + 10 * SECOND)
    shop.lives(OLD)
    runner = shop.runner(NEW)
    shop.happens("a", START + 2 * MINUTE)
    runner.step()
    assert shop.told_of("a") == [
        ("entered fresh", 0, "event"),
        ("entered gone", 0, "event"),
        ("exited gone", 8 * SECOND, "rules"),
        ("entered calm", MINUTE, "time"),
        ("exited calm", 2 * MINUTE, "event"),
    ]
    runner.fire_due(START + HOUR + 10 * SECOND)
    assert shop.told_of("b")[2:] == [
        ("exited gone", 10 * SECOND, "rules"),
        ("entered calm", MINUTE + 10 * SECOND, "time"),
        ("exited fresh", HOUR + 10 * SECOND, "time"),
    ]


def test_layouts_of_other_rules_are_forgotten_once_everybody_is_renewed(shop: Shop) -> None:
    for number in range(9):
        shop.happens(f"c-{number}", START)
    shop.lives(OLD)
    shop.lives(NEW, SMALL)
    assert shop.store.claim(0).layouts.keys() == ProfileCodec(NEW).own.keys()
    assert not shop.runner(NEW).task.has_old_profiles


def test_a_partition_that_other_rules_left_empty_has_nothing_to_renew(shop: Shop) -> None:
    shop.log.append(b"no event")
    shop.lives(OLD)
    runner = shop.lives(NEW)
    assert (runner.task.has_old_profiles, runner.task.scanned) == (False, 0)


def busy_shop(store: Store | None = None) -> Shop:
    """A shop in which the old rules have decided everything, and half of it goes on."""
    shop = Shop(store)
    for number in range(6):
        shop.happens(f"c-{number}", START + number * 40 * SECOND)
    shop.lives(OLD)
    for number in range(3):
        shop.happens(f"c-{number}", START + 5 * MINUTE + number * MINUTE)
    return shop


UNTIL = START + 3 * HOUR
EXPECTED = busy_shop()
EXPECTED.lives(NEW).fire_due(UNTIL)


def in_the_end(shop: Shop) -> tuple[list[list[tuple[str, Millis, str]]], int]:
    """What each customer was told, and how many different ids there are."""
    told = [shop.told_of(f"c-{number}") for number in range(6)]
    return told, len({change.change_id for change in shop.sink.changes})


def check(shop: Shop) -> None:
    """Everybody was told what one undisturbed worker tells them, once, and is renewed."""
    assert in_the_end(shop) == in_the_end(EXPECTED)
    assert len(shop.sink.changes) == len(EXPECTED.sink.changes)
    assert shop.store.claim(0).layouts.keys() == ProfileCodec(NEW).own.keys()


def moments() -> Iterator[tuple[int, bool]]:
    calls = Calls()
    busy_shop().lives(NEW, SMALL, calls).fire_due(UNTIL)
    assert calls.made > 30
    return ((number, after) for number in range(calls.made) for after in (False, True))


@pytest.mark.parametrize(
    "batching", [AT_ONCE, SMALL, Batching(renewals=1, batch=1, wakes=1, cache=0)]
)
def test_what_is_said_does_not_depend_on_the_pace(batching: Batching) -> None:
    shop = busy_shop()
    shop.lives(NEW, batching).fire_due(UNTIL)
    check(shop)


@pytest.mark.parametrize("successor", [AT_ONCE, SMALL])
def test_a_crash_at_any_call_changes_nothing_in_the_end(successor: Batching) -> None:
    for number, after in moments():
        shop = busy_shop()
        with pytest.raises(Crash):
            shop.lives(NEW, SMALL, Calls(number, after=after)).fire_due(UNTIL)
        shop.lives(NEW, successor).fire_due(UNTIL)
        check(shop)


def test_crash_upon_crash_changes_nothing_in_the_end() -> None:
    for least in (8, 9, 11):
        shop, crashes = busy_shop(), 0
        while True:
            try:
                shop.lives(NEW, SMALL, Calls(least + crashes % 7)).fire_due(UNTIL)
                break
            except Crash:
                crashes += 1
                assert crashes < 1_000, "no life gets any further"
        assert crashes > 2
        check(shop)


def test_of_two_owners_the_one_with_the_old_rules_changes_nothing_any_more() -> None:
    calls = Calls()
    busy_shop().lives(OLD, SMALL, calls)
    fenced = 0
    for number in range(1, calls.made):  # from after the claim on
        shop = busy_shop()
        old = Calls(number, act=partial(shop.lives, NEW))
        try:
            shop.lives(OLD, SMALL, old)
        except Fenced:
            fenced += 1
        assert shop.store.claim(0).layouts.keys() == ProfileCodec(NEW).own.keys()
    assert fenced > 3


THIRD = rules(fresh=FRESH, calm="{performed: product_viewed}")


def test_rules_that_come_before_everybody_is_renewed_find_everybody() -> None:
    shop = busy_shop()
    migrate(shop.runner(NEW, SMALL), SMALL, slices=2)
    said = {c.rules for c in shop.sink.changes}
    assert said == {OLD.version, NEW.version}
    shop.lives(THIRD, SMALL)
    for number in range(6):
        told = [segment for segment, _, _ in shop.told_of(f"c-{number}")]
        assert told.count("exited gone") == told.count("entered gone") == 1
        assert told.count("entered calm") == told.count("exited calm") + 1
    assert shop.store.claim(0).layouts.keys() == ProfileCodec(THIRD).own.keys()


def test_rules_may_go_and_come_back() -> None:
    shop = busy_shop()
    migrate(shop.runner(NEW, SMALL), SMALL, slices=2)
    shop.lives(OLD, SMALL)
    left = [each for each in shop.told() if each[1] == "exited gone"]
    back = [each for each in shop.told() if each[1] == "entered gone" and each[3] == "rules"]
    assert 0 < len(left) == len(back) < 6
    assert shop.store.claim(0).layouts.keys() == ProfileCodec(OLD).own.keys()


def test_a_segment_whose_memory_begins_empty_is_known_until_everybody_is_renewed() -> None:
    shop = Shop()
    shop.happens("a", START, "product_added")
    shop.lives(rules(fresh=FRESH))
    often = rules(often="{performed: any, at_least: 2}")
    assert shop.runner(often).task.cold_segments == ["often"]
    runner = shop.runner(rules(adds="{performed: product_added}", busy="{performed: any}"))
    assert runner.task.cold_segments == ["adds"]  # everybody's last event is known
    migrate(runner, AT_ONCE)
    assert runner.task.cold_segments == []
    assert shop.told_of("a") == [("entered busy", 0, "rules")]
    shop.happens("a", START + 1, "product_added")
    runner.step()
    assert shop.told_of("a")[1:] == [("entered adds", 1, "event")]


class Listener:
    """Hears what happens to partitions."""

    def __init__(self) -> None:
        self.renewals: list[tuple[int, int]] = []

    def on_assigned(self, partition: int, task: PartitionTask) -> None:
        """Hear that a partition has a task."""

    def on_failure(self, partition: int, error: AdapterError, pause: Millis) -> None:
        """Hear what went wrong."""

    def on_migrated(self, partition: int, task: PartitionTask) -> None:
        self.renewals.append((partition, task.scanned))

    def on_revoked(self, partition: int) -> None:
        """Hear that a partition went."""


def crowd(customers: int) -> Shop:
    shop = Shop()
    for number in range(customers):
        shop.happens(f"c-{number}", START)
    shop.lives(OLD)
    return shop


def worker_of(shop: Shop, batching: Batching, listener: Listener) -> Worker:
    clocks = Clocks(lambda: START + HOUR, lambda: 0)
    feed = MemoryFeed(shop.log, [0])
    return Worker(
        feed, shop.sink, lambda _: shop.runner(NEW).task, batching, clocks, listener, Stopwatch()
    )


def test_a_worker_renews_a_slice_in_each_turn_and_says_when_it_is_done() -> None:
    listener = Listener()
    shop = crowd(95)
    worker = worker_of(shop, Batching(in_order=False, renewals=10), listener)
    turns = 0
    while not listener.renewals:
        worker.run_once()
        turns += 1
    assert listener.renewals == [(0, 95)]
    assert turns == 11  # one to take the partition over
    worker.run_once()
    assert len(listener.renewals) == 1
    assert [each[1] for each in shop.told() if each[3] == "rules"] == ["exited gone"] * 95


def test_records_do_not_wait_for_everybody_to_be_renewed() -> None:
    shop = crowd(200)
    for number in range(20):
        shop.happens(f"d-{number}", START + HOUR)
    worker = worker_of(shop, Batching(in_order=False, batch=2, renewals=10), Listener())
    for _ in range(11):  # one to take the partition over
        worker.run_once()
    assert {f"d-{number}" for number in range(20)} <= {customer for customer, *_ in shop.told()}
    task = worker.assignments[0].task
    assert task is not None
    assert task.scanned < 30
