"""What the worker needs from the outside: a log, a store, a sink, and an engine that decides.

The store holds the state, the sink holds the mark of what was published. Together they publish
every change exactly once:

1. `Store.claim` makes the caller the partition's owner and fences every owner before it.
2. `Store.commit` writes a whole `Checkpoint` or nothing, and only for the present owner and the
   commit that it knows to be the last.
3. `Sink.publish` writes changes and the mark in one step. An entry at or below the mark is not
   written again, so publishing is idempotent.
4. The next commit trims the outbox up to the sink's mark.

A log is read in one of two ways. A `Log` is asked for records, which suits a file or a table. A
`Feed` delivers the records of the partitions that a consumer group has assigned to this process,
which suits a broker.

Every adapter of a port passes the same contract suite (`tests/contracts`). Adapters raise
`Unavailable` for a failure that may pass when tried again, another `AdapterError` for one that will
not.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from streamer.codecs.changes import encode_change
from streamer.codecs.controls import Forwarded
from streamer.core.engine.identity import Message
from streamer.errors import AdapterError, InvalidEvent
from streamer.types import (
    FOREVER,
    Control,
    Event,
    Membership,
    Millis,
    Record,
    Rejection,
    SegmentChange,
    Unusable,
)

DueWake: TypeAlias = tuple[Millis, str]
"""The time of a wake, and its customer. Wakes fire in this order: by time, then by customer."""
NOTHING_FIRED: Final[DueWake] = (0, "")


class Log(Protocol):
    """Records of partitions. Offsets begin at 0 and only grow."""

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records from `offset` on; empty at the end of the log."""


class OffsetRange(NamedTuple):
    """The offsets that a partition of a log holds: from `start` on, `end` excluded."""

    start: int
    end: int


class Feed(Protocol):
    """Records delivered from the partitions that the group has assigned to this process.

    A newly assigned partition delivers nothing until `start_at` is called for it.
    """

    def poll(self, limit: int, wait: float) -> Sequence[Record]:
        """Return up to `limit` records of started partitions, those of a partition in order.

        Waits up to `wait` seconds for the first record. Only this call assigns and revokes
        partitions. A revoked partition delivers nothing more.
        """

    def assigned(self) -> Mapping[int, int]:
        """Return the partitions assigned to this process, each with its assignment epoch.

        A partition that was revoked and assigned again has another epoch than before.
        """

    def start_at(self, partition: int, offset: int) -> None:
        """Deliver the partition's records from `offset` on, whatever was delivered before."""

    def pause(self, partition: int) -> None:
        """Deliver no record of the partition until the next `start_at`."""

    def offset_range(self, partition: int) -> OffsetRange:
        """Return which offsets the partition holds."""

    def caught_up(self, partition: int, offset: int) -> bool:
        """Say whether the partition had no record at or after `offset` when the broker last spoke.

        Costs nothing, and may be out of date: it shows when to ask `at_end`.
        """

    def at_end(self, offsets: Mapping[int, int]) -> AbstractSet[int]:
        """Ask the log, and return the partitions that hold no record at or after their offset.

        The answer is that of an instant after the call began. A record counts as soon as it has its
        append time, even if it cannot be read yet. A partition whose log does not answer, or that
        is not caught up, is left out.
        """

    def lag(self, partition: int, offset: int) -> int | None:
        """Return how many records from `offset` on wait to be read, for monitoring.

        None while the broker has not answered. May be called from any thread.
        """

    def failed(self) -> Mapping[int, AdapterError]:
        """Return the started partitions whose records cannot be delivered, with the reasons.

        They are those that the last poll found. Pause such a partition, then start it again.
        """

    @property
    def trouble(self) -> str | None:
        """Why no partition can be delivered at present, None if they can."""


@dataclass(frozen=True)
class OutboxEntry:
    """What one commit publishes: its number, the changes in order, the rejected records.

    `memberships` are those of every customer with a change, as of the commit. `controls` go into
    the log of events, each by its key. The commit includes every record before `offset` and every
    wake up to and including `fired_until`. `traceparents` are those of the events that caused
    changes, by the index of the change.
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
    controls: tuple[Control, ...] = ()

    @property
    def erases(self) -> bool:
        """Whether it is about an erased customer, whose id is not to stay in the outbox."""
        return any(change.cause == "erasure" for change in self.changes) or any(
            one.segments is None and not one.born for one in self.memberships
        )

    @cached_property
    def lines(self) -> tuple[bytes, ...]:
        """The changes as JSON, in order: encoded once, for the outbox and for the sink."""
        return tuple(map(encode_change, self.changes)) if self.encoded is None else self.encoded


class PublishedMark(NamedTuple):
    """How far a partition's output is published: number, offset and wake of the last entry."""

    number: int = 0
    offset: int = 0
    fired_until: DueWake = NOTHING_FIRED

    @classmethod
    def after(cls, entry: OutboxEntry) -> "PublishedMark":
        """Return the mark that publishing the entry sets."""
        return cls(entry.number, entry.offset, entry.fired_until)


@dataclass(frozen=True, slots=True)
class PartitionMeta:
    """The position of a partition: what the last commit wrote.

    `offset` is the next record to read, `number` the last commit's number (0 before the first),
    `epoch` the owner's, `log_time` the largest append time applied (None if there is none). Every
    wake up to and including `fired_until` has fired. `layouts` maps ids to the layouts in which
    profiles were written. `before` names the owner before this one, if it had a name. Commits up to
    `published` are known to be published. `restoring_until` is the offset at which restoring
    ends, None if the partition is not restoring; until then a missing profile does not mean that
    the customer is in no segment.
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
    """The owner, epoch and last commit number under which an owner means to commit."""

    owner: str
    epoch: int
    number: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that one batch commits at once.

    It is written if `owner` and `epoch` are those of the last claim and `follows` is the number of
    the last commit. `profiles` maps customers to their encoded profile, or to None to delete it.
    `wakes` maps the same customers to their next wake, or to None. `entry` stays in the
    outbox until it is published; every outbox entry with a number up to `published` is trimmed.
    `layouts` are added, replace those with the same id, or are deleted where they are None.
    `restoring_until` is as in `PartitionMeta`.
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
        """The token that the store compares with its own."""
        return FencingToken(self.owner, self.epoch, self.follows)


@dataclass(frozen=True, slots=True)
class DecodedRecords:
    """Records as an engine has decoded them: an event for each, or the reason why it is none.

    A control record is the message in it.

    `customers` are those of the events, in order; `appended` is the largest append time.
    """

    records: Sequence[Record] = ()
    events: Sequence[Event | InvalidEvent | Forwarded | Message] = ()
    customers: Mapping[str, None] = field(default_factory=dict)
    appended: Millis | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The input of one decision of an engine.

    `stored` are the profiles that the engine's cache misses. `due` are the wakes due at or before
    `until` (None: no wake fires), none after `boundary`. `customers` are others to load, and to
    migrate where other rules decided them last.
    `offset`, `log_time` and `fired_until` are the partition's position before the batch.
    """

    reading: DecodedRecords
    stored: Mapping[str, bytes]
    offset: int
    log_time: Millis | None
    fired_until: DueWake
    due: Sequence[DueWake] = ()
    until: Millis | None = None
    boundary: DueWake = (FOREVER, "")
    customers: Sequence[str] = ()


class RefusedLink(NamedTuple):
    """Two ids that were not linked, and why: `kind` is as in the metric, the ids are hashes."""

    kind: str
    user_hash: str
    anonymous_hash: str


@dataclass(frozen=True, slots=True)
class Advance:
    """The output of one decision of an engine: everything to commit and to publish.

    `profiles` maps the customers whose profile changed to its bytes, None to delete it. `lines` are
    the `changes` as JSON, in order; `traceparents` are those of the events that caused some, by the
    index of the change. `controls` are records for the log of events, `marks` of who was erased or
    is suppressed. `links` counts what became of links between ids, `refused_links` are those that
    were not made. `taken` is how many records were processed, and `done` whether all
    due wakes have fired. `overflows` counts, by cell slot, the values that a full cell dropped, and
    `unusable`, by name, the properties whose values the rules could not read. `decoded` and
    `loaded` are for the engine's cache.
    """

    profiles: Mapping[str, bytes | None]
    wakes: Mapping[str, Millis | None]
    changes: tuple[SegmentChange, ...]
    lines: tuple[bytes, ...]
    traceparents: Mapping[int, str]
    memberships: tuple[Membership, ...]
    rejections: tuple[Rejection, ...]
    outcomes: Mapping[str, int]
    controls: tuple[Control, ...]
    marks: Mapping[bytes, bytes | None]
    links: Mapping[str, int]
    refused_links: Mapping[RefusedLink, int]
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
    """Decides batches for the customers of one partition, without access to store or log."""

    def read(self, records: Sequence[Record]) -> DecodedRecords:
        """Decode records."""

    def missing(self, customers: Iterable[str]) -> list[str]:
        """Return the customers whose stored profiles the batch must contain, each once."""

    def users_of(self, customers: Iterable[str], stored: Mapping[str, bytes]) -> list[str]:
        """Return the users whose profiles the batch must contain, too, each once.

        They are those whose events may come under the ids of others; `stored` are the profiles of
        the customers that the engine's cache misses.
        """

    def advance(self, batch: Batch) -> Advance:
        """Decide a batch of records and due wakes."""

    def keep(self, advance: Advance) -> None:
        """Put the profiles of a committed batch into the cache."""


class Store(Protocol):
    """Profiles, wakes, the outbox and the meta of partitions."""

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        """Make the caller the owner under a new epoch, which fences every older owner.

        `owner` names this claim. A store that went back in time may assign an epoch twice;
        different names still distinguish two owners.
        """

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        """Return the encoded profiles of those among the customers that have one."""

    def scan(self, partition: int, cursor: str, limit: int) -> tuple[str, list[str]]:
        """Return the next cursor and about `limit` customers; both cursors are "" at the ends.

        A customer that has a profile during the whole scan is returned at least once.
        """

    def due(
        self, partition: int, until: Millis, limit: int, tenure: FencingToken | None = None
    ) -> list[DueWake]:
        """Return up to `limit` wakes due at or before `until`, ordered by time, then customer.

        Raises `Fenced` if `tenure` is not that of the present owner. The owner moves time when
        nothing is due, so the answer must come from the store to which it has committed.
        """

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the whole checkpoint. Raises `Fenced` unless it is the owner's next one."""

    def outbox(self, partition: int) -> list[OutboxEntry]:
        """Return the committed entries that are not trimmed yet, by number."""


class Sink(Protocol):
    """Where changes, memberships and rejections go."""

    def mark(self, partition: int, before: str = "") -> PublishedMark:
        """Return how far the partition is published, once no other owner can still publish.

        `before` names the owner before the present one.
        """

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish the entries and set each partition's mark, all in one step.

        Entries at or below their partition's mark are skipped. The entries of a partition are in
        the order of their numbers.
        """
