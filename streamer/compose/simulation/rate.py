"""Lines in batches for writing: as fast as possible, or so many a second."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

BATCH: Final = 1_000
SLICE: Final = 0.05
"""With a rate, how many seconds' worth of lines are written together."""


def batches(
    lines: Iterator[bytes],
    rate: float | None,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> Iterator[list[bytes]]:
    """Yield the lines in batches; with a `rate`, never more than so many lines a second.

    `clock` tells and `wait` takes seconds. A writer that was held up is not made to catch up more
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
