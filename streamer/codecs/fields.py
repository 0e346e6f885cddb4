"""The checks of an event's fields, shared by every form an event can come in.

Each takes a value as JSON gave it and returns the value as the engine uses it, or raises
`InvalidEvent` with a sentence that names the field and the field's place in the schema. The checks
accept exactly what the published schemas accept; a property test holds them together.
"""

import re
from typing import Any, Final

from streamer.codecs.limits import END_ID, ID, LEAST_ID, MAX_ID, MAX_NAME
from streamer.codecs.names import is_name, snake_case
from streamer.errors import InvalidEvent
from streamer.instants import EARLIEST, END, FIRST_YEAR, LAST_YEAR, parse_iso
from streamer.types import SECOND, Millis

_ID: Final = re.compile(ID)
_FIRST: Final = str(FIRST_YEAR)
_LAST: Final = str(LAST_YEAR)
_SHOWN: Final = 60


def check_id(value: object, field: str, path: str) -> str:
    """Return an id: text of 1 to 256 characters, none of them a control character.

    A whole number of up to 64 bits is its decimal text, however JSON writes it: 7.0 is `7`.
    """
    if type(value) is str and 0 < len(value) <= MAX_ID:
        if (value.isascii() and value.isprintable()) or _ID.fullmatch(value):
            return value
        message = f"{field} has a control character: {_shown(value)}"
    elif value is None:
        message = f"{field} is missing"
    elif type(value) is int or type(value) is float:
        if value == int(value) and LEAST_ID <= value < END_ID:
            return str(int(value))
        message = f"{field} must be text or a whole number of up to 64 bits, not {_shown(value)}"
    elif type(value) is not str:
        message = f"{field} must be text or a whole number, not {_kind(value)}"
    elif value:
        message = f"{field} has {len(value)} characters; at most {MAX_ID} are allowed"
    else:
        message = f"{field} is empty"
    raise InvalidEvent(message, path)


def check_name(value: object, path: str) -> str:
    """Return an event's name: small letters of any script, digits and underscores, at most 63."""
    if type(value) is str:
        if is_name(value):
            return value
        message = (
            f"name must be a small letter, then small letters, digits and _, at most {MAX_NAME} "
            f"characters, composed (NFC), not {_shown(value)}"
        )
        meant = snake_case(value)
        if meant is not None:
            message += f": did you mean {meant}?"
    elif value is None:
        message = "name is missing"
    else:
        message = f"name must be text, not {_kind(value)}"
    raise InvalidEvent(message, path)


def check_time(value: object, field: str, path: str) -> Millis:
    """Return an instant of a text in ISO 8601 with a zone, or of a whole number of milliseconds."""
    if type(value) is str:
        try:
            at = parse_iso(value)
        except ValueError as error:
            message = f"{field} {_shown(value)}: {error}"
            raise InvalidEvent(message, path) from None
        if _FIRST <= value[:4] <= _LAST:
            return at
        message = f"{field} {_shown(value)} is not within {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidEvent(message, path)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is int:
        if EARLIEST <= value < END:
            return value
        message = f"{field} {_shown(value)} is not within {FIRST_YEAR} to {LAST_YEAR}"
        if EARLIEST <= value * SECOND < END:
            message += "; it looks like seconds, and milliseconds are expected"
    elif value is None:
        message = f"{field} is missing"
    else:
        message = (
            f"{field} must be ISO 8601 text with a zone, or a whole number of milliseconds, "
            f"not {_kind(value)}"
        )
    raise InvalidEvent(message, path)


def check_properties(value: object, path: str) -> dict[str, Any]:
    """Return the properties, with an absent `products` left out; null counts as no properties."""
    if value is None:
        return {}
    if type(value) is not dict:
        message = f"properties must be an object, not {_kind(value)}"
        raise InvalidEvent(message, path)
    if "products" in value:
        products = value["products"]
        if products is None:
            del value["products"]
        elif type(products) is not list:
            message = f"properties.products must be a list of objects, not {_kind(products)}"
            raise InvalidEvent(message, path + "/properties/products")
        elif not all(type(product) is dict for product in products):
            odd = next(product for product in products if type(product) is not dict)
            message = f"properties.products must hold objects only, not {_kind(odd)}"
            raise InvalidEvent(message, path + "/properties/products/items")
    return value


def known_context(value: object) -> dict[str, Any] | None:
    """Return the context, None where there is none: one that is no object counts as absent."""
    return value if type(value) is dict else None


def check_traits(value: object, path: str) -> dict[str, Any] | None:
    """Return the traits, or None where there are none."""
    if value is None or type(value) is dict:
        return value
    message = f"traits must be an object, not {_kind(value)}"
    raise InvalidEvent(message, path)


def _kind(value: object) -> str:
    """Return what JSON calls the kind of this value."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {_shown(value)}"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "null"


def _shown(value: str | float) -> str:
    """Return the value with its control characters made visible, cut if it is long."""
    if isinstance(value, str) and len(value) > _SHOWN:
        return repr(value[:_SHOWN]) + "…"
    return repr(value)
