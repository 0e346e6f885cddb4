"""What qualifying events add up to: behind `total` and `average`.

`Total` keeps one sum for ever. `Sums` keeps what can still leave it: the entries inside a window,
or, for a sum that a mark can cut (`since`), all of them. Events of one instant leave together and
are one entry. Entries hold running totals, so that what is left after any of them is one
subtraction.

Exact up to 1,000 entries. Beyond, a window's oldest entries are folded into slices of a 64th of
the window, each leaving as a whole with its latest event. Without a window the two oldest are
folded into one: the sum stays exact, and so does every cut at one of the 999 latest instants.

Merge: sums are added; entries are merged in order of time.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Amounts, Row
from streamer.core.packing import Unpacker, put_list, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import MOST_EVENTS, TIME_BYTES, Cell, Identity, overflowed
from streamer.core.state.slices import oldest_crowded
from streamer.core.state.times import first_after
from streamer.types import FOREVER, Millis

SUM_BYTES: Final = 18
"""The most bytes of a sum: a number beyond 64 bits takes twice as many."""
COUNT_BYTES: Final = 18
"""Weights are numbers like sums where they are multiplied."""
ENTRY_WEIGHT: Final = 12


@final
@mypyc_attr(acyclic=True)
class TotalState(State):
    """The sum in ten-thousandths, and how many values it weighs."""

    __slots__ = ("amount", "count")

    def __init__(self, amount: int, count: int) -> None:
        self.weight = 0
        self.amount = amount
        self.count = count

    def write(self, out: BytesWriter, base: Millis) -> None:  # noqa: ARG002
        """Append both numbers."""
        put_list(out, 2)
        put_number(out, self.amount)
        put_number(out, self.count)


@final
@mypyc_attr(acyclic=True)
class SumsState(State):
    """The entries in order of time, one for each instant.

    `amounts` and `counts` are running totals up to and with each entry; what they were before the
    first one is `amount_before` and `count_before`. `negative` is the number of entries whose own
    amount is below zero: without any the sum only falls as entries leave.
    """

    __slots__ = ("amount_before", "amounts", "count_before", "counts", "negative", "times")

    def __init__(self) -> None:
        self.weight = 0
        self.times: list[Millis] = []
        self.amounts: list[int] = []
        self.counts: list[int] = []
        self.amount_before = 0
        self.count_before = 0
        self.negative = 0

    @staticmethod
    def of(entries: list[tuple[Millis, int, int]]) -> "SumsState":
        """Return the state of entries in order of time; those of one instant become one."""
        state = SumsState()
        times, amounts, counts = state.times, state.amounts, state.counts
        amount = count = own = 0
        for time, more, counted in entries:
            amount += more
            count += counted
            if times and times[-1] == time:
                state.negative += (own + more < 0) - (own < 0)
                own += more
                amounts[-1], counts[-1] = amount, count
            else:
                own = more
                state.negative += own < 0
                times.append(time)
                amounts.append(amount)
                counts.append(count)
        state.weight = ENTRY_WEIGHT * len(times)
        return state

    def before(self, index: int) -> int:
        """Return the running total of the amounts in front of an entry."""
        return self.amounts[index - 1] if index else self.amount_before

    def counted_before(self, index: int) -> int:
        """Return the running total of the counts in front of an entry."""
        return self.counts[index - 1] if index else self.count_before

    def add(self, time: Millis, amount: int, count: int) -> None:
        """Add an amount to the entry of its instant."""
        times = self.times
        kept = len(times)
        place = kept
        if kept and time <= times[-1]:
            place = first_after(times, time - 1)
        own = 0
        if place < kept and times[place] == time:
            own = self.amounts[place] - self.before(place)
        else:
            self.amounts.insert(place, self.before(place))
            self.counts.insert(place, self.counted_before(place))
            times.insert(place, time)
            kept += 1
            self.weight += ENTRY_WEIGHT
        if own < 0:
            self.negative -= 1
        if own + amount < 0:
            self.negative += 1
        for index in range(place, kept):
            self.amounts[index] += amount
            self.counts[index] += count

    def drop(self, number: int) -> None:
        """Forget so many of the oldest entries."""
        if not number:
            return
        self.negative -= self._negative(0, number)
        self.amount_before = self.amounts[number - 1]
        self.count_before = self.counts[number - 1]
        del self.times[:number]
        del self.amounts[:number]
        del self.counts[:number]
        self.weight -= ENTRY_WEIGHT * number

    def join(self, start: int, end: int) -> None:
        """Make one entry of several: it leaves with the last of them."""
        if end - start < 2:  # noqa: PLR2004 (one is one already)
            return
        self.negative -= self._negative(start, end)
        del self.times[start : end - 1]
        del self.amounts[start : end - 1]
        del self.counts[start : end - 1]
        if self.amounts[start] < self.before(start):
            self.negative += 1
        self.weight -= ENTRY_WEIGHT * (end - start - 1)

    def _negative(self, start: int, end: int) -> int:
        if not self.negative:
            return 0
        found = 0
        before = self.before(start)
        for index in range(start, end):
            amount = self.amounts[index]
            if amount < before:
                found += 1
            before = amount
        return found

    def entries(self) -> list[tuple[Millis, int, int]]:
        """Return each entry's time, own amount and own count."""
        found: list[tuple[Millis, int, int]] = []
        amount, count = self.amount_before, self.count_before
        for index, time in enumerate(self.times):
            found.append((time, self.amounts[index] - amount, self.counts[index] - count))
            amount, count = self.amounts[index], self.counts[index]
        return found

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append distance, amount and count of each entry by turns."""
        put_list(out, 3 * len(self.times))
        before, amount, count = base, self.amount_before, self.count_before
        for index, time in enumerate(self.times):
            put_number(out, time - before)
            put_number(out, self.amounts[index] - amount)
            put_number(out, self.counts[index] - count)
            before, amount, count = time, self.amounts[index], self.counts[index]


def read_sums(reader: Unpacker, base: Millis) -> SumsState:
    """Return the entries that `SumsState.write` wrote."""
    state = SumsState()
    many = reader.enter_list() // 3
    time, amount, count = base, 0, 0
    for _ in range(many):
        time += reader.number()
        own = reader.number()
        amount += own
        count += reader.number()
        if own < 0:
            state.negative += 1
        state.times.append(time)
        state.amounts.append(amount)
        state.counts.append(count)
    state.weight = ENTRY_WEIGHT * many
    return state


@final
class Total(Cell):
    """The sum of all values, for ever."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        times: str | None,
        amounts: Amounts,
    ) -> None:
        super().__init__(events)
        self._where = where
        self._name = name
        self._times = times
        self._amounts = amounts

    def identity(self) -> Identity:
        """Return what is added up."""
        return {
            "kind": "total",
            "property": self._name,
            "times": self._times,
            "events": list(self.events),
            "where": canonical(self._where),
            **self._amounts.identity(),
        }

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Add the event's values."""
        pairs = self._amounts.pairs(row)
        if not pairs:
            return state
        if state is None:
            state = TotalState(0, 0)
        assert isinstance(state, TotalState)
        for index in range(0, len(pairs), 2):
            state.amount += pairs[index]
            state.count += pairs[index + 1]
        return state

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Add both."""
        assert isinstance(earlier, TotalState)
        assert isinstance(later, TotalState)
        return TotalState(earlier.amount + later.amount, earlier.count + later.count)

    def read(self, reader: Unpacker, base: Millis) -> State:  # noqa: ARG002
        """Return the state that comes next."""
        reader.enter_list()
        amount = reader.number()
        return TotalState(amount, reader.number())

    def max_bytes(self) -> int:
        """Return the bytes of a sum and a count."""
        return 1 + SUM_BYTES + COUNT_BYTES


@final
class Sums(Cell):
    """The sum of the values inside a window, or, without one, of those since a mark."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        times: str | None,
        amounts: Amounts,
        within: Millis | None,
    ) -> None:
        super().__init__(events)
        self.horizon = FOREVER if within is None else within
        self._where = where
        self._name = name
        self._times = times
        self._amounts = amounts
        self._within = within or 0

    def identity(self) -> Identity:
        """Return what is added up, and when it leaves."""
        return {
            "kind": "sums",
            "property": self._name,
            "times": self._times,
            "events": list(self.events),
            "where": canonical(self._where),
            "within": self._within or None,
            **self._amounts.identity(),
        }

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Add the event's values at its time."""
        time = row.time
        if self._within and time <= profile.clock - self._within:
            return state
        pairs = self._amounts.pairs(row)
        if not pairs:
            return state
        amount = count = 0
        for index in range(0, len(pairs), 2):
            amount += pairs[index]
            count += pairs[index + 1]
        if state is None:
            state = SumsState()
        assert isinstance(state, SumsState)
        state.add(time, amount, count)
        self._trim(state, profile)
        return state

    def _trim(self, state: SumsState, profile: Profile) -> None:
        times = state.times
        if self._within:
            state.drop(first_after(times, profile.clock - self._within))
        excess = len(times) - MOST_EVENTS
        if excess <= 0:
            return
        if not self._within:
            self._join_oldest(state, excess, profile)
            return
        while len(times) > MOST_EVENTS:
            start, end = oldest_crowded(times, self._within)
            state.join(start, end)
            overflowed(profile, self.slot)

    def _join_oldest(self, state: SumsState, excess: int, profile: Profile) -> None:
        state.join(0, excess + 1)
        for _ in range(excess):
            overflowed(profile, self.slot)

    def drop_until(self, state: State, instant: Millis) -> State | None:
        """Forget what was added at or before an instant."""
        assert isinstance(state, SumsState)
        state.drop(first_after(state.times, instant))
        return state if state.times else None

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Return the entries of both, those of one instant as one."""
        assert isinstance(earlier, SumsState)
        assert isinstance(later, SumsState)
        merged = SumsState.of(sorted(earlier.entries() + later.entries()))
        self._trim(merged, profile)
        return merged if merged.times else None

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Fold the older half of the entries into one, and the only one away."""
        assert isinstance(state, SumsState)
        kept = len(state.times)
        if kept == 1:
            overflowed(profile, self.slot)
            return None
        self._join_oldest(state, kept // 2, profile)
        return state

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        return read_sums(reader, base)

    def max_bytes(self) -> int:
        """Return the bytes of the most entries."""
        return 3 + MOST_EVENTS * (TIME_BYTES + SUM_BYTES + COUNT_BYTES)
