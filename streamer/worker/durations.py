"""How long things take, counted in classes as Prometheus' histograms are."""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The upper bounds of the classes in seconds; one more class has none."""


class Durations:
    """Counts durations by class, and adds them up; read from other threads while it counts."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float, times: int = 1) -> None:
        """Count one duration, or several of the same length."""
        self._counts[bisect_left(BOUNDS, seconds)] += times
        self.total += seconds * times

    def at_most(self) -> tuple[int, ...]:
        """Return how many were at most as long as each bound, and at last how many there are."""
        return tuple(accumulate(self._counts))
