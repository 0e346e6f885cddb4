"""Times of foreign files: a format as `strptime` writes it, and the zone it is meant in.

A format is turned into one pattern, once; what was read is remembered, since neighbouring rows
often carry the same time.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, TypeAlias

from streamer.instants import parse_iso
from streamer.types import SECOND, Millis

TimeReader: TypeAlias = Callable[[str], Millis]
"""Reads a text, or raises `ValueError` with a clear sentence."""

NUMBERS: Final = {
    "seconds": Decimal(SECOND),
    "milliseconds": Decimal(1),
    "microseconds": Decimal("0.001"),
}
"""Formats that count from 1970 in UTC, with their milliseconds."""
ISO: Final = "iso"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_NUMBER: Final = 32
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_DIRECTIVES: Final = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{1,2})",
    "S": r"(?P<S>[0-9]{1,2})",
    "f": r"(?P<f>[0-9]{1,9})",
    "b": rf"(?P<b>(?i:{'|'.join(_MONTHS)}))",
    "p": r"(?P<p>(?i:am|pm))",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_NEEDED: Final = (("Y", "y"), ("m", "b"), ("d",))
_CACHED: Final = 4096


class FormatError(ValueError):
    """A format that cannot be read; the text is a sentence for a person."""


def has_zone(form: str) -> bool:
    """Return whether a text of this format says its zone itself."""
    return form == ISO or form in NUMBERS or "%z" in form.replace("%%", "")


def time_reader(form: str, zone: tzinfo | None) -> TimeReader:
    """Return the reader of a format; raises `FormatError` for one that cannot be read.

    `zone` is that of texts which do not say theirs. A local time that comes twice when the clocks
    go back is the first of the two; one that the clocks leave out is read as if they did not.
    """
    if form == ISO:
        return parse_iso
    if form in NUMBERS:
        return _number_reader(NUMBERS[form])
    pattern = _pattern(form)

    @lru_cache(maxsize=_CACHED)
    def read(text: str) -> Millis:
        match = pattern.fullmatch(text)
        if match is None:
            message = f"not of the form {form}"
            raise ValueError(message)
        found = match.groupdict()
        at = datetime(
            _year(found),
            _month(found),
            int(found["d"]),
            _hour(found),
            int(found.get("M") or 0),
            int(found.get("S") or 0),
            tzinfo=_offset(found["z"]) if "z" in found else zone,
        )
        fraction = int((found.get("f") or "")[:3].ljust(3, "0"))
        return (at - _EPOCH) // timedelta(seconds=1) * SECOND + fraction

    return read


def day_reader(form: str, zone: tzinfo | None) -> Callable[[str], str]:
    """Return a reader of the day, `YYYY-MM-DD`, in a text of a format; it raises `ValueError`.

    It is the day in `zone`, or as written where none is stated (of instants: in UTC).
    """
    local = form != ISO and not has_zone(form)
    read = time_reader(form, UTC if local else zone)
    meant = UTC if local or zone is None else zone

    @lru_cache(maxsize=_CACHED)
    def day(text: str) -> str:
        return (_EPOCH + timedelta(milliseconds=read(text))).astimezone(meant).date().isoformat()

    return day


def _number_reader(unit: Decimal) -> TimeReader:
    def read(text: str) -> Millis:
        try:
            number = Decimal(text) if len(text) <= _LONGEST_NUMBER else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or number.adjusted() > _LONGEST_NUMBER:
            message = "not a number"
            raise ValueError(message)
        return int(number * unit)

    return read


def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split(r"%(.?)", form, flags=re.DOTALL)
    directives: Sequence[str] = parts[1::2]
    for letter in directives:
        if letter not in _DIRECTIVES:
            known = " ".join(f"%{one}" for one in _DIRECTIVES)
            message = f"%{letter} is not known in a time's format; known are {known}"
            raise FormatError(message)
        if letter != "%" and directives.count(letter) > 1:
            message = f"%{letter} stands twice in the time's format"
            raise FormatError(message)
    for choices in _NEEDED:
        if not any(letter in directives for letter in choices):
            others = " or ".join((ISO, *NUMBERS))
            message = f"a time's format needs %{' or %'.join(choices)}, or is {others}"
            raise FormatError(message)
    if {"Y", "y"} <= set(directives):
        message = "a time's format has %Y or %y, not both"
        raise FormatError(message)
    if ("I" in directives) != ("p" in directives) or {"H", "I"} <= set(directives):
        message = "a time's format has %H, or %I with %p"
        raise FormatError(message)
    texts = [re.escape(text) for text in parts[::2]]
    patterns = [*(_DIRECTIVES[letter] for letter in directives), ""]
    return re.compile("".join(a + b for a, b in zip(texts, patterns, strict=True)))


def _year(found: dict[str, str]) -> int:
    """Return the year; one of two digits is from 1969 to 2068, as POSIX has it."""
    if "y" not in found:
        return int(found["Y"])
    year = int(found["y"])
    return year + (1900 if year >= 69 else 2000)  # noqa: PLR2004 (where POSIX begins)


def _month(found: dict[str, str]) -> int:
    return int(found["m"]) if "m" in found else _MONTHS.index(found["b"].lower()) + 1


def _hour(found: dict[str, str]) -> int:
    if "I" not in found:
        return int(found.get("H") or 0)
    hour = int(found["I"])
    if not 1 <= hour <= 12:  # noqa: PLR2004 (the hours of a clock's face)
        message = "hour must be in 1..12"
        raise ValueError(message)
    return hour % 12 + (12 if found["p"].lower() == "pm" else 0)


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
