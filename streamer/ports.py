"""What the worker asks of the outside world: a log to read, a store to keep, a sink to tell.

One worker owns one partition at a time. The store holds the truth, the sink holds the mark of
what was published, and together they make every change come out exactly once:

1. `Store.claim` makes the caller the partition's owner and fences every owner before it.
2. `Store.commit` writes a whole `Checkpoint` or nothing, and only for the present owner and the
   next commit number.
3. `Sink.publish` tells changes and the mark in one step; a mark that is already there makes it a
   no-op, so telling twice is telling once.
4. The next commit trims what the sink's mark covers from the outbox.

Every adapter of a port passes the same contract suite (`tests/contracts`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from streamer.types import Millis, Record, Rejection, SegmentChange


class Log(Protocol):
    """Records of partitions, each numbered by its offset from 0 without going back."""

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records from `offset` on; empty at the end of the log."""


class Outgoing(NamedTuple):
    """What one commit has to tell: its number, the changes in order, the records not accepted."""

    number: int
    changes: tuple[SegmentChange, ...]
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class Meta:
    """Where a partition stands: what the last commit wrote.

    `offset` is the next record to read, `number` the last commit's number (0 before the first),
    `epoch` the owner's, `log_time` the largest append time applied (None where there is none).
    `layouts` says by their ids what the layouts are in which profiles were written.
    """

    epoch: int
    number: int = 0
    offset: int = 0
    log_time: Millis | None = None
    layouts: Mapping[bytes, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that one cycle commits at once.

    `profiles` maps customers to their encoded profile, or to None where it is gone. `wakes` maps
    the same customers to their next wake, or to None. `outgoing` waits in the outbox until
    published; every outbox entry with a number up to `published` is trimmed. `layouts` are kept
    besides those that are there.
    """

    partition: int
    epoch: int
    number: int
    offset: int
    log_time: Millis | None
    profiles: Mapping[str, bytes | None]
    wakes: Mapping[str, Millis | None]
    outgoing: Outgoing | None = None
    published: int = 0
    layouts: Mapping[bytes, bytes] = field(default_factory=dict)


class Store(Protocol):
    """Profiles, wakes, the outbox and the meta of partitions."""

    def claim(self, partition: int) -> Meta:
        """Make the caller the owner under a new epoch; every older epoch is fenced."""

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        """Return the encoded profiles of those customers that have one."""

    def due(self, partition: int, until: Millis, limit: int) -> list[tuple[Millis, str]]:
        """Return up to `limit` wakes due at or before `until`, ordered by time, then customer."""

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint whole. Raises `Fenced` unless epoch and number are the next."""

    def outbox(self, partition: int) -> list[Outgoing]:
        """Return what was committed and not yet trimmed, by number."""


class Sink(Protocol):
    """Where changes and rejections go."""

    def mark(self, partition: int) -> int:
        """Return the number of the last outgoing published for the partition, 0 for none."""

    def publish(self, partition: int, outgoing: Outgoing) -> None:
        """Tell it and set the mark to its number in one step; a no-op at or below the mark."""
