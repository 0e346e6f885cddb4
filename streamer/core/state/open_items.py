"""What was begun and is not closed: behind `abandoned`.

For each item (a value of a property, or the customer as one item) the last n times it was begun
since it was closed, and when it was last closed; beside them when everything was closed. A closing
may still close what another customer's history holds, so it is kept also for items never begun: as
long as a beginning that it closes could lie inside `within`, without one for ever. An item with n
beginnings needs no closing: beginnings before it would not be among the last n.

Exact while at most 256 different items are open; then those begun longest ago are forgotten. Of
closings the 256 most recent are kept: one dropped beyond that matters only to a beginning before it
that comes late or is merged in. So an overflow is counted when something is begun so late, and not
for whoever orders much and begins nothing.

The last times of the items begun n times are also kept in ascending order, so neither folding nor
asking looks at items that the event does not carry.

Merge: the later closing of each item and of everything; of what either history began the times
after the other's closings; the last n of both.
"""

from bisect import bisect_left, bisect_right
from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Column, Filter, Row
from streamer.core.packing import Unpacker, put, put_list, put_none, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import MOST_VALUES, TIME_BYTES, Cell, Identity, is_among, overflowed
from streamer.core.state.times import put_distances, read_distances
from streamer.core.values import VALUE_BYTES, Value, weight_of
from streamer.types import FOREVER, Millis

CUSTOMER: Final[Value] = ""
"""The one item where the customer as a whole is looked at."""


@final
@mypyc_attr(acyclic=True)
class OpenState(State):
    """The open items and the closings, each in the order of their last times.

    `everything` is when everything was closed, 0 for never. `closed` holds items begun fewer than
    `keep` times. `lasts` holds the last time of each item begun `keep` times, ascending, `firsts`
    the n-th last time of the same items; with `keep` 1 they are the same and it stays empty.
    """

    __slots__ = ("begun", "closed", "everything", "firsts", "keep", "lasts")

    def __init__(self, keep: int) -> None:
        self.weight = 0
        self.keep = keep
        self.everything: Millis = 0
        self.begun: dict[Value, list[Millis]] = {}
        self.closed: dict[Value, Millis] = {}
        self.lasts: list[Millis] = []
        self.firsts: list[Millis] = []

    def place(self, item: Value, times: list[Millis]) -> None:
        """Add an open item in its place among the others; in order of time that is the end."""
        begun, last = self.begun, times[-1]
        later: list[Value] = []
        for other in reversed(begun):
            if begun[other][-1] <= last:
                break
            later.append(other)
        begun[item] = times
        while later:
            other = later.pop()
            begun[other] = begun.pop(other)

    def place_closing(self, item: Value, time: Millis) -> None:
        """Add a closing in its place among the others."""
        closed = self.closed
        later: list[Value] = []
        for other in reversed(closed):
            if closed[other] <= time:
                break
            later.append(other)
        closed[item] = time
        while later:
            other = later.pop()
            closed[other] = closed.pop(other)

    def enter(self, times: list[Millis]) -> None:
        """List an item that has been begun often enough."""
        at = bisect_right(self.lasts, times[-1])
        self.lasts.insert(at, times[-1])
        if self.keep > 1:
            self.firsts.insert(at, times[0])

    def leave(self, times: list[Millis]) -> None:
        """Take such an item off the list before its times change."""
        at = bisect_left(self.lasts, times[-1])
        if self.keep > 1:
            while self.firsts[at] != times[0]:
                at += 1
            del self.firsts[at]
        del self.lasts[at]

    def first(self, at: int) -> Millis:
        """Return the n-th last time of a listed item."""
        return self.lasts[at] if self.keep == 1 else self.firsts[at]

    def peak(self, low: int, high: int, floor: Millis) -> Millis:
        """Return the largest n-th last time of the listed items from `low` on, before `high`.

        At least `floor`. An n-th last time is no later than the last, so this looks only at items
        begun after what it returns.
        """
        lasts = self.lasts
        firsts = lasts if self.keep == 1 else self.firsts
        best = floor
        at = high - 1
        while at >= low and lasts[at] > best:
            if firsts[at] > best:  # no max(): this is the one loop over items
                best = firsts[at]
            at -= 1
        return best

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append when everything was closed, then the open items and the closings by turns.

        Each item's times are distances from the times of the item before it.
        """
        put_list(out, 3)
        if self.everything:
            put_number(out, self.everything - base)
        else:
            put_none(out)
        put_list(out, 2 * len(self.begun))
        before = base
        for item, times in self.begun.items():
            put(out, item)
            if len(times) == 1:
                put_number(out, times[0] - before)
            else:
                put_distances(out, times, before)
            before = times[-1]
        put_list(out, 2 * len(self.closed))
        before = base
        for item, time in self.closed.items():
            put(out, item)
            put_number(out, time - before)
            before = time


@final
class OpenItems(Cell):
    """The items begun by `did` and not closed by `without`; `same` None for one item, the customer.

    `begun` and `ended` read the items of either event, None for the customer; an event of `without`
    that carries none closes everything. `keep` is n.
    """

    def __init__(  # noqa: PLR0913, PLR0917 (what the rule says)
        self,
        did: Names,
        without: Names,
        where: tuple[Clause, ...],
        passes: Filter | None,
        same: str | None,
        begun: Column | None,
        ended: Column | None,
        keep: int,
        within: Millis | None,
        max_lateness: Millis,
    ) -> None:
        super().__init__(tuple(sorted({*did, *without})) if did and without else ())
        self.horizon = FOREVER if within is None else within
        self._did = did
        self._without = without
        self._where = where
        self._filter = passes
        self._same = same
        self._begun = begun
        self._ended = ended
        self._keep = keep
        self._within = within
        self._max_lateness = max_lateness

    def identity(self) -> Identity:
        """Return what is begun, closed and kept; how long it must last is asked, not kept."""
        return {
            "kind": "open_items",
            "did": list(self._did),
            "without": list(self._without),
            "where": canonical(self._where),
            "same": self._same,
            "keep": self._keep,
            "within": self._within,
        }

    def listens(self, name: str) -> bool:
        """Listen to what begins and to what closes."""
        return self._closes(name) or self._begins(name)

    def _closes(self, name: str) -> bool:
        return is_among(name, self._without)

    def _begins(self, name: str) -> bool:
        return is_among(name, self._did)

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Begin, close, or for an event that is both: close, since it is not after itself."""
        assert state is None or isinstance(state, OpenState)
        if self._closes(row.name):
            if state is None:
                state = OpenState(self._keep)
            items = [] if self._ended is None else self._ended.values(row)
            for item in items:
                self._close(state, item, row.time)
            if not items:
                self._close_everything(state, row.time)
            return self._trimmed(state, profile)
        items = self._begun_items(row)
        if not items:
            return state
        if state is None:
            state = OpenState(self._keep)
        if row.time >= state.everything:
            if row.time < profile.clock:
                self._miss_closings(state, items, row.time, profile)
            for item in items:
                self._begin(state, item, row.time)
        return self._trimmed(state, profile)

    def _begun_items(self, row: Row) -> list[Value]:
        if not self._begins(row.name):
            return []
        if self._begun is not None:
            return self._begun.values(row)
        return [CUSTOMER] if self._filter is None or self._filter.passes(row) else []

    def _miss_closings(
        self, state: OpenState, items: list[Value], time: Millis, profile: Profile
    ) -> None:
        """Count each item begun late, before all closings that are kept: its own may be dropped."""
        if len(state.closed) < MOST_VALUES or time > next(iter(state.closed.values())):
            return
        for item in items:
            if item not in state.closed:
                overflowed(profile, self.slot)

    def _begin(self, state: OpenState, item: Value, time: Millis) -> None:
        closed = state.closed.get(item)
        if closed is not None and time < closed:
            return
        times = state.begun.get(item)
        if times is None:
            times = [time]
            state.place(item, times)
            self._weigh(state, item, 1, 1)
        else:
            if len(times) == self._keep:
                if time <= times[0]:
                    return
                state.leave(times)
                del times[0]
            else:
                self._weigh(state, item, 0, 1)
            times.insert(bisect_right(times, time), time)
            if time == times[-1]:
                del state.begun[item]
                state.place(item, times)
        if len(times) == self._keep:
            state.enter(times)
            if closed is not None:
                self._forget_closing(state, item)

    def _close(self, state: OpenState, item: Value, time: Millis) -> None:
        closed = state.closed.get(item)
        if time < state.everything or (closed is not None and time < closed):
            return
        times = state.begun.get(item)
        if times is not None:
            if len(times) == self._keep and time < times[0]:
                return
            self._cut(state, item, times, time)
        if closed is not None:
            self._forget_closing(state, item)
        if time > state.everything:
            state.place_closing(item, time)
            self._weigh(state, item, 1, 1)

    def _close_everything(self, state: OpenState, time: Millis) -> None:
        if time < state.everything:
            return
        state.everything = time
        begun, closed = state.begun, state.closed
        if self._keep == 1:
            while begun:
                item = next(iter(begun))
                if begun[item][-1] > time:
                    break
                self._cut(state, item, begun[item], time)
        else:
            for item in list(begun):
                self._cut(state, item, begun[item], time)
        while closed:
            item = next(iter(closed))
            if closed[item] > time:
                break
            self._forget_closing(state, item)

    def _cut(self, state: OpenState, item: Value, times: list[Millis], upto: Millis) -> None:
        """Forget the times of an open item at or before an instant."""
        gone = bisect_right(times, upto)
        if not gone:
            return
        if len(times) == self._keep:
            state.leave(times)
        if gone == len(times):
            del state.begun[item]
            self._weigh(state, item, -1, -gone)
        else:
            del times[:gone]
            self._weigh(state, item, 0, -gone)

    def _forget_closing(self, state: OpenState, item: Value) -> None:
        del state.closed[item]
        self._weigh(state, item, -1, -1)

    def _weigh(self, state: OpenState, item: Value, items: int, times: int) -> None:
        if self._same is not None:
            state.weight += items * weight_of(item) + times * TIME_BYTES

    def _trimmed(self, state: OpenState, profile: Profile) -> State | None:
        """Forget what lies before the window, then what goes beyond the bounds."""
        begun, closed = state.begun, state.closed
        if self._within is not None:
            gone = profile.clock - self._within
            if state.everything <= gone:
                state.everything = 0
            while begun:
                item = next(iter(begun))
                times = begun[item]
                if times[-1] > gone:
                    break
                self._cut(state, item, times, gone)
            while closed:
                item = next(iter(closed))
                if closed[item] > gone:
                    break
                self._forget_closing(state, item)
        self._drop(state, len(begun) - MOST_VALUES, len(closed) - MOST_VALUES, profile)
        return state if begun or closed or state.everything else None

    def _drop(self, state: OpenState, items: int, closings: int, profile: Profile) -> None:
        """Drop so many open items and closings, the least recent first."""
        for _ in range(closings):
            self._forget_closing(state, next(iter(state.closed)))
        for _ in range(items):
            item = next(iter(state.begun))
            times = state.begun[item]
            self._cut(state, item, times, times[-1])
            overflowed(profile, self.slot)

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Apply each history's closings to the other's items, then keep the last times of both."""
        assert isinstance(earlier, OpenState)
        assert isinstance(later, OpenState)
        merged = OpenState(self._keep)
        merged.everything = max(earlier.everything, later.everything)
        closed: dict[Value, Millis] = dict(earlier.closed)
        for item, time in later.closed.items():
            closed[item] = max(time, closed.get(item, time))
        open_items: dict[Value, list[Millis]] = {}
        for item in [*earlier.begun, *later.begun]:
            if item in open_items:
                continue
            mine, theirs = earlier.begun.get(item, []), later.begun.get(item, [])
            mine = mine[bisect_right(mine, _closing(later, item)) :]
            theirs = theirs[bisect_left(theirs, _closing(earlier, item)) :]
            open_items[item] = sorted(mine + theirs)[-self._keep :]
        for item, times in sorted(open_items.items(), key=_last_of):
            if times:
                self._put(merged, item, times)
        for item, time in sorted(closed.items(), key=_time_of):
            if time > merged.everything and len(merged.begun.get(item, [])) < self._keep:
                merged.closed[item] = time
                self._weigh(merged, item, 1, 1)
        return self._trimmed(merged, profile)

    def _put(self, state: OpenState, item: Value, times: list[Millis]) -> None:
        """Add an open item that is more recent than all others."""
        state.begun[item] = times
        self._weigh(state, item, 1, len(times))
        if len(times) == self._keep:
            state.enter(times)

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Drop half of the items: closings first, then those begun longest ago."""
        assert isinstance(state, OpenState)
        if self._same is not None:
            half = (len(state.begun) + len(state.closed) + 1) // 2
            closings = min(half, len(state.closed))
            for time in list(state.closed.values())[:closings]:
                if profile.clock - time < self._max_lateness:
                    overflowed(profile, self.slot)
            self._drop(state, half - closings, closings, profile)
        return self._trimmed(state, profile)

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        reader.enter_list()
        state = OpenState(self._keep)
        state.everything = 0 if reader.none() else base + reader.number()
        before = base
        for _ in range(reader.enter_list() // 2):
            item: Value = reader.value()
            several = reader.is_list()
            times = read_distances(reader, before) if several else [before + reader.number()]
            self._put(state, item, times)
            before = times[-1]
        before = base
        for _ in range(reader.enter_list() // 2):
            closed: Value = reader.value()
            before += reader.number()
            state.closed[closed] = before
            self._weigh(state, closed, 1, 1)
        return state

    def max_bytes(self) -> int:
        """Return the bytes of 256 open items and as many closings (one, for the customer)."""
        times = 3 + TIME_BYTES * self._keep
        if self._same is None:
            return 5 + 2 * TIME_BYTES + times
        return 10 + TIME_BYTES + MOST_VALUES * (2 * VALUE_BYTES + TIME_BYTES + times)


def _closing(state: OpenState, item: Value) -> Millis:
    """Return when an item, or everything, was closed last."""
    return max(state.everything, state.closed.get(item, 0))


def _last_of(entry: tuple[Value, list[Millis]]) -> Millis:
    times = entry[1]
    return times[-1] if times else 0


def _time_of(entry: tuple[Value, Millis]) -> Millis:
    return entry[1]
