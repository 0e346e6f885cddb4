"""What a source of the view hands over at once: published changes, memberships and rejections.

A source is read from positions, which the view keeps in the same transaction as what was read. So
a view that is started again goes on where it stood, and holds everything once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from streamer.types import Membership, Millis, RejectionKind, SegmentChange

Positions: TypeAlias = Mapping[tuple[str, int], int]
"""The next offset to read, by topic and partition."""


class Published(NamedTuple):
    """A change as it was published: its place, its JSON, and when (None where not known)."""

    partition: int
    offset: int
    change: SegmentChange
    line: bytes
    published: Millis | None


class Stands(NamedTuple):
    """The present memberships of one customer, None once there is no profile any more."""

    partition: int
    customer: str
    membership: Membership | None


class Rejected(NamedTuple):
    """One rejected record: why, where in the schema, when, and what it was, cut if it is long."""

    kind: RejectionKind
    reason: str
    path: str
    at: Millis | None
    example: str


@dataclass(slots=True)
class ViewBatch:
    """Records of one poll. `positions` are reached with them; `unreadable` ones are skipped."""

    changes: list[Published] = field(default_factory=list)
    memberships: list[Stands] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    unreadable: int = 0


class Progress(NamedTuple):
    """How many records of those that were there at the start are read, and whether all are."""

    read: int
    total: int
    caught_up: bool


class ViewSource(Protocol):
    """Where a view reads from."""

    def poll(self) -> ViewBatch:
        """Return the records there are now, empty after a short wait; raises `Unavailable`."""

    def progress(self) -> Progress:
        """Return how far the source has come since it was opened."""

    @property
    def away(self) -> str | None:
        """Why nothing can be read at present, None while it can."""

    def close(self) -> None:
        """Let go of it."""
