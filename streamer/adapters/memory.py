"""Log, feed, store and sink in this process's memory: for replays, tests and the scenario driver.

They hold exactly what their ports promise and end with the process. The three are separate
objects without a transaction across them, as in production. What they keep grows with customers;
only the log and the sink grow with what they are given, and a replay uses neither.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from streamer.adapters.outbox import fenced, kept_layouts
from streamer.errors import AdapterError
from streamer.ports import (
    Checkpoint,
    DueWake,
    FencingToken,
    OffsetRange,
    OutboxEntry,
    PartitionMeta,
    PublishedMark,
)
from streamer.types import Control, Membership, Millis, Record, Rejection, SegmentChange


class MemoryLog:
    """Records of partitions, in the order in which they were appended."""

    def __init__(self) -> None:
        self._records: dict[int, list[Record]] = {}

    def append(
        self,
        value: bytes,
        appended: Millis | None = None,
        *,
        partition: int = 0,
        key: bytes | None = None,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> int:
        """Add one record at the end of a partition and return its offset."""
        records = self._records.setdefault(partition, [])
        records.append(Record(partition, len(records), value, appended, key, headers))
        return len(records) - 1

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records from `offset` on; empty at the end of the log."""
        return self._records.get(partition, [])[offset : offset + limit]

    def offset_range(self, partition: int) -> OffsetRange:
        """Return which offsets the partition holds."""
        return OffsetRange(0, len(self._records.get(partition, [])))


class MemoryFeed:
    """Delivers the records of a memory log; its owner assigns the partitions.

    As of a broker, it hears of the log's end by polling: `caught_up` is as old as that.
    """

    def __init__(self, log: MemoryLog, partitions: Iterable[int] = ()) -> None:
        self._log = log
        self._epochs: dict[int, int] = {}
        self._offsets: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._assignment_epoch = 0
        for partition in partitions:
            self.give(partition)

    def give(self, partition: int) -> None:
        """Assign a partition, under another epoch than before."""
        self._assignment_epoch += 1
        self._epochs[partition] = self._assignment_epoch
        self.pause(partition)

    def withdraw(self, partition: int) -> None:
        """Revoke a partition."""
        del self._epochs[partition]
        self.pause(partition)

    def poll(self, limit: int, wait: float) -> Sequence[Record]:  # noqa: ARG002 (nothing to wait for)
        """Return up to `limit` records of started partitions, in turns."""
        records: list[Record] = []
        share = max(1, limit // max(1, len(self._offsets)))
        for partition, offset in self._offsets.items():
            found = self._log.read(partition, offset, min(share, limit - len(records)))
            records += found
            self._offsets[partition] = offset + len(found)
            self._ends[partition] = self._log.offset_range(partition).end
        return records

    def assigned(self) -> Mapping[int, int]:
        """Return the assigned partitions, each with its assignment epoch."""
        return dict(self._epochs)

    def start_at(self, partition: int, offset: int) -> None:
        """Deliver the partition's records from `offset` on."""
        self._offsets[partition] = offset

    def pause(self, partition: int) -> None:
        """Deliver no record of the partition until the next `start_at`."""
        self._offsets.pop(partition, None)
        self._ends.pop(partition, None)

    def offset_range(self, partition: int) -> OffsetRange:
        """Return which offsets the partition holds."""
        return self._log.offset_range(partition)

    def caught_up(self, partition: int, offset: int) -> bool:
        """Say whether there was no record at or after `offset` when it was last polled."""
        return partition in self._ends and offset >= self._ends[partition]

    def at_end(self, offsets: Mapping[int, int]) -> AbstractSet[int]:
        """Return the partitions that hold no record at or after their offset."""
        return {one for one, offset in offsets.items() if offset >= self._log.offset_range(one).end}

    def lag(self, partition: int, offset: int) -> int | None:
        """Return how many records there are from `offset` on."""
        return max(0, self._log.offset_range(partition).end - offset)

    def failed(self) -> Mapping[int, AdapterError]:
        """Return no failure: a log in memory can always be read."""
        return {}

    @property
    def trouble(self) -> str | None:
        """Why no partition can be delivered: None, since a log in memory can always be read."""
        return None


class _Wakes:
    """The next wake of each customer, and which of them are due.

    A heap of (time, customer) with lazy deletion: an entry counts while it is the customer's
    present wake. Setting wakes touches only dictionaries; the heap is first built, and later
    brought up to date, when `due` is called. It is rebuilt when stale entries
    outnumber live ones, so its size follows the number of customers.
    """

    def __init__(self) -> None:
        self._wakes: dict[str, Millis] = {}
        self._unsorted: dict[str, Millis | None] = {}
        self._heap: list[tuple[Millis, str]] = []
        self._taken: list[tuple[Millis, str]] = []

    def update(self, wakes: Mapping[str, Millis | None]) -> None:
        """Set or remove (None) the wakes of these customers."""
        self._unsorted.update(wakes)

    def due(self, until: Millis, limit: int) -> list[DueWake]:
        """Return up to `limit` wakes at or before `until`, by time, then customer."""
        self._sort()
        heap, wakes, found = self._heap, self._wakes, self._taken
        while heap and heap[0][0] <= until and len(found) < limit:
            entry = heapq.heappop(heap)
            # The same wake may be in the heap twice; the two then come out one after the other.
            if wakes.get(entry[1]) == entry[0] and (not found or found[-1] != entry):
                found.append(entry)
        return list(found)

    def _sort(self) -> None:
        """Bring the heap up to date with the wakes set since it was last asked."""
        wakes, fresh = self._wakes, []
        for customer, at in self._unsorted.items():
            if at is None:
                wakes.pop(customer, None)
            elif wakes.get(customer) != at:
                wakes[customer] = at
                fresh.append((at, customer))
        mostly_new = len(fresh) >= len(self._heap)
        mostly_stale = len(self._heap) + len(fresh) > 2 * len(wakes)
        if mostly_new or mostly_stale:
            self._heap = [(at, customer) for customer, at in wakes.items()]
            heapq.heapify(self._heap)
        else:
            for entry in self._taken:
                if wakes.get(entry[1]) == entry[0]:  # found, and not acted on yet
                    heapq.heappush(self._heap, entry)
            for entry in fresh:
                heapq.heappush(self._heap, entry)
        self._taken = []
        self._unsorted = {}


@dataclass(slots=True)
class _Partition:
    """What the store keeps of one partition."""

    meta: PartitionMeta = field(default_factory=lambda: PartitionMeta(epoch=0))
    owner: str = ""
    profiles: dict[str, bytes] = field(default_factory=dict)
    wakes: _Wakes = field(default_factory=_Wakes)
    outbox: list[OutboxEntry] = field(default_factory=list)

    @property
    def tenure(self) -> FencingToken:
        """Who has it, and where it stands."""
        return FencingToken(self.owner, self.meta.epoch, self.meta.number)


class MemoryStore:
    """Profiles, wakes, outbox and meta in dictionaries; several owners may share one store."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        """Make the caller the owner under a new epoch; every older one is fenced."""
        kept = self._partitions.setdefault(partition, _Partition())
        meta = replace(kept.meta, epoch=kept.meta.epoch + 1, before=kept.owner)
        kept.meta, kept.owner = meta, owner
        return meta

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        """Return the encoded profiles of those customers that have one."""
        kept = self._partitions.get(partition)
        if kept is None:
            return {}
        profiles = kept.profiles
        return {customer: profiles[customer] for customer in customers if customer in profiles}

    def scan(self, partition: int, cursor: str, limit: int) -> tuple[str, list[str]]:
        """Return the next cursor and up to `limit` customers, in order of their ids."""
        kept = self._partitions.get(partition)
        everybody = [] if kept is None else kept.profiles
        found = heapq.nsmallest(limit, (one for one in everybody if one > cursor))
        return (found[-1] if len(found) == limit else "", found)

    def due(
        self, partition: int, until: Millis, limit: int, tenure: FencingToken | None = None
    ) -> list[DueWake]:
        """Return up to `limit` wakes due at or before `until`, ordered by time, then customer."""
        kept = self._partitions.get(partition)
        if tenure is not None and (kept is None or kept.tenure != tenure):
            raise fenced(partition, tenure)
        return kept.wakes.due(until, limit) if kept is not None else []

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint whole; raises `Fenced` unless epoch and number are the next."""
        kept = self._partitions.get(checkpoint.partition)
        if kept is None or kept.tenure != checkpoint.tenure:
            raise fenced(checkpoint.partition, checkpoint.tenure)
        kept.meta = replace(
            kept.meta,
            number=checkpoint.number,
            offset=checkpoint.offset,
            log_time=checkpoint.log_time,
            layouts=kept_layouts(kept.meta.layouts, checkpoint.layouts),
            fired_until=checkpoint.fired_until,
            published=checkpoint.published,
            restoring_until=checkpoint.restoring_until,
        )
        kept.profiles |= {
            customer: profile
            for customer, profile in checkpoint.profiles.items()
            if profile is not None
        }
        for customer, profile in checkpoint.profiles.items():
            if profile is None:
                kept.profiles.pop(customer, None)
        kept.wakes.update(checkpoint.wakes)
        kept.outbox = [waiting for waiting in kept.outbox if waiting.number > checkpoint.published]
        if checkpoint.entry is not None:
            kept.outbox.append(checkpoint.entry)

    def outbox(self, partition: int) -> list[OutboxEntry]:
        """Return the entries that were committed and not yet trimmed, by number."""
        kept = self._partitions.get(partition)
        return list(kept.outbox) if kept is not None else []


class MemorySink:
    """Published changes and rejections in their order, and the memberships of all customers.

    `tell` appends a control record to the log of events.
    """

    def __init__(self, tell: Callable[[Control], object] = lambda _: None) -> None:
        self._tell = tell
        self.changes: list[SegmentChange] = []
        self.rejections: list[Rejection] = []
        self.memberships: dict[str, Membership] = {}
        self._marks: dict[int, PublishedMark] = {}

    def mark(self, partition: int, before: str = "") -> PublishedMark:  # noqa: ARG002 (publishing is one step)
        """Return up to where the partition is published."""
        return self._marks.get(partition, PublishedMark())

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish what is above its partition's mark and set the mark to its number."""
        for entry in batch:
            if entry.number > self.mark(entry.partition).number:
                self.changes.extend(entry.changes)
                self.rejections.extend(entry.rejections)
                for control in entry.controls:
                    self._tell(control)
                self.memberships.update((each.customer, each) for each in entry.memberships)
                self._marks[entry.partition] = PublishedMark.after(entry)
