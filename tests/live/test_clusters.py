"""Three brokers with every record three times, and a Redis Cluster: what is told is what is true.

A broker dies, a primary of Redis dies and its replica takes over, and the oracle still agrees.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

from streamer.adapters.kafka import Topics
from streamer.cli import main
from tests.adapters.kafka.topics import admin_of, fresh_topics
from tests.conftest import need
from tests.live.shop import PARTITIONS, Shop
from tests.servers import KafkaServer, RedisServer
from tests.servers.clusters import KafkaCluster, RedisCluster, clusters, missing_for_clusters
from tests.waiting import wait_until

pytestmark = pytest.mark.proof

Both = tuple[KafkaCluster, RedisCluster]


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    """Clusters for the tests of this file: each puts right what it has broken."""
    need("Clusters", missing_for_clusters())
    with clusters() as found:
        yield found


@pytest.fixture
def shop(both: Both, tmp_path: Path) -> Iterator[Shop]:
    """A shop on both clusters, whose topics an operator has made."""
    kafka, redis = both
    one = cast("KafkaServer", kafka), cast("RedisServer", redis)  # it uses their addresses
    shop = Shop(*one, tmp_path, created(kafka.address))
    yield shop
    shop.show_journals()
    shop.close()


def created(address: str) -> Topics:
    """Return topics that `streamer topics create` has made."""
    topics = fresh_topics()
    words = [
        *("topics", "create", "--kafka", address),
        *("--partitions", str(PARTITIONS), "--replication", "3"),
        *("--events-topic", topics.events, "--changes-topic", topics.changes),
        *("--memberships-topic", topics.memberships, "--rejected-topic", topics.rejected),
        *("--audit-topic", topics.audit),
    ]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return topics


def leader(address: str, topic: str) -> int:
    """Return the number of the broker that leads a topic's first partition."""
    with admin_of(address) as admin:
        (found,) = admin.describe_topics([topic])
        return next(
            int(one["leader_id"]) for one in found["partitions"] if one["partition_index"] == 0
        )


def test_topics_are_made_with_three_copies_of_which_two_must_be_in_sync(shop: Shop) -> None:
    with admin_of(shop.kafka.address) as admin:
        (found,) = admin.describe_topics([shop.topics.events])
        assert {len(one["replica_nodes"]) for one in found["partitions"]} == {3}


def test_workers_share_the_partitions_and_stop_in_order(shop: Shop) -> None:
    workers = [shop.worker(), shop.worker()]
    with shop.storefront(1):
        for worker in workers:
            wait_until(worker.works, "its share", 120)
        shop.wait_for_changes()
    shop.judge()


def test_the_broker_that_leads_dies_and_comes_back(shop: Shop, both: Both) -> None:
    kafka, _ = both
    shop.worker()
    with shop.storefront(2) as storefront:
        shop.wait_for_changes()
        number = leader(kafka.address, shop.topics.events)
        dead = kafka.brokers[number - 1]
        dead.kill()
        shop.wait_for_changes(200)
        dead.start()
        storefront.wait_for_events(300)
        shop.wait_for_changes(50)
    shop.judge()


def test_a_primary_of_redis_dies_and_its_replica_takes_over(shop: Shop, both: Both) -> None:
    _, redis = both
    worker = shop.worker()
    with shop.storefront(3) as storefront:
        shop.wait_for_changes()
        dead = redis.primary_of(f"{{{shop.group}:0}}:meta")
        dead.kill()
        shop.wait_for_changes(200)
        storefront.wait_for_events(200)
        dead.start()
        shop.wait_for_changes(50)
    assert worker.counts("unavailable") >= 1
    shop.judge()
