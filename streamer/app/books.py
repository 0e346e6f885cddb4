"""Books on segment changes: who entered, who left, how long they stayed.

Changes may begin in the middle: a customer who leaves without having entered was inside before.

What is kept grows with customers. Stays are kept one by one up to `MOST_STAYS` for each
membership; over that they are a fair sample, drawn with a fixed seed, so that the same changes
always give the same books.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median_low
from typing import Final, Protocol

from streamer.core.engine.segment import CompiledSegment
from streamer.errors import StreamerError
from streamer.ports import OutboxEntry, PublishedMark, Sink
from streamer.types import Millis, SegmentChange

MOST_STAYS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Account:
    """What happened to one membership.

    `customers` were in it at least once; `members` are in it at the end. `median_stay` (ms) is of
    the stays that ended, None if none did; `sampled` if it is of a sample of them.
    """

    membership: str
    title: str
    entered: int
    exited: int
    members: int
    customers: int
    median_stay: Millis | None
    sampled: bool


@dataclass(slots=True)
class _Page:
    """The book of one membership; `since` holds when each customer entered, -1 once outside.

    `before` customers were inside before the first change.
    """

    title: str
    before: int = 0
    exited: int = 0
    entered: int = 0
    since: dict[str, Millis] = field(default_factory=dict)
    stays: "array[int]" = field(default_factory=lambda: array("q"))
    draw: Random = field(default_factory=lambda: Random(0))  # noqa: S311 (a sample, no secret)

    def enter(self, change: SegmentChange) -> None:
        if self.since.get(change.customer, -1) >= 0:
            raise _broken(change)
        self.entered += 1
        self.since[change.customer] = change.at

    def leave(self, change: SegmentChange) -> None:
        since = self.since.get(change.customer)
        self.since[change.customer] = -1
        self.exited += 1
        if since is None:
            self.before += 1
            return
        if since < 0:
            raise _broken(change)
        stay = change.at - since
        if len(self.stays) < MOST_STAYS:
            self.stays.append(stay)
        elif (place := self.draw.randrange(self.exited)) < MOST_STAYS:
            self.stays[place] = stay


class Books:
    """Keeps the books of every membership of a rule set, from the changes in order."""

    def __init__(self, segments: Iterable[CompiledSegment]) -> None:
        self._pages = {
            tier.membership: _Page(segment.title) for segment in segments for tier in segment.tiers
        }
        self.changes = 0

    def enter(self, changes: Iterable[SegmentChange]) -> None:
        """Enter changes; each customer's must come in their order.

        Raises `StreamerError` where a customer enters twice without leaving, or leaves twice.
        """
        pages = self._pages
        for change in changes:
            self.changes += 1
            page = pages[change.segment]
            if change.direction == "entered":
                page.enter(change)
            else:
                page.leave(change)

    def accounts(self) -> tuple[Account, ...]:
        """Return the account of every membership, in the order of the rules."""
        return tuple(
            Account(
                membership=membership,
                title=page.title,
                entered=page.entered,
                exited=page.exited,
                members=page.before + page.entered - page.exited,
                customers=len(page.since),
                median_stay=median_low(page.stays) if page.stays else None,
                sampled=page.exited > MOST_STAYS,
            )
            for membership, page in self._pages.items()
        )


def _broken(change: SegmentChange) -> StreamerError:
    return StreamerError(
        f"customer {change.customer} has {change.direction} {change.segment} twice in a row: "
        "a change between is missing"
    )


class Entered(Protocol):
    """What changes can be entered into."""

    def enter(self, changes: Iterable[SegmentChange]) -> None:
        """Enter changes; each customer's come in their order."""


class BookedSink:
    """A sink that enters what passes through it, once, into books."""

    def __init__(self, sink: Sink, books: Entered) -> None:
        self._sink = sink
        self._books = books

    def mark(self, partition: int, before: str = "") -> PublishedMark:
        """Return up to where the partition is published."""
        return self._sink.mark(partition, before)

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish the batch, and count what is above its partition's mark."""
        fresh = [one for one in batch if one.number > self._sink.mark(one.partition).number]
        self._sink.publish(batch)
        for entry in fresh:
            self._books.enter(entry.changes)
