"""Events delivered to the members of a consumer group.

Theory of operation.

1. A newly assigned partition is paused at once, and delivers nothing until `start_at`. The next
   poll carries that out, since a partition cannot be sought before its fetching has begun.
   What was fetched before a seek or a pause is dropped by librdkafka, and what it would still hand
   out of a partition that is not started is dropped here.
2. Offsets are committed by the sink, in its transactions, never here.
3. Transactions carry the *membership* as of the last poll: the member and its generation. The group
   refuses that of a member which was replaced, also when it does not know yet. A member that has
   just lost its place has an empty membership, which the group would not refuse, so that one is
   never handed out.
4. A partition is *caught up* when librdkafka said that it had reached the end, when nothing was
   delivered since, when no open transaction holds records back, and when its broker was heard of
   within the last second. The last two come from librdkafka's statistics. All of this costs nothing
   and was true once: while a group rebalances or a fetch waits, records come and are not delivered.
   So whether a partition is *at its end* is asked of its leader: the high watermark must not be
   above the offset at which librdkafka found nothing more. That offset and not the last record's
   counts, since the ends of transactions take offsets, too.
5. A partition of which librdkafka says that it cannot be read delivers nothing more: `failed` says
   why, and it has to be started again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from itertools import repeat
from operator import methodcaller
from typing import Any, Final

import orjson
from confluent_kafka import (
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from streamer.adapters.kafka.bounded import bounded
from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.ends import PartitionEnds
from streamer.adapters.kafka.failures import failure, translated
from streamer.adapters.kafka.offsets import held_offsets
from streamer.errors import AdapterError
from streamer.ports import OffsetRange
from streamer.types import SECOND, Millis, Record

_as_record: Final = partial(tuple.__new__, Record)
"""Make a record of the tuple of all its fields: half the time of calling `Record`."""
_headers_of: Final[Callable[[Message], Any]] = methodcaller("headers")
"""Ask for a list of pairs, once per message. confluent-kafka 2.16 returns a broken list beside the
error when a name is no UTF-8, and once `message.headers()` is called often Python overlooks the
error and reads the list: the process would end there."""

_HEARD_WITHIN_S: Final = 1.0
"""A leader that was silent for longer is not asked where its partition ends: that takes long."""
_STATISTICS_MS: Final = 250
_FETCH_WAIT_MS: Final = 200
"""Brokers answer at least so often, so that a silent broker differs from one that is away."""
_PATIENCE_S: Final = 5.0
_CLOSES_S: Final = 15.0
_GIVE_BACK_POLLS: Final = 100
_GIVE_BACK_POLL_S: Final = 0.05
_SILENT_S: Final = 10.0
"""More than a member that has no partitions is silent between two heartbeats."""
_NEVER: Final = float("-inf")


class KafkaFeed:
    """One member of a consumer group on the topic of events.

    `session` is how long the group waits for a member that is silent. Raises `UsageError` for
    settings that Kafka's client does not take; a Kafka that is away is waited for.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str,
        group: str,
        *,
        session: Millis = 10 * SECOND,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = connection.servers
        self._topic = topic
        self._group = group
        self._steady = steady
        self._epochs: dict[int, int] = {}
        self._assignment_epoch = 0
        self._starting: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._heard: dict[int, float] = {}
        self._high: dict[int, int] = {}
        self._up_at = steady()
        self._skew = float("inf")
        self._error = "nothing was heard of it"
        self._refused: dict[int, AdapterError] = {}
        self._leaders = PartitionEnds(connection, topic, group)
        self._left_out: str | None = None
        self._consumer = made(Consumer, self._settings(connection, group, session))
        self._no_membership: Any = self._consumer.consumer_group_metadata()
        self._membership: Any = self._no_membership
        self._consumer.subscribe(
            [topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )

    def _settings(self, connection: Connection, group: str, session: Millis) -> dict[str, Any]:
        settings = connection.librdkafka(
            group_id=group,
            enable_auto_commit=False,
            enable_auto_offset_store=False,
            isolation_level="read_committed",
            auto_offset_reset="error",  # every partition starts at an offset that we say
            enable_partition_eof=True,
            fetch_wait_max_ms=_FETCH_WAIT_MS,
            fetch_queue_backoff_ms=20,
            statistics_interval_ms=_STATISTICS_MS,
            stats_cb=self._hear,
            error_cb=self._note,
        )
        if settings.get("group.protocol") == "consumer":  # where the broker has the say in these
            return settings
        own = {"session.timeout.ms": session, "partition.assignment.strategy": "cooperative-sticky"}
        return own | settings

    def poll(self, limit: int, wait: float) -> Sequence[Record]:
        """Return up to `limit` records of started partitions, those of a partition in order."""
        self._refused = {}
        if self._starting:
            self._start()
        with translated(f"read {self._topic}"):
            messages = self._consumer.consume(limit, 0)
            if not messages and wait:
                messages = self._consumer.consume(1, wait)
                if messages and limit > 1:
                    messages += self._consumer.consume(limit - 1, 0)
        if self._epochs:
            membership = self._consumer.consumer_group_metadata()
            if membership != self._no_membership:
                self._membership = membership
        return self._records(messages) if messages else ()

    def assigned(self) -> Mapping[int, int]:
        """Return the partitions assigned to this process, each with its assignment epoch."""
        return self._epochs

    def start_at(self, partition: int, offset: int) -> None:
        """Deliver the partition's records from `offset` on, from the next poll on."""
        self._forget(partition)
        self._starting[partition] = offset

    def pause(self, partition: int) -> None:
        """Deliver no record of the partition until the next `start_at`."""
        self._forget(partition)
        if partition in self._epochs:
            with suppress(KafkaException):  # what still comes of it is dropped
                self._consumer.pause([TopicPartition(self._topic, partition)])

    def offset_range(self, partition: int) -> OffsetRange:
        """Return which offsets the partition holds; raises `Unavailable` if Kafka is away."""
        return held_offsets(self._consumer, self._topic, partition, _PATIENCE_S)

    def caught_up(self, partition: int, offset: int) -> bool:
        """Say whether there was no record at or after `offset` when last heard of the partition."""
        return (
            partition in self._ends
            and offset >= self._positions[partition]
            and self._steady() - self._heard.get(partition, _NEVER) < _HEARD_WITHIN_S
        )

    def at_end(self, offsets: Mapping[int, int]) -> AbstractSet[int]:
        """Ask the leaders, and return the partitions without a record at or after the offset."""
        asked = [one for one, offset in offsets.items() if self.caught_up(one, offset)]
        if not asked:
            return frozenset()
        found = self._leaders.ask(asked)
        return {partition for partition, end in found.items() if end <= self._ends[partition]}

    def lag(self, partition: int, offset: int) -> int | None:
        """Return how many offsets are to be read, as the statistics say."""
        end = self._high.get(partition)
        if end is None:
            return None
        if offset == self._positions.get(partition):  # what ends transactions is not to be read
            offset = max(offset, self._ends.get(partition, 0))
        return max(0, end - offset)

    def failed(self) -> Mapping[int, AdapterError]:
        """Return the started partitions whose records cannot be delivered, with the reasons."""
        return self._refused

    @property
    def membership(self) -> object:
        """This member and its generation as of the last poll, for the sink's transactions."""
        return self._membership

    @property
    def trouble(self) -> str | None:
        """Why no partition can be read at present, None if they can."""
        if self._left_out is not None and not self._epochs:
            return self._left_out
        if self._steady() - self._up_at < _SILENT_S:
            return None
        return f"Kafka at {self._servers} is silent: {self._error}"

    def close(self) -> None:
        """Leave the group. Of a member that cannot, the group learns when its session is over.

        The partitions are given back first. Where some are assigned, closing has confluent-kafka
        ask librdkafka for the group's protocol, and hold Python's lock meanwhile; of a member that
        was replaced the answer may never come, and then no thread of the process goes on.
        """
        self._leaders.close()
        with translated("leave the group"), suppress(TimeoutError):
            self._give_back()
            if not self._epochs:
                bounded(self._consumer.close, _CLOSES_S)

    def _give_back(self) -> None:
        """Have the partitions revoked, within polls, where librdkafka answers."""
        self._consumer.unsubscribe()
        for _ in range(_GIVE_BACK_POLLS):
            if not self._epochs:
                return
            self._consumer.consume(1_000, _GIVE_BACK_POLL_S)

    def _start(self) -> None:
        """Start the partitions that wait for it, as far as their fetching has begun."""
        for partition, offset in list(self._starting.items()):
            at = TopicPartition(self._topic, partition, offset)
            try:
                self._consumer.resume([at])
                self._consumer.seek(at)
            except KafkaException as error:
                if error.args[0].code() != KafkaError._STATE:  # noqa: SLF001 (its name)
                    self._refuse(partition, failure(error.args[0], self._reading(partition)))
            else:
                del self._starting[partition]
                self._positions[partition] = offset

    def _records(self, messages: list[Message]) -> Sequence[Record]:
        """Return the records among the messages, without those of paused partitions."""
        notices: list[Message] = []
        if any(map(Message.error, messages)):
            notices = [each for each in messages if each.error() is not None]
            messages = [each for each in messages if each.error() is None]
        last: dict[Any, Any] = dict(
            zip(map(Message.partition, messages), map(Message.offset, messages), strict=True)
        )
        if not last.keys() <= self._positions.keys():
            messages = [each for each in messages if each.partition() in self._positions]
            last = {each.partition(): each.offset() for each in messages}
        for partition, offset in last.items():
            self._positions[partition] = offset + 1
            self._ends.pop(partition, None)
        for notice in notices:
            self._take_notice(notice)
        fields = zip(
            map(Message.partition, messages),
            map(Message.offset, messages),
            [value or b"" for value in map(Message.value, messages)],
            [
                at if kind == TIMESTAMP_LOG_APPEND_TIME else None
                for kind, at in map(Message.timestamp, messages)
            ],
            map(Message.key, messages),
            map(headers_of, messages),
            repeat(""),
            repeat(0),
        )
        return list(map(_as_record, fields))

    def _take_notice(self, notice: Message) -> None:
        """Take up what librdkafka says between the records."""
        error, partition, offset = notice.error(), notice.partition(), notice.offset()
        if error is None:
            return
        if partition is None or offset is None:  # it is of the topic or the group as a whole
            self._left_out = str(failure(error, f"give partitions of {self._topic}"))
            return
        position = self._positions.get(partition)
        if position is None:
            return
        match error.code():
            case KafkaError._PARTITION_EOF:  # noqa: SLF001 (its name)
                if position <= offset:
                    self._ends[partition] = offset
            case KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 (its name)
                text = (
                    f"partition {partition} of {self._topic} does not hold offset {position}, "
                    f"which comes next ({error.str()}): was the topic cut or created again?"
                )
                self._refuse(partition, AdapterError(text))
            case _:
                self._refuse(partition, failure(error, self._reading(partition)))

    def _refuse(self, partition: int, error: AdapterError) -> None:
        """Say that the partition is not delivered; its fetching has ended, so take it afresh."""
        self._forget(partition)
        self._refused[partition] = error
        afresh = [TopicPartition(self._topic, partition, 0)]
        with suppress(KafkaException):
            self._consumer.incremental_unassign(afresh)
            self._consumer.incremental_assign(afresh)
            self._consumer.pause(afresh)

    def _reading(self, partition: int) -> str:
        return f"read partition {partition} of {self._topic}"

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take partitions, paused; called within polls."""
        self._left_out = None
        taken = [TopicPartition(self._topic, each.partition, 0) for each in partitions]
        consumer.incremental_assign(taken)
        consumer.pause(taken)
        for each in taken:
            self._assignment_epoch += 1
            self._forget(each.partition)
            self._epochs = {**self._epochs, each.partition: self._assignment_epoch}

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Let partitions go; called within polls."""
        gone = {each.partition for each in partitions}
        for partition in gone:
            self._forget(partition)
        self._epochs = {one: number for one, number in self._epochs.items() if one not in gone}

    def _forget(self, partition: int) -> None:
        self._starting.pop(partition, None)
        self._positions.pop(partition, None)
        self._ends.pop(partition, None)

    def _note(self, error: KafkaError) -> None:
        """Keep what went wrong, for people; librdkafka goes on trying by itself."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 (its name)
            self._error = error.str()

    def _hear(self, text: str) -> None:
        """Learn from the statistics which brokers were heard of when; called within polls."""
        said = orjson.loads(text)
        now, at = self._steady(), said["ts"] / 1e6
        self._skew = min(self._skew, now - at)  # the clocks are apart, and statistics may wait
        brokers = {
            broker["nodeid"]: at + self._skew - broker["rxidle"] / 1e6
            for broker in said["brokers"].values()
            if broker["state"] == "UP" and broker["rxidle"] >= 0
        }
        self._up_at = max((self._up_at, *brokers.values()))
        topic = said["topics"].get(self._topic, {"partitions": {}})
        self._high = {
            each["partition"]: each["hi_offset"]
            for each in topic["partitions"].values()
            if each["hi_offset"] >= 0
        }
        self._heard = {
            each["partition"]: brokers.get(each["broker"], _NEVER)
            for each in topic["partitions"].values()
            if each["hi_offset"] <= each["ls_offset"]  # else an open transaction holds some back
        }


def headers_of(message: Message) -> tuple[tuple[str, bytes], ...]:
    """Return the headers; none where a name is no UTF-8, since nothing of ours has such a name."""
    try:
        found = _headers_of(message)
    except (UnicodeDecodeError, SystemError):  # the second is how C wraps the first
        return ()
    return tuple([(name, value or b"") for name, value in found]) if found else ()
