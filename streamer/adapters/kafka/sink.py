"""Changes, memberships, rejections and control records in transactions, together with the mark.

Theory of operation.

1. One `publish` is one transaction: the records, and for each partition the group's offset, whose
   metadata (`marks`) hold the number of the last entry and how far wakes have fired. So the mark is
   there if and only if what it covers is.
2. The transaction carries the member and generation of the feed's last poll (KIP-447). The group
   refuses it once the member was replaced: one that resumes after a pause changes nothing.
3. `mark` asks for stable offsets only. Where a transaction of a dead owner is still open, starting
   transactions under that owner's name ends it at once, and the owner as well if it still lives.
   An owner's name is its transactional id, a slash, and anything.
4. Any failure has one answer: the producer is thrown away and the marks of the batch with it. The
   next one starts transactions under the same name, which ends what was left open, and the mark
   says whether it had been published after all.
5. Where a group's coordinator has left the cluster, librdkafka can wait for it without end,
   whatever time it was given (its issues 5456 and 5511). So that call is made in a thread of its
   own, and left behind with its producer when it does not return.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)

from streamer.adapters.kafka.bounded import bounded
from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.adapters.kafka.marks import decode_mark, encode_mark
from streamer.adapters.kafka.messages import CloudEvents, Headers, change_writer, rejected_record
from streamer.adapters.kafka.topics import PARTITIONER, Topics
from streamer.codecs.changes import encode_membership
from streamer.errors import AdapterError, Unavailable
from streamer.ports import OutboxEntry, PublishedMark

_TRANSACTION_MS: Final = 10_000
"""How long the broker lets a transaction of a dead owner hold readers back: about a session."""
_PATIENCE_S: Final = 10.0
_SETTLES_S: Final = 2.0
"""A transaction that has been committed has stable offsets sooner; librdkafka waits for them."""
_MOVING: Final = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)
"""What brokers say of a group while its coordinator is being chosen: also of a new group."""
_MOVES_S: Final = 0.1
_LINGER_MS: Final = 100
"""Records wait for their commit, which sends them at once: in few large batches."""
_RECOVERY: Final = "none"
"""A producer that has lost all brokers knows them still: only so it finds them again at once. Where
they have moved, the next producer begins with the addresses that were given."""
_OVERTIME_S: Final = 2.0
_LARGEST: Final = 8 << 20
"""More than a record ever has; the topics' own limits decide."""
_OF_MEMBERS: Final = frozenset({"group.protocol", "session.timeout.ms", "max.poll.interval.ms"})


class KafkaSink:
    """The output topics. `name` is the transactional id, which no other process may have.

    `membership` returns that of the feed as of its last poll. `largest` is how many bytes a record
    may have in the topic of the rejected ones. `cloudevents` is the mode in which changes are
    CloudEvents, None where they are none.
    """

    def __init__(
        self,
        connection: Connection,
        topics: Topics,
        group: str,
        name: str,
        membership: Callable[[], object],
        largest: int = _LARGEST,
        *,
        cloudevents: CloudEvents | None = None,
    ) -> None:
        self._connection = connection
        self._topics = topics
        self._group = group
        self._name = name
        self._membership = membership
        self._largest = largest
        self._write = change_writer(cloudevents, group)
        self._reader = made(Consumer, _reader_settings(connection, group))
        self._producer: Producer | None = None
        self._marks: dict[int, PublishedMark] = {}

    def mark(self, partition: int, before: str = "") -> PublishedMark:
        """Return up to where the partition is published, once no other owner can still publish."""
        self._marks.pop(partition, None)
        self._ready()
        mark = self._stable_mark(partition, _SETTLES_S)
        if mark is None:
            self._end_transactions_of(before.rpartition("/")[0])
            mark = self._stable_mark(partition, _PATIENCE_S)
        if mark is None:
            raise Unavailable(
                f"Kafka does not say what is published of partition {partition}: a transaction of "
                "an earlier owner is still open, which Kafka ends by itself before long"
            )
        self._marks[partition] = mark
        return mark

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish what is above its partition's mark and set the marks, in one transaction."""
        marks: dict[int, PublishedMark] = {}
        fresh: list[OutboxEntry] = []
        for one in batch:
            known = marks.get(one.partition) or self._known_mark(one.partition)
            if one.number > known.number:
                marks[one.partition] = PublishedMark.after(one)
                fresh.append(one)
        if not fresh:
            return
        producer = self._ready()
        offsets = [self._offset(partition, mark) for partition, mark in marks.items()]
        try:
            producer.begin_transaction()
            for one in fresh:
                self._publish(producer, one)
            self._send_offsets(producer, offsets)
            producer.commit_transaction(_PATIENCE_S)
        except KafkaException as error:
            self._give_up(marks)
            raise failure(error.args[0], f"publish to {self._topics.changes}") from None
        except BaseException:
            self._give_up(marks)
            raise
        self._marks |= marks

    def close(self) -> None:
        """Let go of Kafka; what was published is published."""
        if self._producer is not None:
            self._producer.close()
            self._producer = None
        self._reader.close()

    def _known_mark(self, partition: int) -> PublishedMark:
        found = self._marks.get(partition)
        return self.mark(partition) if found is None else found

    def _give_up(self, marks: dict[int, PublishedMark]) -> None:
        """Forget what may or may not have come through."""
        self._producer = None
        for partition in marks:
            self._marks.pop(partition, None)

    def _ready(self) -> Producer:
        """Return a producer none of whose transactions is open."""
        if self._producer is None:
            self._producer = self._started(self._name)
        return self._producer

    def _started(self, name: str) -> Producer:
        """Start transactions under a name: ends an open one, and fences other users of the name."""
        producer = made(
            Producer,
            self._connection.librdkafka(
                transactional_id=name,
                transaction_timeout_ms=_TRANSACTION_MS,
                message_max_bytes=_LARGEST,
                linger_ms=_LINGER_MS,
                metadata_recovery_strategy=_RECOVERY,
                delivery_report_only_error=True,
                partitioner=PARTITIONER,
            ),
        )
        with translated(f"start transactions as {name}"):
            producer.init_transactions(_PATIENCE_S)
        return producer

    def _end_transactions_of(self, name: str) -> None:
        if name and name != self._name:  # our own are ended when we start
            self._started(name).close()

    def _publish(self, producer: Producer, entry: OutboxEntry) -> None:
        partition, topics = entry.partition, self._topics
        write, traceparents = self._write, entry.traceparents
        for index, change in enumerate(entry.changes):
            traceparent = traceparents.get(index) if traceparents else None
            value, own = write(change, entry.lines[index], traceparent)
            _send(producer, topics.changes, value, change.customer, partition, own)
        for each in entry.memberships:
            _send(producer, topics.memberships, encode_membership(each), each.customer, partition)
        for sent in entry.controls:
            _send(producer, topics.events, sent.value, sent.key, headers=list(sent.headers))
        for rejection in entry.rejections:
            key, value, headers = rejected_record(rejection, topics.events, self._largest)
            _send(producer, topics.rejected, value, key, headers=headers)

    def _send_offsets(self, producer: Producer, offsets: list[TopicPartition]) -> None:
        """Let the transaction set the offsets; raise `Unavailable` if that does not end (5.)."""
        membership = self._membership()
        try:
            bounded(
                lambda: producer.send_offsets_to_transaction(offsets, membership, _PATIENCE_S),
                _PATIENCE_S + _OVERTIME_S,
            )
        except TimeoutError:
            raise Unavailable(
                f"Kafka does not take the offsets of the group {self._group}: librdkafka waits for "
                "a coordinator that is gone"
            ) from None

    def _offset(self, partition: int, mark: PublishedMark) -> TopicPartition:
        return TopicPartition(
            self._topics.events, partition, mark.offset, metadata=encode_mark(mark)
        )

    def _stable_mark(self, partition: int, patience_s: float) -> PublishedMark | None:
        """Return the mark; None while a transaction that would move it is open."""
        found = self._stable_offset(partition, patience_s)
        if found is None:
            return None
        if found.offset == OFFSET_INVALID:
            return PublishedMark()
        try:
            return decode_mark(found.offset, found.metadata or "")
        except ValueError:
            raise AdapterError(
                f"the offset of partition {partition} in the group {self._group} was not written "
                "by Streamer, so nobody knows what has been published: use another --group"
            ) from None
        except AdapterError as error:
            raise AdapterError(
                f"the mark of what is published of partition {partition} in the group "
                f"{self._group} cannot be read: {error}: run the Streamer that wrote it, or use "
                "another --group"
            ) from None

    def _stable_offset(self, partition: int, patience_s: float) -> TopicPartition | None:
        """Return the group's offset, waiting for a coordinator that is just being found."""
        # Only a consumer may ask. An admin client would say at once that a transaction is open, but
        # that of librdkafka 2.16 crashes the process when the group has moved to another broker.
        self._reader.consume(1_000, 0)  # what it has to say of lost connections piles up otherwise
        asked = TopicPartition(self._topics.events, partition)
        patient_until = time.monotonic() + patience_s
        while True:
            try:
                (found,) = self._reader.committed([asked], patience_s)
                if found.error is None:
                    return found
                error = found.error
            except KafkaException as raised:
                error = raised.args[0]
            if error.code() == KafkaError._TIMED_OUT:  # noqa: SLF001 (its name)
                return None
            if error.code() not in _MOVING or time.monotonic() > patient_until:
                raise failure(error, f"read the offsets of the group {self._group}")
            time.sleep(_MOVES_S)


def _send(
    producer: Producer,
    topic: str,
    value: bytes | None,
    key: str | bytes | None,
    partition: int = -1,  # by the key
    headers: Headers | None = None,
) -> None:
    try:
        producer.produce(topic, value, key, partition, None, None, 0, headers)  # by place: faster
    except BufferError:  # more than the producer holds: let it get rid of some
        producer.flush(_PATIENCE_S)
        producer.produce(topic, value, key, partition, None, None, 0, headers)


def _reader_settings(connection: Connection, group: str) -> dict[str, Any]:
    """Return those of a consumer that only asks for offsets and is no member of the group."""
    settings = connection.librdkafka(
        group_id=group, isolation_level="read_committed", enable_auto_commit=False
    )
    return {name: value for name, value in settings.items() if name not in _OF_MEMBERS}
