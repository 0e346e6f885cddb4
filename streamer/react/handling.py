"""One change after the other through the reactions, and what waits when it is due.

Theory of operation.

1. A change that comes is *done* once every reaction has taken it over: its function has ended
   well, or the change waits in Redis, for its delay or to be tried again. Then the customer's mark
   and the partition's position move past it. What is done already is passed over.
2. Changes of a customer are numbered without gaps. Where one is missing, the partition is read
   again, and the missing ones come first.
3. A position that the transport's offsets have gone past is the same trouble: what lies between is
   read again before the first change of a partition, and once nothing came for a while.
4. What waits of a customer waits in the order of the changes, each reaction by itself. Other
   customers go on.
5. While Redis or Kafka are away a change is tried again until they are back; nothing is raised.
"""

import asyncio
import contextlib
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any, Final

from redis.exceptions import RedisError

from streamer.adapters.kafka.lookup import Lookup
from streamer.app.live import Journal
from streamer.codecs.changes import change_line
from streamer.errors import StreamerError
from streamer.react.change import Change, read_change
from streamer.react.counts import ReactionCounts
from streamer.react.memory import Entry, Mark, Memory
from streamer.react.reactions import Reaction, Reactions
from streamer.types import SECOND, Millis

_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 10.0
_BESIDE: Final = 16
"""So many lanes are worked on side by side."""
_BACK: Final = (1_000, 100_000)
"""So many offsets before a gap are looked through first, then all that the topic holds."""


class Handling:
    """The reactions of one service at work, in one event loop."""

    def __init__(
        self,
        reactions: Reactions,
        memory: Memory,
        lookup: Callable[[], Lookup],
        counts: ReactionCounts,
        journal: Journal,
    ) -> None:
        self._reactions = reactions
        self._by_name = {each.name: each for each in reactions.all}
        self._memory = memory
        self._lookup = lookup
        self._counts = counts
        self._journal = journal
        self._locks: dict[int, asyncio.Lock] = {}
        self.assigned: frozenset[int] = frozenset()
        self.positions: dict[int, int] = {}
        """The next offset of each partition that is caught up."""
        self._begun: set[int] = set()
        """The partitions of which a record has come since they were assigned."""
        self.turns = 0
        """Counts whatever was done, for the watchdog."""

    def assign(self, partitions: Iterable[int]) -> None:
        """Take note of the partitions that this process has."""
        self.assigned = frozenset(partitions)
        self.positions.clear()
        self._begun.clear()

    def revoke(self, partitions: Iterable[int]) -> None:
        """Let go of partitions; whoever has them next catches up by what Redis says."""
        self.assigned -= frozenset(partitions)
        for partition in partitions:
            self.positions.pop(partition, None)

    async def take(self, partition: int, offset: int, value: bytes) -> None:
        """Return once the change of a record is done, however long that takes."""
        await self._insist(self._take(partition, offset, value), partition, offset, value)

    async def catch_up(self, partition: int) -> None:
        """Do what lies between the position and what the group has committed."""
        try:
            async with self._lock(partition):
                await self._catch_up(partition, None)
        except (RedisError, StreamerError) as error:
            self._journal.say("unavailable", "warning", partition=partition, error=str(error))

    async def sweep(self, partition: int) -> None:
        """Do what the partition holds and the transport does not bring."""
        try:
            async with self._lock(partition):
                if partition in self.positions:
                    _, _, end = await asyncio.to_thread(self._offsets, partition)
                    await self._fill_up(partition, end)
        except (RedisError, StreamerError) as error:
            self._journal.say("unavailable", "warning", partition=partition, error=str(error))

    async def run_due(self, partitions: Iterable[int]) -> None:
        """Work on what is due in these partitions, each lane once."""
        room = asyncio.Semaphore(_BESIDE)

        async def work(partition: int, name: str, customer: str) -> None:
            async with room:
                await self._work(partition, name, customer)

        try:
            lanes = [
                (partition, *lane)
                for partition in partitions
                for lane in await self._memory.due(partition, _now())
            ]
            await asyncio.gather(*(work(*lane) for lane in lanes))
        except (RedisError, StreamerError) as error:
            self._journal.say("unavailable", "warning", error=str(error))

    async def _insist(self, first: Any, partition: int, offset: int, value: bytes) -> None:  # noqa: ANN401 (a coroutine)
        pause, attempt = _PAUSE_S, first
        while True:
            try:
                await attempt
            except (RedisError, StreamerError) as error:
                self._journal.say("unavailable", "warning", partition=partition, error=str(error))
            except Exception as error:  # noqa: BLE001 (nothing raises out of the agent)
                self._journal.say("failed", "error", partition=partition, error=repr(error))
            else:
                self.turns += 1
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            attempt = self._take(partition, offset, value)

    def _lock(self, partition: int) -> asyncio.Lock:
        return self._locks.setdefault(partition, asyncio.Lock())

    async def _take(self, partition: int, offset: int, value: bytes) -> None:
        async with self._lock(partition):
            if partition not in self.positions:
                await self._catch_up(partition, offset)
            if partition not in self._begun:
                await self._fill_up(partition, offset)
                self._begun.add(partition)
            await self._read(partition, offset, value)
            self._move(partition, offset + 1)

    async def _catch_up(self, partition: int, until: int | None) -> None:
        """Do what nobody has done before `until`, or before what the group has committed."""
        if partition in self.positions:
            return
        position = (await self._memory.positions()).get(partition)
        committed, begin, end = await asyncio.to_thread(self._offsets, partition)
        if position is None:
            new = end if self._reactions.begin == "now" else begin
            position = new if committed is None else committed
            await self._memory.begin_at(partition, position)
        self.positions[partition] = max(position, begin)
        await self._fill_up(partition, until if until is not None else committed or 0)

    async def _fill_up(self, partition: int, end: int) -> None:
        """Do what lies between the position and `end`, which nobody has brought."""
        found = 0
        async for offset, value in self._records(partition, self.positions[partition], end):
            await self._read(partition, offset, value)
            self._move(partition, offset + 1)
            found += 1
        if found:
            self._counts.recovered.inc(found)
            self._journal.say("read again", "warning", partition=partition, records=found)

    def _move(self, partition: int, position: int) -> None:
        """Move a position on, unless the partition was revoked meanwhile."""
        if partition in self.positions:
            self.positions[partition] = max(self.positions[partition], position)

    def _offsets(self, partition: int) -> tuple[int | None, int, int]:
        """Return what the group has committed, and what the partition holds; blocks."""
        with closing(self._lookup()) as lookup:
            return lookup.committed(partition), *lookup.held(partition)

    async def _records(self, partition: int, start: int, end: int) -> Any:  # noqa: ANN401 (an async generator)
        """Yield offset and value of each record from `start` to before `end`."""
        if start >= end:
            return
        with closing(self._lookup()) as lookup:
            batches = lookup.records(partition, start, end)
            while (records := await asyncio.to_thread(next, batches, None)) is not None:
                for record in records:
                    yield record.offset, record.value

    async def _read(self, partition: int, offset: int, value: bytes) -> None:
        """Do the change of a record, and those before it that are missing."""
        try:
            change = read_change(value)
        except StreamerError as error:
            self._journal.say(
                "not a change", "error", partition=partition, offset=offset, error=str(error)
            )
            await self._memory.begin_at(partition, offset + 1)
            return
        seen, _ = await self._memory.known(change.customer_id, [])
        mark = Mark.of(change)
        if seen is not None and seen.covers(mark):
            self._counts.changes.labels("repeated").inc()
            return
        if seen is not None and seen.born == mark.born and mark.sequence > seen.sequence + 1:
            await self._fill(partition, offset, change, seen)
        await self._apply(partition, offset, change, value)

    async def _fill(self, partition: int, offset: int, change: Change, seen: Mark) -> None:
        """Read the changes again that are missing before this one, and do them."""
        missing = range(seen.sequence + 1, change.sequence)
        found: dict[int, bytes] = {}
        self._counts.skipped.inc(len(missing))
        for back in (*_BACK, offset):
            async for _, value in self._records(partition, max(0, offset - back), offset):
                with contextlib.suppress(StreamerError):
                    other = read_change(value)
                    if other.customer_id == change.customer_id and other.sequence in missing:
                        found[other.sequence] = value
            if len(found) == len(missing):
                break
        self._journal.say(
            "changes were skipped",
            "warning",
            partition=partition,
            offset=offset,
            missing=len(missing),
            found=len(found),
        )
        self._counts.recovered.inc(len(found))
        for _, value in sorted(found.items()):
            await self._apply(partition, None, read_change(value), value)

    async def _apply(
        self, partition: int, offset: int | None, change: Change, value: bytes
    ) -> None:
        """Have every reaction take the change over, then remember that it is done."""
        concerned = [
            each for each in self._reactions.all if each.matches(change) or each.undone_by(change)
        ]
        if concerned:
            _, known = await self._memory.known(
                change.customer_id, [each.name for each in concerned]
            )
            for reaction in concerned:
                standing = known[reaction.name]
                if reaction.undone_by(change):
                    if standing.waiting:
                        undone = await self._memory.undo(
                            partition, reaction.name, change.customer_id
                        )
                        self._counts.changes.labels("undone").inc(undone)
                elif standing.done is None or not standing.done.covers(Mark.of(change)):
                    await self._react(partition, reaction, change, value, waits=standing.waiting)
        await self._memory.saw(change, partition, offset)

    async def _react(
        self, partition: int, reaction: Reaction, change: Change, value: bytes, *, waits: bool
    ) -> None:
        """Call the function, or have the change wait."""
        due = round(change.at.timestamp() * SECOND) + reaction.after
        tries = 0
        if not waits and due <= _now():
            writing = await self._called(reaction, change)
            if writing is not None:
                self._memory.take_over(writing, reaction.name, change)
                await writing.execute()
                self._counts.changes.labels("handled").inc()
                return
            tries, due = 1, _now() + (self._reactions.pause(1) or 0)
        writing = self._memory.transaction()
        entry = Entry(change_line(value), tries, due)
        self._memory.append(writing, partition, reaction.name, change.customer_id, entry)
        self._memory.take_over(writing, reaction.name, change)
        await writing.execute()

    async def _called(self, reaction: Reaction, change: Change) -> Any:  # noqa: ANN401 (a pipeline, or None)
        """Call the function; return the transaction that it shares, None where it failed."""
        writing = self._memory.transaction()
        arguments = (change, writing) if reaction.shares else (change,)
        began = time.monotonic()
        try:
            await asyncio.wait_for(reaction.handler(*arguments), self._reactions.timeout / SECOND)
        except Exception as error:  # noqa: BLE001 (whatever the function raises)
            self._counts.changes.labels("failed").inc()
            place = traceback.extract_tb(error.__traceback__)[-1]
            self._journal.say(
                "reaction failed",
                "warning",
                reaction=reaction.name,
                change_id=change.change_id,
                error=repr(error),
                at=f"{place.name}:{place.lineno}",
            )
            return None
        finally:
            self.turns += 1
            self._counts.seconds.labels(reaction.name).observe(time.monotonic() - began)
        return writing

    async def _work(self, partition: int, name: str, customer: str) -> None:
        """Try the first that waits in a lane."""
        entry = await self._memory.first(name, customer)
        reaction = self._by_name.get(name)
        if entry is None or reaction is None:  # undone meanwhile; or of a function that is gone
            return
        change = read_change(entry.line)
        writing = await self._called(reaction, change)
        if writing is not None:
            self._memory.finish(writing, partition, name, customer, entry)
            await writing.execute()
            self._counts.changes.labels("handled").inc()
            return
        tries = entry.tries + 1
        pause = self._reactions.pause(tries)
        if pause is not None:
            later = Entry(entry.line, tries, _now() + pause)
            await self._memory.postpone(partition, name, customer, entry, later)
            return
        writing = self._memory.transaction()
        letter: dict[str, object] = {
            "partition": partition,
            "tries": tries,
            "given_up": _now(),
            "change": entry.line.decode(),
        }
        self._memory.bury(writing, name, change, letter)
        self._memory.finish(writing, partition, name, customer, entry)
        await writing.execute()
        self._counts.changes.labels("dead").inc()
        self._journal.say(
            "change given up", "error", reaction=name, change_id=change.change_id, tries=tries
        )


def _now() -> Millis:
    return time.time_ns() // 1_000_000
