"""The wall clock in the one unit of this project.

Only the outermost code asks it: everything below gets the time as an argument.
"""

import time

from streamer.types import Millis


def wall_time() -> Millis:
    """Return the time of this machine's wall clock, in ms since 1970."""
    return time.time_ns() // 1_000_000
