"""Shops for the tests: one on the servers of the whole session, one on servers of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.shop import Shop
from tests.servers import KafkaServer, RedisServer


@pytest.fixture
def shop(kafka: KafkaServer, redis_server: RedisServer, tmp_path: Path) -> Iterator[Shop]:
    """A shop for a test in which only workers die."""
    with closing(Shop(kafka, redis_server, tmp_path)) as shop:
        yield shop
        shop.show_journals()


@pytest.fixture
def own_shop(own_kafka: KafkaServer, own_redis: RedisServer, tmp_path: Path) -> Iterator[Shop]:
    """A shop for a test in which servers die; Redis writes before it answers."""
    own_redis.configure(appendfsync="always")
    with closing(Shop(own_kafka, own_redis, tmp_path)) as shop:
        yield shop
        shop.show_journals()
