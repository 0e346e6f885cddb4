"""Instants as text and back: integer milliseconds since 1970, ISO 8601 with a zone.

`iso` and `parse_iso` are each other's inverse for every instant of the years 1 to 9999. Both run
once per event or more, so both work on small tables: a day is turned once and remembered, the rest
of the text is looked up.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from streamer.types import DAY, HOUR, MINUTE, SECOND, Millis

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
"""The years in which an event may happen, as its time is written."""
EARLIEST: Final[Millis] = 631_152_000_000
"""The first millisecond of `FIRST_YEAR` in UTC."""
END: Final[Millis] = 4_133_980_800_000
"""The first millisecond after `LAST_YEAR` in UTC."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = EARLIEST // DAY
_DAYS: Final = [b""] * (END // DAY - _FIRST_DAY)
"""The texts of the days in which an event may happen, once they have been asked for."""
_MINUTES: Final = [b"T%02d:%02d:" % divmod(minute, 60) for minute in range(1440)]
_SECONDS: Final = [b"%02d." % second for second in range(60)]
_MILLIS: Final = [b"%03dZ" % milli for milli in range(1000)]
_MINUTE_OF: Final = {text.decode(): index * MINUTE for index, text in enumerate(_MINUTES)}
_SECOND_OF: Final = {text.decode(): index * SECOND for index, text in enumerate(_SECONDS)}
_MILLI_OF: Final = {text.decode(): index for index, text in enumerate(_MILLIS)}

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TEXT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    r"((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]+))?)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)"
)
_FORM: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
)


def iso(at: Millis) -> str:
    """Return the instant as UTC text with milliseconds: `2026-11-22T05:00:00.123Z`.

    Raises `OverflowError` or `ValueError` outside of the years 1 to 9999.
    """
    out = BytesWriter()
    put_iso(out, at)
    return out.getvalue().decode()


def put_iso(out: BytesWriter, at: Millis) -> None:
    """Append the bytes of what `iso` returns."""
    instant: i64 = at
    rest = instant % DAY
    out.write(_day_text(instant // DAY))
    out.write(_MINUTES[rest // MINUTE])
    out.write(_SECONDS[rest // SECOND % 60])
    out.write(_MILLIS[rest % SECOND])


def _day_text(day: i64) -> bytes:
    """Return the text of a day since 1970."""
    place = day - _FIRST_DAY
    if not 0 <= place < len(_DAYS):
        return _made_day_text(day)
    text = _DAYS[place]
    if not text:
        text = _DAYS[place] = _made_day_text(day)
    return text


def _made_day_text(day: i64) -> bytes:
    return date.fromordinal(_EPOCH + int(day)).isoformat().encode()


def parse_iso(text: str) -> Millis:
    """Return the instant of an ISO 8601 text with a zone; fractions of a millisecond are cut off.

    Raises `ValueError` with a clear sentence for every other text: no zone, another form, a day
    or a time of day that does not exist.
    """
    try:
        return (
            _day_millis(text[:10])
            + _MINUTE_OF[text[10:17]]
            + _SECOND_OF[text[17:20]]
            + _MILLI_OF[text[20:]]
        )
    except (KeyError, ValueError):
        return _parse_any(text)


@lru_cache(maxsize=1024)
def _day_millis(text: str) -> Millis:
    """Return the first millisecond in UTC of the day `YYYY-MM-DD`."""
    if _DAY.fullmatch(text) is None:
        message = f"no such day: {text!r}"
        raise ValueError(message)
    year, month, day = map(int, text.split("-"))
    try:
        return (date(year, month, day).toordinal() - _EPOCH) * DAY
    except ValueError:
        message = f"no such day: {text}"
        raise ValueError(message) from None


def _parse_any(text: str) -> Millis:
    match = _TEXT.fullmatch(text)
    if match is None:
        message = (
            "no such time of day or zone offset"
            if _FORM.fullmatch(text)
            else "not ISO 8601 with a zone, like 2026-11-22T05:00:00.123Z"
        )
        raise ValueError(message)
    day, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    at = _day_millis(day) + _MINUTE_OF[f"T{minute}:"]
    if second:
        at += int(second) * SECOND
    if fraction:
        at += int(fraction[:3].ljust(3, "0"))
    if sign:
        offset = int(zone_hour) * HOUR + int(zone_minute or 0) * MINUTE
        at += offset if sign == "-" else -offset
    return at
