"""What waits to be sent again, in a compacted topic: written, taken out, and read at a start.

One topic serves all groups. A record's key is `GROUP/OFFSET`, the offset of the change in the same
partition of the topic of changes; a record without a value takes it out. Only the member of the
group that has the partition writes about it, and whoever takes it over reads it to its end first.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from streamer.adapters.kafka.acknowledged import AcknowledgedProducer, OutgoingRecord
from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.errors import AdapterError, Unavailable

_WAIT_S: Final = 1.0
_MOST_WAITS: Final = 30
_AT_ONCE: Final = 1_000
_NOBODY: Final = "streamer-nobody"
"""A consumer must name a group; this one joins none and commits nothing."""


class WaitingTopic:
    """The topic, written with a producer that takes records for it."""

    def __init__(self, connection: Connection, topic: str, producer: AcknowledgedProducer) -> None:
        self._connection = connection
        self._topic = topic
        self._producer = producer

    def write(
        self,
        group: str,
        changes: Mapping[int, Mapping[int, bytes | None]],
        done: Callable[[AdapterError | None], None],
    ) -> None:
        """Write values by partition and offset, None to take one out; `done` as the producer's.

        Raises `Unavailable` as the producer does.
        """
        self._producer.send(
            [
                OutgoingRecord(self._topic, f"{group}/{offset}", value, None, partition)
                for partition, values in changes.items()
                for offset, value in values.items()
            ],
            done,
        )

    def read(self, group: str, partition: int) -> dict[int, bytes]:
        """Return the waiting changes of a group in a partition, by offset; raises `Unavailable`."""
        found: dict[int, bytes] = {}
        own = f"{group}/".encode()
        consumer = made(Consumer, self._settings())
        try:
            with translated(f"read {self._topic}"):
                consumer.assign([TopicPartition(self._topic, partition, OFFSET_BEGINNING)])
                for _ in range(_MOST_WAITS):
                    while messages := consumer.consume(_AT_ONCE, _WAIT_S):
                        if _gathered(messages, own, found):
                            return found
        finally:
            consumer.close()
        raise Unavailable(f"Kafka did not say what waits in partition {partition} of {self._topic}")

    def _settings(self) -> dict[str, Any]:
        return self._connection.librdkafka(
            group_id=_NOBODY,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            enable_partition_eof=True,
            isolation_level="read_committed",
        )


def _gathered(messages: list[Any], own: bytes, found: dict[int, bytes]) -> bool:
    """Take what is ours; return whether the end of the partition was reached."""
    for message in messages:
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (its name)
                return True
            raise failure(error, "read what waits")
        key = message.key() or b""
        if key.startswith(own):
            offset = int(key[len(own) :])
            value = message.value()
            if value is None:
                found.pop(offset, None)
            else:
                found[offset] = value
    return False
