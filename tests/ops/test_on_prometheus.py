"""Every expression of every panel, rule and alert on a real Prometheus that scrapes real workers.

Where all is well, each expression of a panel and of a recording rule returns data, and no alert
fires. Then every alert fires by a real fault of its own. A minute of the rules lasts a second here.
"""

import re
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.conftest import need
from tests.live.shop import DOCUMENTS, EVERYBODY
from tests.ops.rules import ALERTS, RECORDS
from tests.ops.scene import AHEAD, Scene
from tests.ops.test_dashboards import TARGETS
from tests.ops.watching import hastened
from tests.servers import KafkaServer, RedisServer
from tests.servers.machine import missing_for_prometheus
from tests.strategies import documents_to_yaml
from tests.waiting import NotInTime, wait_until
from tests.webhooks.receiver import Act

pytestmark = pytest.mark.proof

REJECTED = "StreamerRejectsMany"
"""It may fire where all is well: one record in a hundred is poison. So may what burns a budget,
since the start of everything is most of what there has been."""
CHOSEN = {"$job": ".+", "$instance": ".+", "$segment": ".+", "$__rate_interval": "15s"}


@pytest.fixture
def scene(own_kafka: KafkaServer, own_redis: RedisServer, tmp_path: Path) -> Iterator[Scene]:
    """A scene for one test, which breaks one thing after the other in it."""
    need("Prometheus", missing_for_prometheus())
    with Scene(own_kafka, own_redis, tmp_path) as scene:
        yield scene
        scene.show()


def event(name: str, customer: str, **properties: object) -> dict[str, object]:
    """Return an event of now."""
    now = time.time_ns()
    return {
        "id": f"{customer}-{now}",
        "name": name,
        "time": now // 1_000_000,
        "user_id": customer,
        "properties": properties,
    }


def chosen(expression: str) -> str:
    """Return the expression of a panel with everything chosen."""
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    return expression


def empty(scene: Scene, expressions: Sequence[str]) -> list[str]:
    """Return those that have no data now."""
    return [one for one in expressions if not scene.watch.query(one)]


def wait_for_data(scene: Scene, expressions: Sequence[str], seconds: float) -> None:
    """Return once all of them have data; fails with those that have none."""
    try:
        wait_until(lambda: not empty(scene, expressions), "data everywhere", seconds)
    except NotInTime:
        missing = empty(scene, expressions)
        assert missing == []


def test_every_expression_returns_data_and_nothing_fires(scene: Scene) -> None:
    """What comes is mixed: events, poison, stragglers, duplicates, prices that are no numbers."""
    records = [rule["record"] for rule in RECORDS]
    panels = [chosen(expression) for _, _, expression in TARGETS]
    with scene.shop.storefront(1, burst=20):
        scene.publish([event("product_added", who, price="12,50") for who in EVERYBODY])
        bought = [event("product_added", "bot", price=1) for _ in range(3_000)]
        now = time.time_ns() // 1_000_000
        scene.publish([{**one, "time": now - 3_000 + n} for n, one in enumerate(bought)])
        scene.site.post("/v1/track", {"userId": "u-1", "event": "Product Viewed"})
        assert scene.serving.ask("/v1/segments")[0] == 200
        wait_for_data(scene, [*records, *panels], 240)
        for alert in ALERTS:
            scene.watch.query(hastened(alert["expr"]))
        assert {one for one in scene.watch.firing() if "Burns" not in one} <= {REJECTED}
    print(f"{len(records)} recording rules, {len(panels)} expressions of panels: all have data")  # noqa: T201 (the figure)


def test_faults_of_those_who_use_it_fire(scene: Scene) -> None:
    many_rejected_records_fire(scene)
    refused_and_different_rules_fire(scene)
    an_endpoint_that_says_never_again_fires(scene)
    a_clock_that_is_behind_the_brokers_fires(scene)
    no_worker_at_all_fires(scene)


def test_faults_of_kafka_fire(scene: Scene) -> None:
    a_partition_held_up_by_an_open_transaction_fires(scene)
    a_kafka_that_hangs_makes_the_collector_refuse(scene)


def test_faults_of_redis_fire(scene: Scene) -> None:
    a_redis_that_fills_fires(scene)
    a_redis_that_hangs_pauses_partitions_and_costs_availability(scene)
    a_slow_redis_makes_changes_late_and_lag_grow(scene)
    a_redis_that_trickles_holds_up_the_cycle_and_timers(scene)
    an_emptied_redis_behind_a_slow_link_restores_for_long(scene)


def test_every_alert_has_a_fault() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    named = set(re.findall(r'"(Streamer\w+)"', text))
    assert named == {alert["alert"] for alert in ALERTS}


def many_rejected_records_fire(scene: Scene) -> None:
    with scene.shop.storefront(2):
        wait_until(lambda: _poison(scene, "StreamerRejectsMany"), "the alert", 120)


def _poison(scene: Scene, alert: str) -> bool:
    scene.publish([{"user_id": f"c-{number}"} for number in range(20)])
    return alert in scene.watch.firing()


def refused_and_different_rules_fire(scene: Scene) -> None:
    own = scene.folder / "own.yaml"
    extra = {**DOCUMENTS[0], "segment": "extra"}
    own.write_text(documents_to_yaml([extra]), encoding="utf-8")
    worker = scene.start_worker("other", "--rules", str(own))
    scene.watch.wait_for_alert("StreamerRulesDiffer")
    own.write_text("segment: [", encoding="utf-8")
    worker.signal(signal.SIGHUP)
    scene.watch.wait_for_alert("StreamerRulesRefused")
    scene.stop_worker("other", worker)
    scene.watch.wait_for_quiet("StreamerRulesDiffer")


def an_endpoint_that_says_never_again_fires(scene: Scene) -> None:
    scene.receiver.script = lambda _request, _before: Act(410)
    with scene.shop.storefront(3):
        scene.watch.wait_for_alert("StreamerEndpointOff")


def a_redis_that_fills_fires(scene: Scene) -> None:
    used = int(scene.redis.client.info("memory")["used_memory"])
    scene.redis.configure(maxmemory=used + (150 << 20))
    kept = [f"somebody else's {number}" for number in range(400)]
    for key in kept[:100]:
        scene.redis.client.set(key, b"x" * (1 << 20))
    more = iter(kept[100:])

    def grows() -> bool:
        scene.redis.client.set(next(more), b"x" * 20_000)
        time.sleep(0.5)
        return "StreamerRedisFills" in scene.watch.firing()

    wait_until(grows, "the alert", 140)
    scene.redis.client.delete(*kept)
    scene.redis.configure(maxmemory=1 << 30)


def a_clock_that_is_behind_the_brokers_fires(scene: Scene) -> None:
    worker = scene.start_worker("behind", script=AHEAD)
    with scene.shop.storefront(4):
        scene.watch.wait_for_alert("StreamerBrokerClockSkew")
    scene.stop_worker("behind", worker)


def a_partition_held_up_by_an_open_transaction_fires(scene: Scene) -> None:
    other = Producer(
        {"bootstrap.servers": scene.kafka.address, "transactional.id": "other", "log_level": 0}
    )
    other.init_transactions()
    other.begin_transaction()
    for partition in range(4):
        other.produce(scene.shop.topics.events, b"{}", b"x", partition=partition)
    assert other.flush(60) == 0
    with scene.shop.storefront(5):
        scene.watch.wait_for_alert("StreamerPartitionStalled")
    other.abort_transaction()
    scene.watch.wait_for_quiet("StreamerPartitionStalled")


def a_slow_redis_makes_changes_late_and_lag_grow(scene: Scene) -> None:
    with scene.slow(0.7), scene.shop.storefront(6, burst=250):
        scene.watch.wait_for_alert("StreamerChangeFreshnessBurnsPage")
        scene.watch.wait_for_alert("StreamerChangeFreshnessBurnsTicket")
        scene.watch.wait_for_alert("StreamerPartitionFallsBehind", 180)
    wait_for_rest(scene)


def a_redis_that_trickles_holds_up_the_cycle_and_timers(scene: Scene) -> None:
    with scene.slow(trickle=2.0):
        scene.watch.wait_for_alert("StreamerTimersLate", 240)
        scene.watch.wait_for_alert("StreamerWorkerStuck", 240)
    wait_for_rest(scene)


def wait_for_rest(scene: Scene) -> None:
    """Return once no record waits and nothing is published any more."""
    resting = (
        "sum(streamer_consumer_lag) == 0 "
        "and sum(increase(streamer_changes_total[15s])) == 0 "
        'and sum(streamer_partitions{state="running"}) == 4'
    )
    wait_until(lambda: bool(scene.watch.query(resting)), "everything rests", 300)


def a_redis_that_hangs_pauses_partitions_and_costs_availability(scene: Scene) -> None:
    scene.redis.pause()
    try:
        scene.watch.wait_for_alert("StreamerPartitionsPaused")
        scene.watch.wait_for_alert("StreamerProcessingAvailabilityBurnsPage")
        scene.watch.wait_for_alert("StreamerProcessingAvailabilityBurnsTicket", 240)
    finally:
        scene.redis.resume()
    scene.watch.wait_for_quiet("StreamerPartitionsPaused")


def an_emptied_redis_behind_a_slow_link_restores_for_long(scene: Scene) -> None:
    scene.redis.empty()
    with scene.slow(4.0):
        scene.watch.wait_for_alert("StreamerRestoringLong", 300)


def a_kafka_that_hangs_makes_the_collector_refuse(scene: Scene) -> None:
    wait_for_rest(scene)
    scene.kafka.pause()
    try:
        refused = scene.site.post("/v1/track", {"userId": "u-1", "event": "Product Viewed"})
        assert refused.status == 429
        scene.watch.wait_for_alert("StreamerCollectRefuses")
        scene.watch.wait_for_alert("StreamerServeBehind", 240)
    finally:
        scene.kafka.resume()


def no_worker_at_all_fires(scene: Scene) -> None:
    scene.worker.kill()
    scene.watch.wait_for_alert("StreamerAbsent")
