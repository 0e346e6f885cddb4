"""The values that each event inside a window carries: behind `favours` with a window.

Exact up to 1,000 events and 256 different values; then the oldest events are folded into slices of
a 64th of the window, each leaving with its latest event, and the values carried longest ago are
forgotten. The tally is kept up to date beside the events, so that one costs what it carries and
what leaves by it.

Merge: all events in order of time.
"""

from typing import Final, TypeAlias, final

from mypy_extensions import mypyc_attr

from streamer.core.columns import Column, Row
from streamer.core.profile import Packed, Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import (
    MOST_EVENTS,
    MOST_VALUES,
    TIME_BYTES,
    Cell,
    Identity,
    overflowed,
)
from streamer.core.state.slices import oldest_crowded
from streamer.core.state.tally import Tally, most_of
from streamer.core.state.times import first_after
from streamer.core.values import VALUE_BYTES, Value
from streamer.types import Millis

ENTRY_WEIGHT: Final = 6
CARRIED_WEIGHT: Final = 2

Entry: TypeAlias = tuple[Millis, list[Value], list[int]]
"""When, which values, the most recent first, and how often each; no counts: each once."""


@final
@mypyc_attr(acyclic=True)
class WindowState(State):
    """The values of each event in order of history, at least one, and their tally.

    An entry's first value is the most recent. `numbers` says how often each of its values is
    carried; empty: each once.
    """

    __slots__ = ("numbers", "occurrences", "tally", "times", "values")

    def __init__(self) -> None:
        self.weight = 0
        self.times: list[Millis] = []
        self.values: list[list[Value]] = []
        self.numbers: list[list[int]] = []
        self.tally = Tally()
        self.occurrences = 0

    def weigh(self) -> None:
        """Bring the weight up to date."""
        self.weight = (
            ENTRY_WEIGHT * len(self.times) + CARRIED_WEIGHT * self.occurrences + self.tally.weight
        )

    def number(self, entry: int, place: int) -> int:
        """Return how often an entry carries the value at a place of it."""
        numbers = self.numbers[entry]
        return numbers[place] if numbers else 1

    def append(self, time: Millis, values: list[Value], numbers: list[int]) -> None:
        """Add the latest entry."""
        self.times.append(time)
        self.values.append(values)
        self.numbers.append(numbers)
        self.occurrences += len(values)
        self._count(len(self.times) - 1)

    def insert(self, time: Millis, values: list[Value]) -> None:
        """Add an entry at its time, after those of the same time."""
        place = first_after(self.times, time)
        if place == len(self.times):
            self.append(time, values, [])
            return
        self.times.insert(place, time)
        self.values.insert(place, values)
        self.numbers.insert(place, [])
        self.occurrences += len(values)
        self.tally = Tally()
        for entry in range(len(self.times)):
            self._count(entry)

    def _count(self, entry: int) -> None:
        values = self.values[entry]
        for place in range(len(values) - 1, -1, -1):
            self.tally.add(values[place], self.number(entry, place))

    def drop(self, number: int) -> None:
        """Forget so many of the oldest entries."""
        for entry in range(number):
            values = self.values[entry]
            self.occurrences -= len(values)
            for place in range(len(values)):
                self.tally.take(values[place], self.number(entry, place))
        del self.times[:number]
        del self.values[:number]
        del self.numbers[:number]

    def join(self, start: int, end: int) -> None:
        """Make one entry of several: it leaves with the last of them."""
        if start == end:
            return
        tally = Tally()
        for entry in range(start, end):
            values = self.values[entry]
            self.occurrences -= len(values)
            for place in range(len(values) - 1, -1, -1):
                tally.add(values[place], self.number(entry, place))
        values = list(reversed(tally.counts))
        self.occurrences += len(values)
        self.times[start:end] = [self.times[end - 1]]
        self.values[start:end] = [values]
        self.numbers[start:end] = [[tally.counts[value] for value in values]]

    def forget_oldest(self) -> None:
        """Forget the value that was carried longest ago, in all entries."""
        value = self.tally.oldest()
        left = self.tally.counts[value]
        self.tally.take(value, left)
        entry = 0
        while left:
            values = self.values[entry]
            if value not in values:
                entry += 1
                continue
            place = values.index(value)
            left -= self.number(entry, place)
            self.occurrences -= 1
            if len(values) == 1:
                del self.times[entry]
                del self.values[entry]
                del self.numbers[entry]
                continue
            self.values[entry] = values[:place] + values[place + 1 :]
            numbers = self.numbers[entry]
            self.numbers[entry] = numbers[:place] + numbers[place + 1 :]
            entry += 1

    def entries(self) -> list[Entry]:
        """Return the entries."""
        return list(zip(self.times, self.values, self.numbers, strict=True))

    def pack(self, base: Millis) -> Packed:
        """Return the values, the oldest first, then distance and values' places by turns.

        The places of one value alone are a number, of several a list, or two, with the counts.
        """
        table = {value: place for place, value in enumerate(self.tally.counts)}
        packed: list[object] = []
        before = base
        for entry, time in enumerate(self.times):
            places = [table[value] for value in self.values[entry]]
            numbers = self.numbers[entry]
            packed.append(time - before)
            if numbers:
                packed.append([places, numbers])
            else:
                packed.append(places[0] if len(places) == 1 else places)
            before = time
        return [list(table), packed]


@final
class ValueWindow(Cell):
    """The values of a property that each event inside a window carries."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        column: Column,
        within: Millis,
    ) -> None:
        super().__init__(events)
        self.horizon = within
        self._where = where
        self._name = name
        self._column = column
        self._within = within

    def identity(self) -> Identity:
        """Return what is read and for how long."""
        return {
            "kind": "value_window",
            "property": self._name,
            "events": list(self.events),
            "where": canonical(self._where),
            "within": self._within,
        }

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Add the event's values at its time."""
        if row.time <= profile.clock - self._within:
            return state
        values = self._column.values(row)
        if not values:
            return state
        values = most_of(values, self.slot, profile)
        if state is None:
            state = WindowState()
        assert isinstance(state, WindowState)
        state.insert(row.time, values)
        self._trim(state, profile)
        return state

    def _trim(self, state: WindowState, profile: Profile) -> None:
        times = state.times
        state.drop(first_after(times, profile.clock - self._within))
        while len(times) > MOST_EVENTS:
            start, end = oldest_crowded(times, self._within)
            state.join(start, end)
            overflowed(profile, self.slot)
        while len(state.tally.counts) > MOST_VALUES:
            state.forget_oldest()
            overflowed(profile, self.slot)
        state.weigh()

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Return the entries of both in order of time."""
        assert isinstance(earlier, WindowState)
        assert isinstance(later, WindowState)
        merged = WindowState()
        both = [*earlier.entries(), *later.entries()]
        for time, values, numbers in sorted(both, key=_time_of):
            merged.append(time, values, numbers)
        self._trim(merged, profile)
        return merged if merged.times else None

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Forget the older half of the entries."""
        assert isinstance(state, WindowState)
        dropped = (len(state.times) + 1) // 2
        state.drop(dropped)
        state.weigh()
        for _ in range(dropped):
            overflowed(profile, self.slot)
        return state if state.times else None

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state that was packed."""
        state = WindowState()
        table, entries = packed
        time = base
        for index in range(0, len(entries), 2):
            time += entries[index]
            places = entries[index + 1]
            numbers: list[int] = []
            if isinstance(places, int):
                places = [places]
            elif isinstance(places[0], list):
                places, numbers = places
            state.append(time, [table[place] for place in places], numbers)
        state.weigh()
        return state

    def max_bytes(self) -> int:
        """Return the bytes of 256 values and of 1,000 events, each with all of them."""
        event = TIME_BYTES + 7 + MOST_VALUES * (3 + TIME_BYTES)
        return 7 + MOST_VALUES * VALUE_BYTES + MOST_EVENTS * event


def _time_of(entry: Entry) -> Millis:
    return entry[0]
