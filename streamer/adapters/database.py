"""A SQLite file of ours: opened, checked, and its errors put into words.

Each kind of file has a `Format`. `STORE` is that of the embedded default, with log, store and sink.

The file holds whole transactions only, also after the process was killed. It is in WAL mode with
`synchronous=NORMAL`: a power cut may take back the last transactions, but then of log, store and
sink together, so that they still agree. What was rolled back is read and decided again.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import Any, Final

from streamer.adapters.closing import Closing
from streamer.errors import AdapterError

APPLICATION: Final = 0x53_54_52_4D
"""`STRM`: marks the file of the embedded default in its header."""

FORMAT: Final = 3
"""The version of the tables; a file of a higher one was written by a newer Streamer."""
_FROM_BEFORE: Final = (
    "ALTER TABLE meta RENAME COLUMN swept_at TO fired_at",
    "ALTER TABLE meta RENAME COLUMN swept_who TO fired_who",
    "ALTER TABLE marks RENAME COLUMN swept_at TO fired_at",
    "ALTER TABLE marks RENAME COLUMN swept_who TO fired_who",
    "ALTER TABLE outbox RENAME COLUMN outgoing TO entry",
)
"""What makes a file of the format before one of this."""

_TABLES: Final = (
    """CREATE TABLE log (
        partition INTEGER, offset INTEGER, value BLOB NOT NULL, appended INTEGER, key BLOB,
        headers BLOB NOT NULL, PRIMARY KEY (partition, offset))""",
    """CREATE TABLE meta (
        partition INTEGER PRIMARY KEY, owner TEXT NOT NULL, epoch INTEGER NOT NULL,
        number INTEGER NOT NULL, offset INTEGER NOT NULL, log_time INTEGER,
        fired_at INTEGER NOT NULL, fired_who TEXT NOT NULL, published INTEGER NOT NULL,
        restoring_until INTEGER)""",
    """CREATE TABLE profiles (
        partition INTEGER, customer TEXT, profile BLOB NOT NULL, wake INTEGER,
        PRIMARY KEY (partition, customer)) WITHOUT ROWID""",
    """CREATE TABLE layouts (
        partition INTEGER, id BLOB, layout BLOB NOT NULL, PRIMARY KEY (partition, id))""",
    """CREATE INDEX wakes ON profiles (partition, wake, customer) WHERE wake IS NOT NULL""",
    """CREATE TABLE outbox (
        partition INTEGER, number INTEGER, entry BLOB NOT NULL,
        PRIMARY KEY (partition, number))""",
    """CREATE TABLE marks (
        partition INTEGER PRIMARY KEY, number INTEGER NOT NULL, offset INTEGER NOT NULL,
        fired_at INTEGER NOT NULL, fired_who TEXT NOT NULL)""",
    """CREATE TABLE changes (
        position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, customer TEXT NOT NULL,
        segment TEXT NOT NULL, direction TEXT NOT NULL, at INTEGER NOT NULL,
        change BLOB NOT NULL)""",
    """CREATE TABLE rejections (
        position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
        kind TEXT NOT NULL, reason TEXT NOT NULL, rejection BLOB NOT NULL)""",
    """CREATE TABLE memberships (
        segment TEXT, customer TEXT, since INTEGER NOT NULL,
        PRIMARY KEY (segment, customer)) WITHOUT ROWID""",
    """CREATE INDEX whose ON memberships (customer)""",
)


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its mark, the version of its tables, and the statements that make them.

    `from_before` makes a file of the version before one of this; empty where that is not read. With
    `overwrites`, what is deleted is overwritten, so that the file holds it no more.
    """

    application: int
    version: int
    tables: tuple[str, ...]
    from_before: tuple[str, ...] = ()
    overwrites: bool = False


STORE: Final = Format(APPLICATION, FORMAT, _TABLES, _FROM_BEFORE)

_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: "is in use by another process: stop that one, or try again",
    sqlite3.SQLITE_LOCKED: "is in use by another process: stop that one, or try again",
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full: free some space and start again",
    sqlite3.SQLITE_READONLY: "is read-only: allow writing to it and to its folder",
    sqlite3.SQLITE_PERM: "may not be used: allow reading and writing it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: its folder must exist and be writable",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a copy, or delete it to start from nothing",
    sqlite3.SQLITE_NOTADB: "is not a database: name another file",
    sqlite3.SQLITE_IOERR: "cannot be read or written: check the disk",
    sqlite3.SQLITE_TOOBIG: "cannot hold a value of this size",
}


class Database(Closing):
    """One connection to the file, for one thread; log, store and sink may share it.

    A missing file is created, a missing folder is not. Every method raises `AdapterError`, which
    names the file and says what to do. `patience` is how many seconds to wait for another writer.
    """

    def __init__(
        self, path: str | PathLike[str], patience: float = 5.0, form: Format = STORE
    ) -> None:
        self.path = str(path)
        self._form = form
        with self._translated():
            self.connection = sqlite3.connect(self.path, timeout=patience, isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        """Close the file; an open transaction is rolled back."""
        with self._translated():
            self.connection.close()

    def rows(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows that the statement yields."""
        with self._translated():
            return self.connection.execute(statement, parameters).fetchall()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all questions in the block be answered as of one instant."""
        with self._translated():
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self.connection.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make the block one transaction: whole at its end, undone when it raises."""
        with self._translated():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        """Check whose file it is and bring a new one into shape."""
        with self._translated():
            self._check()
            self.connection.execute("PRAGMA synchronous = NORMAL")
            if self._form.overwrites:
                self.connection.execute("PRAGMA secure_delete = ON")
            if self.rows("PRAGMA journal_mode") != [("wal",)]:
                self.connection.execute("PRAGMA journal_mode = WAL")
        if self._is_new():
            with self.transaction() as connection:
                if self._is_new():  # no other process was faster
                    _run(connection, self._form.tables)
                    connection.execute(f"PRAGMA application_id = {self._form.application}")
                    connection.execute(f"PRAGMA user_version = {self._form.version}")
            self._check()
        if self._is_from_before():
            with self.transaction() as connection:
                if self._is_from_before():  # no other process was faster
                    _run(connection, self._form.from_before)
                    connection.execute(f"PRAGMA user_version = {self._form.version}")

    def _is_from_before(self) -> bool:
        """Whether the file is of the version before, which this program can bring into shape."""
        return bool(self._form.from_before) and self._format() == self._form.version - 1

    def _format(self) -> int:
        """Return the version of the tables."""
        ((version,),) = self.rows("PRAGMA user_version")
        return int(version)

    def _is_new(self) -> bool:
        """Whether the file holds nothing yet."""
        return self.rows("SELECT count(*) FROM sqlite_master") == [(0,)]

    def _check(self) -> None:
        """Refuse a file that is another program's, or of a format that this one does not read."""
        if self._is_new():
            return
        if self.rows("PRAGMA application_id") != [(self._form.application,)]:
            raise AdapterError(f"{self.path} is another program's database: name another file")
        version, known = self._format(), self._form.version
        if version != known and not self._is_from_before():
            before = " and the one before" if self._form.from_before else ""
            raise AdapterError(
                f"{self.path} has format {version}; this program reads format {known}{before}: "
                f"run the Streamer that wrote it, or name another file"
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the library's errors into one clear sentence."""
        try:
            yield
        except sqlite3.Error as error:
            # The low byte is the kind of failure, the bytes above it say more than is useful.
            kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            advice = _ADVICE.get(kind, f"cannot be used: {error}")
            raise AdapterError(f"{self.path} {advice}") from error


def _run(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement)
