"""Questions to a view. Each answer is of one instant: what one transaction has left.

A reader is for one thread. Instants and durations are in ms.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from streamer.adapters.database import Database
from streamer.adapters.view.tables import RESOLUTIONS
from streamer.types import Millis

_LATEST_STAYS: Final = 1_000
"""A median is of so many of the latest stays at most."""


class Reached(NamedTuple):
    """How far the changes of one partition are read: event time, and the rules that decided last.

    `offset` is that of its last change, `dropped` that of the last one that is not kept any more;
    -1 where there is none.
    """

    partition: int
    at: Millis
    rules: str
    offset: int
    dropped: int


class CustomerRecord(NamedTuple):
    """A customer: the partition, the profile's birth, and every membership with its entry."""

    partition: int
    born: Millis
    sequence: int
    memberships: tuple[tuple[str, Millis], ...]


class StoredChange(NamedTuple):
    """A change that is kept, with its place."""

    position: int
    partition: int
    offset: int
    line: bytes


class BucketFlow(NamedTuple):
    """How many customers entered and exited a membership in one bucket of event time."""

    segment: str
    bucket: Millis
    entered: int
    exited: int


class RejectionGroup(NamedTuple):
    """Rejections of one kind: how many, and of the last one when it came, why, and what it was."""

    kind: str
    reason: str
    path: str
    times: int
    at: Millis | None
    example: str


class ViewReader:
    """Answers from the file of a view, while its writer goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reached(self) -> list[Reached]:
        """Return how far each partition with a change is read."""
        rows = self._database.rows(
            "SELECT partition, at, rules, coalesce((SELECT max(offset) FROM changes "
            "WHERE changes.partition = reached.partition), dropped), dropped "
            "FROM reached ORDER BY partition"
        )
        return [Reached(*row) for row in rows]

    def sizes(self) -> dict[str, int]:
        """Return how many customers each membership has; those that never had any are left out."""
        return dict(self._database.rows("SELECT segment, size FROM sizes"))

    def customers(self) -> int:
        """Return how many customers have had a change."""
        ((count,),) = self._database.rows("SELECT count(*) FROM customers")
        return int(count)

    def where(self, customer: str) -> CustomerRecord | None:
        """Return where a customer stands, None for one who never had a change, or is gone."""
        rows = self._database.rows(
            "SELECT partition, born, sequence FROM customers WHERE customer = ?", (customer,)
        )
        if not rows:
            return None
        inside = self._database.rows(
            "SELECT segment, since FROM memberships WHERE customer = ? ORDER BY segment",
            (customer,),
        )
        ((partition, born, sequence),) = rows
        return CustomerRecord(partition, born, sequence, tuple(inside))

    def members(self, segment: str, after: str, limit: int) -> list[tuple[str, Millis]]:
        """Return up to `limit` members whose ids come after `after`, with the instants since."""
        return self._database.rows(
            "SELECT customer, since FROM memberships WHERE segment = ? AND customer > ? "
            "ORDER BY customer LIMIT ?",
            (segment, after, limit),
        )

    def overlaps(self, segment: str) -> dict[str, int]:
        """Return how many members of a segment each other membership has, too."""
        return dict(
            self._database.rows(
                "SELECT others.segment, count(*) FROM memberships AS mine "
                "JOIN memberships AS others ON others.customer = mine.customer "
                "WHERE mine.segment = ?1 AND others.segment <> ?1 GROUP BY others.segment",
                (segment,),
            )
        )

    def flows(
        self, table: str, since: Millis, until: Millis, segment: str | None
    ) -> list[BucketFlow]:
        """Return the buckets of a table of flows from `since` on, `until` excluded."""
        if table not in RESOLUTIONS:
            raise ValueError(table)
        only, asked = ("", ()) if segment is None else ("AND segment = ?", (segment,))
        rows = self._database.rows(
            f"SELECT segment, bucket, entered, exited FROM {table} "  # noqa: S608 (checked above)
            f"WHERE bucket >= ? AND bucket < ? {only} ORDER BY bucket",
            (since, until, *asked),
        )
        return [BucketFlow(*row) for row in rows]

    def began(self) -> Millis | None:
        """Return the first hour with a change, None where there is none."""
        ((first,),) = self._database.rows("SELECT min(bucket) FROM hours")
        return None if first is None else int(first)

    def stays(self, segment: str) -> list[Millis]:
        """Return how long the latest stays that ended had lasted, the shortest first."""
        rows = self._database.rows(
            "SELECT stay FROM (SELECT stay FROM changes WHERE segment = ? AND NOT entered "
            "AND stay IS NOT NULL ORDER BY position DESC LIMIT ?) ORDER BY stay",
            (segment, _LATEST_STAYS),
        )
        return [stay for (stay,) in rows]

    def story(self, customer: str, limit: int) -> list[bytes]:
        """Return the latest changes of a customer, the latest first."""
        rows = self._database.rows(
            "SELECT change FROM changes WHERE customer = ? ORDER BY position DESC LIMIT ?",
            (customer, limit),
        )
        return [line for (line,) in rows]

    def latest(
        self, segments: Sequence[str], direction: str | None, limit: int
    ) -> list[StoredChange]:
        """Return the latest changes of these memberships (of all, for none), the latest first."""
        if not segments:
            return self._kept("ORDER BY position DESC LIMIT ?", (limit,))
        asked = [direction] if direction else ["entered", "exited"]
        found = [
            one
            for segment in segments
            for each in asked
            for one in self._kept(
                "WHERE segment = ? AND entered = ? ORDER BY position DESC LIMIT ?",
                (segment, each == "entered", limit),
            )
        ]
        return sorted(found, reverse=True)[:limit]

    def after(self, position: int, limit: int) -> list[StoredChange]:
        """Return the changes above a position, in order."""
        return self._kept("WHERE position > ? ORDER BY position LIMIT ?", (position, limit))

    def entrances(self, segment: str, after: int, limit: int) -> list[StoredChange]:
        """Return those who entered a membership above a position, in order."""
        return self._kept(
            "WHERE segment = ? AND entered = 1 AND position > ? ORDER BY position LIMIT ?",
            (segment, after, limit),
        )

    def position_of(self, offsets: Iterable[tuple[int, int]]) -> int:
        """Return the highest position up to which a reader with these offsets has read everything.

        `offsets` are the last offsets that were read of each partition.
        """
        first_unread = [
            row[0]
            for partition, offset in offsets
            for row in self._database.rows(
                "SELECT min(position) FROM changes WHERE partition = ? AND offset > ?",
                (partition, offset),
            )
            if row[0] is not None
        ]
        return min(first_unread) - 1 if first_unread else self.last_position()

    def last_position(self) -> int:
        """Return the position of the last change, 0 where there is none."""
        ((last,),) = self._database.rows("SELECT coalesce(max(position), 0) FROM changes")
        return int(last)

    def delays(self, limit: int) -> list[Millis]:
        """Return how long after its event each of the latest changes was published, sorted.

        Only of changes that an event caused: those that time caused have no event to come after.
        """
        rows = self._database.rows(
            "SELECT published - at FROM (SELECT published, at FROM changes "
            "WHERE published IS NOT NULL AND json_extract(change, '$.cause.kind') = 'event' "
            "ORDER BY position DESC LIMIT ?)",
            (limit,),
        )
        return sorted(max(0, delay) for (delay,) in rows)

    def rejected(self) -> list[RejectionGroup]:
        """Return the rejections by reason, the most frequent first."""
        rows = self._database.rows(
            "SELECT kind, reason, path, times, at, example FROM rejected "
            "ORDER BY times DESC, reason"
        )
        return [RejectionGroup(*row) for row in rows]

    def rejected_since(self, since: Millis) -> int:
        """Return how many records were rejected since then."""
        ((times,),) = self._database.rows(
            "SELECT coalesce(sum(times), 0) FROM rejected_minutes WHERE bucket >= ?", (since,)
        )
        return int(times)

    def _kept(self, condition: str, values: tuple[object, ...]) -> list[StoredChange]:
        rows = self._database.rows(
            f"SELECT position, partition, offset, change FROM changes {condition}",  # noqa: S608 (our own conditions)
            values,
        )
        return [StoredChange(*row) for row in rows]
