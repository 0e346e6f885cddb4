"""What workers published, read as it is committed: the source of a view (confluent-kafka).

A reader of its own, in no group: positions are the view's. A partition is *caught up* when
librdkafka said that it had reached the end of what is committed; the ends of transactions take
offsets, too, so its positions alone could not tell.
"""

import time
from typing import Any, Final

import orjson
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streamer.adapters.closing import Closing
from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.adapters.kafka.feed import headers_of
from streamer.adapters.kafka.offsets import held_offsets
from streamer.adapters.kafka.topics import ClusterMetadata, Topics
from streamer.adapters.view.batches import (
    Positions,
    Progress,
    Published,
    Rejected,
    Stands,
    ViewBatch,
)
from streamer.codecs.changes import change_line, decode_change, decode_membership
from streamer.errors import AdapterError, StreamerError, Unavailable
from streamer.ports import OffsetRange
from streamer.types import Millis

_LIMIT: Final = 20_000
"""So many records are read at once: a page of the view that many of them touch is written once."""
_WAIT_S: Final = 0.25
_FETCH_WAIT_MS: Final = 50
_STATISTICS_MS: Final = 1_000
_SILENT_US: Final = 10_000_000
"""Brokers answer every fetch, so a connected one that says nothing for so long hangs."""
_PATIENCE_S: Final = 10.0
_EXAMPLE: Final = 2_000
"""How many bytes are kept of a rejected record."""
_LONGEST_KEPT: Final = "delete.retention.ms"


class KafkaTail(Closing):
    """Reads the three topics from positions on, all partitions.

    `positions` of a topic that was created again are not used; `was_recreated` says so before the
    first poll, and then all of them have to be read from their beginning. Raises `Unavailable`
    where Kafka cannot be reached, `UsageError` where there is no such topic.
    """

    def __init__(self, connection: Connection, topics: Topics, positions: Positions) -> None:
        self._topics = topics
        self._servers = connection.servers
        self._error: str | None = None
        self._heard_at = 0  # by the clock of the statistics, in µs
        metadata = ClusterMetadata(connection)
        self.forgets_after: Millis = int(metadata.setting(topics.memberships, _LONGEST_KEPT))
        names = (topics.changes, topics.memberships, topics.rejected)
        places = [(name, one) for name in names for one in range(metadata.partitions(name))]
        self._consumer = made(Consumer, self._settings(connection))
        try:
            self._ends = {place: self._range(place) for place in places}
            self.was_recreated = any(
                positions.get(place, 0) > high for place, (_, high) in self._ends.items()
            )
            begins = {} if self.was_recreated else positions
            self._next = {
                place: max(begins.get(place, 0), low) for place, (low, _) in self._ends.items()
            }
            self._begins = dict(self._next)
            self._at_end = {
                place for place, (low, high) in self._ends.items() if self._next[place] >= high
            }
            self._started = set(self._at_end)
            with translated("read what workers published"):
                self._consumer.assign(
                    [TopicPartition(*place, offset) for place, offset in self._next.items()]
                )
        except BaseException:
            self.close()
            raise

    def poll(self) -> ViewBatch:
        """Return the next committed records; raises `Unavailable` after a failure."""
        batch = ViewBatch()
        with translated("read what workers published"):
            messages = self._consumer.consume(_LIMIT, 0) or self._consumer.consume(1, _WAIT_S)
        for message in messages:
            error = message.error()
            if error is None:
                self._take(message, batch)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (its name)
                self._reached_end(message, batch)
            else:
                raise failure(error, f"read {message.topic()}")
        if messages:
            self._error = None
        return batch

    def progress(self) -> Progress:
        """Return how many of the records that were there at the start are passed."""
        total = read = 0
        for place, (_, high) in self._ends.items():
            total += max(0, high - self._begins[place])
            reached = high if place in self._started else min(self._next[place], high)
            read += max(0, reached - self._begins[place])
        return Progress(read, total, self._started >= self._ends.keys())

    @property
    def away(self) -> str | None:
        """Why Kafka cannot be read at present, None if it can."""
        return self._error

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close()

    def _settings(self, connection: Connection) -> dict[str, Any]:
        return connection.beside_groups(
            fetch_wait_max_ms=_FETCH_WAIT_MS,
            statistics_interval_ms=_STATISTICS_MS,
            stats_cb=self._hear,
            error_cb=self._note,
        )

    def _range(self, place: tuple[str, int]) -> OffsetRange:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return held_offsets(self._consumer, *place, _PATIENCE_S)
            except AdapterError:
                if time.monotonic() > deadline:
                    raise

    def _take(self, message: Message, batch: ViewBatch) -> None:
        topic, number, offset = _place(message)
        self._next[topic, number] = offset + 1
        if offset + 1 >= self._ends[topic, number][1]:
            self._started.add((topic, number))
        batch.positions[topic, number] = offset + 1
        value = message.value()
        try:
            if topic == self._topics.changes:
                batch.changes.append(_change(message, number, offset, value or b""))
            elif topic == self._topics.memberships:
                stands = None if value is None else decode_membership(value)
                customer = (message.key() or b"").decode()
                batch.memberships.append(Stands(number, customer, stands))
            else:
                batch.rejected.append(_rejected(message))
        except (StreamerError, UnicodeDecodeError):
            batch.unreadable += 1

    def _reached_end(self, message: Message, batch: ViewBatch) -> None:
        topic, number, offset = _place(message)
        self._next[topic, number] = offset
        self._started.add((topic, number))
        batch.positions[topic, number] = offset

    def _note(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 (its name)
            self._error = f"Kafka at {self._servers} cannot be reached"

    def _hear(self, text: str) -> None:
        """Learn from the statistics, whose clock counts in µs, when a broker last said anything."""
        said = orjson.loads(text)
        heard = [
            said["ts"] - broker["rxidle"]
            for broker in said["brokers"].values()
            if broker["state"] == "UP" and broker["rxidle"] >= 0
        ]
        before = self._heard_at or said["ts"]
        self._heard_at = max(before, *heard)
        if said["ts"] - self._heard_at > _SILENT_US:
            self._error = f"Kafka at {self._servers} is silent: nothing was heard of it"
        elif self._heard_at > before:
            self._error = None


def _place(message: Message) -> tuple[str, int, int]:
    topic, number, offset = message.topic(), message.partition(), message.offset()
    if topic is None or number is None or offset is None:
        raise Unavailable("Kafka's client handed out a message without its place")
    return topic, number, offset


def _change(message: Message, number: int, offset: int, value: bytes) -> Published:
    change = decode_change(value)
    _, at = message.timestamp()
    return Published(number, offset, change, change_line(value), at if at > 0 else None)


def _rejected(message: Message) -> Rejected:
    headers = {name: value.decode("utf-8", "replace") for name, value in headers_of(message)}
    _, at = message.timestamp()
    kind = headers.get("rejected_kind", "invalid")
    return Rejected(
        kind,  # type: ignore[arg-type] # one of them, or one of a later version
        headers.get("rejected_reason", ""),
        headers.get("rejected_path", ""),
        at if at > 0 else None,
        (message.value() or b"")[:_EXAMPLE].decode("utf-8", "backslashreplace"),
    )
