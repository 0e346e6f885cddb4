"""Topics on a real Kafka, written and read by kafka-python, which the worker does not use."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import InvalidReplicationFactorError

from streamer.adapters.kafka import Topics
from tests.waiting import wait_until

APPEND_TIME = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(4 << 20)}
LARGE = {"max.message.bytes": str(5 << 20)}
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "500",
    "max.compaction.lag.ms": "500",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "100",
}
"""What `topics create` sets to hours, in parts of a second."""
COMPACTS_AT_ONCE = {"log.cleaner.backoff.ms": "200"}
"""The settings of a broker that looks for what there is to compact all the time."""
ENDING = ["PrepareCommit", "PrepareAbort"]
"""What a broker says of a transaction that is decided, and whose markers are not written yet."""


def fresh_topics() -> Topics:
    """Return names that nothing else has."""
    name = uuid.uuid4().hex[:12]
    kinds = ("events", "changes", "memberships", "rejected", "audit")
    return Topics(*(f"{kind}-{name}" for kind in kinds))


@contextmanager
def admin_of(address: str) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=address)
    try:
        yield admin
    finally:
        admin.close()


def settle(address: str) -> None:
    """Return once no transaction is between its end and its markers.

    A lone broker that is killed in the milliseconds between them forgets the markers when it starts
    again (Kafka 4.3.1: "likely deleted already and hence can be skipped"), and then no reader gets
    past that transaction, whoever wrote it.
    """
    with admin_of(address) as admin:
        wait_until(
            lambda: not any(admin.list_transactions(state_filters=ENDING).values()),
            "no transaction between its end and its markers",
        )


def create_topic(
    address: str, topic: str, partitions: int = 1, settings: dict[str, str] | None = None
) -> None:
    new = NewTopic(topic, partitions, replication_factor=1, topic_configs=settings or {})
    with admin_of(address) as admin:

        def created() -> bool:
            try:
                admin.create_topics([new])
            except InvalidReplicationFactorError:  # a broker out of breath is fenced for a moment
                return False
            return True

        wait_until(created, f"{topic} can be made", 60)
        admin.wait_for_topics([topic], timeout_ms=60_000)


def add_partitions(address: str, counts: dict[str, int]) -> None:
    """Let topics have so many partitions."""
    with admin_of(address) as admin:
        admin.create_partitions(counts)

        def there() -> bool:
            found = admin.describe_topics(list(counts))
            return {each["name"]: len(each["partitions"]) for each in found} == counts

        wait_until(there, "the new partitions")


def create_all(address: str, partitions: int = 2) -> Topics:
    """Make the topics as a worker needs them, under names of their own."""
    topics = fresh_topics()
    create_topic(address, topics.events, partitions, APPEND_TIME)
    create_topic(address, topics.changes, partitions)
    create_topic(address, topics.memberships, partitions, {"cleanup.policy": "compact"})
    create_topic(address, topics.rejected, 1, LARGE)
    create_topic(address, topics.audit)
    return topics


@contextmanager
def producer_of(address: str, transactional_id: str | None = None) -> Iterator[KafkaProducer]:
    producer = KafkaProducer(
        bootstrap_servers=address,
        acks="all",
        max_request_size=8 << 20,
        transactional_id=transactional_id,
    )
    try:
        yield producer
    finally:
        producer.close()


def append(
    address: str,
    topic: str,
    values: Sequence[bytes | None],
    *,
    partition: int = 0,
    key: bytes | None = None,
    headers: Sequence[tuple[str, bytes]] = (),
) -> None:
    with producer_of(address) as producer:
        sent = [producer.send(topic, value, key, list(headers), partition) for value in values]
        for each in sent:
            each.get(30)


def committed_records(address: str, topic: str) -> list[Any]:
    """Return what a reader of committed records finds from the beginning to the end."""
    consumer = KafkaConsumer(
        bootstrap_servers=address,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    found: list[Any] = []
    try:
        partitions = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)

        def complete() -> bool:
            for records in consumer.poll(timeout_ms=20).values():
                found.extend(records)
            return all(consumer.position(each) >= ends[each] for each in partitions)

        wait_until(complete, f"the end of {topic}", 300)  # as many as there are
    finally:
        consumer.close()
    return found
