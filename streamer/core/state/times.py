"""The latest n instants of an event: enough for "at least n", and for n - 1 exactly.

"At least n within W" is true while the n-th last time is inside the window, so the last n times are
enough, and the answer flips exactly W after the n-th last. To know "at most n" or "exactly n" one
more is kept. The window itself is no part of the cell: leaves that count the same events share one,
which keeps as many times as the one that needs most.

Merge: the last n of both together.
"""

from bisect import bisect_right, insort
from typing import final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Filter, Row
from streamer.core.packing import Unpacker, put_list, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity
from streamer.types import FOREVER, Millis


@final
@mypyc_attr(acyclic=True)
class TimesState(State):
    """The times, ascending; at least one."""

    __slots__ = ("times",)

    def __init__(self, times: list[Millis]) -> None:
        self.weight = 0
        self.times = times

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the first time as a distance from the base, each other from the one before."""
        put_distances(out, self.times, base)


@final
class Times(Cell):
    """The last `keep` times of events that pass `where`; `within` (ms) is how long one says so."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        passes: Filter | None,
        keep: int,
        within: Millis | None = None,
    ) -> None:
        super().__init__(events)
        self.horizon = FOREVER if within is None else within
        self._where = where
        self._filter = passes
        self.keep = keep

    def identity(self) -> Identity:
        """Return what is counted."""
        return {"kind": "times", "events": list(self.events), "where": canonical(self._where)}

    @property
    def of_everything(self) -> bool:
        """Say whether every event counts, whatever its name."""
        return self._filter is None and not self.events

    def widen(self, other: Cell) -> None:
        """Keep as many times, for as long, as either does."""
        assert isinstance(other, Times)
        self.keep = max(self.keep, other.keep)
        self.horizon = max(self.horizon, other.horizon)

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Insert the time of an event that passes."""
        if self._filter is not None and not self._filter.passes(row):
            return state
        time = row.time
        if state is None:
            return TimesState([time])
        assert isinstance(state, TimesState)
        times = state.times
        if time >= times[-1]:
            times.append(time)
        else:
            insort(times, time)
        if len(times) > self.keep:
            del times[0]
        return state

    def drop_until(self, state: State, instant: Millis) -> State | None:
        """Forget the times at or before an instant."""
        assert isinstance(state, TimesState)
        times = state.times[bisect_right(state.times, instant) :]
        return TimesState(times) if times else None

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return the last times of both."""
        assert isinstance(earlier, TimesState)
        assert isinstance(later, TimesState)
        return TimesState(sorted(earlier.times + later.times)[-self.keep :])

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        times = read_distances(reader, base)
        if len(times) > self.keep:
            del times[: -self.keep]
        return TimesState(times)

    def max_bytes(self) -> int:
        """Return the bytes of `keep` times."""
        return 3 + TIME_BYTES * self.keep


def distances(times: list[Millis], base: Millis) -> list[int]:
    """Return instants as distances: the first from the base, each other from the one before."""
    packed: list[int] = []
    before = base
    for time in times:
        packed.append(time - before)
        before = time
    return packed


def read_distances(reader: Unpacker, base: Millis) -> list[Millis]:
    """Return the instants that `put_distances` wrote."""
    times: list[Millis] = []
    time = base
    for _ in range(reader.enter_list()):
        time += reader.number()
        times.append(time)
    return times


def put_distances(out: BytesWriter, times: list[Millis], base: Millis) -> None:
    """Append the bytes of what `distances` returns."""
    put_list(out, len(times))
    before = base
    for time in times:
        put_number(out, time - before)
        before = time


def instants(packed: list[int], base: Millis) -> list[Millis]:
    """Return the instants that `distances` made these of."""
    times: list[Millis] = []
    time = base
    for distance in packed:
        time += distance
        times.append(time)
    return times


def first_after(times: list[Millis], instant: Millis) -> int:
    """Return the index of the first of some ascending times that is later than an instant."""
    kept = len(times)
    if not kept or times[kept - 1] <= instant:  # what is asked for most often
        return kept
    return 0 if times[0] > instant else bisect_right(times, instant)
