"""Records of one partition read again, from one offset up to another; no group is touched."""

from collections.abc import Iterator, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, TopicPartition

from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.errors import Unavailable
from streamer.types import Record

_WAIT_S: Final = 1.0
_MOST_WAITS: Final = 30
_AT_ONCE: Final = 1_000
_PATIENCE_S: Final = 5.0


class Lookup:
    """Reads a topic; `group` is whose committed offsets are asked for. Every method blocks."""

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
            ),
        )

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close()

    def committed(self, partition: int) -> int | None:
        """Return what the group has committed, None for nothing; raises `Unavailable`."""
        with translated(f"ask for offsets of {self._topic}"):
            (found,) = self._consumer.committed(
                [TopicPartition(self._topic, partition)], timeout=_PATIENCE_S
            )
        return None if found.offset < 0 else found.offset

    def held(self, partition: int) -> tuple[int, int]:
        """Return the first offset that the partition holds, and the one after its last."""
        with translated(f"ask for offsets of {self._topic}"):
            found = self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, partition), timeout=_PATIENCE_S
            )
        if found is None:
            raise Unavailable(f"Kafka did not say which offsets partition {partition} holds")
        return found

    def records(self, partition: int, start: int, end: int) -> Iterator[Sequence[Record]]:
        """Yield the committed records from `start` to before `end`, in batches."""
        if start >= end:
            return
        with translated(f"read {self._topic}"):
            self._consumer.assign([TopicPartition(self._topic, partition, start)])
        try:
            yield from self._batches(partition, end)
        finally:
            self._consumer.unassign()

    def _batches(self, partition: int, end: int) -> Iterator[Sequence[Record]]:
        for _ in range(_MOST_WAITS):
            with translated(f"read {self._topic}"):
                messages = self._consumer.consume(_AT_ONCE, _WAIT_S)
            while messages:
                found, finished = [], False
                for message in messages:
                    error, offset = message.error(), message.offset()
                    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 (its name)
                        raise failure(error, f"read {self._topic}")
                    finished = finished or error is not None or offset is None or offset >= end
                    if not finished and offset is not None:
                        found.append(Record(partition, offset, message.value() or b""))
                if found:
                    yield found
                if finished:
                    return
                with translated(f"read {self._topic}"):
                    messages = self._consumer.consume(_AT_ONCE, _WAIT_S)
        raise Unavailable(f"Kafka did not give what partition {partition} of {self._topic} holds")
