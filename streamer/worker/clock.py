"""What time it is at a partition's broker, as far as can be told from here.

On a silent partition the worker acts on wakes before the next record says so, and must not be
early: the next record would find the customer further than its append time allows. So the
broker's clock counts, not the worker's. A record that arrives says what it was at least; since
then it went on as fast as any clock. Only as long as no record has arrived while the worker was
waiting for one, there is nothing to go by but the worker's own wall clock.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from streamer.types import Millis

_MOST: Final = 8
"""Of the last records, the one that took least time to arrive tells most."""
_LONGEST_WAIT: Final[Millis] = 250
"""A record that may have been there for longer says too little."""


class BrokerClock:
    """A clock that does not run ahead of the broker's once records have arrived.

    `wall` is this machine's clock in ms since 1970, `steady` one in ms that is never set.
    """

    def __init__(self, wall: Callable[[], Millis], steady: Callable[[], Millis]) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead: deque[Millis] = deque(maxlen=_MOST)

    def arrived(self, appended: Millis, waited: Millis) -> None:
        """Learn from a record that has arrived; `waited` ms ago it was not there yet."""
        if waited <= _LONGEST_WAIT:
            self._ahead.append(appended - self._steady())

    def now(self) -> Millis:
        """Return the broker's time in ms since 1970."""
        if not self._ahead:
            return self._wall()
        return max(self._ahead) + self._steady()
