"""What a customer turns to most often: `favours`."""

from dataclasses import dataclass
from fractions import Fraction

from streamer.core.syntax import Clause, Comparison, Names
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Favours:
    """The most frequent value of `property` compares as stated.

    `comparisons` are of `is`, `is_not`, `in` (empty: that there is a favourite at all); `share`
    is the least part of all values carried, `at_least` the least count.
    """

    property: str
    events: Names
    comparisons: tuple[Comparison, ...] = ()
    where: tuple[Clause, ...] = ()
    within: Millis | None = None
    share: Fraction | None = None
    at_least: int | None = None
