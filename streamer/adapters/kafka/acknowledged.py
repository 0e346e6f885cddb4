"""Records into topics, with word of when all of a request's records are safe (confluent-kafka).

Theory of operation.

1. The producer is idempotent and asks for `acks=all`. A record is *settled* once Kafka has
   acknowledged it, or once that has not happened for `patience` seconds. What is given together is
   settled together: `done` is called once, from the producer's own thread, with None or the reason.
2. A record that was given up may have come into the log all the same. To send it again under the
   same event id does no harm.
3. The records that wait are bounded in bytes and in number. Over the bound none is taken.
4. Kafka is *away* after a failure, until its brokers say that the topics have leaders. While it is
   away nothing is taken, so no caller waits in vain.
5. A fatal error makes an idempotent producer useless. It is replaced, and what it held is given up.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure
from streamer.adapters.kafka.messages import Headers
from streamer.adapters.kafka.topics import PARTITIONER
from streamer.errors import AdapterError, Unavailable

_ROOM_KB: Final = 64 << 10
_ROOM_RECORDS: Final = 200_000
_POLL_S: Final = 0.2
_ASK_S: Final = 3.0
"""A Kafka out of breath needs a while to say how it is; what is settled meanwhile waits as long."""
_RECONNECT_MS: Final = 1_000
_LINGER_MS: Final = 5
_RECOVERY: Final = "none"
"""A producer that has lost all brokers knows them still: only so it finds them again at once."""


class OutgoingRecord(NamedTuple):
    """A record for a topic; by its key, or for the partition that it names."""

    topic: str
    key: bytes | str | None
    value: bytes | None
    headers: Headers | None = None
    partition: int = -1


class AcknowledgedProducer:
    """Takes records for `topics`, from one thread; `patience` seconds are the most one waits."""

    def __init__(self, connection: Connection, topics: Sequence[str], patience: float) -> None:
        self._connection = connection
        self._topics = tuple(topics)
        self._patience = patience
        self._lock = threading.Lock()
        self._reason = "it has not answered yet"
        self._away: str | None = self._reason
        self._spoilt = False
        self._closing = threading.Event()
        self._producer = self._opened()
        self._thread = threading.Thread(target=self._serve, name="producer", daemon=True)
        self._thread.start()

    @property
    def away(self) -> str | None:
        """Why Kafka takes nothing just now, None while it does."""
        return self._away

    def send(
        self, records: Sequence[OutgoingRecord], done: Callable[[AdapterError | None], None]
    ) -> None:
        """Take records, one at least; `done` says when all are safe, or why one may not be.

        Raises `Unavailable` where there is no room for all, or Kafka is away: some of them may
        come into the log all the same, and `done` is not called.
        """
        if self._away is not None:
            raise Unavailable(self._away)
        batch = _Batch(len(records), done, self._lock, self._note)
        producer, settle = self._producer, batch.settle
        for topic, key, value, headers, partition in records:
            try:  # by place: faster
                producer.produce(topic, value, key, partition, settle, None, 0, headers)
            except (BufferError, KafkaException) as error:
                batch.abandon()
                raise Unavailable(f"no room for more that waits for Kafka: {error}") from None

    def close(self) -> None:
        """Let go of Kafka once everything is settled."""
        self._producer.flush(self._patience + _ASK_S)
        self._closing.set()
        self._thread.join()

    def _opened(self) -> Producer:
        return made(
            Producer,
            self._connection.librdkafka(
                acks="all",
                enable_idempotence=True,
                message_timeout_ms=round(self._patience * 1_000),
                linger_ms=_LINGER_MS,
                partitioner=PARTITIONER,
                queue_buffering_max_kbytes=_ROOM_KB,
                queue_buffering_max_messages=_ROOM_RECORDS,
                reconnect_backoff_max_ms=_RECONNECT_MS,
                metadata_recovery_strategy=_RECOVERY,
                error_cb=self._hear,
            ),
        )

    def _serve(self) -> None:
        """Have the producer report until closed; ask for Kafka while it is away."""
        while not self._closing.is_set():
            self._producer.poll(_POLL_S)
            if self._spoilt:
                self._replace()
            if self._away is not None:
                self._ask()

    def _ask(self) -> None:
        try:
            found = self._producer.list_topics(timeout=_ASK_S).topics
        except KafkaException:
            self._away = self._reason
            return
        for topic in self._topics:
            if topic not in found or found[topic].error is not None:
                self._away = f"there is no topic {topic}: make it with `streamer topics create`"
                return
            if any(partition.leader < 0 for partition in found[topic].partitions.values()):
                self._away = f"a partition of {topic} has no leader"
                return
        self._away = None

    def _replace(self) -> None:
        old, self._producer, self._spoilt = self._producer, self._opened(), False
        old.purge()
        old.flush(_ASK_S)

    def _hear(self, error: KafkaError) -> None:
        """Take note of what librdkafka says of its connections."""
        if error.fatal():
            self._spoilt = True
            self._note(error)
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 (its name)
            self._away = self._reason
        else:
            self._reason = f"Kafka at {self._connection.servers} is away: {error.str()}"

    def _note(self, error: KafkaError) -> AdapterError:
        """Take Kafka for away after a record was not acknowledged; return the reason."""
        found = failure(error, f"publish to {self._topics[0]}")
        self._away = str(found)
        return found


class _Batch:
    """Records that are settled together."""

    __slots__ = ("_done", "_failure", "_left", "_lock", "_note")

    def __init__(
        self,
        left: int,
        done: Callable[[AdapterError | None], None],
        lock: threading.Lock,
        note: Callable[[KafkaError], AdapterError],
    ) -> None:
        self._left = left
        self._done: Callable[[AdapterError | None], None] | None = done
        self._lock = lock
        self._note = note
        self._failure: AdapterError | None = None

    def settle(self, error: KafkaError | None, _: Message) -> None:
        """Take note that one record is settled; called by the producer's thread."""
        if error is not None:
            self._failure = self._note(error)
        with self._lock:
            self._left -= 1
            done = self._done if self._left == 0 else None
        if done is not None:
            done(self._failure)

    def abandon(self) -> None:
        """Say nothing of this batch any more."""
        with self._lock:
            self._done = None
