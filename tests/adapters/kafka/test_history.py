"""A customer's events are found from the end of a partition on, however they are written."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import orjson
import pytest
from confluent_kafka import Producer

from streamer.adapters.history import RecentEvents, TooLong
from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.history import KafkaHistory
from streamer.errors import Unavailable
from tests.adapters.kafka.topics import APPEND_TIME, append, committed_records, create_topic
from tests.servers import KafkaServer

TIME = 1_767_225_600_000


@contextmanager
def history(kafka: KafkaServer, topic: str, page: int = 10) -> Iterator[KafkaHistory]:
    with KafkaHistory(Connection(kafka.address), topic, page, looks_s=60) as opened:
        yield opened


def line(number: int, customer: str) -> bytes:
    event = {"id": f"e-{number}", "name": "product_viewed", "user_id": customer}
    return orjson.dumps(event | {"time": TIME + number})


def ids(found: RecentEvents) -> list[str]:
    return [one.id for one in found.events]


@pytest.fixture
def topic(kafka: KafkaServer, own_name: str) -> str:
    create_topic(kafka.address, own_name, 2, APPEND_TIME)
    return own_name


def times_of(kafka: KafkaServer, topic: str) -> Sequence[int]:
    return [one.timestamp for one in committed_records(kafka.address, topic)]


def test_all_pages_are_looked_through_from_the_last_on(kafka: KafkaServer, topic: str) -> None:
    append(kafka.address, topic, [line(one, "u-1" if one % 3 == 0 else "u-2") for one in range(35)])
    append(kafka.address, topic, [line(99, "u-1")], partition=1)
    with history(kafka, topic) as opened:
        found = opened.events_of("u-1", 0, 100)
        assert ids(found) == [f"e-{one}" for one in range(33, -1, -3)]
        assert found.since is None
        assert ids(opened.events_of("u-1", 1, 100)) == ["e-99"]
        assert opened.events_of("u-3", 0, 100) == RecentEvents([], None)


def test_no_more_pages_are_read_than_the_answer_needs(kafka: KafkaServer, topic: str) -> None:
    append(kafka.address, topic, [line(one, "u-1") for one in range(35)])
    with history(kafka, topic) as opened:
        found = opened.events_of("u-1", 0, 12)
    assert ids(found) == [f"e-{one}" for one in range(34, 22, -1)]
    assert found.since == times_of(kafka, topic)[15]  # the first of the second page


def test_an_empty_partition_has_no_events(kafka: KafkaServer, topic: str) -> None:
    with history(kafka, topic) as opened:
        assert opened.events_of("u-1", 0, 5) == RecentEvents([], None)


@pytest.mark.parametrize("customer", ['a"b', "a\\b", "Zoë", "a/b"])
def test_an_id_is_found_however_json_writes_it(
    kafka: KafkaServer, topic: str, customer: str
) -> None:
    escaped = b'{"id": "e-2", "name": "product_viewed", "time": %d, "user_id": "%s"}'
    written = "".join(f"\\u{ord(one):04x}" for one in customer).encode()
    append(
        kafka.address,
        topic,
        [line(1, customer), escaped % (TIME, written), b"no event: " + written],
    )
    with history(kafka, topic) as opened:
        assert ids(opened.events_of(customer, 0, 5)) == ["e-2", "e-1"]


def test_what_was_not_committed_is_no_event(kafka: KafkaServer, topic: str) -> None:
    producer = Producer({"bootstrap.servers": kafka.address, "transactional.id": topic})
    producer.init_transactions(60)
    for number in range(24):
        producer.begin_transaction()
        producer.produce(topic, line(number, "u-1"), partition=0)
        producer.flush(60)
        (producer.abort_transaction if number % 2 else producer.commit_transaction)(60)
    with history(kafka, topic) as opened:  # of four offsets one is an event
        assert ids(opened.events_of("u-1", 0, 100)) == [f"e-{one}" for one in range(22, -1, -2)]


def test_the_whole_topic_is_in_the_order_of_time(kafka: KafkaServer, topic: str) -> None:
    for number in range(24):
        append(kafka.address, topic, [line(number, "u-1")], partition=number % 2)
    with history(kafka, topic) as opened, opened.whole() as log:
        assert [one.value for one in log.read(0, 0, 100)] == [line(one, "u-1") for one in range(24)]
        assert len(log.read(0, 20, 2)) == 2


def test_a_topic_that_is_too_long_is_not_read(kafka: KafkaServer, topic: str) -> None:
    append(kafka.address, topic, [line(one, "u-1") for one in range(4)])
    opened = KafkaHistory(Connection(kafka.address), topic, most=3)
    with opened, pytest.raises(TooLong, match="holds more than 3 records"), opened.whole():
        pass


def test_a_kafka_that_is_away_is_said(own_kafka: KafkaServer, own_name: str) -> None:
    create_topic(own_kafka.address, own_name)
    own_kafka.kill()
    with history(own_kafka, own_name) as opened, pytest.raises(Unavailable):
        opened.events_of("u-1", 0, 5)
