"""The changes that an endpoint has in hand: those of a customer in order, others beside them.

Theory of operation.

1. Each customer has a *lane*. Only its first change is sent; the next one goes once that is
   settled: delivered, superseded or given up.
2. A change is *open* from when it is read until it is settled or kept. What is committed for a
   partition is the offset of its first open change, so nothing is committed that is not safe.
3. A change that failed is *kept*: written, with its tries, into a compacted topic. So are all
   behind it in its lane, since offsets go on past them. What is to be written stands in
   `unwritten`; once the topic has it, `written` closes it. A kept change that is settled is taken
   out of the topic.
4. After a restart the kept changes of a partition come back in the order of their offsets: those
   before the committed offset at once, the others when reading gets there. So what is sent once
   more is in order as well.
5. A change that waits and that a later one of the customer has undone is *overtaken*. The later
   one counts also where the endpoint does not want it.

Nothing here waits, and time is an argument.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

import orjson

from streamer.codecs.changes import change_line, decode_change
from streamer.types import MINUTE, Millis, SegmentChange

LATE: Final = MINUTE
"""What has waited for so long is looked at again before it is sent."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A change in hand; `line` is its own JSON, `since` when it was first read."""

    partition: int
    offset: int
    change: SegmentChange
    line: bytes
    traceparent: str | None
    since: Millis
    tries: int = 0
    due: Millis = 0
    overtaken: bool = False
    kept: bool = False

    def encode(self) -> bytes:
        """Return the change as the topic of waiting changes holds it."""
        return orjson.dumps(
            {
                "since": self.since,
                "tries": self.tries,
                "due": self.due,
                "overtaken": self.overtaken,
                "traceparent": self.traceparent,
                "change": orjson.Fragment(self.line),
            }
        )

    @classmethod
    def decode(cls, partition: int, offset: int, value: bytes) -> "Waiting":
        """Return what `encode` wrote."""
        fields = orjson.loads(value)
        line = orjson.dumps(fields["change"])
        return cls(
            partition,
            offset,
            decode_change(line),
            change_line(line),
            fields["traceparent"],
            fields["since"],
            fields["tries"],
            fields["due"],
            fields["overtaken"],
            kept=True,
        )


@dataclass(slots=True)
class _Partition:
    """One partition: the next offset to read, what is open, kept and unwritten.

    `ahead` are kept changes that reading has not come to again.
    """

    position: int
    open: dict[int, None] = field(default_factory=dict)
    kept: dict[int, Waiting] = field(default_factory=dict)
    ahead: dict[int, Waiting] = field(default_factory=dict)
    unwritten: dict[int, Waiting | None] = field(default_factory=dict)


class Lanes:
    """The lanes of one endpoint."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}
        self._lanes: dict[str, deque[Waiting]] = {}
        self._due: list[tuple[Millis, int, int, Waiting]] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many changes are in hand."""
        return self._count

    @property
    def kept(self) -> int:
        """How many of them are kept, or about to be."""
        return sum(len(partition.kept) for partition in self._partitions.values())

    @property
    def partitions(self) -> Mapping[int, int]:
        """The partitions that are read, each with the next offset."""
        return {number: it.position for number, it in self._partitions.items()}

    def open(self, partition: int, position: int, kept: Iterable[Waiting]) -> None:
        """Begin a partition at an offset, with what was kept of it."""
        found = self._partitions[partition] = _Partition(position)
        for waiting in sorted(kept, key=lambda each: each.offset):
            if waiting.offset < position:
                found.kept[waiting.offset] = waiting
                self._enter(waiting)
            else:
                found.ahead[waiting.offset] = waiting

    def drop(self, partition: int) -> None:
        """Let go of a partition and of all that is in hand of it."""
        if self._partitions.pop(partition, None) is None:
            return
        for customer, lane in list(self._lanes.items()):
            left = deque(each for each in lane if each.partition != partition)
            self._count -= len(lane) - len(left)
            if left:
                self._lanes[customer] = left
            else:
                del self._lanes[customer]
        self._due = sorted(each for each in self._due if each[3].partition != partition)

    def take(self, waiting: Waiting, *, wanted: bool) -> None:
        """Take a change that was read, in the order of offsets."""
        partition = self._partitions[waiting.partition]
        partition.position = waiting.offset + 1
        before = partition.ahead.pop(waiting.offset, None)
        lane = self._lanes.get(waiting.change.customer)
        if lane is not None:
            self._overtake(lane, waiting.change)
        if before is not None:
            partition.kept[before.offset] = before
            self._enter(before)
        elif wanted:
            partition.open[waiting.offset] = None
            if lane is not None and lane[0].kept:
                self._keep(waiting)
            self._enter(waiting)

    def skip(self, partition: int, offset: int) -> None:
        """Pass over a record that is no change."""
        self._partitions[partition].position = offset + 1

    def next_due(self, now: Millis) -> Waiting | None:
        """Return a change that is to be sent now, and take it for sent until it is settled."""
        if not self._due or self._due[0][0] > now:
            return None
        return heappop(self._due)[3]

    def earliest(self) -> Millis | None:
        """Return when the next change is due, None without one."""
        return self._due[0][0] if self._due else None

    def settled(self, waiting: Waiting) -> None:
        """Forget a change: it is delivered, superseded or given up."""
        partition = self._partitions.get(waiting.partition)
        if partition is None or not self._is_first(waiting):
            return
        partition.open.pop(waiting.offset, None)
        if waiting.kept:
            del partition.kept[waiting.offset]
            partition.unwritten[waiting.offset] = None
        lane = self._lanes[waiting.change.customer]
        lane.popleft()
        self._count -= 1
        if lane:
            self._schedule(lane[0])
        else:
            del self._lanes[waiting.change.customer]

    def postponed(self, waiting: Waiting, due: Millis) -> None:
        """Keep a change that failed, and all behind it, until it is due."""
        if waiting.partition not in self._partitions or not self._is_first(waiting):
            return
        waiting.due = due
        for each in self._lanes[waiting.change.customer]:
            if each is waiting or not each.kept:
                self._keep(each)
        self._schedule(waiting)

    def returned(self, waiting: Waiting) -> None:
        """Take back what was not sent after all: it is due as it was."""
        if waiting.partition in self._partitions and self._is_first(waiting):
            self._schedule(waiting)

    def unwritten(self) -> dict[int, dict[int, Waiting | None]]:
        """Return the entries that the topic of waiting changes lacks; None takes one out."""
        found = {}
        for number, partition in self._partitions.items():
            if partition.unwritten:
                found[number] = partition.unwritten
                partition.unwritten = {}
        return found

    def written(self, taken: Mapping[int, Mapping[int, Waiting | None]]) -> None:
        """Take note that the topic has what `unwritten` returned."""
        for number, changes in taken.items():
            partition = self._partitions.get(number)
            if partition is not None:
                for offset in changes:
                    partition.open.pop(offset, None)

    def not_written(self, taken: Mapping[int, Mapping[int, Waiting | None]]) -> None:
        """Take back what the topic did not take."""
        for number, changes in taken.items():
            partition = self._partitions.get(number)
            if partition is not None:
                partition.unwritten = {**changes, **partition.unwritten}

    def safe(self) -> dict[int, int]:
        """Return for each partition the offset that may be committed."""
        return {
            number: next(iter(partition.open), partition.position)
            for number, partition in self._partitions.items()
        }

    def __iter__(self) -> Iterator[Waiting]:
        """Yield the first change of each lane."""
        return (lane[0] for lane in self._lanes.values())

    def _enter(self, waiting: Waiting) -> None:
        lane = self._lanes.setdefault(waiting.change.customer, deque())
        lane.append(waiting)
        self._count += 1
        if len(lane) == 1:
            self._schedule(waiting)

    def _is_first(self, waiting: Waiting) -> bool:
        lane = self._lanes.get(waiting.change.customer)
        return lane is not None and lane[0] is waiting

    def _schedule(self, waiting: Waiting) -> None:
        heappush(self._due, (waiting.due, waiting.partition, waiting.offset, waiting))

    def _keep(self, waiting: Waiting) -> None:
        partition = self._partitions[waiting.partition]
        waiting.kept = True
        partition.kept[waiting.offset] = waiting
        partition.unwritten[waiting.offset] = waiting

    def _overtake(self, lane: deque[Waiting], later: SegmentChange) -> None:
        for each in lane:
            if each.change.segment == later.segment and not each.overtaken:
                each.overtaken = each.change.direction != later.direction
                if each.overtaken and each.kept:
                    self._keep(each)
