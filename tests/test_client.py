"""The client of a storefront's backend."""

import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from streamer.client import InvalidEvent, Publisher, UsageError
from tests.adapters.kafka.topics import committed_records, create_all
from tests.servers import KafkaServer

EVENT = {"id": "e-1", "name": "product_viewed", "time": 1_767_225_600_000, "user_id": "u-7"}


def keyed(kafka: KafkaServer, topic: str) -> list[tuple[str, Any]]:
    return [
        (record.key.decode(), orjson.loads(record.value))
        for record in committed_records(kafka.address, topic)
    ]


def test_an_event_is_in_kafka_at_the_end_of_the_block(kafka: KafkaServer) -> None:
    topic = create_all(kafka.address).events
    with Publisher(kafka.address, topic=topic) as publisher:
        publisher.publish(EVENT)
    assert keyed(kafka, topic) == [("u-7", EVENT)]


def test_every_form_of_an_event_has_its_customer_as_key(kafka: KafkaServer) -> None:
    topic = create_all(kafka.address, partitions=1).events
    call = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": "m-1",
        "timestamp": "2026-01-01T00:00:00Z",
        "anonymousId": "a-3",
    }
    cloud = {"specversion": "1.0", "id": "c-1", "source": "/shop", "type": "shop", "data": EVENT}
    timed = EVENT | {"time": datetime(2026, 1, 1, tzinfo=UTC), "properties": {"price": None}}
    with Publisher(kafka.address, topic=topic) as publisher:
        for event in (call, cloud, timed):
            publisher.publish(event)
    written = timed | {"time": "2026-01-01T00:00:00+00:00"}
    assert keyed(kafka, topic) == [("a-3", call), ("u-7", cloud), ("u-7", written)]


@pytest.mark.parametrize(
    ("change", "said", "path"),
    [
        ({"id": None}, "id is missing", "/properties/id"),
        ({"name": "Product Viewed"}, "did you mean product_viewed", "/properties/name"),
        ({"time": 1_767_225_600}, "it looks like seconds", "/properties/time"),
        ({"time": datetime(2026, 1, 1)}, "time .*zone", "/properties/time"),  # noqa: DTZ001 (that is it)
        ({"user_id": ""}, "no customer", "/anyOf"),
        ({"properties": []}, "properties must be an object", "/properties/properties"),
        ({"properties": {"price": math.nan}}, "not finite", ""),
        ({"properties": {"prices": [{"price": -math.inf}]}}, "not finite", ""),
        ({"properties": {"price": 1 << 70}}, "cannot be written as JSON", ""),
        ({"properties": {"note": "\ud800"}}, "cannot be written as JSON", ""),
        ({"properties": {"note": object()}}, "cannot be written as JSON", ""),
        ({"properties": {"note": "x" * (1 << 20)}}, "at most 1048576", ""),
    ],
)
def test_what_is_no_event_is_refused_with_its_place_and_not_sent(
    refusing: Publisher, change: dict[str, Any], said: str, path: str
) -> None:
    with pytest.raises(InvalidEvent, match=said) as raised:
        refusing.publish(EVENT | change)
    assert raised.value.path == path


@pytest.fixture(scope="module")
def refusing(kafka: KafkaServer) -> Iterator[Publisher]:
    topic = create_all(kafka.address).events
    with Publisher(kafka.address, topic=topic) as publisher:
        yield publisher
    assert keyed(kafka, topic) == []


def test_threads_share_a_publisher(kafka: KafkaServer) -> None:
    topic = create_all(kafka.address).events

    def shop(number: int) -> None:
        for each in range(200):
            publisher.publish(EVENT | {"id": f"e-{each}", "user_id": f"u-{number}"})
        publisher.flush()

    with Publisher(kafka.address, topic=topic) as publisher:
        threads = [threading.Thread(target=shop, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = keyed(kafka, topic)
    for number in range(4):
        mine = [event["id"] for key, event in found if key == f"u-{number}"]
        assert mine == [f"e-{each}" for each in range(200)]


def test_what_is_not_given_comes_from_the_environment(
    kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = create_all(kafka.address).events
    monkeypatch.setenv("STREAMER_KAFKA", kafka.address)
    monkeypatch.setenv("STREAMER_EVENTS_TOPIC", topic)
    with Publisher() as publisher:
        publisher.publish(EVENT)
    assert keyed(kafka, topic) == [("u-7", EVENT)]
    monkeypatch.setenv("STREAMER_KAFKA_CONFIG", "gone.properties")
    with pytest.raises(UsageError, match=r"gone\.properties"):
        Publisher()


def test_a_closed_publisher_says_so(kafka: KafkaServer) -> None:
    topic = create_all(kafka.address).events
    with Publisher(kafka.address, topic=topic) as publisher:
        publisher.close()
        publisher.close()
        with pytest.raises(UsageError, match="closed"):
            publisher.publish(EVENT)
    assert committed_records(kafka.address, topic) == []
