"""Every record of the partitions once: those the transport brings, and those it goes past.

Theory of operation.

1. A partition's *position* is the next offset: every committed record before it is done. It is
   kept in Redis, in one write with what is done. So it depends neither on the offsets that the
   transport commits, nor on where the transport goes on after a rebalance.
2. A record that comes moves the position past it. Where it is not the next one, what lies between
   is looked up and done first. Nothing may be there: transactions leave offsets behind.
3. Where the transport brings nothing of a partition for a while, what it holds is looked up, too.
   After a few times of that, with records found each time, the transport counts as stuck.
4. Who is given a partition takes it over in Redis. What its former owner has not written by then
   it cannot write any more.
5. While Redis or Kafka are away a record is tried again until they are back. Nothing is raised.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Literal

from streamer.adapters.kafka.lookup import Page
from streamer.app.live import Journal
from streamer.errors import Unavailable
from streamer.react.counts import ReactionCounts
from streamer.react.looking import Looking
from streamer.react.memory import Memory
from streamer.react.trouble import Trouble

_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 10.0
_QUIET_S: Final = 10.0
"""When nothing came of a partition for so long, it is looked at for what should have."""
_MOST_MISSES: Final = 3
"""After so many looks in a row that found records, with none brought meanwhile, it is stuck."""

Do = Callable[[int, int, bytes], Awaitable[None]]
"""Does the record at a partition and an offset."""


class Reading:
    """The partitions of one process; a new group begins with what comes `now`, or earlier."""

    def __init__(
        self,
        memory: Memory,
        looking: Looking,
        begin: Literal["now", "earliest"],
        do: Do,
        counts: ReactionCounts,
        journal: Journal,
        trouble: Trouble,
    ) -> None:
        self._memory = memory
        self._looking = looking
        self._begin = begin
        self._do = do
        self._counts = counts
        self._journal = journal
        self._trouble = trouble
        self._locks: dict[int, asyncio.Lock] = {}
        self._pages: dict[int, Page] = {}
        self._moved: dict[int, float] = {}
        self._misses: dict[int, int] = {}
        self.assigned: frozenset[int] = frozenset()
        self.positions: dict[int, int] = {}
        """The next offset of each partition that is open."""

    @property
    def is_stuck(self) -> bool:
        """Whether the transport brings nothing although there is something."""
        return any(misses >= _MOST_MISSES for misses in list(self._misses.values()))

    def assign(self, partitions: Iterable[int]) -> None:
        """Take note of the partitions that this process has; `open` begins them."""
        self.assigned = frozenset(partitions)
        self.positions.clear()
        self._pages.clear()
        self._misses.clear()

    async def revoke(self, partitions: Iterable[int]) -> None:
        """Let go of partitions; return once nothing is done of them any more."""
        self.assigned -= frozenset(partitions)
        for partition in partitions:
            self.positions.pop(partition, None)
            self._pages.pop(partition, None)
        for partition in partitions:
            async with self._lock(partition):
                pass

    async def take(self, partition: int, offset: int, value: bytes) -> None:
        """Return once a record that came is done, and all before it, however long that takes."""
        self._misses.clear()
        pause = _PAUSE_S
        while partition in self.assigned and self._trouble.fatal is None:
            try:
                async with self._lock(partition):
                    await self._take(partition, offset, value)
            except Exception as error:  # noqa: BLE001 (nothing raises out of the agent)
                self._trouble.met(error, partition)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                return

    async def open(self, partition: int) -> None:
        """Begin a partition; what the group's offsets have gone past is done."""
        async with self._lock(partition):
            await self._open(partition)

    async def look(self, partition: int) -> None:
        """Do what a partition holds, if nothing of it came for a while."""
        if time.monotonic() - self._moved.get(partition, 0.0) < _QUIET_S:
            return
        async with self._lock(partition):
            if partition not in self.positions:
                return
            _, end = await self._looking.held(partition)
            if await self._catch_up(partition, end):
                self._misses[partition] = self._misses.get(partition, 0) + 1
            self._moved[partition] = time.monotonic()

    async def lag(self) -> int:
        """Return how many offsets of the open partitions are to be read."""
        ends = {each: (await self._looking.held(each))[1] for each in list(self.positions)}
        return sum(max(0, end - self.positions.get(each, end)) for each, end in ends.items())

    def _lock(self, partition: int) -> asyncio.Lock:
        return self._locks.setdefault(partition, asyncio.Lock())

    async def _take(self, partition: int, offset: int, value: bytes) -> None:
        await self._open(partition)
        await self._catch_up(partition, offset)
        position = self.positions.get(partition, offset + 1)
        if position < offset:
            raise Unavailable(f"Kafka holds back what is before offset {offset} of {partition}")
        if position == offset:
            await self._do(partition, offset, value)
            self._move(partition, offset + 1)

    async def _open(self, partition: int) -> None:
        if partition in self.positions or partition not in self.assigned:
            return
        await self._memory.own(partition)
        position = await self._memory.position(partition)
        committed = await self._looking.committed(partition)
        begin, end = await self._looking.held(partition)
        if position is None:
            new = end if self._begin == "now" else begin
            position = new if committed is None else committed
            await self._memory.move(partition, position)
        if partition not in self.assigned:
            return
        self.positions[partition] = begin if position > end else max(position, begin)
        self._moved[partition] = time.monotonic()
        await self._catch_up(partition, min(committed or 0, end))

    async def _catch_up(self, partition: int, end: int) -> int:
        """Do what lies between the position and `end`; return how many records that were."""
        found = 0
        while self.positions.get(partition, end) < end:
            page = await self._page(partition)
            for record in page.records:
                if self.positions.get(partition, end) <= record.offset < end:
                    await self._do(partition, record.offset, record.value)
                    self._move(partition, record.offset + 1)
                    found += 1
            if page.end == page.start:
                break
            self._move(partition, min(page.end, end))
        if found:
            self._counts.recovered.inc(found)
            self._journal.say("read again", "warning", partition=partition, records=found)
        return found

    async def _page(self, partition: int) -> Page:
        """Return a page that has the position; one serves for many gaps."""
        page, position = self._pages.get(partition), self.positions[partition]
        if page is None or not page.start <= position < page.end:
            page = self._pages[partition] = await self._looking.page(partition, position)
        return page

    def _move(self, partition: int, position: int) -> None:
        """Move a position on, unless the partition was revoked meanwhile."""
        if partition in self.positions:
            self._moved[partition] = time.monotonic()
            self.positions[partition] = max(self.positions[partition], position)
