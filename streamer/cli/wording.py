"""Times, durations and counts as people read them."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from streamer.instants import iso
from streamer.types import DAY, HOUR, MINUTE, SECOND, Millis, Unusable

_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms"))
_INSTANT: Final = re.compile(r"(\d{4,}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{3})Z")


def instant(at: Millis) -> str:
    """Return an instant in UTC, without milliseconds where there are none."""
    return plain(iso(at))


def plain(text: str) -> str:
    """Return the text with its instants as people write them: `2026-11-22 05:00:00`."""
    return _INSTANT.sub(
        lambda found: f"{found[1]} {found[2]}{'' if found[3] == '.000' else found[3]}", text
    )


def lasting(duration: Millis) -> str:
    """Return a duration in its two largest units: `2d 3h`, `45s`."""
    parts = []
    rest = duration
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
        if len(parts) == 2 or (parts and not count):  # noqa: PLR2004 (two units)
            break
    return " ".join(parts) or "0s"


def unusable(found: Mapping[str, Unusable]) -> Iterator[str]:
    """Yield a sentence about each property that rules read and could not."""
    for name, one in found.items():
        events = counted(one.count, "event")
        yield f"could not be read: {name} in {events}, such as {one.example}; it counts as no value"


def counted(number: int, thing: str, things: str | None = None) -> str:
    """Return a number with its thing: `1 line`, `2,000 lines`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
