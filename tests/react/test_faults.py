"""Kafka and Redis die while functions react: every change is handled, in order."""

from pathlib import Path

import pytest

from tests.react.service import Service
from tests.react.test_reactions import ENTERED
from tests.servers import KafkaServer, RedisServer
from tests.waiting import wait_until
from tests.webhooks.changes import change

pytestmark = pytest.mark.proof


def test_servers_that_die_and_come_back_cost_nothing(
    own_kafka: KafkaServer, own_redis: RedisServer, tmp_path: Path
) -> None:
    with Service(own_kafka, own_redis, tmp_path, ENTERED) as service:
        service.start()
        service.publish(change("u-1", 1))
        service.wait_for("u-1 1")
        # a function that has ended is called again where Redis dies before its mark
        wait_until(lambda: service.metric("changes_total", outcome="handled") == 1, "its mark")
        before = service.said().count("unavailable")
        own_redis.kill()
        service.publish(change("u-1", 2), change("u-2", 1))
        wait_until(lambda: service.said().count("unavailable") > before, "the word of it", 60)
        own_redis.start()
        wait_until(lambda: {"u-1 2", "u-2 1"} <= set(service.told()), "what came meanwhile", 60)
        own_kafka.kill()
        own_kafka.start()
        service.publish(change("u-1", 3), change("u-2", 2))
        wait_until(lambda: {"u-1 3", "u-2 2"} <= set(service.told()), "what came after it", 180)
        assert [line for line in service.told() if line.startswith("u-1")] == [
            "u-1 1",
            "u-1 2",
            "u-1 3",
        ]
