"""Chains of steps, for each common value (or one, where none is asked for): behind `sequence`.

Events are read in history order: by time, equal times in log order. For each value the step events
that may still be rearranged are kept one by one, with a mask of the steps that each can be. Older
ones are *settled*: folded into the latest beginnings of all runs of steps. The latest beginnings of
the chains from the first step are kept up to date, so an event in order costs as much as there are
steps; only a late one reads the value's unsettled events again.

A value's events are left unsettled while they are few, because they cost less so and merge exactly.

Exact while at most 256 events (one that carries several values counts once for each) are younger
than the clock minus `max_lateness`; the oldest beyond 512 settle early, which is counted where
their value has begun a chain. Exact while at most 256 values have begun one inside the window. A
value with later steps only can matter to a late event or a merge; it takes room that is left over,
and dropping it is no overflow.

Merge: value by value. Unsettled events later than what either side settled are read in the order of
time; what was settled is joined as `streamer.core.state.beginnings` says.
"""

from bisect import bisect_left, bisect_right
from typing import Final, final

from mypy_extensions import mypyc_attr

from streamer.core.columns import Column, Filter, Row
from streamer.core.profile import Packed, Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.beginnings import UNBOUNDED, Beginnings
from streamer.core.state.cell import MOST_VALUES, TIME_BYTES, Cell, Identity, is_among, overflowed
from streamer.core.values import VALUE_BYTES, Value, weight_of
from streamer.types import FOREVER, Millis

MOST_UNSETTLED: Final = 512
"""How many events a cell keeps unsettled; when it has more, it settles down to the half."""
FEW: Final = 8
"""So many events of one value are left unsettled however old they are."""
EVENT_BYTES: Final = TIME_BYTES + 1
NO_VALUE: Final[Value] = 0
"""The one value where none is asked for."""


@final
@mypyc_attr(acyclic=True)
class Chain:
    """The step events of one value.

    `times` and `masks` are those of the unsettled events, in history order; `begun` holds for each
    step the latest beginning of a chain from the first step to it, 0 where there is none; `last` is
    the time of the last event.
    """

    __slots__ = ("begun", "last", "masks", "settled", "span", "steps", "times")

    def __init__(self, steps: int, span: Millis) -> None:
        self.steps = steps
        self.span = span
        self.begun: list[Millis] = [0] * steps
        self.last: Millis = 0
        self.masks: list[int] = []
        self.settled: Beginnings | None = None
        self.times: list[Millis] = []

    def read(self, mask: int, time: Millis) -> None:
        """Read an event at its place in history."""
        times = self.times
        self.last = max(self.last, time)
        if not times or time >= times[-1]:
            times.append(time)
            self.masks.append(mask)
            self._lengthen(mask, time)
        else:
            at = bisect_right(times, time)
            times.insert(at, time)
            self.masks.insert(at, mask)
            self.read_again()

    def _lengthen(self, mask: int, time: Millis) -> None:
        """Lengthen the chains; the last step first, so one event is not two steps."""
        begun = self.begun
        for step in range(self.steps - 1, 0, -1):
            if mask >> step & 1:
                first = begun[step - 1]
                if begun[step] < first <= time and time - first <= self.span:
                    begun[step] = first
        if mask & 1 and time > begun[0]:
            begun[0] = time

    def read_again(self) -> None:
        """Find the chains of all events."""
        settled = self.settled
        self.begun = [0] * self.steps if settled is None else settled.begun()
        for at, time in enumerate(self.times):
            self._lengthen(self.masks[at], time)

    def settle(self, count: int) -> None:
        """Settle the first so many events."""
        if count <= 0:
            return
        if self.settled is None:
            self.settled = Beginnings(self.steps, self.span)
        for at in range(count):
            self.settled.add(self.masks[at], self.times[at])
        del self.times[:count]
        del self.masks[:count]

    def forget(self, gone: Millis) -> None:
        """Forget the events at or before an instant, and the chains that they began."""
        count = bisect_right(self.times, gone)
        del self.times[:count]
        del self.masks[:count]
        if self.settled is not None:
            self.settled.forget(gone)
            if not self.settled.end():
                self.settled = None
        for step, time in enumerate(self.begun):
            if time <= gone:
                self.begun[step] = 0

    def joined(self, later: "Chain") -> "Chain":
        """Return the chain of both histories; of equal times the other history's come after."""
        if later.settled is not None:
            self.settle(bisect_right(self.times, later.settled.end()))
        if self.settled is not None:
            later.settle(bisect_left(later.times, self.settled.end()))
        both = Chain(self.steps, self.span)
        if self.settled is None or later.settled is None:
            both.settled = later.settled if self.settled is None else self.settled
        else:
            both.settled = self.settled.joined(later.settled)
        both.times, both.masks = self.times, self.masks
        for at, time in enumerate(later.times):
            place = bisect_right(both.times, time)
            both.times.insert(place, time)
            both.masks.insert(place, later.masks[at])
        both.last = max(self.last, later.last)
        both.read_again()
        return both

    def pack(self, base: Millis) -> Packed:
        """Return what is settled, if anything, then distances of times and masks by turns."""
        packed: list[object] = []
        if self.settled is not None:
            packed.append(self.settled.pack(base))
        before = base
        for at, time in enumerate(self.times):
            packed.append(time - before)
            packed.append(self.masks[at])
            before = time
        return packed

    def unpack(self, packed: Packed, base: Millis) -> None:
        """Take over what was packed."""
        start = 0
        if isinstance(packed[0], list):
            start = 1
            self.settled = Beginnings.unpack(packed[0], base, self.steps, self.span)
            self.last = self.settled.end()
        time = base
        for at in range(start, len(packed), 2):
            time += packed[at]
            self.times.append(time)
            self.masks.append(packed[at + 1])
        if self.times:
            self.last = max(self.last, time)
        self.read_again()


@final
@mypyc_attr(acyclic=True)
class ChainState(State):
    """The chains of the values that have begun one and of those that have not, by last times.

    `best` is the latest beginning of a whole chain, 0 where there is none, `unsettled` the number
    of all unsettled events.
    """

    __slots__ = ("begun", "best", "by_value", "others", "unsettled")

    def __init__(self, *, by_value: bool) -> None:
        self.weight = 0
        self.by_value = by_value
        self.begun: dict[Value, Chain] = {}
        self.others: dict[Value, Chain] = {}
        self.best: Millis = 0
        self.unsettled = 0

    def place(self, value: Value, chain: Chain) -> None:
        """Add a chain in its place among the others; in order of time that is the end."""
        chains = self.begun if chain.begun[0] else self.others
        later: list[Value] = []
        for other in reversed(chains):
            if chains[other].last <= chain.last:
                break
            later.append(other)
        chains[value] = chain
        while later:
            other = later.pop()
            chains[other] = chains.pop(other)

    def decisive(self) -> Value | None:
        """Return the most recent value whose whole chain began at the best instant."""
        for value in reversed(self.begun):
            if self.best and self.begun[value].begun[-1] == self.best:
                return value
        return None

    def pack(self, base: Millis) -> Packed:
        """Return values and their chains by turns; just the chain where no value is asked for."""
        packed: list[object] = []
        before = base
        for chains in (self.begun, self.others):
            for value, chain in chains.items():
                if not self.by_value:
                    return chain.pack(base)
                packed.append(value)
                packed.append(chain.pack(before))
                before = chain.last
        return packed


@final
class ChainStep:
    """One step: the events that it can be; `column` reads their common value, if one is asked."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        passes: Filter | None,
        column: Column | None,
    ) -> None:
        self.events = events
        self.where = where
        self._filter = passes
        self._column = column

    def listens(self, name: str) -> bool:
        """Say whether an event of that name can be this step."""
        return is_among(name, self.events)

    def values(self, row: Row) -> list[Value]:
        """Return the values with which an event is this step."""
        if self._column is not None:
            return self._column.values(row)
        return [NO_VALUE] if self._filter is None or self._filter.passes(row) else []


@final
class Chains(Cell):
    """The chains of some steps; `span` and `within` in ms, None for none."""

    def __init__(
        self,
        steps: list[ChainStep],
        same: str | None,
        span: Millis | None,
        within: Millis | None,
        max_lateness: Millis,
    ) -> None:
        events: set[str] = set()
        for step in steps:
            events.update(step.events)
        anything = any(not step.events for step in steps)
        super().__init__(() if anything else tuple(sorted(events)))
        self.horizon = FOREVER if within is None else within
        self._steps = steps
        self._same = same
        self._span = UNBOUNDED if span is None else span
        self._within = within
        self._max_lateness = max_lateness

    def identity(self) -> Identity:
        """Return the steps and what shapes their chains."""
        return {
            "kind": "chain",
            "steps": [
                {"events": list(step.events), "where": canonical(step.where)}
                for step in self._steps
            ],
            "same": self._same,
            "span": None if self._span == UNBOUNDED else self._span,
            "within": self._within,
        }

    def listens(self, name: str) -> bool:
        """Listen to what can be a step."""
        return any(step.listens(name) for step in self._steps)

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Read the event as what it can be, for each value that it carries."""
        masks: dict[Value, int] = {}
        bit = 1
        for step in self._steps:
            if step.listens(row.name):
                for value in step.values(row):
                    masks[value] = masks.get(value, 0) | bit
            bit <<= 1
        if not masks:
            return state
        if state is None:
            state = ChainState(by_value=self._same is not None)
        assert isinstance(state, ChainState)
        for value, mask in masks.items():
            self._read(state, value, mask, row.time, profile)
        return self._trimmed(state, profile)

    def _read(
        self, state: ChainState, value: Value, mask: int, time: Millis, profile: Profile
    ) -> None:
        chain = state.begun.get(value)
        if chain is None:
            chain = state.others.get(value)
        if chain is None:
            chain = Chain(len(self._steps), self._span)
        else:
            self._take_out(state, value, chain)
        chain.read(mask, time)
        if len(chain.times) > FEW:
            self._tidy(chain, profile.clock)
        self._put_in(state, value, chain)

    def _gone(self, clock: Millis) -> Millis:
        """Return the instant up to which nothing is inside the window any more."""
        return 0 if self._within is None else clock - self._within

    def _tidy(self, chain: Chain, clock: Millis) -> None:
        """Forget what left the window, settle what cannot be rearranged any more."""
        gone, settled = self._gone(clock), clock - self._max_lateness
        if chain.times and chain.times[0] <= max(gone, settled):
            if self._within is not None:
                chain.forget(gone)
            chain.settle(bisect_right(chain.times, settled))

    def _put_in(self, state: ChainState, value: Value, chain: Chain) -> None:
        state.place(value, chain)
        state.best = max(state.best, chain.begun[-1])
        state.unsettled += len(chain.times)
        state.weight += self._weight(value, chain)

    def _take_out(self, state: ChainState, value: Value, chain: Chain) -> None:
        del (state.begun if value in state.begun else state.others)[value]
        state.unsettled -= len(chain.times)
        state.weight -= self._weight(value, chain)

    def _weight(self, value: Value, chain: Chain) -> int:
        """Return about how many bytes grow with what the customer does."""
        weight = EVENT_BYTES * len(chain.times)
        if self._same is None:
            return weight
        settled = 0 if chain.settled is None else TIME_BYTES * len(self._steps)
        return weight + settled + weight_of(value)

    def _trimmed(self, state: ChainState, profile: Profile) -> State | None:
        """Forget the values that left the window, then what goes beyond the bounds."""
        begun, others = state.begun, state.others
        if self._within is not None:
            gone = self._gone(profile.clock)
            for chains in (begun, others):
                while chains:
                    value = next(iter(chains))
                    if chains[value].last > gone:
                        break
                    self._take_out(state, value, chains[value])
        excess = len(begun) + len(others) - MOST_VALUES
        if excess > 0:
            self._drop(state, excess, profile)
        if state.unsettled > MOST_UNSETTLED:
            self._settle_early(state, MOST_UNSETTLED // 2, profile)
        return state if begun or others else None

    def _drop(self, state: ChainState, values: int, profile: Profile) -> None:
        """Drop so many values, those that have begun nothing first, then the least recent."""
        gone = self._gone(profile.clock)
        best = state.best
        for _ in range(values):
            chains = state.others or state.begun
            value = next(iter(chains))
            chain = chains[value]
            self._take_out(state, value, chain)
            if chain.begun[0] > gone:
                overflowed(profile, self.slot)
            if chain.begun[-1] == best:
                state.best = 0
        if best and not state.best:
            for chain in state.begun.values():
                state.best = max(state.best, chain.begun[-1])

    def _settle_early(self, state: ChainState, left: int, profile: Profile) -> None:
        """Settle the oldest events of all values until about so many are left."""
        chains = [*state.begun.items(), *state.others.items()]
        times: list[Millis] = []
        for value, chain in chains:
            self._take_out(state, value, chain)
            self._tidy(chain, profile.clock)
            times.extend(chain.times)
        times.sort()
        most_recent = times[-left] if 0 < left <= len(times) else 0
        first_left = bisect_left(times, most_recent) if left else len(times)
        crowded = len(times) - first_left >= 2 * left  # at one instant
        for value, chain in chains:
            count = len(chain.times)
            if left:
                cut = bisect_right if crowded else bisect_left
                count = cut(chain.times, most_recent)
            chain.settle(count)
            for _ in range(count if chain.begun[0] else 0):
                overflowed(profile, self.slot)
            self._put_in(state, value, chain)

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Join the chains of each value, then keep the most recent values."""
        assert isinstance(earlier, ChainState)
        assert isinstance(later, ChainState)
        chains: dict[Value, Chain] = {**earlier.begun, **earlier.others}
        for theirs in (later.begun, later.others):
            for value, chain in theirs.items():
                mine = chains.get(value)
                chains[value] = chain if mine is None else mine.joined(chain)
        merged = ChainState(by_value=self._same is not None)
        for value, chain in sorted(chains.items(), key=_last_of):
            self._put_in(merged, value, chain)
        return self._trimmed(merged, profile)

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Drop the less recent half of the values; of one chain, settle half of the events."""
        assert isinstance(state, ChainState)
        if self._same is None:
            self._settle_early(state, state.unsettled // 2, profile)
        else:
            self._drop(state, (len(state.begun) + len(state.others) + 1) // 2, profile)
        return state if state.begun or state.others else None

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state that was packed."""
        state = ChainState(by_value=self._same is not None)
        if self._same is None:
            packed = [NO_VALUE, packed]
        for index in range(0, len(packed), 2):
            chain = Chain(len(self._steps), self._span)
            chain.unpack(packed[index + 1], base)
            self._put_in(state, packed[index], chain)
            base = chain.last
        return state

    def max_bytes(self) -> int:
        """Return the bytes of 256 values (or one) and of all events that are not settled."""
        steps = len(self._steps)
        pairs = steps * (steps + 1) // 2 * (1 if self._span == UNBOUNDED else 2)
        chain = 6 + TIME_BYTES * pairs
        events = MOST_UNSETTLED * (TIME_BYTES + 5)
        if self._same is None:
            return chain + events
        return 5 + MOST_VALUES * (VALUE_BYTES + chain) + events


def _last_of(entry: tuple[Value, Chain]) -> Millis:
    return entry[1].last
