"""An estimate of the clock of a partition's broker, which is never ahead of it.

On a silent partition the worker fires wakes before a record moves log time, and must not be early:
the next record would find the customer's clock ahead of its append time. So the broker's clock
counts, not the worker's. The append time of a record that arrives is a lower bound of the broker's
clock, which then runs on as fast as any. Until a record has arrived while the worker was waiting
for one, it uses the worker's own wall clock.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from streamer.types import Millis

_MOST: Final = 8
"""Of the last records, the one that took least time to arrive is the best bound."""
_LONGEST_WAIT: Final[Millis] = 250
"""A record that may have been in the log for longer is too weak a bound."""


class BrokerClock:
    """A clock that does not run ahead of the broker's once records have arrived.

    `wall` is the machine's clock in ms since 1970, `steady` a monotonic one in ms.
    """

    def __init__(self, wall: Callable[[], Millis], steady: Callable[[], Millis]) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead: deque[Millis] = deque(maxlen=_MOST)

    def arrived(self, appended: Millis, waited: Millis) -> None:
        """Take the append time of a record that arrived within the last `waited` ms."""
        if waited <= _LONGEST_WAIT:
            self._ahead.append(appended - self._steady())

    def skew(self) -> Millis | None:
        """Return how far the broker's clock is ahead of the wall clock; None if it is not known.

        Too low by the time that the fastest of the last records took to arrive.
        """
        return max(self._ahead) + self._steady() - self._wall() if self._ahead else None

    def now(self) -> Millis:
        """Return the broker's time in ms since 1970."""
        if not self._ahead:
            return self._wall()
        return max(self._ahead) + self._steady()
