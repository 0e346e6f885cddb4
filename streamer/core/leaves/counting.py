"""Counting in a window: the memories behind `performed`, `not_performed`, `quiet` and `ago`.

"At least n within W" is true while the n-th last time is inside the window, so the last n times
are enough, and the answer flips exactly W after the n-th last. To know "at most n" or "exactly n"
one more is kept. The window itself is not part of the memory: leaves that count the same events
share one, which keeps as many times as the one that needs most.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from streamer.core.memory import ALWAYS, NEVER, Answer, Fold, listens, longer
from streamer.core.profile import Profile, State
from streamer.core.since import Recall
from streamer.core.stamps import STAMP_BYTES, Run, Stamp, added, after, instant, nth_last
from streamer.core.syntax import Clause, Names, Scope
from streamer.core.values import VALUE_BYTES, Value, compile_reader, compile_where
from streamer.instants import iso
from streamer.types import FOREVER, Detail, Event, Millis


class Times:
    """The last `keep` times of an event.

    State: a run of the times. Merge: the last `keep` of both together.
    """

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        keep: int,
        horizon: Millis | None = None,
    ) -> None:
        self.slot = -1
        self.horizon = horizon
        self._events = events
        self._where = where
        self._qualifies = compile_where(where)
        self.keep = keep

    @property
    def unconditional(self) -> bool:
        """Say whether every event of the names counts."""
        return self._qualifies is None

    @property
    def of_everything(self) -> bool:
        """Say whether every event counts, whatever its name."""
        return self.unconditional and not self._events

    def content(self) -> str:
        """Return what is counted."""
        return f"times {self._events} {self._where}"

    def widen(self, other: "Times") -> None:
        """Keep as many times, for as long, as either does."""
        self.keep = max(self.keep, other.keep)
        self.horizon = longer(self.horizon, other.horizon)

    def bound(self) -> int:
        """Return the bytes of `keep` times."""
        return 3 + STAMP_BYTES * self.keep

    def fold(self, name: str) -> Fold | None:
        """Insert the time of a qualifying event."""
        if not listens(self._events, name):
            return None
        return self._insert if self._qualifies is None else self._insert_qualifying

    def _insert_qualifying(self, state: State, event: Event, profile: Profile) -> State:
        if self._qualifies is not None and self._qualifies(event) is False:
            return state
        return self._insert(state, event, profile)

    def _insert(self, state: State, _event: Event, profile: Profile) -> State:
        stamp = profile.stamp
        return stamp if state is None else added(state, stamp, self.keep)

    def cut(self, state: State, upto: Millis) -> State:
        """Forget the times at or before `upto`."""
        return after(state, upto) or None


class Earliest:
    """The first time of an event.

    State: the stamp of the time. Merge: the smaller one.
    """

    def __init__(self, events: Names, where: tuple[Clause, ...]) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._events = events
        self._where = where
        self._qualifies = compile_where(where)

    def content(self) -> str:
        """Return what is looked for."""
        return f"earliest {self._events} {self._where}"

    def bound(self) -> int:
        """Return the bytes of one time."""
        return 2 + STAMP_BYTES

    def fold(self, name: str) -> Fold | None:
        """Keep the smaller time."""
        return self._lower if listens(self._events, name) else None

    def _lower(self, state: State, event: Event, profile: Profile) -> State:
        if self._qualifies is not None and self._qualifies(event) is False:
            return state
        return profile.stamp if state is None else min(state, profile.stamp)


class LastSeen:
    """The `keep` most recently seen different values, each with its last time.

    State: {value: stamp of its last time}. Merge: the later time of each value, then the `keep`
    latest.
    """

    def __init__(
        self,
        content: str,
        events: Names,
        read: Callable[[Event], Sequence[Value]],
        keep: int,
        horizon: Millis | None,
    ) -> None:
        self.slot = -1
        self.horizon = horizon
        self._content = content
        self._events = events
        self._read = read
        self.keep = keep

    def content(self) -> str:
        """Return which values are kept."""
        return f"{self._content} {self._events}"

    def widen(self, other: "LastSeen") -> None:
        """Keep as many values, for as long, as either does."""
        self.keep = max(self.keep, other.keep)
        self.horizon = longer(self.horizon, other.horizon)

    def bound(self) -> int:
        """Return the bytes of `keep` values with their times."""
        return 5 + (VALUE_BYTES + 2 + STAMP_BYTES) * self.keep

    def fold(self, name: str) -> Fold | None:
        """Move the values' last times."""
        return self._see if listens(self._events, name) else None

    def _see(self, state: State, event: Event, profile: Profile) -> State:
        values = self._read(event)
        if not values:
            return state
        stamp = profile.stamp
        last: dict[Value, Stamp] = {} if state is None else state
        # Values seen at one instant are equals: more of them than are kept make no difference.
        for value in values[: self.keep]:
            last[value] = max(stamp, last.get(value, stamp))
            if len(last) > self.keep:
                del last[min(last, key=last.__getitem__)]
        return last

    def cut(self, state: State, upto: Millis) -> State:
        """Forget the values last seen at or before `upto`."""
        return {value: seen for value, seen in state.items() if instant(seen) > upto} or None


def different_values(name: str, scope: Scope, keep: int) -> LastSeen:
    """Return the memory of different values of a property."""
    read = compile_reader(name, scope.where)
    content = f"distinct {name!r} {scope.where}"
    return LastSeen(content, scope.events, read, keep, scope.within)


def different_days(zone: str, scope: Scope, keep: int) -> LastSeen:
    """Return the memory of different calendar days in a zone."""
    where = scope.where
    place = ZoneInfo(zone)
    qualifies = compile_where(where)

    def day(event: Event) -> Sequence[Value]:
        if qualifies is not None and qualifies(event) is False:
            return ()
        return (datetime.fromtimestamp(event.time // 1000, place).toordinal(),)

    return LastSeen(f"days {zone} {where}", scope.events, day, keep, scope.within)


class Range:
    """Which counts are wanted: from `low` to `high`, both included; `high` None for no end."""

    __slots__ = ("high", "low")

    def __init__(self, at_least: int | None, at_most: int | None, exactly: int | None) -> None:
        lows = [bound for bound in (at_least, exactly) if bound is not None]
        highs = [bound for bound in (at_most, exactly) if bound is not None]
        self.high = min(highs) if highs else None
        self.low = max(lows) if lows else (0 if highs else 1)

    @property
    def keep(self) -> int:
        """How many times must be kept to tell a count in the range from every other."""
        return max(self.low, 1 if self.high is None else self.high + 1)


class Counted:
    """The number of remembered times (or values) inside the window lies in a range.

    `ascending` says that the state is a run of times, and not the last time of each value.
    """

    def __init__(
        self,
        label: str,
        recall: Recall,
        wanted: Range,
        within: Millis | None,
        *,
        ascending: bool,
    ) -> None:
        self.label = label
        self.recall = recall
        self.low = wanted.low
        self.high = wanted.high
        self.ascending = ascending
        self.within = within

    def _times(self, state: State) -> Run:
        if state is None:
            return b""
        return state if self.ascending else b"".join(sorted(state.values()))

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether the count is in the range; it can only fall until the next event."""
        state = self.recall(profile)
        low, high, within = self.low, self.high, self.within
        size = 0 if state is None else len(state)
        kept = size // STAMP_BYTES if self.ascending else size
        if within is None:
            holds = low <= kept and (high is None or kept <= high)
            return ALWAYS if holds else NEVER
        if kept < low:  # before the times are put in order
            return NEVER
        times = self._times(state)
        if high is None:
            until = nth_last(times, low) + within
            return (True, until) if until > now else NEVER
        count = len(after(times, now - within)) // STAMP_BYTES
        if count > high:
            left = nth_last(times, high + 1)
            flip = left + within
            later = len(after(times, left)) // STAMP_BYTES
            return (False, flip) if later >= low else NEVER
        if count < low:
            return NEVER
        return (True, nth_last(times, low) + within) if low else ALWAYS

    def detail(self, profile: Profile, now: Millis) -> Detail:
        """Say how many there are and when the last was."""
        times = self._times(self.recall(profile))
        return _counted, times, 0 if self.within is None else now - self.within


def _counted(times: Run, gone: Millis) -> str:
    times = after(times, gone)
    if not times:
        return "none"
    count, last = len(times) // STAMP_BYTES, iso(nth_last(times, 1))
    return f"last at {last}" if count == 1 else f"{count}, last at {last}"


class Absent:
    """There is no remembered time inside the window."""

    def __init__(self, label: str, recall: Recall, within: Millis | None) -> None:
        self.label = label
        self.recall = recall
        self.within = within

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether there is none; with a window, one ends exactly the window after it."""
        times = self.recall(profile)
        if not times:
            return ALWAYS
        if self.within is None:
            return NEVER
        until = nth_last(times, 1) + self.within
        return (False, until) if until > now else ALWAYS

    def detail(self, profile: Profile, _now: Millis) -> Detail:
        """Say when the last one was."""
        times = self.recall(profile)
        return (_since, times) if times else "none so far"


def _since(times: Run) -> str:
    return f"since {iso(nth_last(times, 1))}"


class Aged:
    """A remembered time is so long ago: at least `low` ms and less than `high` ms."""

    def __init__(self, label: str, slot: int, low: Millis, high: Millis) -> None:
        self.label = label
        self._slot = slot
        self._low = low
        self._high = high

    def _time(self, profile: Profile) -> Millis | None:
        state: Run | None = profile.memories[self._slot]
        return None if state is None else nth_last(state, 1)

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether the age is in the range; it flips at the time plus either bound."""
        time = self._time(profile)
        if time is None or self._low >= self._high:
            return NEVER
        if now < time + self._low:
            return False, time + self._low
        until = time + self._high
        return (True, min(until, FOREVER)) if now < until else NEVER

    def detail(self, profile: Profile, _now: Millis) -> str:
        """Say when it was."""
        time = self._time(profile)
        return "never" if time is None else f"at {iso(time)}"
