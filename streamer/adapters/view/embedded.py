"""The source of the embedded default: what its one file has published, read as it grows.

The file keeps every change, and beside them who is where now. Both are read in one transaction of
the file, so the memberships of a customer are those after the last change that is handed over, or
after a later one.
"""

import time
from pathlib import Path
from typing import Final

import orjson

from streamer.adapters.closing import Closing
from streamer.adapters.database import Database
from streamer.adapters.profiles import FoundProfile
from streamer.adapters.view.batches import (
    Positions,
    Progress,
    Published,
    Rejected,
    Stands,
    ViewBatch,
)
from streamer.codecs.changes import decode_change
from streamer.codecs.controls import layouts_and_marks
from streamer.errors import UsageError
from streamer.types import Membership

CHANGES: Final = "changes"
REJECTIONS: Final = "rejections"
_LIMIT: Final = 20_000
_PAUSE_S: Final = 0.05
_EXAMPLE: Final = 2_000
"""How many characters are kept of a rejected record."""


class EmbeddedSource(Closing):
    """Reads the file from positions on. Made and used in one thread.

    Raises `UsageError` where there is no such file, `AdapterError` for one that is another
    program's.
    """

    def __init__(self, path: Path, positions: Positions) -> None:
        if not path.is_file():
            raise UsageError(f"there is no file {path}: `streamer demo --file {path}` makes one")
        self._database = Database(path)
        self._next = positions.get((CHANGES, 0), 0)
        self._next_rejection = positions.get((REJECTIONS, 0), 0)
        self._began = self._next
        self._total = self._end()

    def poll(self) -> ViewBatch:
        """Return the file's records beyond those that were read, empty after a short wait."""
        batch = ViewBatch()
        with self._database.reading():
            self._read_changes(batch)
            self._read_rejections(batch)
        if batch.changes or batch.rejected:
            batch.positions = {(CHANGES, 0): self._next, (REJECTIONS, 0): self._next_rejection}
        else:
            time.sleep(_PAUSE_S)
        return batch

    def progress(self) -> Progress:
        """Return how many of the changes that were there at the start are read."""
        read = min(self._next, self._total)
        return Progress(read - self._began, self._total - self._began, read >= self._total)

    @property
    def away(self) -> None:
        """A file is never away: what is wrong with it is raised."""

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _end(self) -> int:
        ((end,),) = self._database.rows("SELECT coalesce(max(position), 0) FROM changes")
        return int(end)

    def _read_changes(self, batch: ViewBatch) -> None:
        rows = self._database.rows(
            "SELECT position, partition, change FROM changes WHERE position > ? "
            "ORDER BY position LIMIT ?",
            (self._next, _LIMIT),
        )
        last: dict[str, tuple[int, int, int]] = {}
        for position, partition, line in rows:
            change = decode_change(line)
            batch.changes.append(Published(partition, position, change, line, None))
            last[change.customer] = (partition, change.sequence, change.born)
            self._next = position
        for customer, (partition, sequence, born) in last.items():
            inside = self._database.rows(
                "SELECT segment, since FROM memberships WHERE customer = ?", (customer,)
            )
            membership = Membership(customer, sequence, born, tuple(inside))
            batch.memberships.append(Stands(partition, customer, membership))

    def _read_rejections(self, batch: ViewBatch) -> None:
        rows = self._database.rows(
            "SELECT position, kind, reason, rejection, appended FROM rejections "
            "LEFT JOIN log USING (partition, offset) WHERE position > ? ORDER BY position LIMIT ?",
            (self._next_rejection, _LIMIT),
        )
        for position, kind, reason, rejection, appended in rows:
            rejected = orjson.loads(rejection)
            example = rejected["raw"][:_EXAMPLE]
            batch.rejected.append(Rejected(kind, reason, rejected["path"], appended, example))
            self._next_rejection = position


class EmbeddedProfiles:
    """The profiles of the file, each question with a connection of its own."""

    live = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, customer: str, partition: int | None) -> FoundProfile | None:
        """Return a customer's profile, None where there is none."""
        with Database(self._path) as database, database.reading():
            rows = database.rows(
                "SELECT partition, profile FROM profiles WHERE customer = ? "
                "AND partition = coalesce(?, partition)",
                (customer, partition),
            )
            for number, profile in rows:
                layouts = database.rows(
                    "SELECT id, layout FROM layouts WHERE partition = ?", (number,)
                )
                ((log_time, fired_at),) = database.rows(
                    "SELECT log_time, fired_at FROM meta WHERE partition = ?", (number,)
                )
                return FoundProfile(
                    profile, number, layouts_and_marks(dict(layouts))[0], log_time, fired_at
                )
        return None
