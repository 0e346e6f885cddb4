"""The hot lane on adapters in memory: works until told to stop, reloads rules, says how it is."""

import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError

import orjson
import pytest
from prometheus_client import generate_latest

from streamer.adapters.memory import MemoryFeed, MemoryLog, MemorySink, MemoryStore
from streamer.adapters.metrics import Metrics
from streamer.adapters.web import OperatorPages
from streamer.app.live import Adapters, Live
from streamer.codecs.controls import ControlKey, mark_id
from streamer.core.engine.program import RuleSet
from streamer.errors import AdapterError, Finding, RuleErrors, Unavailable
from streamer.ports import PartitionMeta
from streamer.worker import Batching
from tests.engine import compiled
from tests.lives import RULES, START, story_rules
from tests.waiting import wait_until

EVENT = {"id": "e-1", "name": "product_added", "time": START, "user_id": "u-1"}


class Notebook:
    """A journal that is read by tests."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.facts: dict[str, dict[str, object]] = {}

    def say(self, event: str, level: str = "info", /, **facts: object) -> None:  # noqa: ARG002
        self.facts[event] = facts
        self.events.append(event)


class AwayStore(MemoryStore):
    """A store that cannot be reached while it is away."""

    away = False
    broken = False

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        if self.broken:
            raise AdapterError("a stored profile cannot be read")
        if self.away:
            raise Unavailable("the store cannot be reached")
        return super().claim(partition, owner)


class SilentFeed(MemoryFeed):
    """A feed of which nothing is heard while there is trouble."""

    silence: str | None = None

    @property
    def trouble(self) -> str | None:
        return self.silence


class Hall:
    """A hot lane that runs in a thread, and everything around it."""

    def __init__(self, rules: RuleSet | None = None, joining: ControlKey | None = None) -> None:
        self.log, self.store, self.sink = MemoryLog(), AwayStore(), MemorySink()
        self.feed = SilentFeed(self.log, [0])
        self.journal = Notebook()
        self.rules = rules or story_rules()
        self.broken = False
        self.closed = threading.Event()
        adapters = Adapters(self.feed, self.store, self.sink, self.closed.set, partitions=1)
        batching = Batching(in_order=False)
        self.live = Live(
            self.read_rules, lambda: adapters, batching, self.journal, "streamer-1", joining
        )

    def read_rules(self) -> RuleSet:
        if self.broken:
            doubtful = Finding("rules/cart.yaml", 2, 1, "doubtful", severity="warning")
            raise RuleErrors([doubtful, Finding("rules/cart.yaml", 3, 1, "unknown key")])
        return self.rules

    def happens(self, customer: str) -> None:
        self.log.append(orjson.dumps({**EVENT, "user_id": customer, "id": customer}), START)

    def told(self, customer: str) -> bool:
        return any(change.customer == customer for change in list(self.sink.changes))

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self.live.run)
        thread.start()
        try:
            yield
        finally:
            self.live.stop()
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_it_works_until_it_is_stopped_and_leaves_nothing_untold(hall: Hall) -> None:
    with hall.running():
        hall.happens("u-1")
        wait_until(lambda: hall.told("u-1"), "it to be so")
    assert hall.closed.is_set()
    assert hall.sink.mark(0).offset == 1
    assert hall.journal.events[0] == "started"
    assert hall.journal.events[-1] == "stopped"


def test_while_the_store_is_away_it_is_alive_and_not_ready_and_then_goes_on(hall: Hall) -> None:
    hall.store.away = True
    with hall.running():
        hall.happens("u-1")
        wait_until(lambda: "unavailable" in hall.journal.events, "it to be so")
        assert hall.live.unready() == ("1 of 1 partitions are paused: the store cannot be reached")
        assert hall.live.readings().states["paused"] == 1
        hall.store.away = False
        wait_until(lambda: hall.told("u-1"), "it to be so")
        assert hall.live.unready() is None


def test_a_log_of_which_nothing_is_heard_shows_and_is_said_once(hall: Hall) -> None:
    with hall.running():
        wait_until(lambda: hall.live.unready() is None, "readiness")
        hall.feed.silence = "Kafka is silent"
        wait_until(lambda: hall.live.unready() == "Kafka is silent", "the silence")
        hall.feed.silence = "Kafka is silent: connection refused"
        wait_until(lambda: hall.live.unready() == hall.feed.silence, "the reason")
        assert not hall.live.readings().connected
        hall.feed.silence = None
        wait_until(lambda: hall.live.unready() is None, "readiness again")
    assert hall.journal.events.count("unavailable") == 1
    assert hall.journal.events.count("heard again") == 1


def test_what_no_partition_can_pass_ends_it_and_is_in_the_journal(hall: Hall) -> None:
    hall.store.broken = True
    with pytest.raises(AdapterError, match="cannot be read"):
        hall.live.run()
    assert hall.closed.is_set()
    assert hall.journal.events == ["started", "failed", "failed"]


def test_broken_rules_leave_the_ones_before_in_force(hall: Hall) -> None:
    with hall.running():
        hall.broken = True
        hall.live.reload()
        wait_until(lambda: "rules refused" in hall.journal.events, "it to be so")
        assert "rules/cart.yaml:3:1" in (hall.live.unready() or "")
        assert hall.journal.facts["rules refused"]["errors"] == 1
        hall.happens("u-1")
        wait_until(lambda: hall.told("u-1"), "it to be so")
        assert hall.live.readings().rules_refused == 1
        assert hall.live.readings().rules_stale
        hall.broken = False
        hall.live.reload()
        wait_until(lambda: hall.live.unready() is None, "it to be so")


def test_new_rules_are_in_force_after_a_reload(hall: Hall) -> None:
    with hall.running():
        hall.rules = compiled(
            "{segment: shopper, title: S, purpose: A test., when: {performed: any}}"
        )
        hall.live.reload()
        wait_until(lambda: "rules read" in hall.journal.events, "it to be so")
        hall.happens("u-1")
        wait_until(lambda: hall.told("u-1"), "it to be so")
    assert {change.segment for change in hall.sink.changes} == {"shopper"}


def test_the_silent_are_decided_under_new_rules_and_it_shows(hall: Hall) -> None:
    with hall.running():
        now = time.time_ns() // 1_000_000
        hall.log.append(orjson.dumps({**EVENT, "time": now}), now)
        wait_until(lambda: hall.told("u-1"), "the old rules to speak")
        hall.rules = compiled(
            "{segment: shopper, title: S, purpose: A test., when: {performed: any}}"
        )
        hall.live.reload()
        wait_until(lambda: "partition migrated" in hall.journal.events, "everybody to be renewed")
        wait_until(lambda: len(hall.sink.changes) == 3, "the new rules to speak")
        readings = hall.live.readings()
        metrics = generate_latest(Metrics(lambda: readings).registry()).decode()
    assert [(one.direction, one.segment, one.cause) for one in hall.sink.changes] == [
        ("entered", "engagement.semi_active", "event"),
        ("exited", "engagement.semi_active", "rules"),
        ("entered", "shopper", "rules"),
    ]
    assert "streamer_migrated_total 1.0" in metrics
    assert 'streamer_migration_scanned{partition="0"} 1.0' in metrics
    assert 'streamer_migration_done{partition="0"} 1.0' in metrics


def test_its_pages_say_how_it_is(hall: Hall) -> None:
    registry = Metrics(hall.live.readings).registry()
    with hall.running(), OperatorPages("127.0.0.1", 0, registry, hall.live.unready) as pages:
        hall.happens("u-1")
        wait_until(lambda: hall.told("u-1"), "it to be so")
        wait_until(lambda: hall.live.unready() is None, "it to be so")
        wait_until(lambda: hall.live.readings().delays.count == 1, "the delay to be counted")

        def page(path: str) -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{pages.port}{path}", timeout=5) as got:
                return str(got.read().decode())

        assert page("/healthz") == "alive\n"
        assert page("/readyz") == "ready\n"
        metrics = page("/metrics")
        assert 'streamer_records_total{outcome="applied"} 1.0' in metrics
        assert 'streamer_next_offset{partition="0"} 1.0' in metrics
        assert 'streamer_consumer_lag{partition="0"} 0.0' in metrics
        assert 'streamer_commit_seconds_bucket{le="30.0"}' in metrics
        assert 'streamer_change_delay_seconds_bucket{cause="event",le="+Inf"} 1.0' in metrics
        assert hall.live.readings().transactions.count >= 1
        assert 'streamer_partitions{state="running"} 1.0' in metrics
        assert 'streamer_partitions{state="paused"} 0.0' in metrics
        assert 'streamer_consumer_lag_seconds{partition="0"} 0.0' in metrics
        assert "streamer_topic_partitions 1.0" in metrics
        assert "streamer_connected 1.0" in metrics
        assert f'streamer_rules{{version="{hall.rules.version}"}} 1.0' in metrics
        with pytest.raises(HTTPError, match="404"):
            page("/")


def test_ids_that_are_not_linked_are_written_down_as_hashes() -> None:
    key = ControlKey("shop", b"known to the whole group, and to nobody else")
    hall = Hall(compiled(f"ruleset: shop\nidentity: {{anonymous: last}}\n---{RULES}"), key)
    with hall.running():
        hall.log.append(orjson.dumps({**EVENT, "user_id": "u-9", "anonymous_id": "null"}), START)
        wait_until(lambda: hall.live.readings().links.get("placeholder", 0) == 1, "it is counted")
    facts = hall.journal.facts["ids not linked"]
    assert facts == {
        "reason": "placeholder",
        "times": 1,
        "user_hash": mark_id("u-9", key).hex(),
        "anonymous_hash": mark_id("null", key).hex(),
    }
