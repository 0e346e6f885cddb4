"""Events into their topic, as a storefront publishes them (kafka-python).

Theory of operation.

1. Records go out in batches, each to the partition of its key, in the order in which they were
   given. What Kafka did not confirm is sent again until it does; the producer is idempotent, so a
   record that is sent twice is written once.
2. A record *waits* from when it is given until Kafka has confirmed or refused it. What waits has a
   bound in bytes: who gives more has to wait as well.
3. What Kafka refuses for good, for want of a permission say, is kept, within the same bound, until
   the caller was given the error. So nothing is lost in silence. A producer to which that has
   happened may be of no use any more: once it has settled what it had, it is replaced.
4. A record that is larger than its topic takes would spoil the producer with all that waits in it.
   So it is refused before it gets there.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer

from streamer.adapters.kafka.clients import opened, python_failure, said
from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.topics import LARGEST, ClusterMetadata
from streamer.errors import AdapterError, NotPublished, Unavailable, UsageError

_ROOM: Final = 32 << 20
"""How many bytes of records may wait."""
_LINGER_MS: Final = 5
"""How long a record waits for others that share its batch."""
_BATCH: Final = 128 << 10
_OVERHEAD: Final = 128
"""What a batch of one record has besides its key and value, at most."""
_LARGEST: Final = 8 << 20
"""Where the topic's own limit is not known, Kafka decides."""
_FOR_EVER_MS: Final = 1 << 40
_ANSWER_MS: Final = 10_000
_RECONNECT_MS: Final = 1_000


class _Waiting(NamedTuple):
    """A record that is not in Kafka yet, and where it came from."""

    value: bytes
    place: str


class KafkaPublication:
    """Takes records for one topic, from any thread, and sees to it that they get there.

    Raises `Unavailable` with the reason where Kafka cannot be reached, `UsageError` where there is
    no such topic.
    """

    def __init__(self, connection: Connection, topic: str) -> None:
        self._connection = connection
        self._topic = topic
        self._metadata = ClusterMetadata(connection, _ANSWER_MS / 1_000)
        self._metadata.partitions(topic)
        self._largest = self._asked_largest()
        self._producer = self._opened()
        self._spoilt = False
        self._moved = threading.Condition()
        self._waiting: dict[int, _Waiting] = {}
        self._refused: dict[int, _Waiting] = {}
        self._refusal = ""
        self._room = _ROOM
        self._given = 0
        self._published = 0

    @property
    def published(self) -> int:
        """How many records Kafka has confirmed."""
        return self._published

    def give(self, key: bytes, value: bytes, patience: float, place: str = "") -> None:
        """Take a record, once there is room; `place` says for people where it came from.

        Raises `Unavailable` when nothing has moved for `patience` seconds, `NotPublished` for a
        record that is larger than its topic takes: the record is not taken.
        """
        size = len(key) + len(value) + _OVERHEAD
        if size > self._largest:
            message = f"the record has {size} bytes, and {self._topic} takes {self._largest}"
            raise NotPublished(message, (value,))
        if self._spoilt:
            self._replace(patience)
        number = self._enter(_Waiting(value, place), patience)
        try:
            with said(f"publish to {self._topic}"):
                sent = self._producer.send(self._topic, value, key)
        except BaseException:
            with self._moved:
                self._leave(self._waiting, number)
            raise
        sent.add_both(self._settle, number)

    def flush(self, patience: float) -> None:
        """Return once Kafka has everything that was given before.

        Raises `Unavailable` when nothing has moved for `patience` seconds: what waits goes on
        waiting. Raises `NotPublished` for what was refused; it is forgotten then.
        """
        end = self._given
        if not self._wait(lambda: next(iter(self._waiting), end) >= end, patience):
            raise self._stuck()
        self._raise_refused()

    def close(self, patience: float) -> None:
        """Let go of Kafka once it has everything.

        When nothing has moved for `patience` seconds, `NotPublished` is raised for what still
        waits, too.
        """
        try:
            if not self._wait(lambda: not self._waiting, patience):
                stuck = self._stuck()
                self._producer._sender.force_close()  # noqa: SLF001 (its close would wait for ever)
                self._producer._sender.join()  # noqa: SLF001 (its end refuses all that waits)
                self._refusal = str(stuck)
        finally:
            self._producer.close()
        self._raise_refused()

    def _asked_largest(self) -> int:
        """Return how many bytes the topic takes, as far as we may know."""
        with suppress(AdapterError):
            return int(self._metadata.setting(self._topic, LARGEST))
        return _LARGEST

    def _opened(self) -> Any:  # noqa: ANN401 (kafka-python carries no types)
        return opened(
            KafkaProducer,
            self._connection,
            allow_auto_create_topics=False,
            linger_ms=_LINGER_MS,
            batch_size=min(_BATCH, self._largest),
            max_request_size=_LARGEST,
            delivery_timeout_ms=_FOR_EVER_MS,
            request_timeout_ms=_ANSWER_MS,
            reconnect_backoff_max_ms=_RECONNECT_MS,
            metrics_enabled=False,
        )

    def _replace(self, patience: float) -> None:
        """Put a new producer in the place of a spoilt one, once nothing waits in that."""
        with self._moved:
            if not self._wait(lambda: not self._waiting, patience):
                raise self._stuck()
            if self._spoilt:  # no other thread was quicker
                self._producer.close()
                self._producer = self._opened()
                self._spoilt = False

    def _enter(self, record: _Waiting, patience: float) -> int:
        """Number a record that waits from now on."""
        size = len(record.value)
        with self._moved:
            if self._wait(lambda: self._room >= size, patience):
                number = self._given
                self._given += 1
                self._waiting[number] = record
                self._room -= size
                return number
        raise self._stuck()

    def _settle(self, number: int, outcome: object) -> None:
        """Take note of what became of a record; called by the producer's own thread."""
        with self._moved:
            if isinstance(outcome, BaseException):
                self._refused[number] = self._waiting.pop(number)
                self._spoilt = True
                self._refusal = str(python_failure(outcome, f"publish to {self._topic}"))
            else:
                self._leave(self._waiting, number)
                self._published += 1
            self._moved.notify_all()

    def _leave(self, kept: dict[int, _Waiting], number: int) -> None:
        self._room += len(kept.pop(number).value)

    def _wait(self, done: Callable[[], bool], patience: float) -> bool:
        """Wait until it is done; False when nothing has moved for `patience` seconds before."""

        def state() -> tuple[int, int]:
            return self._published, len(self._refused)

        with self._moved:
            while not done():
                before = state()
                if not self._moved.wait_for(lambda: state() != before, patience):  # noqa: B023
                    return False
            return True

    def _raise_refused(self) -> None:
        with self._moved:
            refused = [self._refused[number] for number in sorted(self._refused)]
            for number in list(self._refused):
                self._leave(self._refused, number)
        if refused:
            first = f" (the first of them: {refused[0].place})" if refused[0].place else ""
            raise NotPublished(
                f"{len(refused)} of the events did not come into Kafka{first}: {self._refusal}",
                tuple(each.value for each in refused),
            )

    def _stuck(self) -> Unavailable:
        """Return the error for a Kafka that takes nothing, with the reason where there is one."""
        try:
            self._metadata.partitions(self._topic)
        except (Unavailable, UsageError) as error:
            return Unavailable(str(error))
        refusal = f": {self._refusal}" if self._refused else ""
        return Unavailable(f"Kafka takes nothing of what waits for {self._topic}{refusal}")
