"""Folding the oldest entries of a window that holds more than its cell keeps."""

from typing import Final

from streamer.types import Millis

SLICES: Final = 64
"""Into how many slices of equal width a window is cut; each leaves the window as a whole."""


def oldest_crowded(times: list[Millis], window: Millis) -> tuple[int, int]:
    """Return where the oldest slice that holds several of some ascending times begins and ends.

    Both are the same if none does.
    """
    width = window // SLICES
    if width < 1:
        width = 1
    kept = len(times)
    start = 0
    while start < kept:
        number = times[start] // width
        end = start + 1
        while end < kept and times[end] // width == number:
            end += 1
        if end - start > 1:
            return start, end
        start = end
    return 0, 0
