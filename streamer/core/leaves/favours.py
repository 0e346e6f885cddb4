"""What a customer turns to most often: `favours`.

The favourite is the value carried by most qualifying events, of equals the one carried most
recently, in one event the first in the list.
"""

from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heapreplace
from typing import Final, final

from mypy_extensions import mypyc_attr

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.rules.spec import Clause, Comparison, Names
from streamer.core.state.cell import Cell
from streamer.core.state.tally import Tally
from streamer.core.state.times import first_after
from streamer.core.state.value_counts import CountsState, ValueCounts
from streamer.core.state.value_window import ValueWindow, WindowState
from streamer.core.values import Value, remembered, shown
from streamer.types import Millis, Scalar

MOST_STEPS: Final = 128
"""How many leaving events one question follows; then the answer holds until the next one leaves,
when it is asked again."""


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

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "favours"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        said = f"favours {self.property} of {wording.names(self.events)}"
        said += wording.where(self.where)
        if self.comparisons:
            said += f" {wording.comparisons(self.comparisons)}"
        if self.share is not None:
            said += f" with a share of {float(self.share):.4g}"
        if self.at_least is not None:
            said += f" at least {self.at_least} times"
        if self.within is not None:
            said += f" within {wording.duration(self.within)}"
        return Favourite(said, binder.share(self._cell(binder)), self)

    def _cell(self, binder: Binder) -> Cell:
        column = binder.column(self.property, self.where)
        if self.within is None:
            return ValueCounts(self.events, self.where, self.property, column)
        return ValueWindow(self.events, self.where, self.property, column, self.within)


@final
@mypyc_attr(acyclic=True)
class Race:
    """A tally while events leave: `gone` is what has left of each value.

    Counts only fall, so a favourite whose count does not fall stays the favourite, and a heap of
    what counts once were finds the next one: its top is right, or falls to what it is now.
    """

    __slots__ = ("_counts", "_gone", "_heap", "_second", "best", "carried", "most")

    def __init__(self, tally: Tally) -> None:
        tally.settle()
        self._counts = tally.counts
        self._gone: dict[Value, int] = {}
        self._heap: list[tuple[int, int, Value]] = []
        self._second = tally.second
        self.best = tally.best
        self.most = tally.most
        self.carried = tally.carried

    def left(self, value: Value) -> int:
        """Return how often a value is still carried."""
        return self._counts.get(value, 0) - self._gone.get(value, 0)

    def leave(self, state: WindowState, entry: int) -> None:
        """Let an entry leave."""
        values = state.values[entry]
        for place in range(len(values)):
            value = values[place]
            number = state.number(entry, place)
            self._gone[value] = self._gone.get(value, 0) + number
            self.carried -= number

    def settle(self) -> None:
        """Find the favourite, once all that leaves at an instant has left."""
        if self.best is None or self.left(self.best) == self.most:
            return
        self.most = self.left(self.best)
        if self.most > self._second:
            return
        heap = self._heap
        if not heap:
            for rank, value in enumerate(self._counts):
                heap.append((-self.left(value), -rank, value))
            heapify(heap)
        while True:
            count, rank, value = heap[0]
            now = -self.left(value)
            if count == now:
                break
            heapreplace(heap, (now, rank, value))
        self._second = self.most = -count
        self.best = value if count else None


@final
class Favourite(Leaf):
    """The favourite compares as stated, with the share and the count of the condition."""

    def __init__(self, label: str, ref: CellRef, question: Favours) -> None:
        super().__init__(label)
        self._ref = ref
        self._within = question.within or 0
        share = Fraction(0) if question.share is None else question.share
        self._part, self._whole = share.as_integer_ratio()
        self._at_least = question.at_least or 1
        self._wanted: frozenset[Value] | None = None
        self._unwanted: frozenset[Value] = frozenset()
        for one in question.comparisons:
            values = _values_of(one)
            if one.operator == "is_not":
                self._unwanted |= values
            else:
                self._wanted = values if self._wanted is None else self._wanted & values

    def _asked_for(self, value: Value | None) -> bool:
        if self._wanted is not None and value not in self._wanted:
            return False
        return value not in self._unwanted

    def _holds(self, best: Value | None, most: int, carried: int) -> bool:
        return (
            most >= self._at_least
            and most * self._whole >= self._part * carried
            and self._asked_for(best)
        )

    def _may_ever(self, race: Race) -> bool:
        """Say whether a value of the condition is carried often enough.

        Counts only fall as events leave the window, so what is not is never going to be.
        """
        if self._wanted is None:
            return race.most >= self._at_least
        most = 0
        for value in self._wanted:
            most = max(most, race.left(value))
        return most >= self._at_least

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether it does, and follow the window until leaving events change that."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        if isinstance(state, CountsState):
            tally = state.dated.tally
            tally.settle()
            return ALWAYS if self._holds(tally.best, tally.most, tally.carried) else NEVER
        assert isinstance(state, WindowState)
        return self._followed(state, now)

    def _followed(self, state: WindowState, now: Millis) -> Until:
        times, within = state.times, self._within
        start = first_after(times, now - within)
        race = _at(state, start)
        if not race.carried or not self._may_ever(race):
            return NEVER
        held = self._holds(race.best, race.most, race.carried)
        kept = len(times)
        last = start + MOST_STEPS
        for entry in range(start, min(last, kept)):
            race.leave(state, entry)
            if entry + 1 < kept and times[entry + 1] == times[entry]:
                continue  # they leave together
            race.settle()
            if self._holds(race.best, race.most, race.carried) is not held:
                until = times[entry] + within
                return until if held else -until
        if last >= kept:
            return ALWAYS if held else NEVER
        until = times[last] + within
        return until if held else -until

    def detail(self, profile: Profile, now: Millis) -> str:
        """Name the favourite and its share."""
        race = self._race(profile, now)
        if race is None:
            return "no value so far"
        return f"{shown(race.best)}, {race.most} of {race.carried}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say which one is the favourite instead, or that it has too small a share or count."""
        race = self._race(profile, now)
        if race is None:
            return "there is no value"
        if self._holds(race.best, race.most, race.carried):
            return ""
        if not self._asked_for(race.best):
            return f"it is {shown(race.best)}"
        if race.most < self._at_least:
            return f"{race.most} of {self._at_least}"
        return f"a share of {race.most / race.carried:.4g}"

    def _race(self, profile: Profile, now: Millis) -> Race | None:
        """Return how often each value is carried, None where none is."""
        state = self._ref.state(profile)
        if state is None:
            return None
        if isinstance(state, CountsState):
            race = Race(state.dated.tally)
        else:
            assert isinstance(state, WindowState)
            race = _at(state, first_after(state.times, now - self._within))
        return race if race.carried else None


def _at(state: WindowState, start: int) -> Race:
    """Return the race once so many of the oldest entries have left."""
    race = Race(state.tally)
    for entry in range(start):
        race.leave(state, entry)
    race.settle()
    return race


def _values_of(comparison: Comparison) -> frozenset[Value]:
    operand = comparison.operand
    values: tuple[Scalar, ...] = operand if isinstance(operand, tuple) else (operand,)
    return frozenset(remembered(value) for value in values)
