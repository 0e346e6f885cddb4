"""Makes answers, in the event loop's thread or in another, each with a reader of its thread's own.

Small answers are made at once; those that read many rows are made beside, so that none of them
delays the stream.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from streamer.adapters.clock import wall_time
from streamer.adapters.view.reading import ViewReader
from streamer.adapters.view.tables import open_view
from streamer.serve.answers.context import Context, Json, Stores
from streamer.serve.follower import Follower
from streamer.serve.rulebook import Rulebook

Result = TypeVar("Result")

_THREADS: Final = 2


class Answering:
    """Answers from one view, for as long as it is not closed."""

    def __init__(self, view: Path, follower: Follower, rulebook: Rulebook, stores: Stores) -> None:
        self._view = view
        self._follower = follower
        self._rulebook = rulebook
        self._stores = stores
        self._readers = threading.local()
        self._pool = ThreadPoolExecutor(_THREADS, "answers")

    async def made(self, make: Callable[[Context], Json], *, heavy: bool) -> Json:
        """Make an answer; a heavy one in another thread."""

        def answered() -> Json:
            status, now = self._follower.status, wall_time()
            book = self._rulebook
            context = Context(self.reader(), book, book.catalogue, status, self._stores, now)
            return make(context)

        return await self.beside(answered) if heavy else answered()

    async def beside(self, work: Callable[[], Result]) -> Result:
        """Do something in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def reader(self) -> ViewReader:
        """Return the reader of this thread."""
        reader = getattr(self._readers, "reader", None)
        if reader is None:
            reader = self._readers.reader = ViewReader(open_view(self._view))
        return reader

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
