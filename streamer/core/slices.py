"""Folding the oldest entries of a window that holds more than its memory keeps."""

from collections.abc import Sequence
from typing import Any, Final

from streamer.types import Millis

SLICES: Final = 64
"""Into how many slices of equal width a window is cut; each leaves the window as a whole."""


def oldest_crowded(entries: Sequence[Sequence[Any]], window: Millis) -> slice:
    """Return where the oldest slice stands that holds several entries.

    An entry begins with its time; they are in order of time. The slice is empty if none does.
    """
    width = max(1, window // SLICES)
    start = 0
    while start < len(entries):
        number = entries[start][0] // width
        end = start + 1
        while end < len(entries) and entries[end][0] // width == number:
            end += 1
        if end - start > 1:
            return slice(start, end)
        start = end
    return slice(0, 0)
