"""The time that each stage of the worker's work takes."""

from collections import Counter
from collections.abc import Callable


class Stopwatch:
    """Adds up the time between laps, for each stage.

    `clock` counts in any unit that only grows, such as nanoseconds of CPU time; without one,
    nothing is measured.
    """

    def __init__(self, clock: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self._last = clock()
        self.spent: Counter[str] = Counter()

    def lap(self, stage: str) -> None:
        """Say that the time since the last lap went into this stage."""
        now = self._clock()
        self.spent[stage] += now - self._last
        self._last = now
