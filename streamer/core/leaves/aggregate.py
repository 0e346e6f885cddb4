"""Sums and averages: `total`, `average`."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import eq
from typing import Literal, TypeAlias

from streamer.core import wording
from streamer.core.memory import MOST_EVENTS, TIME_BYTES, Answer, Binder, Fold, Leaf, listens
from streamer.core.profile import Profile, State
from streamer.core.since import Recall, since_or_plain
from streamer.core.slices import oldest_crowded
from streamer.core.syntax import Comparison, Scope
from streamer.core.values import ORDERS, Holder, Order, Property, compile_found, ten_thousandths
from streamer.types import FOREVER, Detail, Event, Millis

Entry: TypeAlias = Sequence[int]
"""When, the sum in ten-thousandths, and how many values it weighs: a list once it was stored."""

_MOST_TIMES = 1_000_000
_SUM_BYTES = 18
"""The most bytes of a sum: a number beyond 64 bits takes twice as many."""
_WEIGHT_BYTES = 9


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The total or average of `property`, each value multiplied by `times`, compares as stated.

    Operands are whole numbers of ten-thousandths.
    """

    kind: Literal["total", "average"]
    property: str
    scope: Scope
    comparisons: tuple[Comparison, ...]
    times: str | None = None

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        memory = Sums(self.property, self.times, scope, binder.terms.max_lateness)
        recall = Recall(binder.share(since_or_plain(memory, scope.since)), scope.since)
        times = f" times {self.times}" if self.times else ""
        said = f"{self.kind} {self.property}{times} of {wording.names(scope.events)}"
        said += f"{wording.scope(scope)} {wording.comparisons(self.comparisons, scaled=True)}"
        return Compared(said, recall, self)


class Sums:
    """What qualifying events add up to.

    State: [sum, weight, entries]. The entries are the single events that can still leave: inside
    the window, or, without a window, not older than `max_lateness`, as long as a `since` that
    comes late may cut them off. Events of one instant leave together and are one entry. What left
    a window is subtracted, what only grew old stays in the sum. Exact up to 1,000 entries; then
    the oldest are folded into slices of a 64th of the window, each leaving as a whole with its
    latest event.

    Merge: add the sums and weights, and merge the entries in order of time.
    """

    def __init__(self, name: str, times: str | None, scope: Scope, max_lateness: Millis) -> None:
        self.slot = -1
        self.horizon = scope.within
        self._scope = scope
        self._content = f"sums {name!r} {times!r} {scope} {max_lateness}"
        self._found = compile_found(name, scope.where)
        self._times = None if times is None else Property(times)
        self._leaves = scope.within
        if scope.within is None and scope.since is not None:
            self._leaves = max_lateness

    def content(self) -> str:
        """Return what is added up and for how long single events are kept."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of the sum and of the most entries."""
        if self._leaves is None:
            return 2 + _SUM_BYTES + _WEIGHT_BYTES
        entry = 1 + TIME_BYTES + _SUM_BYTES + _WEIGHT_BYTES
        return 5 + _SUM_BYTES + _WEIGHT_BYTES + (MOST_EVENTS + 1) * entry

    def fold(self, name: str) -> Fold | None:
        """Add the event's values."""
        return self._add if listens(self._scope.events, name) else None

    def _add(self, state: State, event: Event, profile: Profile) -> State:
        added = weight = 0
        for value, holder in self._found(event):
            scaled = ten_thousandths(value)
            if scaled is not None:
                times = 1 if self._times is None else _multiplier(self._times, holder)
                added += scaled * times
                weight += times
        if not weight:
            return state
        if state is None:
            state = [0, 0, []]
        entries: list[Entry] = state[2]
        if self._leaves is None:
            state[0] += added
            state[1] += weight
            return state
        _insert(entries, (event.time, added, weight))
        state[0] += added
        state[1] += weight
        self._trim(state, profile, self._leaves)
        return state

    def _trim(self, state: State, profile: Profile, horizon: Millis) -> None:
        entries: list[Entry] = state[2]
        gone = bisect_right(entries, profile.clock - horizon, key=_time_of)
        if gone:
            if self._scope.within is not None:
                state[0] -= sum(entry[1] for entry in entries[:gone])
                state[1] -= sum(entry[2] for entry in entries[:gone])
            del entries[:gone]
        if len(entries) > MOST_EVENTS:
            profile.went_beyond(self.slot)
            _fold_oldest(entries, horizon)

    def cut(self, state: State, upto: Millis) -> State:
        """Forget what was added at or before `upto`; whatever is no entry is older than that."""
        entries = [entry for entry in state[2] if entry[0] > upto]
        if not entries:
            return None
        return [sum(entry[1] for entry in entries), sum(entry[2] for entry in entries), entries]


def _time_of(entry: Entry) -> Millis:
    return entry[0]


def _insert(entries: list[Entry], entry: Entry) -> None:
    """Insert in order of time; what happened at one instant leaves at one, so it is one entry."""
    place = len(entries)
    if entries and entries[-1][0] > entry[0]:
        place = bisect_right(entries, entry[0], key=_time_of)
    if place and entries[place - 1][0] == entry[0]:
        time, added, weight = entries[place - 1]
        entries[place - 1] = (time, added + entry[1], weight + entry[2])
    else:
        entries.insert(place, entry)


def _multiplier(times: Property, holder: Holder) -> int:
    """Return the whole number from 1 to 1,000,000 that stands beside a value, else 1."""
    found = times.at(holder)
    if found is None or len(found) != 1:
        return 1
    value = found[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 1
    return int(value) if 1 <= value <= _MOST_TIMES and value == int(value) else 1


def _fold_oldest(entries: list[Entry], window: Millis) -> None:
    crowded = oldest_crowded(entries, window)
    folded = entries[crowded]
    if folded:
        added, weight = sum(one[1] for one in folded), sum(one[2] for one in folded)
        entries[crowded] = [(folded[-1][0], added, weight)]


class Compared:
    """A total or average compares as stated; it changes as events leave the window."""

    def __init__(self, label: str, recall: Recall, question: Aggregate) -> None:
        self.label = label
        self._recall = recall
        self._within = question.scope.within
        self._average = question.kind == "average"
        self._comparisons: tuple[tuple[Order, int], ...] = tuple(
            (ORDERS.get(one.operator, eq), one.operand)
            for one in question.comparisons
            if isinstance(one.operand, int)
        )

    def _holds(self, total: int, weight: int) -> bool:
        if self._average and not weight:
            return False
        factor = weight if self._average else 1
        return all(compare(total, operand * factor) for compare, operand in self._comparisons)

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether it compares so, and find the first event whose leaving changes that."""
        state = self._recall(profile)
        if state is None:
            return self._holds(0, 0), FOREVER
        total, weight, entries = state
        within = self._within
        if within is None:
            return self._holds(total, weight), FOREVER
        left = bisect_right(entries, now - within, key=_time_of)
        for _, added, values in entries[:left]:
            total -= added
            weight -= values
        holds = self._holds(total, weight)
        for index in range(left, len(entries)):
            time, added, values = entries[index]
            total -= added
            weight -= values
            together = index + 1 < len(entries) and entries[index + 1][0] == time
            if not together and self._holds(total, weight) is not holds:
                return holds, time + within
        return holds, FOREVER

    def detail(self, profile: Profile, now: Millis) -> Detail:
        """Say the sum or average and of how many values."""
        state = self._recall(profile)
        total, weight, entries = (0, 0, []) if state is None else state
        if self._within is not None:
            for _, added, values in entries[
                : bisect_right(entries, now - self._within, key=_time_of)
            ]:
                total -= added
                weight -= values
        if not weight:
            return "nothing so far"
        if self._average:
            return f"{wording.decimal(round(total / weight))} of {weight}"
        return wording.decimal, total
