"""When a change that failed is tried again: later each time, never all at once."""

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

from streamer.types import DAY, SECOND, Millis

_JITTER: Final = 0.1
_LONGEST: Final = DAY
"""No endpoint can ask for a longer rest."""
_DIGITS: Final = 9


def next_try(pauses: Sequence[Millis], tries: int, now: Millis, chance: Random) -> Millis | None:
    """Return when to try again after so many tries, None after the last.

    Each pause is up to a tenth shorter or longer than it says.
    """
    if tries > len(pauses):
        return None
    return now + round(pauses[tries - 1] * chance.uniform(1 - _JITTER, 1 + _JITTER))


def retry_after(header: str | None, now: Millis) -> Millis | None:
    """Return until when an endpoint asks to be left alone, by seconds or by an HTTP date."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return now + min(int(text[:_DIGITS]) * SECOND, _LONGEST)
    try:
        asked = round(parsedate_to_datetime(text).timestamp() * SECOND)
    except (ValueError, OverflowError):
        return None
    return min(max(asked, now), now + _LONGEST)
