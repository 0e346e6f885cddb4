"""Kafka takes a permission away and gives it back: nothing is lost, and nothing told wrongly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from tests.adapters.kafka.topics import admin_of
from tests.conftest import need
from tests.live.shop import PARTITIONS, Shop
from tests.live.test_run import page
from tests.servers import KafkaServer, RedisServer
from tests.servers.machine import missing_for_kafka
from tests.servers.ports import free_port
from tests.waiting import wait_until

AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


@pytest.fixture
def guarded(redis_server: RedisServer, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose Kafka asks for permissions, and gives everybody all that is not denied."""
    need("Kafka", missing_for_kafka())
    with KafkaServer(AUTHORIZER) as kafka:
        shop = Shop(kafka, redis_server, tmp_path)
        yield shop
        shop.close()


def deny_reading(shop: Shop, kind: ResourceType, name: str) -> None:
    """Allow everything with the topic or group but to read it."""
    what = ResourcePattern(kind, name)
    everybody = ("User:ANONYMOUS", "*")
    with admin_of(shop.kafka.address) as admin:
        admin.create_acls(
            [
                ACL(*everybody, ACLOperation.ALL, ACLPermissionType.ALLOW, what),
                ACL(*everybody, ACLOperation.READ, ACLPermissionType.DENY, what),
            ]
        )


def allow_all(shop: Shop) -> None:
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    with admin_of(shop.kafka.address) as admin:
        admin.delete_acls(
            [ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything)]
        )


def test_events_that_may_not_be_read_for_a_while(guarded: Shop) -> None:
    """Time goes on meanwhile, and carts would seem abandoned whose orders have come."""
    port = free_port()
    worker = guarded.worker("--metrics-port", str(port))
    with guarded.storefront(1) as storefront:
        wait_until(
            lambda: worker.events().count("partition assigned") == PARTITIONS, "its share", 60
        )
        deny_reading(guarded, ResourceType.TOPIC, guarded.topics.events)
        wait_until(lambda: page(port, "/readyz")[0] == 503, "no readiness", 60)
        said = page(port, "/readyz")[1]  # a transaction that commits offsets needs the same right
        assert "Kafka refuses to read partition" in said or "Kafka refuses to publish" in said
        enough = storefront.sent + 500
        wait_until(lambda: storefront.sent > enough, "more events", 60)
        allow_all(guarded)
        wait_until(lambda: page(port, "/readyz")[0] == 200, "readiness", 60)
    guarded.judge()


def test_a_group_that_may_not_be_joined_yet(guarded: Shop) -> None:
    port = free_port()
    deny_reading(guarded, ResourceType.GROUP, guarded.group)
    worker = guarded.worker("--metrics-port", str(port))
    wait_until(lambda: "unavailable" in worker.events(), "the trouble", 60)
    status, text = page(port, "/readyz")
    assert status == 503
    assert "Kafka refuses to give partitions" in text
    allow_all(guarded)
    with guarded.storefront(2) as storefront:
        wait_until(lambda: worker.works() and storefront.sent > 100, "work", 60)
    guarded.judge()
