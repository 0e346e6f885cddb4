"""Events looked at for an answer: of one customer, or all of a short topic (confluent-kafka).

Kafka finds records by offset and time, not by customer. So the latest pages are read first, until
there are enough events or the time is over: what an answer costs is bounded, however long the
topic is. Nothing is kept, and no group is joined.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streamer.adapters.closing import Closing
from streamer.adapters.history import RecentEvents, TooLong, may_name
from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.adapters.kafka.feed import headers_of
from streamer.adapters.kafka.offsets import held_offsets
from streamer.adapters.kafka.topics import ClusterMetadata
from streamer.adapters.memory import MemoryLog
from streamer.codecs.events import decode
from streamer.errors import InvalidEvent, Unavailable
from streamer.ports import Log
from streamer.types import Event, Millis, Record

PAGE: Final = 20_000
"""So many offsets are read at once, at least one such page for each answer."""
LOOKS_S: Final = 1.0
"""No page is begun after so long."""
MOST: Final = 200_000
"""So many offsets a topic may hold where all events are read for an answer: some 1.4 s of CPU."""
_PATIENCE_S: Final = 5.0
_WAIT_MS: Final = 10
"""How long the broker waits for new records, and the client while a page waits to be taken."""


class KafkaHistory(Closing):
    """Reads the topic of events; threads that ask beside each other are answered in turn."""

    def __init__(
        self,
        connection: Connection,
        topic: str,
        page: int = PAGE,
        looks_s: float = LOOKS_S,
        most: int = MOST,
    ) -> None:
        self._topic = topic
        self._looks_s = looks_s
        self._most = most
        self._metadata = ClusterMetadata(connection, _PATIENCE_S)
        self._page = page
        self._turn = Lock()
        self._consumer = made(
            Consumer,
            connection.beside_groups(
                fetch_wait_max_ms=_WAIT_MS,
                fetch_queue_backoff_ms=_WAIT_MS,
                queued_min_messages=page,
            ),
        )

    def events_of(self, customer: str, partition: int, limit: int) -> RecentEvents:
        """Return the latest events of a customer; blocks for some seconds at most."""
        with self._turn:
            return self._look(customer, partition, limit)

    @contextmanager
    def whole(self) -> Iterator[Log]:
        """Open every record that is there, those of all partitions by their append times."""
        with self._turn:
            records = self._all()
        log = MemoryLog()
        for one in sorted(records, key=lambda record: record.appended or 0):
            log.append(one.value, one.appended, key=one.key, headers=one.headers)
        yield log

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

    def _all(self) -> list[Record]:
        partitions = range(self._metadata.partitions(self._topic))
        held = [held_offsets(self._consumer, self._topic, one, _PATIENCE_S) for one in partitions]
        if sum(high - low for low, high in held) > self._most:
            raise TooLong(f"{self._topic} holds more than {self._most:,} records")
        found: list[Record] = []
        for partition, (low, high) in enumerate(held):
            for begin in range(low, high, self._page):
                messages = self._read(partition, begin, min(begin + self._page, high))
                found += [_record(one, partition) for one in messages]
        return found

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
        try:
            event = decode(_record(message, partition))
        except InvalidEvent:
            continue
        if event.customer == customer:
            found.append(event)
    return found


def _record(message: Message, partition: int) -> Record:
    return Record(
        partition,
        message.offset() or 0,
        message.value() or b"",
        message.timestamp()[1],
        message.key(),
        headers_of(message),
    )
