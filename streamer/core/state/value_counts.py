"""How often each value was ever carried: behind `favours` without a window.

Each value's count and last time. Exact up to 256 different values; then the ones carried longest
ago are forgotten. The tally stands in order of recency, so an event costs what it carries.

Merge: add the counts, take the later times.
"""

from typing import Final, final

from mypy_extensions import mypyc_attr

from streamer.core.columns import Column, Row
from streamer.core.profile import Packed, Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import MOST_VALUES, TIME_BYTES, Cell, Identity, overflowed
from streamer.core.state.tally import Tally, most_of
from streamer.core.values import VALUE_BYTES, Value, weight_of
from streamer.types import Millis

VALUE_WEIGHT: Final = 12
"""What a count and a time weigh beside a value."""


@final
@mypyc_attr(acyclic=True)
class DatedTally:
    """A tally with the last time of each value."""

    __slots__ = ("last", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self.last: dict[Value, Millis] = {}

    def carry(self, value: Value, time: Millis, count: int) -> None:
        """Count a value of an event, which may come late."""
        tally = self.tally
        counts = tally.counts
        known = self.last.get(value)
        if known is not None and known > time:
            counts[value] += count
            tally.carried += count
            tally.most = 0
            return
        if counts and self.last[next(reversed(counts))] > time:
            self._insert(value, time, count)
        else:
            tally.add(value, count)
        self.last[value] = time

    def _insert(self, value: Value, time: Millis, count: int) -> None:
        """Count a value which is carried before others that are known."""
        tally = self.tally
        before = tally.counts.pop(value, 0)
        if not before:
            tally.weight += weight_of(value)
        counts: dict[Value, int] = {}
        waits = True
        for other, number in tally.counts.items():
            if waits and self.last[other] > time:
                counts[value] = before + count
                waits = False
            counts[other] = number
        if waits:
            counts[value] = before + count
        tally.counts = counts
        tally.carried += count
        tally.most = 0

    def forget(self, value: Value) -> None:
        """Forget a value."""
        self.tally.take(value, self.tally.counts[value])
        del self.last[value]


@final
@mypyc_attr(acyclic=True)
class CountsState(State):
    """Each value's count and last time; at least one."""

    __slots__ = ("dated",)

    def __init__(self) -> None:
        self.weight = 0
        self.dated = DatedTally()

    def weigh(self) -> None:
        """Bring the weight up to date."""
        tally = self.dated.tally
        self.weight = tally.weight + VALUE_WEIGHT * len(tally.counts)

    def pack(self, base: Millis) -> Packed:
        """Return value, count and distance by turns, the value carried longest ago first."""
        packed: list[object] = []
        before = base
        for value, count in self.dated.tally.counts.items():
            time = self.dated.last[value]
            packed.append(value)
            packed.append(count)
            packed.append(time - before)
            before = time
        return packed


@final
class ValueCounts(Cell):
    """How often each value of a property was ever carried."""

    def __init__(self, events: Names, where: tuple[Clause, ...], name: str, column: Column) -> None:
        super().__init__(events)
        self._where = where
        self._name = name
        self._column = column

    def identity(self) -> Identity:
        """Return what is read."""
        return {
            "kind": "value_counts",
            "property": self._name,
            "events": list(self.events),
            "where": canonical(self._where),
        }

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Count the event's values."""
        values = self._column.values(row)
        if not values:
            return state
        values = most_of(values, self.slot, profile)
        if state is None:
            state = CountsState()
        assert isinstance(state, CountsState)
        for place in range(len(values) - 1, -1, -1):
            state.dated.carry(values[place], row.time, 1)
        self._trim(state, MOST_VALUES, profile)
        return state

    def _trim(self, state: CountsState, keep: int, profile: Profile) -> None:
        dated = state.dated
        while len(dated.last) > keep:
            dated.forget(dated.tally.oldest())
            overflowed(profile, self.slot)
        state.weigh()

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Add the counts; the recency of a value is that of its later last time."""
        assert isinstance(earlier, CountsState)
        assert isinstance(later, CountsState)
        one, other = earlier.dated, later.dated
        order: list[tuple[Millis, int, Value]] = []
        for value in one.tally.counts:
            if value not in other.last or one.last[value] > other.last[value]:
                order.append((one.last[value], len(order), value))
        for value in other.tally.counts:
            if value not in one.last or one.last[value] <= other.last[value]:
                order.append((other.last[value], len(order), value))
        merged = CountsState()
        for time, _, value in sorted(order):
            count = one.tally.counts.get(value, 0) + other.tally.counts.get(value, 0)
            merged.dated.carry(value, time, count)
        self._trim(merged, MOST_VALUES, profile)
        return merged

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Forget the half of the values that were carried longest ago."""
        assert isinstance(state, CountsState)
        self._trim(state, len(state.dated.last) // 2, profile)
        return state if state.dated.last else None

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state that was packed."""
        state = CountsState()
        time = base
        for index in range(0, len(packed), 3):
            time += packed[index + 2]
            state.dated.carry(packed[index], time, packed[index + 1])
        state.weigh()
        return state

    def max_bytes(self) -> int:
        """Return the bytes of 256 values with count and time."""
        return 3 + MOST_VALUES * (VALUE_BYTES + 2 * TIME_BYTES)
