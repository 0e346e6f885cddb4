"""What a person asks for, as records: first why, in the audit topic, then the order in the log.

Both are safe in Kafka when `give_order` returns, and so is where the order stands, in a second
record of the audit. If it fails in between, the audit has an order that was not given, or does not
say where it stands; there is never an order that the audit has not.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure
from streamer.adapters.kafka.messages import Headers
from streamer.adapters.kafka.topics import PARTITIONER, ClusterMetadata, Topics
from streamer.errors import Unavailable
from streamer.types import Control

_PATIENCE_S: Final = 30.0


def give_order(
    connection: Connection,
    topics: Topics,
    order: Control,
    audit_key: str,
    audit: Callable[[tuple[int, int] | None], bytes],
) -> tuple[int, int]:
    """Publish an order and its audit; return the order's partition and offset.

    `audit` is the text for the audit, given where the order stands, None before it does. Raises
    `UsageError` where a topic is missing, `Unavailable` where Kafka does not take them.
    """
    with _producer(connection, topics.audit, topics.events) as producer:
        _written(producer, topics.audit, audit_key, audit(None), None)
        stands = _written(producer, topics.events, order.key, order.value, list(order.headers))
        _written(producer, topics.audit, audit_key, audit(stands), None)
    return stands


def write_audit(connection: Connection, topics: Topics, audit_key: str, audit: bytes) -> None:
    """Publish a record of the audit; raises as `give_order` does."""
    with _producer(connection, topics.audit) as producer:
        _written(producer, topics.audit, audit_key, audit, None)


@contextmanager
def _producer(connection: Connection, *topics: str) -> Iterator[Producer]:
    """Yield a producer, once the topics are known to be there."""
    metadata = ClusterMetadata(connection)
    for topic in topics:
        metadata.partitions(topic)
    producer = made(
        Producer,
        connection.librdkafka(
            acks="all",
            enable_idempotence=True,
            partitioner=PARTITIONER,
            message_timeout_ms=round(_PATIENCE_S * 1_000),
        ),
    )
    try:
        yield producer
    finally:
        producer.close()


def _written(
    producer: Producer, topic: str, key: str, value: bytes, headers: Headers | None
) -> tuple[int, int]:
    """Publish one record and return where it is."""
    settled: list[tuple[KafkaError | None, Message]] = []
    try:
        producer.produce(
            topic, value, key, on_delivery=lambda *said: settled.append(said), headers=headers
        )
    except (BufferError, KafkaException) as error:
        raise Unavailable(f"publish to {topic}: {error}") from None
    producer.flush(_PATIENCE_S + 5)
    if not settled:
        raise Unavailable(f"publish to {topic}: Kafka has not answered in time")
    refused, message = settled[0]
    if refused is not None:
        raise failure(refused, f"publish to {topic}")
    return message.partition() or 0, message.offset() or 0
