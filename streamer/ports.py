"""What the worker asks of the outside world: a log to read, a store to keep, a sink to publish to.

The store holds the truth, the sink holds the mark of what was published, and together they make
every change come out exactly once:

1. `Store.claim` makes the caller the partition's owner and fences every owner before it.
2. `Store.commit` writes a whole `Checkpoint` or nothing, and only for the present owner and the
   commit that it knows to be the last.
3. `Sink.publish` writes changes and the mark in one step; a mark that is there already makes it a
   no-op, so publishing twice is publishing once.
4. The next commit trims what the sink's mark covers from the outbox.

A log is read in one of two ways. A `Log` is asked for records, which suits a file or a table. A
`Feed` delivers the records of the partitions that a group of processes has given this one, which
suits a broker.

Every adapter of a port passes the same contract suite (`tests/contracts`). Adapters raise
`Unavailable` for what may pass when tried again, and another `AdapterError` for what will not.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from streamer.codecs.changes import encode_change
from streamer.errors import AdapterError, InvalidEvent
from streamer.types import (
    FOREVER,
    Event,
    Membership,
    Millis,
    Record,
    Rejection,
    SegmentChange,
    Unusable,
)

DueWake: TypeAlias = tuple[Millis, str]
"""A wake and whose it is. In this order, by time and then by customer, wakes are acted on."""
NOTHING_FIRED: Final[DueWake] = (0, "")


class Log(Protocol):
    """Records of partitions, each numbered by its offset from 0 without going back."""

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records from `offset` on; empty at the end of the log."""


class OffsetRange(NamedTuple):
    """What a partition of a log holds: offsets from `start` on, up to but without `end`."""

    start: int
    end: int


class Feed(Protocol):
    """Records delivered from the partitions that the group has given to this process.

    A partition that is newly given delivers nothing until `begin` says from where on.
    """

    def poll(self, limit: int, wait: float) -> Sequence[Record]:
        """Return up to `limit` records of begun partitions, each partition's in order.

        Waits up to `wait` seconds for the first one. Takes part in the group: partitions come and
        go here and nowhere else. A partition that went delivers nothing more.
        """

    def assigned(self) -> Mapping[int, int]:
        """Return the partitions that this process has, each with its assignment epoch.

        A partition that went away and came back has another number than before.
        """

    def start_at(self, partition: int, offset: int) -> None:
        """Deliver the partition's records from `offset` on, also if it delivered others before."""

    def pause(self, partition: int) -> None:
        """Deliver nothing of the partition until it is begun again."""

    def offset_range(self, partition: int) -> OffsetRange:
        """Return which offsets the partition holds."""

    def caught_up(self, partition: int, offset: int) -> bool:
        """Say whether there was no record at or after `offset` when last heard of the partition.

        Costs nothing, and may be out of date: it says when it is worth asking `at_end`.
        """

    def at_end(self, offsets: Mapping[int, int]) -> AbstractSet[int]:
        """Ask the log, and return the partitions that hold no record at or after their offset.

        True of an instant after the call was made. A record counts as soon as it has its append
        time, also one that may not be read yet. A partition whose log does not answer, or that is
        not caught up, is not among those returned.
        """

    def lag(self, partition: int, offset: int) -> int | None:
        """Return how many offsets from `offset` on are there to be read, as last heard: for people.

        None where nothing was heard of the partition. May be called from any thread.
        """

    def failed(self) -> Mapping[int, AdapterError]:
        """Return why partitions that were begun are not delivered, as the last poll found.

        Such a partition has to be held, and begun again.
        """

    @property
    def trouble(self) -> str | None:
        """Why nothing at all can be delivered just now, None where it can."""


@dataclass(frozen=True)
class OutboxEntry:
    """What one commit has to publish: its number, the changes in order, the records not accepted.

    `memberships` are those of every customer with a change, as they stand after the commit.
    `offset` and `fired_until` say what the commit covers: every record before `offset`, and every
    wake up to and with `fired_until`. `traceparents` are those of the events that caused changes,
    by the index of the change.
    """

    number: int
    changes: tuple[SegmentChange, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    memberships: tuple[Membership, ...] = ()
    partition: int = 0
    offset: int = 0
    fired_until: DueWake = NOTHING_FIRED
    encoded: tuple[bytes, ...] | None = field(default=None, compare=False)
    traceparents: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def lines(self) -> tuple[bytes, ...]:
        """The changes as JSON, in their order: encoded once, for the outbox and for the sink."""
        return tuple(map(encode_change, self.changes)) if self.encoded is None else self.encoded


class PublishedMark(NamedTuple):
    """Up to where a partition's output is published: the last entry's number, and its cover."""

    number: int = 0
    offset: int = 0
    fired_until: DueWake = NOTHING_FIRED

    @classmethod
    def after(cls, entry: OutboxEntry) -> "PublishedMark":
        """Return the mark that publishing the entry sets."""
        return cls(entry.number, entry.offset, entry.fired_until)


@dataclass(frozen=True, slots=True)
class PartitionMeta:
    """Where a partition stands: what the last commit wrote.

    `offset` is the next record to read, `number` the last commit's number (0 before the first),
    `epoch` the owner's, `log_time` the largest append time applied (None where there is none).
    Every wake up to and with `fired_until` has fired. `layouts` says by their ids what the layouts
    are in which profiles were written. `before` names the owner before this one, if one was named.
    Everything up to the commit `published` is known to be published. While profiles are restored,
    `restoring_until` is the offset at which they will be what they were: until then a missing
    profile does not mean that the customer is in no segment.
    """

    epoch: int
    number: int = 0
    offset: int = 0
    log_time: Millis | None = None
    layouts: Mapping[bytes, bytes] = field(default_factory=dict)
    fired_until: DueWake = NOTHING_FIRED
    before: str = ""
    published: int = 0
    restoring_until: int | None = None


class FencingToken(NamedTuple):
    """A hold on a partition as its owner believes it to be; `number` is that of the last commit."""

    owner: str
    epoch: int
    number: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that one cycle commits at once.

    It is written if `owner` and `epoch` are those of the last claim and `follows` is the number of
    the last commit. `profiles` maps customers to their encoded profile, or to None where it is
    gone. `wakes` maps the same customers to their next wake, or to None. `entry` waits in the
    outbox until published; every outbox entry with a number up to `published` is trimmed.
    `layouts` are kept besides those that are there or instead of those with the same id, or
    forgotten where they are None. `restoring_until` is as in `PartitionMeta`.
    """

    partition: int
    epoch: int
    number: int
    offset: int
    log_time: Millis | None
    profiles: Mapping[str, bytes | None]
    wakes: Mapping[str, Millis | None]
    follows: int
    owner: str = ""
    entry: OutboxEntry | None = None
    published: int = 0
    layouts: Mapping[bytes, bytes | None] = field(default_factory=dict)
    fired_until: DueWake = NOTHING_FIRED
    restoring_until: int | None = None

    @property
    def tenure(self) -> FencingToken:
        """The hold under which it is written, if that stands."""
        return FencingToken(self.owner, self.epoch, self.follows)


@dataclass(frozen=True, slots=True)
class Reading:
    """Records as an engine has read them: the event of each, or why it is none.

    `customers` are those concerned, in their order; `appended` is the largest append time.
    """

    records: Sequence[Record] = ()
    events: Sequence[Event | InvalidEvent] = ()
    customers: Mapping[str, None] = field(default_factory=dict)
    appended: Millis | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What an engine is to decide at once.

    `stored` are the profiles of those customers that were missing in its cache, and have one. `due`
    are the wakes due at or before `until` (None: none is to fire), none after `boundary`;
    `customers` are others that are to be looked at after new rules came. `offset`, `log_time` and
    `fired_until` are where the partition stands.
    """

    reading: Reading
    stored: Mapping[str, bytes]
    offset: int
    log_time: Millis | None
    fired_until: DueWake
    due: Sequence[DueWake] = ()
    until: Millis | None = None
    boundary: DueWake = (FOREVER, "")
    customers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Advance:
    """What an engine yields: everything that is to be committed and published of a batch.

    `profiles` maps the customers whose profile moved to its bytes, None where it is gone; `lines`
    are the `changes` as JSON, in their order, and `traceparents` those of the events that caused
    some, by the index of the change. `taken` records are done, and `done` says whether all
    wakes that were to fire have. `overflows` counts, by cell, what was dropped beyond its bound,
    `unusable` the properties that rules read and could not, by their names.
    `decoded` and `loaded` are for the engine itself, to keep once the batch is committed.
    """

    profiles: Mapping[str, bytes | None]
    wakes: Mapping[str, Millis | None]
    changes: tuple[SegmentChange, ...]
    lines: tuple[bytes, ...]
    traceparents: Mapping[int, str]
    memberships: tuple[Membership, ...]
    rejections: tuple[Rejection, ...]
    outcomes: Mapping[str, int]
    overflows: Mapping[int, int]
    unusable: Mapping[str, Unusable]
    migrated: int
    earliest: Millis | None
    latest: Millis | None
    taken: int
    done: bool
    offset: int
    log_time: Millis | None
    fired_until: DueWake
    decoded: Mapping[str, Any]
    loaded: Mapping[str, bytes]


class Engine(Protocol):
    """Decides batches for the customers of one partition; it knows no store and no log."""

    def read(self, records: Sequence[Record]) -> Reading:
        """Decode records."""

    def missing(self, customers: Iterable[str]) -> list[str]:
        """Return the customers whose profiles a batch about them must bring, each once."""

    def advance(self, batch: Batch) -> Advance:
        """Decide a batch: wakes and records in the order of the log."""

    def keep(self, advance: Advance) -> None:
        """Keep what was committed for the batches to come."""


class Store(Protocol):
    """Profiles, wakes, the outbox and the meta of partitions."""

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        """Make the caller the owner under a new epoch; every older one is fenced.

        `owner` names this claim. A store that went back in time may give an epoch twice, so names
        that differ keep two owners apart.
        """

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        """Return the encoded profiles of those customers that have one."""

    def scan(self, partition: int, cursor: str, limit: int) -> tuple[str, list[str]]:
        """Return the next cursor and about `limit` customers; both cursors are "" at the ends.

        Whoever has a profile all the while is among those returned at least once.
        """

    def due(
        self, partition: int, until: Millis, limit: int, tenure: FencingToken | None = None
    ) -> list[DueWake]:
        """Return up to `limit` wakes due at or before `until`, ordered by time, then customer.

        Raises `Fenced` where a tenure is given and does not stand: an owner that hears that
        nothing is due goes by that, so the answer must come from the store that it knows.
        """

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint whole. Raises `Fenced` if it is not the owner's, or not the next."""

    def outbox(self, partition: int) -> list[OutboxEntry]:
        """Return what was committed and not yet trimmed, by number."""


class Sink(Protocol):
    """Where changes, memberships and rejections go."""

    def mark(self, partition: int, before: str = "") -> PublishedMark:
        """Return up to where the partition is published, once no other owner can still publish.

        `before` names the owner before the present one.
        """

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish the batch and set each partition's mark, all in one step.

        What is at or below its partition's mark is not published again. A partition's entries stand
        in the order of their numbers.
        """
