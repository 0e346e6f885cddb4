"""What the topic of changes holds and what the group has committed, asked from an event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from streamer.adapters.kafka.lookup import Lookup, Page

Where = TypeVarTuple("Where")
R = TypeVar("R")


class Looking:
    """Asks a `Lookup` in threads, one question at a time; raises `Unavailable`."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._asking = asyncio.Lock()

    async def committed(self, partition: int) -> int | None:
        """Return what the group has committed, None for nothing."""
        return await self._asked(self._lookup.committed, partition)

    async def held(self, partition: int) -> tuple[int, int]:
        """Return the first offset that the partition holds, and the one after its last."""
        return await self._asked(self._lookup.held, partition)

    async def page(self, partition: int, start: int) -> Page:
        """Return the committed records from an offset on, a thousand at most."""
        return await self._asked(self._lookup.page, partition, start)

    async def values(self, partition: int, start: int, end: int) -> list[bytes]:
        """Return what the records hold from `start` to before `end`."""
        found: list[bytes] = []
        while start < end:
            page = await self.page(partition, start)
            found += [each.value for each in page.records if each.offset < end]
            if page.end <= start:
                break
            start = page.end
        return found

    async def _asked(self, question: Callable[[*Where], R], *where: *Where) -> R:
        async with self._asking:
            return await asyncio.to_thread(question, *where)
