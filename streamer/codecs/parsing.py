"""The bytes of a record to a JSON object, within the limits on bytes and depth.

Numbers are finite, texts are whole characters. Of keys that repeat, the last wins.
"""

import json
from typing import Any, Final

import orjson

from streamer.codecs.limits import MAX_BYTES, MAX_DEPTH
from streamer.core.standard import TEXTS
from streamer.errors import InvalidEvent

POSITION: Final = "position"
"""The header of a record whose line holds several events: which of them it is, from 1."""

_IDS: Final = frozenset(TEXTS)
_SHAPES: Final = bytes.maketrans(b"0123456789,[ \t\r\n", b"0000000000::::::")
_LONG: Final = b":" + 19 * b"0"
_LONG_NEGATIVE: Final = b":-" + 19 * b"0"
"""How numbers begin that may have more than 64 bits, once each byte is its shape."""

_OBJECT: Final = ord("{")  # as numbers: a search for one byte is several times faster that way
_LIST: Final = ord("[")


def parse_object(value: bytes) -> dict[str, Any]:
    """Return the object that a record holds; raises `InvalidEvent` where there is none."""
    if len(value) > MAX_BYTES:
        message = f"the record has {len(value)} bytes; at most {MAX_BYTES} are allowed"
        raise InvalidEvent(message)
    try:
        data = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise _unreadable(value, error) from None
    if _may_nest(value) and _deeper(data, MAX_DEPTH):
        raise _too_deep()
    if type(data) is not dict:
        message = "an event must be a JSON object"
        if type(data) is list:
            message += ", and this is a list: write each of its objects on a line of its own"
        raise InvalidEvent(message, "/type")
    shape = value.translate(_SHAPES)  # and two searches: half the time of a regular expression
    if _LONG in shape or _LONG_NEGATIVE in shape:
        _keep_digits(data, value)
    return data


def _keep_digits(data: dict[str, Any], value: bytes) -> None:
    """In ids, put whole numbers of more than 64 bits in place of the doubles that were read.

    An id is its digits, and a double has not all of them.
    """
    try:
        exact = json.loads(value)
    except ValueError:  # more digits than Python turns into a number: no id has so many
        return
    _take_digits(data, exact)


def _take_digits(data: Any, exact: Any) -> None:  # noqa: ANN401 (any JSON value)
    if type(data) is dict:
        for key, part in data.items():
            data[key] = _exact_id(part, exact[key]) if key in _IDS else part
            _take_digits(part, exact[key])
    elif type(data) is list:
        for part, other in zip(data, exact, strict=True):
            _take_digits(part, other)


def _exact_id(part: Any, exact: Any) -> Any:  # noqa: ANN401 (any JSON value)
    if type(part) is list:
        return [_exact_id(one, other) for one, other in zip(part, exact, strict=True)]
    return exact if type(part) is float and type(exact) is int else part


def _may_nest(value: bytes) -> bool:
    """Return whether a record may be too deep: nearly every one has two objects and no list."""
    if _LIST not in value and value.find(_OBJECT, 1) == value.rfind(_OBJECT):
        return False
    return value.count(_OBJECT) + value.count(_LIST) > MAX_DEPTH


def _deeper(value: object, levels: int) -> bool:
    """Return whether objects and lists stand inside each other more than `levels` deep."""
    if type(value) is dict:
        return levels == 0 or any(_deeper(item, levels - 1) for item in value.values())
    if type(value) is list:
        return levels == 0 or any(_deeper(item, levels - 1) for item in value)
    return False


def _too_deep() -> InvalidEvent:
    return InvalidEvent(f"nested deeper than {MAX_DEPTH} levels")


def _unreadable(value: bytes, error: orjson.JSONDecodeError) -> InvalidEvent:
    if not value.strip():
        return InvalidEvent("empty: no JSON at all")
    try:
        value.decode()
    except UnicodeDecodeError as undecodable:
        return InvalidEvent(f"not UTF-8: byte {undecodable.start + 1} cannot be read")
    if error.msg.startswith("depth limit"):
        return _too_deep()
    return InvalidEvent(f"not JSON with finite numbers and whole characters: {error.msg}")
