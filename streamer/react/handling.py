"""One change after the other through the reactions, and what waits when it is due.

Theory of operation.

1. A change is *done* once every reaction has taken it over: its function has ended well, or the
   change waits in Redis, for its delay or to be tried again. Then the customer's mark and the
   partition's position move past it. What is done already is passed over.
2. Changes of a customer are numbered without gaps. Where one is missing, the topic is read again,
   and the missing ones come first.
   After the exits of an erasure nothing is remembered of the customer, so these may come twice.
3. What waits of a customer waits in the order of the changes, each reaction by itself. Other
   customers go on.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, Final

from streamer.adapters.clock import wall_time
from streamer.app.live import Journal
from streamer.codecs.changes import change_line
from streamer.errors import StreamerError
from streamer.react.change import ERASURE, Change, read_change
from streamer.react.counts import ReactionCounts
from streamer.react.memory import Entry, Mark, Memory
from streamer.react.reactions import Reaction, Reactions
from streamer.react.trouble import Trouble
from streamer.types import MINUTE, SECOND
from streamer.worker.bugs import raised_at

_BESIDE: Final = 16
"""So many lanes are worked on side by side."""
_BACK: Final = (1_000, 100_000)
"""So many offsets before a gap are looked through first, then all that the topic holds."""
_GONE: Final = 10 * MINUTE
"""What waits for a function that is gone is looked at again after so long."""

Records = Callable[[int, int, int], Awaitable[list[bytes]]]
"""Returns what a partition's records hold, from an offset to before another one."""


class _Failed(Exception):
    """A function has not ended well."""


class Handling:
    """The reactions of one service at work, in one event loop."""

    def __init__(
        self,
        reactions: Reactions,
        memory: Memory,
        records: Records,
        counts: ReactionCounts,
        journal: Journal,
        trouble: Trouble,
    ) -> None:
        self._reactions = reactions
        self._by_name = {each.name: each for each in reactions.all}
        self._memory = memory
        self._records = records
        self._counts = counts
        self._journal = journal
        self._trouble = trouble
        self._lanes: dict[tuple[int, str, str], asyncio.Task[None]] = {}
        self.turns = 0
        """Counts whatever was done, for the watchdog."""

    async def do(self, partition: int, offset: int, value: bytes) -> None:
        """Do the change of a record, and those before it that are missing."""
        try:
            change = read_change(value)
        except StreamerError as error:
            self._journal.say(
                "not a change", "error", partition=partition, offset=offset, error=str(error)
            )
            await self._memory.move(partition, offset + 1)
        else:
            await self._do(partition, offset, change, value)
        self.turns += 1

    async def start_due(self, partition: int) -> None:
        """Begin to work on what is due in a partition, one change of each lane."""
        for lane in await self._memory.due(partition, wall_time()):
            key = (partition, *lane)
            if key not in self._lanes and len(self._lanes) < _BESIDE:
                self._lanes[key] = asyncio.create_task(self._work(*key))
                self._lanes[key].add_done_callback(partial(self._ended, key))

    async def finish(self, partitions: Collection[int]) -> None:
        """Return once no function runs for what was due in these partitions."""
        running = [task for (partition, *_), task in self._lanes.items() if partition in partitions]
        await asyncio.gather(*running, return_exceptions=True)

    async def close(self) -> None:
        """Cancel what runs for what was due; it stays due."""
        running = list(self._lanes.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, key: tuple[int, str, str], task: asyncio.Task[None]) -> None:
        del self._lanes[key]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._trouble.met(error, key[0])

    async def _do(self, partition: int, offset: int, change: Change, value: bytes) -> None:
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
            for value in await self._records(partition, max(0, offset - back), offset):
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
        if change.cause.kind == ERASURE:
            names = [each.name for each in self._reactions.all]
            await self._memory.forget(partition, change.customer_id, names)
            if offset is not None:
                await self._memory.move(partition, offset + 1)
        else:
            await self._memory.saw(change, partition, offset)

    async def _react(
        self, partition: int, reaction: Reaction, change: Change, value: bytes, *, waits: bool
    ) -> None:
        """Call the function, or have the change wait."""
        take_over = partial(self._memory.take_over, reaction.name, change)
        due = round(change.at.timestamp() * SECOND) + reaction.after
        tries = 0
        if not waits and due <= wall_time():
            if await self._called(partition, reaction, change, take_over):
                return
            tries, due = 1, wall_time() + (self._reactions.pause(1) or 0)
        entry = Entry(change_line(value), tries, due)
        async with self._memory.transaction(partition) as writing:
            self._memory.append(writing, partition, reaction.name, change.customer_id, entry)
            take_over(writing)

    async def _called(
        self,
        partition: int,
        reaction: Reaction,
        change: Change,
        remember: Callable[[Any], None],
    ) -> bool:
        """Call the function and remember it, in one transaction; return whether it ended well."""
        try:
            async with self._memory.transaction(partition) as writing:
                await self._call(reaction, change, writing)
                remember(writing)
        except _Failed:
            return False
        self._counts.changes.labels("handled").inc()
        return True

    async def _call(self, reaction: Reaction, change: Change, writing: Any) -> None:  # noqa: ANN401 (a pipeline)
        """Call the function; raises `_Failed` for whatever it raises."""
        arguments = (change, writing) if reaction.shares else (change,)
        began = time.monotonic()
        try:
            error: BaseException | None = await asyncio.wait_for(
                _raised(reaction, arguments), self._reactions.timeout / SECOND
            )
        except (TimeoutError, asyncio.CancelledError) as ended:
            if isinstance(ended, asyncio.CancelledError) and _is_being_cancelled():
                raise
            error = ended
        finally:
            self.turns += 1
            self._counts.seconds.labels(reaction.name).observe(time.monotonic() - began)
        if error is not None:
            self._counts.changes.labels("failed").inc()
            self._journal.say(
                "reaction failed",
                "warning",
                reaction=reaction.name,
                change_id=change.change_id,
                error=_without(change.customer_id, repr(error)),
                at=raised_at(error),
            )
            raise _Failed

    async def _work(self, partition: int, name: str, customer: str) -> None:
        """Try the first that waits in a lane."""
        reaction = self._by_name.get(name)
        if reaction is None:
            await self._memory.pass_over(partition, name, customer, wall_time() + _GONE)
            return
        entry = await self._memory.first(name, customer)
        if entry is None:  # undone meanwhile
            return
        finish = partial(self._memory.finish, partition, name, customer, entry)
        change = read_change(entry.line)
        if await self._called(partition, reaction, change, finish):
            return
        tries = entry.tries + 1
        pause = self._reactions.pause(tries)
        if pause is not None:
            later = Entry(entry.line, tries, wall_time() + pause)
            await self._memory.postpone(partition, name, customer, entry, later)
            return
        letter: dict[str, object] = {
            "partition": partition,
            "tries": tries,
            "given_up": wall_time(),
            "change": entry.line.decode(),
        }
        async with self._memory.transaction(partition) as writing:
            self._memory.bury(writing, name, change, letter)
            finish(writing)
        self._counts.changes.labels("dead").inc()
        self._journal.say(
            "change given up", "error", reaction=name, change_id=change.change_id, tries=tries
        )


def _is_being_cancelled() -> bool:
    """Say whether a cancellation is this task's own, not one that a function has run into."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _raised(reaction: Reaction, arguments: tuple[Any, ...]) -> BaseException | None:
    """Call the function; return what it raised.

    Also what would end the process, such as `sys.exit()`: the same change would end the next one.
    """
    try:
        await reaction.handler(*arguments)
    except (asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 (whatever the function raises)
        return error
    return None


def _without(customer: str, text: str) -> str:
    """Return a text for the journal, which names no customer."""
    for written in (repr(customer)[1:-1], customer):
        text = text.replace(written, "…")
    return text
