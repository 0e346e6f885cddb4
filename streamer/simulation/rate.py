"""Lines in batches for writing: as fast as possible, so many a second, or when they happen."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from streamer.simulation.stream import Arrival
from streamer.types import DAY, SECOND, Millis

BATCH: Final = 1_000
SLICE: Final = 0.05
"""With a rate, how many seconds' worth of lines are written together."""
_LINES_A_VISIT: Final = 8.4
"""On average: 58,277 to 60,535 lines of 7,000 visits, with four seeds."""


def batches(
    lines: Iterator[bytes],
    rate: float | None,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> Iterator[list[bytes]]:
    """Yield the lines in batches; with a `rate`, never more than so many lines a second.

    `clock` returns and `wait` takes seconds. A writer that was held up is not made to catch up more
    than the rate allows since the beginning.
    """
    if rate is None:
        while batch := list(islice(lines, BATCH)):
            yield batch
        return
    began, written = clock(), 0
    size = max(1, int(rate * SLICE))
    while batch := list(islice(lines, size)):
        yield batch
        written += len(batch)
        ahead = began + written / rate - clock()
        if ahead > 0:
            wait(ahead)


def as_they_happen(
    arrivals: Iterator[Arrival], clock: Callable[[], Millis], wait: Callable[[float], None]
) -> Iterator[list[bytes]]:
    """Yield the lines in batches, each when it arrives: never before `clock` (ms) says so.

    `wait` takes seconds. A writer that was held up gets all that has arrived meanwhile.
    """
    due: list[bytes] = []
    for arrival in arrivals:
        ahead = arrival.at - clock()
        if ahead > 0 or len(due) == BATCH:
            if due:
                yield due
            due = []
        if ahead > 0:
            wait(ahead / SECOND)
        due.append(arrival.line)
    if due:
        yield due


def visits_for(rate: float, customers: int) -> float:
    """Return how often a day each customer has to come for `rate` lines a second on average."""
    return rate * (DAY // SECOND) / (customers * _LINES_A_VISIT)
