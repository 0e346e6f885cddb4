"""Values of properties: where they stand in an object, how they are remembered, as numbers.

Values are texts, finite numbers, true and false; types never mix.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias

from streamer.core.rules.spec import Comparison
from streamer.types import Scalar

Value: TypeAlias = str | int | float | bytes
"""A value as remembered: short, hashable, and equal only to the same value of the same type."""
Json: TypeAlias = "dict[str, Json] | list[Json] | Scalar | None"
Holder: TypeAlias = dict[str, Any]
"""Where a value was found: the event's properties, or one product."""

LONGEST_TEXT: Final = 40
"""Texts up to so many characters are remembered as they are, longer ones by a digest."""
VALUE_BYTES: Final = 4 * LONGEST_TEXT + 3
"""The most bytes that one remembered value takes when encoded."""
SCALE: Final = 10_000
"""Aggregates count in ten-thousandths."""
LARGEST_NUMBER: Final = 10**11

OWN: Final = 0
CONTEXT: Final = 1
TIME: Final = 2

Order: TypeAlias = Callable[[Any, Any], bool]
ORDERS: Final[Mapping[str, Order]] = {
    "at_least": ge,
    "at_most": le,
    "above": gt,
    "below": lt,
}

_SCALARS: Final = (str, int, float, bool)


def weight_of(value: Value) -> int:
    """Return about how many bytes a remembered value takes when encoded."""
    if isinstance(value, str):
        return len(value) + 2 if value.isascii() else 4 * len(value) + 3
    return 9


def remembered(value: Scalar) -> Value:
    """Return the value in the form in which it is kept: bounded, typed, hashable.

    A text of over 40 characters becomes its first 8, an ellipsis and a 128-bit digest (41
    characters, so it equals no short text). Whole doubles become integers, true and false bytes.
    """
    if isinstance(value, str):
        if len(value) <= LONGEST_TEXT:
            return value
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"{value[:8]}…{digest}"
    if isinstance(value, bool):
        return b"\x01" if value else b"\x00"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**63:
        return int(value)
    return value


def remembered_of(comparisons: tuple[Comparison, ...]) -> Callable[[Scalar], Value]:
    """Return the part of a judged value that is kept for explanations.

    That is the value, but where only its existence is asked (of an address, say), no more than
    that there is one.
    """
    if any(one.operator == "exists" for one in comparisons):
        return lambda _: b"\x01"
    return remembered


def shown(value: Value | None) -> str:
    """Return a remembered value as a person reads it."""
    if isinstance(value, bytes):
        return "true" if value == b"\x01" else "false"
    return "nothing" if value is None else str(value)


def shown_beside(value: Value | None, comparisons: tuple[Comparison, ...]) -> str:
    """Return a remembered value as a person reads it, with its type where another one is asked."""
    asked = [one.operand for one in comparisons]
    types = {type_of(each) for one in asked for each in (one if isinstance(one, tuple) else (one,))}
    kind = type_of(value)
    if value is None or kind in types or "true or false" in {kind, *types}:
        return shown(value)
    return f'the text "{shown(value)}"' if kind == "text" else f"the {kind} {shown(value)}"


def type_of(value: object) -> str:
    """Return in one word what a value is, remembered or not."""
    if isinstance(value, str):
        return "text"
    return "true or false" if isinstance(value, bytes | bool) else "number"


def ten_thousandths(value: object) -> int | None:
    """Return a number in ten-thousandths, rounded half to even from its exact value.

    None for what does not count: no number, true and false, beyond 10^11 either way.
    """
    if type(value) is int:
        return value * SCALE if -LARGEST_NUMBER <= value <= LARGEST_NUMBER else None
    if type(value) is float and -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        numerator, denominator = value.as_integer_ratio()
        return _half_even(numerator, denominator)
    return None


def product(value: object, factor: object) -> int | None:
    """Return the exact product of two numbers in ten-thousandths, rounded half to even once.

    None where either does not count, or the product is beyond 10^11 either way.
    """
    if ten_thousandths(value) is None or ten_thousandths(factor) is None:
        return None
    assert isinstance(value, (int, float))
    assert isinstance(factor, (int, float))
    numerator, denominator = value.as_integer_ratio()
    upper, lower = factor.as_integer_ratio()
    numerator *= upper
    denominator *= lower
    if abs(numerator) > LARGEST_NUMBER * denominator:
        return None
    return _half_even(numerator, denominator)


def _half_even(numerator: int, denominator: int) -> int:
    """Return a fraction in ten-thousandths."""
    quotient, rest = divmod(numerator * SCALE, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient & 1):
        quotient += 1
    return quotient


def _descend(holder: Json, path: tuple[str, ...]) -> Iterator[Json]:
    """Yield what is found at `path` and is not null; lists on the way are walked through."""
    if isinstance(holder, list):
        for element in holder:
            yield from _descend(element, path)
    elif isinstance(holder, dict):
        found = holder.get(path[0])
        if found is None:
            return
        if len(path) == 1:
            yield found
        else:
            yield from _descend(found, path[1:])


def flat(found: Json) -> Iterator[Scalar]:
    """Yield the values in what was found: lists are flattened, objects and nulls are none."""
    if isinstance(found, list):
        for element in found:
            yield from flat(element)
    elif isinstance(found, _SCALARS):
        yield found


class Property:
    """Reads one property by its path.

    `source` says where: `OWN` in the event's properties or else its products, `CONTEXT` in the
    event's context, `TIME` in its time.
    """

    __slots__ = ("_name", "_path", "name", "source")

    def __init__(self, name: str) -> None:
        self.name = name
        self.source = OWN
        if name.startswith("context."):
            self.source = CONTEXT
            name = name.removeprefix("context.")
        elif name.startswith("at."):
            self.source = TIME
        self._name = name
        self._path = tuple(name.split("."))

    def at(self, holder: Holder) -> list[Scalar] | None:
        """Return the values that the holder itself carries; None if nothing is there."""
        if len(self._path) == 1:
            found = holder.get(self._name)
            if found is None:
                return None
            if isinstance(found, _SCALARS):
                return [found]
            return list(flat(found))
        several = list(_descend(holder, self._path))
        return [value for found in several for value in flat(found)] if several else None


def wants_absence(comparisons: tuple[Comparison, ...]) -> bool:
    """Say whether the comparisons are `exists: false`, which holds of nothing at all."""
    return any(one.operator == "exists" and one.operand is False for one in comparisons)
