"""Records of a partition read by their offsets, beside the group that reads it; none is joined."""

from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.adapters.kafka.offsets import held_offsets
from streamer.errors import Unavailable
from streamer.ports import OffsetRange
from streamer.types import Record

_AT_ONCE: Final = 1_000
_PATIENCE_S: Final = 5.0
_WAIT_MS: Final = 10
"""How long the broker waits for new records: a page waits for a request that the last one left."""


class Page(NamedTuple):
    """All committed records of a partition from the offset `start` to before the offset `end`.

    Where offsets are missing there is none: transactions leave some behind.
    """

    start: int
    end: int
    records: tuple[Record, ...]


class Lookup:
    """Reads a topic; `group` is whose committed offsets are asked for.

    Every method blocks, 5 s at most, and raises `Unavailable`. One thread at a time.
    """

    def __init__(self, connection: Connection, topic: str, group: str) -> None:
        self._topic = topic
        self._consumer = made(
            Consumer,
            connection.librdkafka(
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                enable_partition_eof=True,
                isolation_level="read_committed",
                fetch_wait_max_ms=_WAIT_MS,
            ),
        )

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close()

    def committed(self, partition: int) -> int | None:
        """Return the offset that the group committed, None without one."""
        with translated(f"ask for offsets of {self._topic}"):
            (found,) = self._consumer.committed(
                [TopicPartition(self._topic, partition)], timeout=_PATIENCE_S
            )
        return None if found.offset < 0 else found.offset

    def held(self, partition: int) -> OffsetRange:
        """Return the offsets that the partition holds."""
        return held_offsets(self._consumer, self._topic, partition, _PATIENCE_S)

    def page(self, partition: int, start: int) -> Page:
        """Return a thousand records from an offset on, or those that there are.

        The page is empty, and ends where it starts, where nothing is committed behind the offset.
        """
        with translated(f"read {self._topic}"):
            self._consumer.assign([TopicPartition(self._topic, partition, start)])
            try:
                first = self._consumer.poll(_PATIENCE_S)
                messages = [] if first is None else [first, *self._consumer.consume(_AT_ONCE, 0)]
            finally:
                self._consumer.unassign()
        if not messages:
            raise Unavailable(
                f"Kafka did not give what partition {partition} of {self._topic} holds"
            )
        end, records = start, []
        for message in messages:
            error, offset = message.error(), message.offset()
            if error is None and offset is not None:
                records.append(Record(partition, offset, message.value() or b""))
                end = offset + 1
            elif error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (its name)
                end = max(end, offset or 0)
            elif error is not None:
                raise failure(error, f"read {self._topic}")
        return Page(start, end, tuple(records))
