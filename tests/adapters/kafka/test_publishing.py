"""What is given to a publication comes into Kafka once, in order, or somebody is told."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import MessageSizeTooLargeError

from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.publishing import KafkaPublication
from streamer.errors import NotPublished, Unavailable, UsageError
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

from .topics import (
    APPEND_TIME,
    admin_of,
    append,
    committed_records,
    create_all,
    create_topic,
    fresh_topics,
)

PATIENCE = 120
STUBBORN = """
import sys
from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.publishing import KafkaPublication
from streamer.errors import NotPublished, Unavailable

publication = KafkaPublication(Connection(sys.argv[1]), sys.argv[2])
publication.give(b"u-1", b"first", 60)
publication.flush(60)
print("ready", flush=True)
sys.stdin.readline()  # meanwhile Kafka dies
publication.give(b"u-1", b"second", 60, "line 2")
publication.give(b"u-1", b"third", 60, "line 3")
try:
    publication.flush(0.5)
except Unavailable as error:
    print(error, flush=True)
try:
    publication.close(0.5)
except NotPublished as error:
    print(error, error.records, publication.published, flush=True)
"""


@contextmanager
def publication_of(kafka: KafkaServer, topic: str) -> Iterator[KafkaPublication]:
    publication = KafkaPublication(Connection(kafka.address), topic)
    try:
        yield publication
    finally:
        publication.close(PATIENCE)


def take_at_most(kafka: KafkaServer, topic: str, size: int) -> None:
    """Let a topic refuse larger records from now on."""
    limit = {"max.message.bytes": str(size)}
    with admin_of(kafka.address) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, limit)])

    def refused() -> bool:
        try:
            append(kafka.address, topic, [b"x" * 2 * size])
        except MessageSizeTooLargeError:
            return True
        return False

    wait_until(refused, "the limit", 60)


def test_records_of_one_key_come_in_order_into_one_partition(kafka: KafkaServer) -> None:
    topic = create_all(kafka.address, partitions=4).events
    with publication_of(kafka, topic) as publication:
        for number in range(2_000):
            publication.give(b"u-%d" % (number % 50), b"%d" % number, PATIENCE)
        publication.flush(PATIENCE)
        assert publication.published == 2_000
    records = committed_records(kafka.address, topic)
    assert sorted(int(record.value) for record in records) == list(range(2_000))
    for key in {record.key for record in records}:
        mine = [record for record in records if record.key == key]
        assert len({record.partition for record in mine}) == 1
        assert [int(record.value) for record in mine] == sorted(int(r.value) for r in mine)


def test_a_record_larger_than_its_topic_takes_is_refused_alone(kafka: KafkaServer) -> None:
    topic = fresh_topics().events
    create_topic(kafka.address, topic, 1, APPEND_TIME | {"max.message.bytes": "1000"})
    with publication_of(kafka, topic) as publication:
        publication.give(b"u-1", b"before", PATIENCE)
        with pytest.raises(NotPublished, match=f"2131 bytes, and {topic} takes 1000") as raised:
            publication.give(b"u-1", b"x" * 2_000, PATIENCE)
        assert raised.value.records == (b"x" * 2_000,)
        publication.give(b"u-1", b"after", PATIENCE)
        publication.give(b"u-1", b"x" * 869, PATIENCE)
    values = [record.value for record in committed_records(kafka.address, topic)]
    assert values == [b"before", b"after", b"x" * 869]


def test_what_kafka_refuses_waits_until_somebody_is_told_and_then_it_goes_on(
    kafka: KafkaServer,
) -> None:
    topic = create_all(kafka.address, partitions=1).events
    large = b"x" * (3 << 20)
    publication = KafkaPublication(Connection(kafka.address), topic)
    take_at_most(kafka, topic, 1_000)
    for number in range(10):
        publication.give(b"u-1", large, PATIENCE, f"line {number}")
    with pytest.raises(Unavailable, match="Kafka takes nothing"):
        publication.give(b"u-1", large, 2)
    with pytest.raises(NotPublished, match=r"10 of the events .*\(the first of them: line 0\)"):
        publication.flush(PATIENCE)
    publication.give(b"u-1", b"fine", PATIENCE)
    publication.flush(PATIENCE)
    publication.close(PATIENCE)
    assert publication.published == 1
    assert committed_records(kafka.address, topic)[-1].value == b"fine"


def test_a_topic_that_is_not_there_is_named(kafka: KafkaServer) -> None:
    with pytest.raises(UsageError, match="no topic nowhere: make it with `streamer topics create`"):
        KafkaPublication(Connection(kafka.address), "nowhere")


def test_a_kafka_that_is_away_is_named() -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=f"Kafka at {nowhere} cannot be reached"):
        KafkaPublication(Connection(nowhere), "events")


def test_a_kafka_that_stays_away_is_given_up_with_all_that_waits(own_kafka: KafkaServer) -> None:
    topic = create_all(own_kafka.address).events
    with subprocess.Popen(  # noqa: S603 (our own code)
        [sys.executable, "-c", STUBBORN, own_kafka.address, topic],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        own_kafka.kill()
        process.stdin.write("\n")
        process.stdin.flush()
        flushed, closed = process.stdout.readline(), process.stdout.readline()
        process.stdin.close()
        assert process.wait(60) == 0
    assert f"Kafka at {own_kafka.address} cannot be reached" in flushed
    assert closed.startswith("2 of the events did not come into Kafka (the first of them: line 2)")
    assert closed.endswith("(b'second', b'third') 1\n")
