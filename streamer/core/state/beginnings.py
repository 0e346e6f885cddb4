"""The latest beginnings of runs of steps: what is left of the settled events of a `sequence`.

Of all chains of events that match the steps i to j, the one that began latest is the best: whatever
completes an earlier one completes it too, and it stays inside the window and the span longest. So
one instant for each pair i <= j is enough, at j * (j + 1) / 2 + i; 0 where there is no chain.

Where the steps must lie within a span, the earliest end of a chain is kept for each pair, too: it
is the best continuation of a chain of an earlier history.

Joining two histories: the best chain i to j is the best of either one's own, and of a chain i to m
of one that goes on with m + 1 to j of the other. Exact where one history ends before the other
begins, as with matrices. Where they overlap, a chain of both counts only if the instants kept show
that its second part follows its first, so no chain is invented, but one may be missed.
"""

from typing import Final, final

from mypy_extensions import mypyc_attr

from streamer.core.profile import Packed
from streamer.types import FOREVER, Millis

UNBOUNDED: Final[Millis] = FOREVER
"""The span of a sequence that has none."""


@final
@mypyc_attr(acyclic=True)
class Beginnings:
    """The latest beginning, and with a span the earliest end, of each run of steps."""

    __slots__ = ("earliest", "latest", "span", "steps")

    def __init__(self, steps: int, span: Millis) -> None:
        self.steps = steps
        self.span = span
        size = steps * (steps + 1) // 2
        self.latest: list[Millis] = [0] * size
        self.earliest: list[Millis] = [] if span == UNBOUNDED else [0] * size

    def add(self, mask: int, time: Millis) -> None:
        """Read an event after all others; the last step first, so one event is not two steps."""
        latest, span = self.latest, self.span
        for step in range(self.steps - 1, -1, -1):
            if mask >> step & 1:
                row, above = step * (step + 1) // 2, (step - 1) * step // 2
                for first in range(step):
                    begun = latest[above + first]
                    if begun and begun <= time and time - begun <= span:
                        self._put(row + first, begun, time)
                self._put(row + step, time, time)

    def _put(self, at: int, begun: Millis, ended: Millis) -> None:
        """Count a chain if it began later or ended earlier than those so far."""
        self.latest[at] = max(self.latest[at], begun)
        if self.earliest and (not self.earliest[at] or ended < self.earliest[at]):
            self.earliest[at] = ended

    def forget(self, gone: Millis) -> None:
        """Forget the chains that began at or before an instant."""
        for at, begun in enumerate(self.latest):
            if begun <= gone:
                self.latest[at] = 0
                if self.earliest:
                    self.earliest[at] = 0

    def begun(self) -> list[Millis]:
        """Return the latest beginning of a chain from the first step to each step."""
        return [self.latest[step * (step + 1) // 2] for step in range(self.steps)]

    def end(self) -> Millis:
        """Return the time of the last event."""
        ended = 0
        for step in range(self.steps):
            ended = max(ended, self.latest[step * (step + 3) // 2])
        return ended

    def start(self) -> Millis:
        """Return the time of the first event; known where there is a span."""
        started = FOREVER
        for step in range(self.steps):
            time = self.earliest[step * (step + 3) // 2]
            if time:
                started = min(started, time)
        return started

    def joined(self, later: "Beginnings") -> "Beginnings":
        """Return those of both histories; of equal times the other history's come after."""
        both = Beginnings(self.steps, self.span)
        for one in (self, later):
            for at, begun in enumerate(one.latest):
                if begun:
                    both._put(at, begun, one.earliest[at] if one.earliest else begun)
        both._cross(self, later, 0)
        both._cross(later, self, 1)
        return both

    def _cross(self, before: "Beginnings", after: "Beginnings", gap: Millis) -> None:
        """Count chains that begin in one history and go on, at least `gap` later, in the other."""
        apart = bool(self.earliest) and before.end() + gap <= after.start()
        for step in range(1, self.steps):
            row = step * (step + 1) // 2
            for middle in range(step):
                going_on = after.latest[row + middle + 1]
                left = middle * (middle + 1) // 2
                if going_on and before.latest[left + middle] + gap <= going_on:
                    ended = after.earliest[row + middle + 1] if apart else after.latest[row + step]
                    for first in range(middle + 1):
                        begun = before.latest[left + first]
                        if begun and (not self.earliest or ended - begun <= self.span):
                            self._put(row + first, begun, ended)

    def pack(self, base: Millis) -> Packed:
        """Return each instant as a distance from the one before, None where there is none."""
        packed: list[int | None] = []
        before = base
        for time in self.latest + self.earliest:
            packed.append(time - before if time else None)
            before = time or before
        return packed

    @staticmethod
    def unpack(packed: Packed, base: Millis, steps: int, span: Millis) -> "Beginnings":
        """Return what was packed."""
        unpacked = Beginnings(steps, span)
        size = len(unpacked.latest)
        before = base
        for at, distance in enumerate(packed):
            if distance is not None:
                before += distance
                if at < size:
                    unpacked.latest[at] = before
                else:
                    unpacked.earliest[at - size] = before
        return unpacked
