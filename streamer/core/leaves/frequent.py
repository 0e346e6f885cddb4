"""The same value again and again: the memory behind `performed … same`."""

from heapq import nsmallest
from typing import Final

from streamer.core.memory import ALWAYS, NEVER, Answer, Fold, listens
from streamer.core.profile import Profile, State
from streamer.core.since import Recall
from streamer.core.stamps import STAMP_BYTES, Run, Stamp, added, after, instant, nth_last, stamped
from streamer.core.syntax import Clause, Names
from streamer.core.values import VALUE_BYTES, Value, compile_reader, shown
from streamer.instants import iso
from streamer.types import Detail, Event, Millis

MOST_REPEATED: Final = 2_048
"""How many different values are kept: in a real shop one customer bought 1,119 different products
in a season, and looking up one of them costs the same however many there are."""


class TimesByValue:
    """The last `keep` times of each of the most recent values of a property.

    Some value occurs at least n times while the largest n-th last time of all values is inside
    the window; that time is kept up to date beside the values.

    State: [stamp of the largest keep-th last time or None, {value: run of its times}]. Exact while
    at most 2,048 different values are inside the window; then the ones seen longest ago are
    forgotten.
    Merge: for each value the last `keep` of both, then the 2,048 most recent values.
    """

    def __init__(
        self,
        name: str,
        events: Names,
        where: tuple[Clause, ...],
        keep: int,
        within: Millis | None,
    ) -> None:
        self.slot = -1
        self.horizon = within
        self._content = f"same {name!r} {events} {where} {keep} {within}"
        self._events = events
        self._read = compile_reader(name, where)
        self._keep = keep
        self._within = within

    def content(self) -> str:
        """Return which values are kept, and how many times of each."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of 2,048 values with their times."""
        return 11 + STAMP_BYTES + MOST_REPEATED * (VALUE_BYTES + 3 + STAMP_BYTES * self._keep)

    def fold(self, name: str) -> Fold | None:
        """Insert the time at each value that the event carries."""
        return self._insert if listens(self._events, name) else None

    def _insert(self, state: State, event: Event, profile: Profile) -> State:
        values = self._read(event)
        if not values:
            return state
        if state is None:
            state = [None, {}]
        by_value: dict[Value, Run] = state[1]
        stamp, keep, known = profile.stamp, self._keep, len(by_value)
        for value in values:
            times = by_value.pop(value, None)
            times = stamp if times is None else added(times, stamp, keep)
            if len(times) == STAMP_BYTES * keep:
                first = times[:STAMP_BYTES]
                if state[0] is None or first > state[0]:
                    state[0] = first
            by_value[value] = times
        if len(by_value) > known:
            self._trim(state, profile)
        return state

    def _trim(self, state: State, profile: Profile) -> None:
        by_value: dict[Value, Run] = state[1]
        if self._within is not None:
            gone = stamped(profile.clock - self._within)
            while by_value:
                oldest = next(iter(by_value))
                if by_value[oldest][-STAMP_BYTES:] > gone:
                    break
                del by_value[oldest]
            if len(by_value) > MOST_REPEATED:
                for value, times in list(by_value.items()):
                    if times[-STAMP_BYTES:] <= gone:
                        del by_value[value]
        excess = len(by_value) - MOST_REPEATED
        if excess > 0:
            last = {value: times[-STAMP_BYTES:] for value, times in by_value.items()}
            for value in nsmallest(excess, last, key=last.__getitem__):
                del by_value[value]
                profile.went_beyond(self.slot)
            state[0] = self._best(by_value)

    def _best(self, by_value: dict[Value, Run]) -> Stamp | None:
        whole = STAMP_BYTES * self._keep
        full = [times[:STAMP_BYTES] for times in by_value.values() if len(times) == whole]
        return max(full, default=None)

    def cut(self, state: State, upto: Millis) -> State:
        """Forget the times at or before `upto`."""
        kept = {}
        for value, times in state[1].items():
            later = after(times, upto)
            if later:
                kept[value] = later
        return [self._best(kept), kept] if kept else None


class MostFrequent:
    """The most frequent value was carried at least so many times inside the window."""

    def __init__(self, label: str, recall: Recall, within: Millis | None) -> None:
        self.label = label
        self.recall = recall
        self.within = within

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether the best value has its times inside the window."""
        state = self.recall(profile)
        if state is None or state[0] is None:
            return NEVER
        if self.within is None:
            return ALWAYS
        until = instant(state[0]) + self.within
        return (True, until) if until > now else NEVER

    def detail(self, profile: Profile, _now: Millis) -> Detail:
        """Name the value that decides."""
        state = self.recall(profile)
        if state is None or state[0] is None:
            return "no value so often"
        by_value: dict[Value, Run] = state[1]
        for value in reversed(by_value):
            times = by_value[value]
            if times[:STAMP_BYTES] == state[0]:
                return _named, value, times
        return "no value so often"


def _named(value: Value, times: Run) -> str:
    return f"{shown(value)}, last at {iso(nth_last(times, 1))}"
