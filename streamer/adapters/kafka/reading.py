"""Changes as a subscriber reads them (kafka-python): those that are committed, each once.

A reader of its own, in no group: it moves no group's offsets. The changes of one customer come in
their order, since they are in one partition; those of different customers come as they are fetched.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from streamer.adapters.closing import Closing
from streamer.adapters.kafka.clients import opened, said
from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.topics import ClusterMetadata
from streamer.types import FOREVER, Millis, Record

_POLL_MS: Final = 500
_FETCH_WAIT_MS: Final = 200


class KafkaReader(Closing):
    """The committed records of one topic, of all its partitions.

    Those that were written at `since` or later, in ms since 1970; with `FOREVER`, those that are
    not there yet. Raises `Unavailable` where Kafka cannot be reached, `UsageError` where there is
    no such topic.
    """

    def __init__(self, connection: Connection, topic: str, since: Millis) -> None:
        self._topic = topic
        partitions = range(ClusterMetadata(connection).partitions(topic))
        self._consumer: Any = opened(
            KafkaConsumer,
            connection,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            metrics_enabled=False,
        )
        try:
            with said(f"read {topic}"):
                self._ends = self._begin([TopicPartition(topic, one) for one in partitions], since)
        except BaseException:
            self.close()
            raise

    def to_the_end(self, until: Millis | None = None) -> Iterator[Sequence[Record]]:
        """Yield the records that were there when the reader was made, in batches.

        With `until`, a partition is read up to its first record that was written later.
        """
        if until is not None:
            self._end_at(until)
        return self._read(self._is_through)

    def for_ever(self) -> Iterator[Sequence[Record]]:
        """Yield the records that are there, then those that come, in batches, without end."""
        return self._read(lambda: False)

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close()

    def _begin(self, partitions: list[Any], since: Millis) -> dict[Any, int]:
        """Go to where reading begins; return where it ends for now.

        The ends are those of what is committed, so nothing that is being published is passed over.
        """
        self._consumer.assign(partitions)
        ends: dict[Any, int] = self._consumer.end_offsets(partitions)
        if since >= FOREVER:
            begins = ends
        else:
            found = self._consumer.offsets_for_times(dict.fromkeys(partitions, since))
            begins = {one: ends[one] if at is None else at.offset for one, at in found.items()}
        for partition, offset in begins.items():
            self._consumer.seek(partition, offset)
        return ends

    def _end_at(self, until: Millis) -> None:
        with said(f"read {self._topic}"):
            found = self._consumer.offsets_for_times(dict.fromkeys(self._ends, until + 1))
        for partition, at in found.items():
            if at is not None:
                self._ends[partition] = min(self._ends[partition], at.offset)

    def _read(self, finished: Callable[[], bool]) -> Iterator[Sequence[Record]]:
        while not finished():
            with said(f"read {self._topic}"):
                polled = self._consumer.poll(timeout_ms=_POLL_MS)
            for partition, messages in polled.items():
                yield [_record(partition.partition, message) for message in messages]

    def _is_through(self) -> bool:
        with said(f"read {self._topic}"):
            return all(self._consumer.position(one) >= end for one, end in self._ends.items())


def _record(partition: int, message: Any) -> Record:  # noqa: ANN401 (kafka-python has no types)
    return Record(
        partition,
        message.offset,
        message.value or b"",
        message.timestamp,
        message.key,
        tuple(message.headers),
    )
