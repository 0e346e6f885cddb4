"""The events of one customer, looked for from the end of their partition on (confluent-kafka).

Kafka finds records by offset and time, not by customer. So the latest pages are read first, until
there are enough events or the time is over: what an answer costs is bounded, however long the
topic is. Nothing is kept, and no group is joined.
"""

import time
from threading import Lock
from typing import Final

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streamer.adapters.closing import Closing
from streamer.adapters.history import RecentEvents, may_name
from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.adapters.kafka.feed import headers_of
from streamer.adapters.kafka.offsets import held_offsets
from streamer.codecs.events import decode
from streamer.errors import InvalidEvent, Unavailable
from streamer.types import Event, Millis, Record

PAGE: Final = 20_000
"""So many offsets are read at once, at least one such page for each answer."""
LOOKS_S: Final = 1.0
"""No page is begun after so long."""
_PATIENCE_S: Final = 5.0
_WAIT_MS: Final = 10
"""How long the broker waits for new records, and the client while a page waits to be taken."""


class KafkaHistory(Closing):
    """Reads the topic of events; threads that ask beside each other are answered in turn."""

    def __init__(
        self, connection: Connection, topic: str, page: int = PAGE, looks_s: float = LOOKS_S
    ) -> None:
        self._topic = topic
        self._looks_s = looks_s
        self._page = page
        self._turn = Lock()
        self._consumer = made(
            Consumer,
            connection.librdkafka(
                group_id="streamer-serve",  # librdkafka wants one; nothing is committed to it
                enable_auto_commit=False,
                enable_auto_offset_store=False,
                isolation_level="read_committed",
                auto_offset_reset="earliest",  # what is older than the topic keeps is gone
                enable_partition_eof=True,
                fetch_wait_max_ms=_WAIT_MS,
                fetch_queue_backoff_ms=_WAIT_MS,
                queued_min_messages=page,
            ),
        )

    def events_of(self, customer: str, partition: int, limit: int) -> RecentEvents:
        """Return the latest events of a customer; blocks for some seconds at most."""
        with self._turn:
            return self._look(customer, partition, limit)

    def close(self) -> None:
        """Let go of Kafka."""
        with self._turn:
            self._consumer.close()

    def _look(self, customer: str, partition: int, limit: int) -> RecentEvents:
        over = time.monotonic() + self._looks_s
        low, begin = held_offsets(self._consumer, self._topic, partition, _PATIENCE_S)
        found: list[Event] = []
        since: Millis | None = None
        while begin > low and len(found) < limit and (since is None or time.monotonic() < over):
            end, begin = begin, max(low, begin - self._page)
            messages = self._read(partition, begin, end)
            found += _events(messages, partition, customer)
            since = messages[0].timestamp()[1] if messages else since
        return RecentEvents(found[:limit], since if begin > low else None)

    def _read(self, partition: int, begin: int, end: int) -> list[Message]:
        """Return the committed records from one offset to before another, in order."""
        found: list[Message] = []
        until = time.monotonic() + _PATIENCE_S
        with translated(f"read {self._topic}"):
            self._consumer.assign([TopicPartition(self._topic, partition, begin)])
            try:
                while time.monotonic() < until:
                    polled = self._consumer.consume(self._page, 0) or self._consumer.consume(1, 0.1)
                    for message in polled:
                        error = message.error()
                        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 (its name)
                            raise failure(error, f"read {self._topic}")
                        if error is not None or (message.offset() or 0) >= end:
                            return found
                        found.append(message)
            finally:
                self._consumer.unassign()
        raise Unavailable(f"Kafka did not give what partition {partition} of {self._topic} holds")


def _events(messages: list[Message], partition: int, customer: str) -> list[Event]:
    """Return the events of a customer, the latest in the log first."""
    name = customer.encode()
    found: list[Event] = []
    for message in reversed(messages):
        value = message.value() or b""
        if not may_name(value, name):
            continue
        at = message.timestamp()[1]
        place = (partition, message.offset() or 0)
        try:
            event = decode(Record(*place, value, at, message.key(), headers_of(message)))
        except InvalidEvent:
            continue
        if event.customer == customer:
            found.append(event)
    return found
