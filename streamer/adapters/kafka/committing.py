"""A feed whose offsets are committed by who reads it, and once more when a partition is revoked."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.failures import translated
from streamer.adapters.kafka.feed import KafkaFeed
from streamer.errors import Unavailable

_PATIENCE_S: Final = 5.0
Safe = Mapping[int, int]


class CommittingFeed(KafkaFeed):
    """One member of a group on the topic of changes.

    `leaving` is asked, within a poll or `close`, when partitions are revoked: it lets go of them
    and returns the offsets to commit, which is done before the group has another member for them.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str,
        group: str,
        leaving: Callable[[AbstractSet[int]], Safe],
    ) -> None:
        self._leaving = leaving
        self.joined = False
        """Whether the group has ever said which partitions this member has."""
        super().__init__(connection, topic, group)

    def committed(self, partition: int) -> int | None:
        """Return the offset that the group committed, None without one; raises `Unavailable`."""
        with translated(f"ask for the offset of {self._group}"):
            (found,) = self._consumer.committed(
                [TopicPartition(self._topic, partition)], timeout=_PATIENCE_S
            )
        if found.error is not None:
            raise Unavailable(f"the group {self._group} has no offset: {found.error.str()}")
        return None if found.offset < 0 else found.offset

    def commit(self, offsets: Safe) -> None:
        """Commit without waiting; what does not get there is committed the next time."""
        with suppress(KafkaException):
            self._consumer.commit(offsets=self._places(offsets), asynchronous=True)

    def commit_now(self, offsets: Safe) -> None:
        """Commit and wait for it; what fails would be sent once more."""
        if offsets:
            with suppress(KafkaException):
                self._consumer.commit(offsets=self._places(offsets), asynchronous=False)

    def _places(self, offsets: Safe) -> list[TopicPartition]:
        return [TopicPartition(self._topic, one, offset) for one, offset in offsets.items()]

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        super()._assigned(consumer, partitions)
        self.joined = True

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.commit_now(self._leaving({each.partition for each in partitions}))
        super()._revoked(consumer, partitions)
