"""What a report measures, each as a pure function of counts.

A *span* is the time from `begin` to `end`, both in ms since 1970; a membership's *size* at an
instant is the number of customers in it once everything of that instant has happened. A *mask* is
a set of memberships as an integer: bit n is set where the customer is in the n-th.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from streamer.types import Millis

LEAST_SIZE: Final = 0.05
"""A smaller mean size reads as 0.0."""


class Overlap(NamedTuple):
    """Two memberships, by their numbers, and how many customers are in `both` (1 or more)."""

    one: int
    other: int
    both: int


def member_time(
    entries: int, exits: int, before: int, members: int, begin: Millis, end: Millis
) -> Millis:
    """Return the time that all customers together spent in a membership within the span, in ms.

    `entries` and `exits` are the sums of the instants of all entries and all exits, none outside
    of the span. `before` customers were inside at its beginning, `members` are at its end. A stay
    that ended counts its exit less its entry, one that has not ended up to `end`: sums are enough.
    """
    return exits - entries + members * end - before * begin


def mean_size(time: Millis, begin: Millis, end: Millis) -> float | None:
    """Return the size at an average instant of the span: member time by length; None of no span."""
    return time / (end - begin) if end > begin else None


def volatility(entered: int, exited: int, size: float | None) -> float | None:
    """Return (entered + exited) / size: how often, in the span, a member comes or goes.

    `size` is the mean size of the span. None where it is 0 as people read it, with one place after
    the point: no customer was inside for any time that counts.
    """
    return (entered + exited) / size if size and size >= LEAST_SIZE else None


def sizes(before: int, entered: Sequence[int], exited: Sequence[int]) -> list[int]:
    """Return the size at the end of each step, from what was entered and exited in each."""
    moves = (more - less for more, less in zip(entered, exited, strict=True))
    return list(accumulate(moves, initial=before))[1:]


def overlaps(masks: Mapping[int, int]) -> list[Overlap]:
    """Return every pair of memberships that share a customer, by their numbers.

    `masks` says how many customers have each mask.
    """
    both: dict[tuple[int, int], int] = {}
    for mask, customers in masks.items():
        inside = list(members_of(mask))
        for nth, one in enumerate(inside):
            for other in inside[nth + 1 :]:
                both[one, other] = both.get((one, other), 0) + customers
    return [Overlap(one, other, number) for (one, other), number in sorted(both.items())]


def shares(both: int, one: int, other: int) -> tuple[float, float]:
    """Return how much two memberships of these sizes, none of them 0, overlap, from 0 to 1.

    First the share of the smaller one that is in the larger one too (the overlap coefficient,
    Szymkiewicz-Simpson), then the share of all who are in either that are in both (Jaccard).
    """
    return both / min(one, other), both / (one + other - both)


def sums(masks: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return, of numbers that come with masks, the sum over each membership."""
    found: dict[int, int] = {}
    for mask, number in masks:
        for membership in members_of(mask):
            found[membership] = found.get(membership, 0) + number
    return found


def outside(masks: Mapping[int, int], memberships: int) -> int:
    """Return how many customers are in none of the memberships, which are given as a mask."""
    return sum(customers for mask, customers in masks.items() if not mask & memberships)


def members_of(mask: int) -> Iterable[int]:
    """Yield the numbers of the memberships in a mask, the smallest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
