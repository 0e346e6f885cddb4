"""The latest time of a value in each region between thresholds: behind `largest`, `smallest`.

The thresholds are constants, so it does not matter which value is the largest, only on which side
of each threshold it lies: below the first, on it, between it and the second, and so on.

Merge: the later time of each region.
"""

from bisect import bisect_left
from typing import final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Amounts, Row
from streamer.core.packing import Unpacker, put_list, put_none, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity
from streamer.types import FOREVER, Millis


@final
@mypyc_attr(acyclic=True)
class RegionsState(State):
    """The latest time of each region, 0 for never; at least one is not."""

    __slots__ = ("times",)

    def __init__(self, times: list[Millis]) -> None:
        self.weight = 0
        self.times = times

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the times as distances, None for never."""
        put_list(out, len(self.times))
        for time in self.times:
            if time:
                put_number(out, time - base)
            else:
                put_none(out)


@final
class Regions(Cell):
    """The latest time of a number in each region; `within` (ms) is how long one says so."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        amounts: Amounts,
        thresholds: list[int],
        within: Millis | None,
    ) -> None:
        super().__init__(events)
        self.horizon = FOREVER if within is None else within
        self._where = where
        self._name = name
        self._amounts = amounts
        self._thresholds = thresholds

    def identity(self) -> Identity:
        """Return what is read and where the regions end."""
        return {
            "kind": "regions",
            "property": self._name,
            "events": list(self.events),
            "where": canonical(self._where),
            "thresholds": self._thresholds,
            **self._amounts.identity(),
        }

    def widen(self, other: Cell) -> None:
        """Say something for as long as either does."""
        assert isinstance(other, Regions)
        self.horizon = max(self.horizon, other.horizon)

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Move the times of the regions in which the event has values."""
        pairs = self._amounts.pairs(row)
        if not pairs:
            return state
        if state is None:
            state = RegionsState([0] * (2 * len(self._thresholds) + 1))
        assert isinstance(state, RegionsState)
        times, time = state.times, row.time
        for index in range(0, len(pairs), 2):
            region = self._region(pairs[index])
            if times[region] < time:
                times[region] = time
        return state

    def _region(self, amount: int) -> int:
        thresholds = self._thresholds
        index = bisect_left(thresholds, amount)
        on = index < len(thresholds) and thresholds[index] == amount
        return 2 * index + 1 if on else 2 * index

    def drop_until(self, state: State, instant: Millis) -> State | None:
        """Forget the times at or before an instant."""
        assert isinstance(state, RegionsState)
        kept = [time if time > instant else 0 for time in state.times]
        return RegionsState(kept) if any(kept) else None

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return the later time of each region."""
        assert isinstance(earlier, RegionsState)
        assert isinstance(later, RegionsState)
        return RegionsState([max(both) for both in zip(earlier.times, later.times, strict=True)])

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        many = reader.enter_list()
        return RegionsState([0 if reader.none() else base + reader.number() for _ in range(many)])

    def max_bytes(self) -> int:
        """Return the bytes of one time for each region."""
        return 3 + TIME_BYTES * (2 * len(self._thresholds) + 1)
