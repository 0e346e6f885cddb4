"""Ends that are interrupted at the n-th call: to crash there, to stall, or to let others in.

All ends and clocks of one worker share one `Calls`, so its calls are numbered through, from 0.
An interruption comes before the call takes effect, or after it took effect and before the worker
learns of it: the two ways in which a call to an outside thing can be lost.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NoReturn, TypeVar

from streamer.errors import AdapterError
from streamer.ports import (
    Checkpoint,
    DueWake,
    Feed,
    FencingToken,
    Log,
    OffsetRange,
    OutboxEntry,
    PartitionMeta,
    PublishedMark,
    Sink,
    Store,
)
from streamer.types import Millis, Record

T = TypeVar("T")


class Crash(BaseException):
    """The worker's process is gone; no code of the worker can catch that."""


def crash() -> NoReturn:
    """Be the end of the worker."""
    raise Crash


class Calls:
    """The calls of one worker: counted, and interrupted once, at number `at`, by `act`.

    `check` comes before every call that reaches for store or sink, and may raise what these raise.

    After a crash every further call crashes too.
    """

    def __init__(
        self, at: int | None = None, *, after: bool = False, act: Callable[[], object] = crash
    ) -> None:
        self.made = 0
        self.check: Callable[[], None] = lambda: None
        self._at = at
        self._after = after
        self._act = act
        self._crashed = False

    def interrupt(self, at: int, *, after: bool, act: Callable[[], object] = crash) -> None:
        """Interrupt the call of this number, and no other one."""
        self._at, self._after, self._act = at, after, act

    def make(self, call: Callable[[], T], *, reaches: bool = True) -> T:
        """Make a call, or be interrupted; `reaches` if it is one of store or sink."""
        if self._crashed:
            raise Crash
        if reaches:
            self.check()
        due = self.made == self._at
        self.made += 1
        if due and not self._after:
            self._interrupt()
        result = call()
        if due and self._after:
            self._interrupt()
        return result

    def _interrupt(self) -> None:
        try:
            self._act()
        except Crash:
            self._crashed = True
            raise


class InterruptedLog:
    """A log whose calls are counted."""

    def __init__(self, log: Log, calls: Calls) -> None:
        self._log = log
        self._calls = calls

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        return self._calls.make(lambda: self._log.read(partition, offset, limit))


class InterruptedFeed:
    """A feed whose calls are counted."""

    def __init__(self, feed: Feed, calls: Calls) -> None:
        self._feed = feed
        self._calls = calls

    def poll(self, limit: int, wait: float) -> Sequence[Record]:
        return self._make(lambda: self._feed.poll(limit, wait))

    def assigned(self) -> Mapping[int, int]:
        return self._make(self._feed.assigned)

    def start_at(self, partition: int, offset: int) -> None:
        self._make(lambda: self._feed.start_at(partition, offset))

    def pause(self, partition: int) -> None:
        self._make(lambda: self._feed.pause(partition))

    def offset_range(self, partition: int) -> OffsetRange:
        return self._make(lambda: self._feed.offset_range(partition))

    def caught_up(self, partition: int, offset: int) -> bool:
        return self._make(lambda: self._feed.caught_up(partition, offset))

    def at_end(self, offsets: Mapping[int, int]) -> AbstractSet[int]:
        return self._make(lambda: self._feed.at_end(offsets))

    def lag(self, partition: int, offset: int) -> int | None:
        return self._feed.lag(partition, offset)

    def failed(self) -> Mapping[int, AdapterError]:
        return self._make(self._feed.failed)

    @property
    def trouble(self) -> str | None:
        return self._feed.trouble

    def _make(self, call: Callable[[], T]) -> T:
        return self._calls.make(call, reaches=False)


class InterruptedStore:
    """A store whose calls are counted."""

    def __init__(self, store: Store, calls: Calls) -> None:
        self._store = store
        self._calls = calls

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        return self._calls.make(lambda: self._store.claim(partition, owner))

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        return self._calls.make(lambda: self._store.load(partition, customers))

    def scan(self, partition: int, cursor: str, limit: int) -> tuple[str, list[str]]:
        return self._calls.make(lambda: self._store.scan(partition, cursor, limit))

    def due(
        self, partition: int, until: Millis, limit: int, tenure: FencingToken | None = None
    ) -> list[DueWake]:
        return self._calls.make(lambda: self._store.due(partition, until, limit, tenure))

    def commit(self, checkpoint: Checkpoint) -> None:
        self._calls.make(lambda: self._store.commit(checkpoint))

    def outbox(self, partition: int) -> list[OutboxEntry]:
        return self._calls.make(lambda: self._store.outbox(partition))


class InterruptedSink:
    """A sink whose calls are counted."""

    def __init__(self, sink: Sink, calls: Calls) -> None:
        self._sink = sink
        self._calls = calls

    def mark(self, partition: int, before: str = "") -> PublishedMark:
        return self._calls.make(lambda: self._sink.mark(partition, before))

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        self._calls.make(lambda: self._sink.publish(batch))
