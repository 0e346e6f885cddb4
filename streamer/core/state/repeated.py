"""The last n times of each of the most recent values: behind `performed … same`.

Some value occurs at least n times while the largest n-th last time of all values is inside the
window; that time is kept up to date beside the values, so neither folding nor asking looks at
values that the event does not carry.

Exact while at most 2,048 different values are inside the window; then the ones seen longest ago are
forgotten. Merge: for each value the last n times of both, then the most recent values.
"""

from heapq import nsmallest
from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Column, Row
from streamer.core.packing import Unpacker, put, put_list, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity, overflowed
from streamer.core.state.times import first_after, put_distances, read_distances
from streamer.core.values import VALUE_BYTES, Value, weight_of
from streamer.types import FOREVER, Millis

MOST_REPEATED: Final = 2_048
"""How many different values are kept: in a real shop one customer bought 1,119 different products
in a season, and looking up one of them costs the same however many there are."""


@final
@mypyc_attr(acyclic=True)
class RepeatedState(State):
    """The last times of each value, the values seen longest ago first.

    `best` is the largest n-th last time of all values that have n, 0 where none has.
    """

    __slots__ = ("best", "by_value", "keep")

    def __init__(self, by_value: dict[Value, list[Millis]], keep: int) -> None:
        self.by_value = by_value
        self.keep = keep
        self.best: Millis = 0
        self.weight = 0
        for value, times in by_value.items():
            self.weight += weight_of(value) + TIME_BYTES * len(times)
            if len(times) == keep and times[0] > self.best:
                self.best = times[0]

    def decisive(self) -> Value | None:
        """Return the most recent value whose n-th last time is the best one."""
        for value in reversed(self.by_value):
            times = self.by_value[value]
            if len(times) == self.keep and times[0] == self.best:
                return value
        return None

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append values and their times, as distances, by turns."""
        put_list(out, 2 * len(self.by_value))
        for value, times in self.by_value.items():
            put(out, value)
            if len(times) == 1:
                put_number(out, times[0] - base)
            else:
                put_distances(out, times, base)


@final
class Repeated(Cell):
    """The last `keep` times of each of the most recent values of a property."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        column: Column,
        keep: int,
        within: Millis | None,
    ) -> None:
        super().__init__(events)
        self.horizon = FOREVER if within is None else within
        self._where = where
        self._name = name
        self._column = column
        self._keep = keep
        self._within = within

    def identity(self) -> Identity:
        """Return which values are kept, and how many times of each."""
        return {
            "kind": "repeated",
            "property": self._name,
            "events": list(self.events),
            "where": canonical(self._where),
            "keep": self._keep,
            "within": self._within,
        }

    @property
    def weighs(self) -> bool:
        """Say that values make it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Insert the time at each value that the event carries."""
        values = self._column.values(row)
        if not values:
            return state
        if state is None:
            state = RepeatedState({}, self._keep)
        assert isinstance(state, RepeatedState)
        by_value, time, keep = state.by_value, row.time, self._keep
        known = len(by_value)
        for value in values:
            times = by_value.pop(value, None)
            if times is None:
                times = [time]
                state.weight += weight_of(value) + TIME_BYTES
            else:
                times.insert(first_after(times, time), time)
                if len(times) > keep:
                    del times[0]
                else:
                    state.weight += TIME_BYTES
            if len(times) == keep and times[0] > state.best:
                state.best = times[0]
            by_value[value] = times
        if len(by_value) > known:
            self._trim(state, profile)
        return state

    def _trim(self, state: RepeatedState, profile: Profile) -> None:
        by_value = state.by_value
        if self._within is not None:
            gone = profile.clock - self._within
            while by_value:
                oldest = next(iter(by_value))
                if by_value[oldest][-1] > gone:
                    break
                _forget(state, oldest)
            if len(by_value) > MOST_REPEATED:
                for value in [one for one, times in by_value.items() if times[-1] <= gone]:
                    _forget(state, value)
        excess = len(by_value) - MOST_REPEATED
        if excess > 0:
            self._drop(state, excess, profile)

    def _drop(self, state: RepeatedState, excess: int, profile: Profile) -> None:
        last = {value: times[-1] for value, times in state.by_value.items()}
        for value in nsmallest(excess, last, key=last.__getitem__):
            _forget(state, value)
            overflowed(profile, self.slot)
        state.best = RepeatedState(state.by_value, self._keep).best

    def drop_until(self, state: State, instant: Millis) -> State | None:
        """Forget the times at or before an instant."""
        assert isinstance(state, RepeatedState)
        left = {
            value: later
            for value, times in state.by_value.items()
            if (later := times[first_after(times, instant) :])
        }
        return RepeatedState(left, self._keep) if left else None

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Return the most recent values of both, with their last times."""
        assert isinstance(earlier, RepeatedState)
        assert isinstance(later, RepeatedState)
        fewer, by_value = earlier.by_value, later.by_value
        if len(fewer) > len(by_value):
            fewer, by_value = by_value, fewer
        for value, times in fewer.items():
            known = by_value.pop(value, None)
            by_value[value] = times if known is None else sorted(known + times)[-self._keep :]
        merged = RepeatedState(by_value, self._keep)
        self._trim(merged, profile)
        return merged if merged.by_value else None

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Drop the half of the values that were seen longest ago."""
        assert isinstance(state, RepeatedState)
        self._drop(state, (len(state.by_value) + 1) // 2, profile)
        return state if state.by_value else None

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        by_value: dict[Value, list[Millis]] = {}
        for _ in range(reader.enter_list() // 2):
            value: Value = reader.value()
            several = reader.is_list()
            by_value[value] = read_distances(reader, base) if several else [base + reader.number()]
        return RepeatedState(by_value, self._keep)

    def max_bytes(self) -> int:
        """Return the bytes of 2,048 values with their times."""
        return 5 + MOST_REPEATED * (VALUE_BYTES + 3 + TIME_BYTES * self._keep)


def _forget(state: RepeatedState, value: Value) -> None:
    times = state.by_value.pop(value)
    state.weight -= weight_of(value) + TIME_BYTES * len(times)
