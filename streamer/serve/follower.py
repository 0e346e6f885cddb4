"""A thread that lets the view follow what workers publish, for as long as the process runs.

While the source cannot be reached it tries again for ever, and answers go on from what was read.
Until the source has been read up to where it ended when it was opened, the view is *rebuilding*:
what it holds could be a customer's past, so nothing is answered from it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from streamer.adapters.clock import wall_time
from streamer.adapters.held import HeldFile
from streamer.adapters.view.batches import Positions, Progress, ViewBatch, ViewSource
from streamer.adapters.view.reading import Reached, ViewReader
from streamer.adapters.view.tables import open_view
from streamer.adapters.view.writing import KEPT_CHANGES, Fresh, ViewWriter
from streamer.app.live import Journal
from streamer.errors import StreamerError, Unavailable, UsageError
from streamer.types import Millis

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_FORGETS_EVERY_S: Final = 600.0
_NOTES_EVERY_S: Final = 60.0
"""So often the file says that it was heard of, also where there is nothing to read."""


_NOTHING: Final = Progress(0, 0, caught_up=False)


@dataclass(slots=True)
class ViewStatus:
    """Where the view stands. Replaced as a whole, so a reader in another thread sees one instant.

    `reached` holds for each partition how far it is read. `failure` is why nothing can be read at
    present, None while it can.
    """

    ready: bool = False
    progress: Progress = _NOTHING
    reached: dict[int, Reached] = field(default_factory=dict)
    failure: str | None = "nothing is read yet"
    unreadable: int = 0

    @property
    def event_time(self) -> Millis | None:
        """The largest event time of all partitions, None before the first change."""
        return max((one.at for one in self.reached.values()), default=None)


class Follower:
    """Follows until closed. `open_source` is given the view's positions and when it last heard.

    It returns the source, and whether the view must begin from nothing because the topics are
    others now. In this thread `became_ready` is called with how far each partition is read and the
    position of the last change, then `heard` with the new changes of each batch.
    """

    def __init__(
        self,
        path: Path,
        open_source: Callable[[Positions, Millis | None], tuple[ViewSource, bool]],
        journal: Journal,
        kept: int = KEPT_CHANGES,
    ) -> None:
        self._path = path
        self._open_source = open_source
        self._journal = journal
        self._kept = kept
        self._stopping = threading.Event()
        self._held: HeldFile | None = None
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self.status = ViewStatus()
        self.became_ready: Callable[[list[Reached], int], object] = lambda *_: None
        self.heard: Callable[[Sequence[Fresh]], object] = lambda _: None

    def start(self) -> None:
        """Make the file where it is missing, and begin.

        Raises `AdapterError` for a wrong file, `UsageError` for one that another server writes.
        """
        held = HeldFile(self._path)
        if not held.is_held:
            held.close()
            raise UsageError(
                f"{self._path} is the view of another `streamer serve`, which is running: each "
                "needs a file of its own, name one with --view"
            )
        self._held = held
        open_view(self._path).close()
        self._thread.start()

    def close(self) -> None:
        """End the thread; what it has written stays whole."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(60)
        if self._held is not None:
            self._held.close()

    def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                self._follow()
            except StreamerError as error:
                before = self.status.failure
                self._note(failure=str(error))
                if before != str(error):
                    level = "warning" if isinstance(error, Unavailable) else "error"
                    self._journal.say("not following", level, error=str(error))
            self._stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _follow(self) -> None:
        """Read until something fails, or the end."""
        with open_view(self._path) as database:
            writer = ViewWriter(database, self._kept)
            source, from_nothing = self._open_source(writer.positions(), writer.heard())
            try:
                if from_nothing:
                    self._journal.say("rebuilding", "warning", file=str(self._path))
                    writer.clear()
                    self._note(ready=False)
                reader = ViewReader(database)
                reached = {one.partition: one for one in reader.reached()}
                self._note(reached=reached, failure=None, progress=source.progress())
                self._read(source, writer, reader)
            finally:
                source.close()

    def _read(self, source: ViewSource, writer: ViewWriter, reader: ViewReader) -> None:
        forgets_at = notes_at = 0.0
        settled = 0
        while not self._stopping.is_set():
            batch = source.poll()
            fresh: Sequence[Fresh] = ()
            if batch.positions or time.monotonic() >= notes_at:
                fresh = writer.apply(batch, wall_time())
                notes_at = time.monotonic() + _NOTES_EVERY_S
            progress = source.progress()
            if progress.caught_up and not self.status.ready:
                self.became_ready(reader.reached(), reader.last_position())
                self._journal.say("up to date", records=progress.total)
            elif fresh and self.status.ready:
                self.heard(fresh)
            if progress.caught_up and time.monotonic() >= forgets_at:
                writer.forget_gone(settled)
                settled = reader.last_position()
                forgets_at = time.monotonic() + _FORGETS_EVERY_S
            self._note_batch(batch, fresh, progress, source.away)

    def _note_batch(
        self, batch: ViewBatch, fresh: Sequence[Fresh], progress: Progress, away: str | None
    ) -> None:
        reached = dict(self.status.reached)
        for _, one in fresh:
            before = reached.get(one.partition)
            at = one.change.at if before is None else max(before.at, one.change.at)
            dropped = -1 if before is None else before.dropped
            reached[one.partition] = Reached(
                one.partition, at, one.change.rules, one.offset, dropped
            )
        self._note(
            ready=self.status.ready or progress.caught_up,
            progress=progress,
            reached=reached,
            failure=away,
            unreadable=self.status.unreadable + batch.unreadable,
        )

    def _note(self, **changed: Any) -> None:  # noqa: ANN401 (the fields of the status)
        self.status = replace(self.status, **changed)
