"""Log, store and sink in this process's memory: for replays, tests and the scenario driver.

They hold exactly what their ports promise and end with the process. The three are separate
objects without a transaction across them, as in production. What they keep grows with customers;
only the log and the sink grow with what they are given, and a replay uses neither.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from streamer.errors import Fenced
from streamer.ports import Checkpoint, Meta, Outgoing
from streamer.types import Millis, Record, Rejection, SegmentChange


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


class _Wakes:
    """The next wake of each customer, and which of them are due.

    A heap of (time, customer) with lazy deletion: an entry counts while it is the customer's
    present wake. Setting wakes touches only dictionaries; the heap is first built, and later
    brought up to date, when somebody asks what is due. It is built anew when stale entries
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

    def due(self, until: Millis, limit: int) -> list[tuple[Millis, str]]:
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
                if wakes.get(entry[1]) == entry[0]:  # found, but nobody has acted on it
                    heapq.heappush(self._heap, entry)
            for entry in fresh:
                heapq.heappush(self._heap, entry)
        self._taken = []
        self._unsorted = {}


@dataclass(slots=True)
class _Partition:
    """What the store keeps of one partition."""

    meta: Meta = field(default_factory=lambda: Meta(epoch=0))
    profiles: dict[str, bytes] = field(default_factory=dict)
    wakes: _Wakes = field(default_factory=_Wakes)
    outbox: list[Outgoing] = field(default_factory=list)


class MemoryStore:
    """Profiles, wakes, outbox and meta in dictionaries; several owners may share one store."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def claim(self, partition: int) -> Meta:
        """Make the caller the owner under a new epoch; every older epoch is fenced."""
        kept = self._partitions.setdefault(partition, _Partition())
        was = kept.meta
        kept.meta = replace(was, epoch=was.epoch + 1)
        return kept.meta

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        """Return the encoded profiles of those customers that have one."""
        kept = self._partitions.get(partition)
        if kept is None:
            return {}
        profiles = kept.profiles
        return {customer: profiles[customer] for customer in customers if customer in profiles}

    def due(self, partition: int, until: Millis, limit: int) -> list[tuple[Millis, str]]:
        """Return up to `limit` wakes due at or before `until`, ordered by time, then customer."""
        kept = self._partitions.get(partition)
        return kept.wakes.due(until, limit) if kept is not None else []

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint whole; raises `Fenced` unless epoch and number are the next."""
        kept = self._partitions.get(checkpoint.partition)
        if kept is None or (kept.meta.epoch, kept.meta.number + 1) != (
            checkpoint.epoch,
            checkpoint.number,
        ):
            raise Fenced(
                f"partition {checkpoint.partition} has another owner now: "
                f"commit {checkpoint.number} of epoch {checkpoint.epoch} was not written"
            )
        kept.meta = Meta(
            checkpoint.epoch,
            checkpoint.number,
            checkpoint.offset,
            checkpoint.log_time,
            {**kept.meta.layouts, **checkpoint.layouts},
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
        if checkpoint.outgoing is not None:
            kept.outbox.append(checkpoint.outgoing)

    def outbox(self, partition: int) -> list[Outgoing]:
        """Return what was committed and not yet trimmed, by number."""
        kept = self._partitions.get(partition)
        return list(kept.outbox) if kept is not None else []


class MemorySink:
    """Changes and rejections in the order in which they were told."""

    def __init__(self) -> None:
        self.changes: list[SegmentChange] = []
        self.rejections: list[Rejection] = []
        self._marks: dict[int, int] = {}

    def mark(self, partition: int) -> int:
        """Return the number of the last outgoing published for the partition, 0 for none."""
        return self._marks.get(partition, 0)

    def publish(self, partition: int, outgoing: Outgoing) -> None:
        """Tell it and set the mark to its number; a no-op at or below the mark."""
        if outgoing.number <= self.mark(partition):
            return
        self.changes.extend(outgoing.changes)
        self.rejections.extend(outgoing.rejections)
        self._marks[partition] = outgoing.number
