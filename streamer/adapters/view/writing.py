"""Batches into the tables of a view: each is one transaction, with the positions it reaches.

A record that the view has already is passed over, so a source may hand over more than once what
was not committed. What is kept is bounded: the most recent changes, two days of minutes, the most
recent reasons of rejections. Flows by hour are kept for ever: a row for each hour and membership.

A customer whose profile is gone leaves nothing that names them, also not in the bytes of the file
and of its log: the memberships go, and so do the customer's changes, and the examples of rejected
records that name them; what still comes of them goes with `forget_gone`. What is counted in sizes
and flows holds no id and stays.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from streamer.adapters.database import Database
from streamer.adapters.view.batches import Published, Rejected, Stands, ViewBatch
from streamer.adapters.view.tables import MINUTES, RESOLUTIONS
from streamer.codecs.naming import ids_named
from streamer.types import DAY, MINUTE, Millis

KEPT_CHANGES: Final = 1_000_000
KEPT_MINUTES: Final = 2 * DAY
"""Of event time: for so long flows are known by the minute."""
_KEPT_REASONS: Final = 500
_CACHE_KIB: Final = 64 * 1024
"""Pages kept in memory: customers come in no order, so one that was needed is needed again."""
_CHECKPOINT_PAGES: Final = 32_000
"""So many pages of 4 KiB wait before they are put in place: most are written again before that."""
_SLACK: Final = 0.05
"""Old changes are dropped once there are by this share more than are kept."""
_HEARD: Final = "heard"
_LOOKED_AT: Final = "looked at"
_VALUES: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d[\w.:+-]*""")


class Fresh(NamedTuple):
    """A change that is new in the view, with its position there."""

    position: int
    published: Published


class ViewWriter:
    """The one writer of a view's file. `kept` is how many changes are kept whole."""

    def __init__(self, database: Database, kept: int = KEPT_CHANGES) -> None:
        self._database = database
        database.rows(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.rows(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        self._kept = kept
        self._forgot = False

    def positions(self) -> dict[tuple[str, int], int]:
        """Return the next offset of each topic and partition."""
        rows = self._database.rows("SELECT topic, partition, next FROM positions")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def heard(self) -> Millis | None:
        """Return when a batch was last written, by the wall clock."""
        return self._fact(_HEARD)

    def clear(self) -> None:
        """Forget everything: what the file holds is no copy of these topics any more."""
        names = self._database.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        with self._database.transaction() as connection:
            for (name,) in names:
                connection.execute(f"DELETE FROM {name}")  # noqa: S608 (our own tables)

    def apply(self, batch: ViewBatch, now: Millis) -> list[Fresh]:
        """Write a batch; return those of its changes that are new, in order. `now` is wall time."""
        with self._database.transaction() as connection:
            fresh = _write_changes(connection, batch.changes)
            _write_flows(connection, fresh)
            _write_memberships(connection, batch.memberships)
            _forget_erased(connection, fresh)
            if batch.rejected:
                _write_rejected(connection, batch.rejected)
            _forget_examples(connection, batch.memberships)
            connection.executemany(
                "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
                ((*place, offset) for place, offset in batch.positions.items()),
            )
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_HEARD, now))
            if fresh:
                self._drop_old(connection)
        self._forgot |= any(one.membership is None for one in batch.memberships)
        self._forgot |= any(one.change.cause == "erasure" for _, one in fresh)
        self._overwrite()
        return fresh

    def forget_gone(self, until: int) -> None:
        """Delete the changes of customers without a profile, up to a position.

        The end of a profile and the changes before it stand in two topics, so either may come
        first: `until` is a position that was reached long enough ago for both to be read. What was
        looked at once is not looked at again, since a profile that ends takes its changes along.
        """
        looked_at = self._fact(_LOOKED_AT) or 0
        if until <= looked_at:
            return
        with self._database.transaction() as connection:
            gone = connection.execute(
                "DELETE FROM changes WHERE position > ? AND position <= ? "
                "AND customer NOT IN (SELECT customer FROM customers)",
                (looked_at, until),
            )
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_LOOKED_AT, until))
        self._forgot |= gone.rowcount > 0
        self._overwrite()

    def _fact(self, name: str) -> int | None:
        rows = self._database.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def _overwrite(self) -> None:
        """Empty the log of the file, where what was forgotten stands as it was before.

        While a reader holds an older snapshot, that fails, and the next batch tries again.
        """
        if self._forgot:
            ((busy, _, _),) = self._database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
            self._forgot = bool(busy)

    def _drop_old(self, connection: sqlite3.Connection) -> None:
        ((first, last),) = connection.execute("SELECT min(position), max(position) FROM changes")
        if first is None or last - first < self._kept * (1 + _SLACK):
            return
        before = last - self._kept
        connection.execute(
            "UPDATE reached SET dropped = coalesce((SELECT max(offset) FROM changes "
            "WHERE changes.partition = reached.partition AND position <= ?), dropped)",
            (before,),
        )
        connection.execute("DELETE FROM changes WHERE position <= ?", (before,))


def _write_changes(connection: sqlite3.Connection, changes: Iterable[Published]) -> list[Fresh]:
    fresh: list[Fresh] = []
    for one in changes:
        change = one.change
        stay = None
        if change.direction == "exited":
            entered = connection.execute(
                "SELECT at, entered FROM changes WHERE customer = ? AND segment = ? "
                "ORDER BY position DESC LIMIT 1",
                (change.customer, change.segment),
            ).fetchone()
            if entered is not None and entered[1]:
                stay = change.at - entered[0]
        written = connection.execute(
            "INSERT OR IGNORE INTO changes "
            "(partition, offset, customer, segment, entered, at, stay, published, change) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.partition,
                one.offset,
                change.customer,
                change.segment,
                change.direction == "entered",
                change.at,
                stay,
                one.published,
                one.line,
            ),
        )
        if written.rowcount:
            fresh.append(Fresh(written.lastrowid or 0, one))
    connection.executemany(
        "INSERT INTO reached (partition, at, rules) VALUES (?, ?, ?) ON CONFLICT (partition) "
        "DO UPDATE SET at = max(at, excluded.at), rules = excluded.rules",
        ((one.partition, one.change.at, one.change.rules) for _, one in fresh),
    )
    return fresh


def _write_flows(connection: sqlite3.Connection, fresh: list[Fresh]) -> None:
    """Count who entered and exited, by minute and by hour of event time."""
    for table, length in RESOLUTIONS.items():
        counts = Counter(
            (one.change.segment, one.change.at // length * length, one.change.direction)
            for _, one in fresh
        )
        connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?) ON CONFLICT (segment, bucket) DO UPDATE SET "  # noqa: S608 (our own tables)
            "entered = entered + excluded.entered, exited = exited + excluded.exited",
            (
                (segment, bucket, *((times, 0) if direction == "entered" else (0, times)))
                for (segment, bucket, direction), times in counts.items()
            ),
        )
    if fresh:
        latest = max(one.change.at for _, one in fresh)
        connection.execute(
            f"DELETE FROM {MINUTES} WHERE bucket < "  # noqa: S608 (the same)
            "(SELECT max(?, coalesce(max(at), 0)) FROM reached) - ?",
            (latest, KEPT_MINUTES),
        )


def _write_memberships(connection: sqlite3.Connection, all_stands: Iterable[Stands]) -> None:
    """Put customers where they stand now, only what differs, and let the sizes follow."""
    moves: Counter[str] = Counter()
    for partition, customer, membership in all_stands:
        before = dict(
            connection.execute(
                "SELECT segment, since FROM memberships WHERE customer = ?", (customer,)
            )
        )
        inside = dict(() if membership is None else membership.segments or ())
        gone = before.keys() - inside.keys()
        connection.executemany(
            "DELETE FROM memberships WHERE segment = ? AND customer = ?",
            ((segment, customer) for segment in gone),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO memberships VALUES (?, ?, ?)",
            (
                (segment, customer, since)
                for segment, since in inside.items()
                if before.get(segment) != since
            ),
        )
        moves.subtract(gone)
        moves.update(inside.keys() - before.keys())
        if membership is None:
            connection.execute("DELETE FROM customers WHERE customer = ?", (customer,))
            connection.execute("DELETE FROM changes WHERE customer = ?", (customer,))
        else:
            connection.execute(
                "INSERT OR REPLACE INTO customers VALUES (?, ?, ?, ?)",
                (customer, partition, membership.born, membership.sequence),
            )
    connection.executemany(
        "INSERT INTO sizes VALUES (?, ?) ON CONFLICT (segment) DO UPDATE SET "
        "size = size + excluded.size",
        moves.items(),
    )


def _forget_examples(connection: sqlite3.Connection, all_stands: Iterable[Stands]) -> None:
    """Forget the examples of rejected records that name an erased or forgotten customer."""
    gone = {customer for _, customer, membership in all_stands if membership is None}
    if not gone:
        return
    rows = connection.execute("SELECT kind, path, form, example FROM rejected WHERE example != ''")
    connection.executemany(
        "UPDATE rejected SET example = '', reason = form WHERE kind = ? AND path = ? AND form = ?",
        [key for *key, example in rows if not gone.isdisjoint(ids_named(example))],
    )


def _forget_erased(connection: sqlite3.Connection, fresh: Iterable[Fresh]) -> None:
    """Delete every change of a customer who was erased, these among them."""
    erased = {one.change.customer for _, one in fresh if one.change.cause == "erasure"}
    connection.executemany("DELETE FROM changes WHERE customer = ?", ((who,) for who in erased))


def _write_rejected(connection: sqlite3.Connection, rejected: Iterable[Rejected]) -> None:
    """Count rejections by the form of their reason, with the latest one, and by minute."""
    connection.executemany(
        "INSERT INTO rejected VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT (kind, path, form) "
        "DO UPDATE SET times = times + 1, at = excluded.at, reason = excluded.reason, "
        "example = excluded.example",
        (
            (one.kind, form_of(one.reason), one.path, one.at, one.reason, one.example)
            for one in rejected
        ),
    )
    minutes = Counter(one.at // MINUTE * MINUTE for one in rejected if one.at is not None)
    connection.executemany(
        "INSERT INTO rejected_minutes VALUES (?, ?) ON CONFLICT (bucket) DO UPDATE SET "
        "times = times + excluded.times",
        minutes.items(),
    )
    connection.execute(
        "DELETE FROM rejected_minutes WHERE bucket < "
        "(SELECT max(bucket) FROM rejected_minutes) - ?",
        (KEPT_MINUTES,),
    )
    connection.execute(
        "DELETE FROM rejected WHERE (kind, path, form) IN (SELECT kind, path, form FROM rejected "
        "ORDER BY coalesce(at, 0) DESC, times DESC LIMIT -1 OFFSET ?)",
        (_KEPT_REASONS,),
    )


def form_of(reason: str) -> str:
    """Return a reason without the values that it quotes: what it has in common with others."""
    return _VALUES.sub("…", reason.partition(": did you mean")[0])
