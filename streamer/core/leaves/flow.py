"""A sum as it changes with time alone: entries that ripen, leave, or replace each other."""

from typing import Final, final

from streamer.core.leaf import CellRef
from streamer.core.profile import Profile
from streamer.core.state.ledger import Entry, LedgerState
from streamer.core.state.sums import SumsState, TotalState
from streamer.core.state.times import first_after
from streamer.types import FOREVER, Millis

_NOTHING: Final = SumsState()
_NO_STEPS: Final[list[Entry]] = []


@final
class Flow:
    """The sum of what a cell holds, at an instant that moves on: `amount` and `count`.

    Of a cell inside a window an entry leaves `within` ms after its instant, and it counts once it
    is `older` ms old.
    """

    def __init__(self, ref: CellRef, within: Millis | None, older: Millis | None) -> None:
        self.amount = 0
        self.count = 0
        self._ref = ref
        self._within = within or 0
        self._older = older or 0
        self._sums = _NOTHING
        self._steps = _NO_STEPS
        self._left = 0
        self._ripe = 0
        self._step = 0

    def begin(self, profile: Profile, now: Millis) -> None:
        """Look at a customer at an instant."""
        state = self._ref.state(profile)
        self._sums, self._steps = _NOTHING, _NO_STEPS
        self._left = self._ripe = self._step = 0
        if state is None:
            self.amount = self.count = 0
            return
        if isinstance(state, TotalState):
            self.amount, self.count = state.amount, state.count
            return
        if isinstance(state, LedgerState):
            self._sums = state.loose
            self._steps = state.timeline(self._older, self._within)
        else:
            assert isinstance(state, SumsState)
            self._sums = state
        times = self._sums.times
        if self._within:
            self._left = first_after(times, now - self._within)
        self._ripe = first_after(times, now - self._older) if self._older else len(times)
        self._step = _first_after(self._steps, now)
        self._read()

    def _read(self) -> None:
        sums, step = self._sums, self._step
        self.amount = sums.before(self._ripe) - sums.before(self._left)
        self.count = sums.counted_before(self._ripe) - sums.counted_before(self._left)
        if step:
            self.amount += self._steps[step - 1][1]
            self.count += self._steps[step - 1][2]

    def next(self) -> Millis:
        """Return the next instant at which the sum may change."""
        times = self._sums.times
        kept = len(times)
        until = FOREVER
        if self._within and self._left < kept:
            until = times[self._left] + self._within
        if self._ripe < kept:
            until = min(until, times[self._ripe] + self._older)
        if self._step < len(self._steps):
            until = min(until, self._steps[self._step][0])
        return until

    def move(self, now: Millis) -> None:
        """Move on to an instant, which is not after the next one."""
        times = self._sums.times
        kept = len(times)
        while self._within and self._left < kept and times[self._left] + self._within <= now:
            self._left += 1
        while self._ripe < kept and times[self._ripe] + self._older <= now:
            self._ripe += 1
        while self._step < len(self._steps) and self._steps[self._step][0] <= now:
            self._step += 1
        if kept or self._steps:
            self._read()


def _first_after(steps: list[Entry], instant: Millis) -> int:
    """Return the index of the first step that is later than an instant."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if steps[middle][0] <= instant:
            low = middle + 1
        else:
            high = middle
    return low
