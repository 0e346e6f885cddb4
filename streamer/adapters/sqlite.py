"""Log, store and sink in one SQLite file: the embedded default.

Each operation is one transaction of its own; none spans store and sink, as in production. Several
processes may open the file: owners fence each other through epoch and commit number.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import orjson

from streamer.adapters.database import Database
from streamer.adapters.outbox import decode_entry, encode_entry, fenced
from streamer.codecs.changes import decode_change, rejection_line
from streamer.ports import (
    Checkpoint,
    DueWake,
    FencingToken,
    OutboxEntry,
    PartitionMeta,
    PublishedMark,
)
from streamer.types import Millis, Record, SegmentChange

_HEADERS: Final = msgspec.msgpack.Decoder(tuple[tuple[str, bytes], ...])


class SqliteLog:
    """Records of partitions, in the order in which they were appended."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        with self._database.transaction() as connection:
            ((offset,),) = connection.execute(
                "SELECT coalesce(max(offset) + 1, 0) FROM log WHERE partition = ?", (partition,)
            )
            connection.execute(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)",
                (partition, offset, value, appended, key, msgspec.msgpack.encode(headers)),
            )
        return int(offset)

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records from `offset` on; empty at the end of the log."""
        rows = self._database.rows(
            "SELECT offset, value, appended, key, headers FROM log "
            "WHERE partition = ? AND offset >= ? ORDER BY offset LIMIT ?",
            (partition, offset, limit),
        )
        return [
            Record(partition, at, value, appended, key, _HEADERS.decode(headers))
            for at, value, appended, key, headers in rows
        ]


class SqliteStore:
    """Profiles with their wakes, outbox and meta in tables; a commit is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        """Make the caller the owner under a new epoch; every older one is fenced."""
        with self._database.transaction() as connection:
            before = connection.execute(
                "SELECT owner FROM meta WHERE partition = ?", (partition,)
            ).fetchone()
            connection.execute(
                "INSERT INTO meta VALUES (?, ?, 1, 0, 0, NULL, 0, '', 0, NULL) "
                "ON CONFLICT (partition) DO UPDATE SET epoch = epoch + 1, owner = excluded.owner",
                (partition, owner),
            )
            (stands,) = connection.execute(
                "SELECT epoch, number, offset, log_time, fired_at, fired_who, published, "
                "restoring_until FROM meta WHERE partition = ?",
                (partition,),
            )
            layouts = connection.execute(
                "SELECT id, layout FROM layouts WHERE partition = ?", (partition,)
            ).fetchall()
        epoch, number, offset, log_time, fired_at, fired_who, *rest = stands
        return PartitionMeta(
            epoch,
            number,
            offset,
            log_time,
            dict(layouts),
            (fired_at, fired_who),
            before[0] if before else "",
            *rest,
        )

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        """Return the encoded profiles of those customers that have one."""
        return dict(
            self._database.rows(
                "SELECT customer, profile FROM profiles "
                "WHERE partition = ? AND customer IN (SELECT value FROM json_each(?))",
                (partition, orjson.dumps(list(customers)).decode()),
            )
        )

    def scan(self, partition: int, cursor: str, limit: int) -> tuple[str, list[str]]:
        """Return the next cursor and up to `limit` customers, in order of their ids."""
        rows = self._database.rows(
            "SELECT customer FROM profiles WHERE partition = ? AND customer > ? "
            "ORDER BY customer LIMIT ?",
            (partition, cursor, limit),
        )
        found = [customer for (customer,) in rows]
        return (found[-1] if len(found) == limit else "", found)

    def due(
        self, partition: int, until: Millis, limit: int, tenure: FencingToken | None = None
    ) -> list[DueWake]:
        """Return up to `limit` wakes due at or before `until`, ordered by time, then customer."""
        rows = self._database.rows(
            "SELECT wake, customer FROM profiles WHERE partition = ? AND wake <= ? "
            "ORDER BY wake, customer LIMIT ?",
            (partition, until, limit),
        )
        if tenure is not None and not self._stands(partition, tenure):
            raise fenced(partition, tenure)
        return [(wake, customer) for wake, customer in rows]

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint whole; raises `Fenced` unless epoch and number are the next."""
        partition, wakes = checkpoint.partition, checkpoint.wakes
        with self._database.transaction() as connection:
            swapped = connection.execute(
                "UPDATE meta SET number = ?, offset = ?, log_time = ?, fired_at = ?, "
                "fired_who = ?, published = ?, restoring_until = ? "
                "WHERE partition = ? AND owner = ? AND epoch = ? AND number = ?",
                (
                    checkpoint.number,
                    checkpoint.offset,
                    checkpoint.log_time,
                    *checkpoint.fired_until,
                    checkpoint.published,
                    checkpoint.restoring_until,
                    partition,
                    *checkpoint.tenure,
                ),
            )
            if swapped.rowcount == 0:
                raise fenced(checkpoint.partition, checkpoint.tenure)
            connection.executemany(
                "INSERT INTO profiles VALUES (?, ?, ?, ?) ON CONFLICT (partition, customer) "
                "DO UPDATE SET profile = excluded.profile, wake = excluded.wake",
                (
                    (partition, customer, profile, wakes[customer])
                    for customer, profile in checkpoint.profiles.items()
                    if profile is not None
                ),
            )
            connection.executemany(
                "DELETE FROM profiles WHERE partition = ? AND customer = ?",
                (
                    (partition, customer)
                    for customer, profile in checkpoint.profiles.items()
                    if profile is None
                ),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO layouts VALUES (?, ?, ?)",
                ((partition, known, it) for known, it in checkpoint.layouts.items() if it),
            )
            connection.executemany(
                "DELETE FROM layouts WHERE partition = ? AND id = ?",
                ((partition, known) for known, it in checkpoint.layouts.items() if it is None),
            )
            connection.execute(
                "DELETE FROM outbox WHERE partition = ? AND number <= ?",
                (partition, checkpoint.published),
            )
            if checkpoint.entry is not None:
                connection.execute(
                    "INSERT INTO outbox VALUES (?, ?, ?)",
                    (partition, checkpoint.entry.number, encode_entry(checkpoint.entry)),
                )

    def outbox(self, partition: int) -> list[OutboxEntry]:
        """Return the entries that were committed and not yet trimmed, by number."""
        rows = self._database.rows(
            "SELECT entry FROM outbox WHERE partition = ? ORDER BY number", (partition,)
        )
        return [decode_entry(entry) for (entry,) in rows]

    def _stands(self, partition: int, tenure: FencingToken) -> bool:
        return bool(
            self._database.rows(
                "SELECT 1 FROM meta WHERE partition = ? AND owner = ? AND epoch = ? AND number = ?",
                (partition, *tenure),
            )
        )


class SqliteSink:
    """Changes and rejections as rows, and beside them who is in which segment now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self, partition: int, before: str = "") -> PublishedMark:  # noqa: ARG002 (publishing is one step)
        """Return up to where the partition is published."""
        rows = self._database.rows(
            "SELECT number, offset, fired_at, fired_who FROM marks WHERE partition = ?",
            (partition,),
        )
        for number, offset, at, who in rows:
            return PublishedMark(number, offset, (at, who))
        return PublishedMark()

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish what is above its partition's mark and set the marks, in one transaction."""
        with self._database.transaction() as connection:
            for entry in batch:
                moved = connection.execute(
                    "INSERT INTO marks VALUES (?, ?, ?, ?, ?) ON CONFLICT (partition) "
                    "DO UPDATE SET number = excluded.number, offset = excluded.offset, "
                    "fired_at = excluded.fired_at, fired_who = excluded.fired_who "
                    "WHERE number < excluded.number",
                    (entry.partition, entry.number, entry.offset, *entry.fired_until),
                )
                if moved.rowcount:
                    _publish(connection, entry)

    def changes(self, after: int = 0, limit: int = 1_000) -> list[tuple[int, SegmentChange]]:
        """Return up to `limit` changes with their positions, those above `after`, in order."""
        rows = self._database.rows(
            "SELECT position, change FROM changes WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        )
        return [(position, decode_change(change)) for position, change in rows]

    def rejections(self) -> list[bytes]:
        """Return the published rejections as JSON, in order."""
        rows = self._database.rows("SELECT rejection FROM rejections ORDER BY position")
        return [rejection for (rejection,) in rows]

    def sizes(self) -> dict[str, int]:
        """Return how many customers each segment has now; segments without any are left out."""
        return dict(
            self._database.rows(
                "SELECT segment, count(*) FROM memberships GROUP BY segment ORDER BY segment"
            )
        )


def _publish(connection: sqlite3.Connection, entry: OutboxEntry) -> None:
    """Write the rows of changes and rejections, and who is where now."""
    connection.executemany(
        "INSERT INTO changes (partition, customer, segment, direction, at, change) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            (entry.partition, c.customer, c.segment, c.direction, c.at, line)
            for c, line in zip(entry.changes, entry.lines, strict=True)
        ),
    )
    for membership in entry.memberships:
        connection.execute("DELETE FROM memberships WHERE customer = ?", (membership.customer,))
        connection.executemany(
            "INSERT INTO memberships VALUES (?, ?, ?)",
            ((segment, membership.customer, at) for segment, at in membership.segments or ()),
        )
    connection.executemany(
        "INSERT INTO rejections (partition, offset, kind, reason, rejection) "
        "VALUES (?, ?, ?, ?, ?)",
        (
            (entry.partition, r.record.offset, r.kind, r.reason, rejection_line(r))
            for r in entry.rejections
        ),
    )
