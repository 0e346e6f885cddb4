"""The course of all memberships, read from changes one by one: counts, not changes, are kept.

What is kept grows with customers (one number each: where they stand), and not with changes or with
time. Entries and exits are counted in steps of equal length. When there are more than `MOST_STEPS`
of them, the next longer step that holds a whole number of the present ones takes their place. So
the steps depend only on the first and the last change, and not on the order in which they come.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from streamer.types import DAY, HOUR, MINUTE, WEEK, Millis, SegmentChange

MOST_STEPS: Final = 120
WIDTHS: Final = (
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
    DAY,
    WEEK,
    4 * WEEK,
    52 * WEEK,
)
"""The lengths of steps. Each holds the one before a whole number of times; 120 of the longest hold
every instant that an event can have."""
_MONDAY: Final = 4 * DAY
"""The first Monday since 1970: weeks begin on a Monday, days at midnight UTC."""


@dataclass(slots=True)
class Moves:
    """Counts of one membership's entries and exits.

    `entered` and `exited` count by step; `entries` and `exits` are sums of instants in ms.
    """

    entered: "Counter[int]" = field(default_factory=Counter)
    exited: "Counter[int]" = field(default_factory=Counter)
    entries: int = 0
    exits: int = 0

    def widened(self, factor: int) -> None:
        """Count by steps that are `factor` times as long."""
        self.entered = _widened(self.entered, factor)
        self.exited = _widened(self.exited, factor)


class SizeHistory:
    """The course of the named memberships; a membership's number is its place among the names.

    `inside` holds the mask of every customer who ever had a change, `width` the length of a step
    in ms. `first` and `last` are the smallest and largest instant of a change.
    """

    def __init__(self, memberships: Sequence[str]) -> None:
        self._bits = {name: 1 << number for number, name in enumerate(memberships)}
        self._moves = {name: Moves() for name in memberships}
        self._width = 0
        self.inside: dict[str, int] = {}
        self.first: Millis | None = None
        self.last: Millis | None = None

    @property
    def width(self) -> Millis:
        """The length of a step in ms."""
        return WIDTHS[self._width]

    def enter(self, changes: Iterable[SegmentChange]) -> None:
        """Take up changes; each customer's must come in their order."""
        inside, bits = self.inside, self._bits
        for change in changes:
            at, name, customer = change.at, change.segment, change.customer
            if self.first is None or self.last is None or not self.first <= at <= self.last:
                self._reach(at)
            step, moves = self.step_of(at), self._moves[name]
            if change.direction == "entered":
                moves.entered[step] += 1
                moves.entries += at
                inside[customer] = inside.get(customer, 0) | bits[name]
            else:
                moves.exited[step] += 1
                moves.exits += at
                inside[customer] = inside.get(customer, 0) & ~bits[name]

    def step_of(self, at: Millis) -> int:
        """Return the number of the step that holds the instant."""
        return (at - _MONDAY) // self.width

    def begin_of(self, step: int) -> Millis:
        """Return the first instant of a step."""
        return step * self.width + _MONDAY

    def moves(self, membership: str) -> Moves:
        """Return the counts of a membership."""
        return self._moves[membership]

    def masks(self) -> "Counter[int]":
        """Return how many customers have each mask."""
        return Counter(self.inside.values())

    def hold(self, *instants: Millis) -> None:
        """Make the steps long enough that these instants are among the most steps, too."""
        for at in instants:
            self._reach(at)

    def _reach(self, at: Millis) -> None:
        first = at if self.first is None else min(self.first, at)
        last = at if self.last is None else max(self.last, at)
        self.first, self.last = first, last
        while self.step_of(last) - self.step_of(first) >= MOST_STEPS:
            factor = WIDTHS[self._width + 1] // self.width
            self._width += 1
            for moves in self._moves.values():
                moves.widened(factor)


def _widened(counts: "Counter[int]", factor: int) -> "Counter[int]":
    wide: Counter[int] = Counter()
    for step, number in counts.items():
        wide[step // factor] += number
    return wide
