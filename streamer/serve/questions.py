"""What a request asks, as values; what cannot be read is a problem that says what to write.

A parameter that is not known is refused, since a misspelt one would otherwise be overlooked.
"""

import base64
import binascii
from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qsl

import orjson

from streamer.codecs.fields import check_id
from streamer.errors import InvalidEvent
from streamer.instants import parse_iso
from streamer.serve.problems import Problem
from streamer.types import DAY, HOUR, MINUTE, Millis

BUCKETS: Final = {
    "1m": MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "1h": HOUR,
    "6h": 6 * HOUR,
    "1d": DAY,
    "7d": 7 * DAY,
}
"""The lengths of buckets that can be asked for, in ms."""
WITHIN: Final = {
    "1h": HOUR,
    "1d": DAY,
    "3d": 3 * DAY,
    "7d": 7 * DAY,
    "14d": 14 * DAY,
    "30d": 30 * DAY,
}
"""How long after entering a segment a conversion may count, in ms."""
_MOST_PARAMETERS: Final = 50
_TOKENS: Final = frozenset({"token", "access_token", "authorization"})


class Question:
    """The query of one request, whose parameters must be among `known`."""

    def __init__(self, query: str, known: Collection[str]) -> None:
        try:
            pairs = parse_qsl(
                query,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_PARAMETERS,
            )
        except ValueError:
            raise Problem("bad-request", "the query of the address cannot be read") from None
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if name in _TOKENS:
                message = "a token does not belong into an address: send Authorization: Bearer"
                raise Problem("bad-request", message)
            if name not in known:
                names = ", ".join(sorted(known)) or "none"
                raise Problem("bad-request", f"there is no such parameter; known here: {names}")
            self._values.setdefault(name, []).append(value)

    def texts(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return self._values.get(name, [])

    def text(self, name: str) -> str | None:
        """Return the one value of a parameter, None where it is not there."""
        values = self.texts(name)
        if len(values) > 1:
            raise Problem("bad-request", f"{name} is given more than once")
        return values[0] if values else None

    def number(self, name: str, default: int, most: int) -> int:
        """Return a whole number from 1 to `most`."""
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):  # noqa: PLR2004
            raise Problem("bad-request", f"{name} must be a whole number from 1 to {most:,}")
        return int(text)

    def instant(self, name: str) -> Millis | None:
        """Return an instant in ms since 1970."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse_iso(text)
        except ValueError as error:
            message = f"{name} must be a time such as 2026-11-22T05:00:00Z; this is {error}"
            raise Problem("bad-request", message) from None

    def choice(self, name: str, default: str, known: Collection[str]) -> str:
        """Return one of the known values."""
        text = self.text(name)
        if text is None:
            return default
        if text not in known:
            raise Problem("bad-request", f"{name} must be one of {', '.join(known)}")
        return text


def customer_id(text: str) -> str:
    """Return the id of a customer, if it can be one."""
    try:
        return check_id(text, "a customer id", "")
    except InvalidEvent as error:
        raise Problem("bad-request", error.reason) from None


def cursor(segment: str, last: str) -> str:
    """Return where the next page of members begins, as an opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps([segment, last])).decode().rstrip("=")


def read_cursor(text: str | None, segment: str) -> str:
    """Return the last member of the page before, empty for the first page."""
    if text is None:
        return ""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        found = None
    match found:
        case [str(mine), str(last)] if mine == segment:
            return last
        case _:
            message = "this is no cursor of these members: take `next` of the page before"
            raise Problem("bad-request", message)
