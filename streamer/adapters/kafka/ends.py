"""Where partitions end, asked of their leaders.

The answer is the *high watermark*, not the last stable offset: a record of a transaction that is
still open has its append time already, and cannot be read yet. So the question is asked by a
consumer of its own, which reads uncommitted records; it is no member of the group and reads
nothing. It is made when something is asked for the first time.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from streamer.adapters.kafka.connection import Connection, made

_PATIENCE_S: Final = 1.0
"""Longer than a broker takes that works, shorter than what keeps a worker from its group."""
_OF_MEMBERS: Final = frozenset({"group.protocol", "session.timeout.ms", "max.poll.interval.ms"})


class PartitionEnds:
    """Asks where partitions of a topic end."""

    def __init__(self, connection: Connection, topic: str, group: str) -> None:
        self._connection = connection
        self._topic = topic
        self._group = group
        self._consumer: Consumer | None = None

    def ask(self, partitions: Iterable[int]) -> Mapping[int, int]:
        """Return the high watermarks of those partitions whose leaders answer now."""
        if self._consumer is None:
            self._consumer = made(Consumer, self._settings())
        self._consumer.consume(
            1_000, 0
        )  # what it has to say of lost connections piles up otherwise
        asked = [TopicPartition(self._topic, one, OFFSET_END) for one in partitions]
        try:
            found = self._consumer.offsets_for_times(asked, timeout=_PATIENCE_S)
        except KafkaException:
            return {}
        return {each.partition: each.offset for each in found if each.error is None}

    def close(self) -> None:
        """Let go of Kafka."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _settings(self) -> dict[str, Any]:
        settings = self._connection.librdkafka(
            group_id=self._group, isolation_level="read_uncommitted", enable_auto_commit=False
        )
        return {name: value for name, value in settings.items() if name not in _OF_MEMBERS}
