"""Waiting for a condition, with a deadline: what the tests do instead of sleeping."""

import time
from collections.abc import Callable

PAUSE_S = 0.01


class NotInTime(AssertionError):
    """The condition did not hold before the deadline."""


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Return as soon as `condition` holds.

    Raises:
        NotInTime: it did not hold within `seconds`; the message says `what` was waited for.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {seconds:g} s: {what}")
        time.sleep(PAUSE_S)
