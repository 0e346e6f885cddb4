"""What a customer turns to most often: `favours`.

The favourite is the value carried by most qualifying events, of equals the one carried most
recently, in one event the first in the list.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from streamer.core import wording
from streamer.core.memory import (
    MOST_EVENTS,
    MOST_VALUES,
    NEVER,
    TIME_BYTES,
    Answer,
    Binder,
    Fold,
    Leaf,
    listens,
)
from streamer.core.profile import Profile, State
from streamer.core.slices import oldest_crowded
from streamer.core.syntax import Clause, Comparison, Names
from streamer.core.values import VALUE_BYTES, Value, compile_reader, remembered, shown
from streamer.types import FOREVER, Event, Millis, Scalar

Reader: TypeAlias = Callable[[Event], list[Value]]
Carried: TypeAlias = Sequence[Any]
"""When, and which (value, how often), the most recent first: lists once they were stored."""
Tally: TypeAlias = dict[Value, list[int]]
"""Each value's [count, rank by recency]; the larger rank is the more recent one."""


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

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        read = compile_reader(self.property, self.where)
        content = f"{self.property!r} {self.events} {self.where}"
        said = f"favours {self.property} of {wording.names(self.events)}"
        said += wording.where(self.where)
        if self.comparisons:
            said += f" {wording.comparisons(self.comparisons)}"
        if self.share is not None:
            said += f" with a share of {float(self.share):.4g}"
        if self.at_least is not None:
            said += f" at least {self.at_least} times"
        if self.within is None:
            return Favourite(said, binder.share(Counts(content, self.events, read)), self)
        said += f" within {wording.duration(self.within)}"
        window = Window(content, self.events, read, self.within)
        return Favourite(said, binder.share(window), self)


def _most(values: list[Value], slot: int, profile: Profile) -> list[Value]:
    """Return as many values of one event as are kept at all, the first in the list."""
    if len(values) > MOST_VALUES:
        profile.went_beyond(slot)
        return values[:MOST_VALUES]
    return values


class Counts:
    """How often each value was ever carried.

    State: [[value, count, last time]], the most recently carried last. Exact up to 256 different
    values; then the ones carried longest ago are forgotten.

    Merge: add the counts, take the later times, order by time, keep the 256 most recent.
    """

    def __init__(self, content: str, events: Names, read: Reader) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._content = f"counts {content}"
        self._events = events
        self._read = read

    def content(self) -> str:
        """Return what is read."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of 256 values with count and time."""
        return 3 + MOST_VALUES * (1 + VALUE_BYTES + 2 * TIME_BYTES)

    def fold(self, name: str) -> Fold | None:
        """Count the event's values."""
        return self._count if listens(self._events, name) else None

    def _count(self, state: State, event: Event, profile: Profile) -> State:
        rows = [] if state is None else state
        for value in reversed(_most(self._read(event), self.slot, profile)):
            index = next((i for i, row in enumerate(rows) if row[0] == value), None)
            if index is None:
                row = [value, 1, event.time]
            elif rows[index][2] > event.time:
                rows[index][1] += 1
                continue
            else:
                row = rows.pop(index)
                row[1] += 1
                row[2] = event.time
            rows.insert(bisect_right(rows, row[2], key=_row_time), row)
            if len(rows) > MOST_VALUES:
                del rows[0]
                profile.went_beyond(self.slot)
        return rows or None


def _row_time(row: list[Millis]) -> Millis:
    return row[2]


class Window:
    """The values carried by each event inside the window.

    State: [(time, [(value, count)])] in order of history, each event's first value first. Exact
    up to 1,000 events and 256 different values; then the oldest events are folded into slices of
    a 64th of the window, each leaving with its latest event, and the values carried longest ago
    are forgotten.

    Merge: both lists in order of time.
    """

    def __init__(self, content: str, events: Names, read: Reader, within: Millis) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._content = f"window {content} {within}"
        self._events = events
        self._read = read
        self._within = within

    def content(self) -> str:
        """Return what is read and for how long."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of 1,000 events, each with all of 256 values."""
        event = 4 + TIME_BYTES + MOST_VALUES * (3 + VALUE_BYTES)
        return 3 + (MOST_EVENTS + 1) * event

    def fold(self, name: str) -> Fold | None:
        """Add the event's values at its time."""
        return self._carry if listens(self._events, name) else None

    def _carry(self, state: State, event: Event, profile: Profile) -> State:
        values = _most(self._read(event), self.slot, profile)
        if not values:
            return state
        entries: list[Carried] = [] if state is None else state
        place = bisect_right(entries, event.time, key=_time_of)
        entries.insert(place, (event.time, [(value, 1) for value in values]))
        del entries[: bisect_right(entries, profile.clock - self._within, key=_time_of)]
        if len(entries) > MOST_EVENTS:
            profile.went_beyond(self.slot)
            _fold_oldest(entries, self._within)
        if sum(len(carried) for _, carried in entries) > MOST_VALUES:
            self._forget(entries, profile)
        return entries or None

    def _forget(self, entries: list[Carried], profile: Profile) -> None:
        tally = _tally(entries)
        if len(tally) > MOST_VALUES:
            profile.went_beyond(self.slot)
            recent = sorted(tally, key=lambda value: tally[value][1])[-MOST_VALUES:]
            kept = set(recent)
            entries[:] = [
                (time, left)
                for time, carried in entries
                if (left := [(value, count) for value, count in carried if value in kept])
            ]


def _time_of(entry: Carried) -> Millis:
    time: Millis = entry[0]
    return time


def _tally(entries: list[Carried]) -> Tally:
    tally: Tally = {}
    rank = 0
    for _, carried in entries:
        for value, count in reversed(carried):
            rank += 1
            known = tally.get(value)
            if known is None:
                tally[value] = [count, rank]
            else:
                known[0] += count
                known[1] = rank
    return tally


def _fold_oldest(entries: list[Carried], window: Millis) -> None:
    crowded = oldest_crowded(entries, window)
    folded = entries[crowded]
    if folded:
        tally = _tally(folded)
        recent_first = sorted(tally, key=lambda value: -tally[value][1])
        entries[crowded] = [(folded[-1][0], [(value, tally[value][0]) for value in recent_first])]


class Favourite:
    """The favourite compares as stated, with the share and the count asked for."""

    def __init__(self, label: str, slot: int, question: Favours) -> None:
        self.label = label
        self._slot = slot
        self._within = question.within
        self._share = question.share
        self._at_least = question.at_least or 1
        self._tests = [_wanted(one) for one in question.comparisons]

    def _holds(self, favourite: Value | None, count: int, carried: int) -> bool:
        if favourite is None or count < self._at_least:
            return False
        share = self._share
        if share is not None and count * share.denominator < share.numerator * carried:
            return False
        return all((favourite in values) is inside for values, inside in self._tests)

    def _may_ever(self, tally: Tally) -> bool:
        """Whether some value that is asked for is carried often enough.

        Counts only fall as events leave the window, so what is not is never going to be.
        """
        least = self._at_least
        return any(
            count >= least and all((value in values) is inside for values, inside in self._tests)
            for value, (count, _) in tally.items()
        )

    def _now(self, profile: Profile, now: Millis) -> tuple[Tally, list[Carried]]:
        """Return the tally at `now`, and the entries inside the window."""
        state = profile.memories[self._slot]
        if state is None:
            return {}, []
        if self._within is None:
            return {row[0]: [row[1], rank] for rank, row in enumerate(state)}, []
        entries = state[bisect_right(state, now - self._within, key=_time_of) :]
        return _tally(entries), entries

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether it does, and follow the window until leaving events change that."""
        tally, entries = self._now(profile, now)
        if not tally:
            return NEVER
        if not self._may_ever(tally):
            return NEVER
        carried = sum(count for count, _ in tally.values())
        favourite, second = _first_and_second(tally)
        most = tally[favourite][0]
        holds = self._holds(favourite, most, carried)
        for index, (time, left) in enumerate(entries):
            for value, count in left:
                carried -= count
                tally[value][0] -= count
                if not tally[value][0]:
                    del tally[value]
            if index + 1 < len(entries) and entries[index + 1][0] == time:
                continue  # they leave together
            was, most = most, tally[favourite][0] if favourite in tally else 0
            if tally and most < was and most <= second:  # else it is the first still: none gain
                favourite, second = _first_and_second(tally)
                most = tally[favourite][0]
            if self._holds(favourite, most, carried) is not holds:
                return holds, time + (self._within or 0)
        return holds, FOREVER

    def detail(self, profile: Profile, now: Millis) -> str:
        """Name the favourite and its share."""
        tally, _ = self._now(profile, now)
        favourite = _first(tally)
        if favourite is None:
            return "no value so far"
        carried = sum(count for count, _ in tally.values())
        return f"{shown(favourite)}, {tally[favourite][0]} of {carried}"


def _first(tally: Tally) -> Value | None:
    return max(tally, key=tally.__getitem__, default=None)


def _first_and_second(tally: Tally) -> tuple[Value, int]:
    """Return the favourite, and how often the next one is carried: 0 if there is none."""
    favourite = max(tally, key=tally.__getitem__)
    return favourite, max((tally[value][0] for value in tally if value != favourite), default=0)


def _wanted(comparison: Comparison) -> tuple[frozenset[Value], bool]:
    """Return the values asked for, and whether the favourite must be one of them."""
    operand = comparison.operand
    values: tuple[Scalar, ...] = operand if isinstance(operand, tuple) else (operand,)
    return frozenset(map(remembered, values)), comparison.operator != "is_not"
