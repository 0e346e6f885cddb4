"""The time that each stage of the worker's work takes.

Every moment between the first and the last lap counts for one stage and no other.
"""

from collections import Counter
from collections.abc import Callable


class Stopwatch:
    """Adds up the time between laps, for each stage.

    `clock` and `steady` count in any unit that only grows, such as nanoseconds of CPU time and of
    a monotonic clock; without one, its time is not measured. `spent` is the time by `clock`,
    `passed` that by `steady`.
    """

    def __init__(
        self, clock: Callable[[], int] = lambda: 0, steady: Callable[[], int] = lambda: 0
    ) -> None:
        self._clock, self._steady = clock, steady
        self._last, self._last_steady = clock(), steady()
        self.spent: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()

    def lap(self, stage: str) -> None:
        """Say that the time since the last lap went into this stage."""
        now, steady = self._clock(), self._steady()
        self.spent[stage] += now - self._last
        self.passed[stage] += steady - self._last_steady
        self._last, self._last_steady = now, steady
