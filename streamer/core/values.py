"""Reading values out of events: properties, the one-product rule, comparisons.

Guarantees the meaning of RULES.md, "Exact meaning" 8 to 11 and 14:

* A property is read from the event's `properties`; only if nothing but null is found there, from
  each element of `properties.products`. Dots descend into objects, lists are flattened.
* Values are texts, finite numbers, true and false. Types never mix: 5 is not "5", 1 is not true.
* The clauses of one `where` that are read from products must hold of one and the same product,
  and a leaf then reads its own property from just those products.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias

from streamer.core.syntax import Clause, Comparison
from streamer.types import Event, Scalar

Value: TypeAlias = str | int | float | bytes
"""A value as remembered: short, hashable, and equal only to the same value of the same type."""
Json: TypeAlias = "dict[str, Json] | list[Json] | Scalar | None"
Test: TypeAlias = Callable[[Scalar], bool]
Holder: TypeAlias = dict[str, Any]
"""Where a value was found: the event's properties, or one product."""
Qualifier: TypeAlias = Callable[[Event], bool | list[Holder]]
Reader: TypeAlias = Callable[[Event], list[Scalar]]

LONGEST_TEXT: Final = 40
"""Texts up to so many characters are remembered as they are, longer ones by a digest."""
VALUE_BYTES: Final = 4 * LONGEST_TEXT + 3
"""The most bytes that one remembered value takes when encoded."""
SCALE: Final = 10_000
"""Aggregates count in ten-thousandths."""
LARGEST_NUMBER: Final = 10**11

Order: TypeAlias = Callable[[Any, Any], bool]
ORDERS: Final[Mapping[str, Order]] = {
    "at_least": ge,
    "at_most": le,
    "above": gt,
    "below": lt,
}

_SCALARS: Final = (str, int, float, bool)


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
    """Return what is kept of a judged value for people to read.

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


def ten_thousandths(value: object) -> int | None:
    """Return a number in ten-thousandths, rounded half to even from its exact value.

    None for what does not count: no number, true and false, beyond 10^11 either way.
    """
    if type(value) is int:
        return value * SCALE if -LARGEST_NUMBER <= value <= LARGEST_NUMBER else None
    if type(value) is float and -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        numerator, denominator = value.as_integer_ratio()
        quotient, rest = divmod(numerator * SCALE, denominator)
        if 2 * rest > denominator or (2 * rest == denominator and quotient & 1):
            quotient += 1
        return quotient
    return None


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
    """Reads one property by its path."""

    __slots__ = ("_name", "_path")

    def __init__(self, name: str) -> None:
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

    def missing(self, event: Event) -> bool:
        """Say whether nothing in the event carries the property."""
        values = self.at(event.properties)
        if values is not None:
            return not values
        return not any(self.at(product) for product in products(event))


def products(event: Event) -> list[Holder]:
    """Return the event's products, empty if it has none."""
    return event.properties.get("products") or []


def compile_test(comparisons: tuple[Comparison, ...]) -> Test:
    """Return the test that one value passes when it satisfies all comparisons (`exists` aside)."""
    tests = tuple(_compile_comparison(comparison) for comparison in comparisons)
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _number(value: Scalar) -> bool:
    return type(value) is int or type(value) is float


def _same(value: Scalar, operand: Scalar) -> bool:
    return value == operand and isinstance(value, bool) == isinstance(operand, bool)


def _compile_comparison(comparison: Comparison) -> Test:
    operand: Any = comparison.operand
    match comparison.operator:
        case "is":
            return lambda value: _same(value, operand)
        case "is_not":
            return lambda value: not _same(value, operand)
        case "in":
            return lambda value: any(_same(value, one) for one in operand)
        case "not_in":
            return lambda value: not any(_same(value, one) for one in operand)
        case "starts_with":
            return lambda value: isinstance(value, str) and value.startswith(operand)
        case "contains":
            return lambda value: isinstance(value, str) and operand in value
        case "exists":
            return lambda _value: bool(operand)
        case order:
            compare = ORDERS[order]
            return lambda value: _number(value) and compare(value, operand)


def wants_absence(comparisons: tuple[Comparison, ...]) -> bool:
    """Say whether the comparisons are `exists: false`, which holds of nothing at all."""
    return any(one.operator == "exists" and one.operand is False for one in comparisons)


def compile_where(where: tuple[Clause, ...]) -> Qualifier | None:
    """Return the qualifier of a `where`, or None if there is no clause.

    A qualifier returns False for an event that does not satisfy it, True for one that does
    whichever product is looked at, and else the products that satisfy the clauses read from them.
    """
    if not where:
        return None
    absent = tuple(
        Property(clause.property) for clause in where if wants_absence(clause.comparisons)
    )
    present = tuple(
        (Property(clause.property), compile_test(clause.comparisons))
        for clause in where
        if not wants_absence(clause.comparisons)
    )

    def qualifies(event: Event) -> bool | list[Holder]:
        for property_ in absent:
            if not property_.missing(event):
                return False
        of_products = []
        for property_, test in present:
            values = property_.at(event.properties)
            if values is None:
                of_products.append((property_, test))
            elif not any(map(test, values)):
                return False
        if not of_products:
            return True
        chosen = [
            product
            for product in products(event)
            if all(any(map(test, prop.at(product) or ())) for prop, test in of_products)
        ]
        return chosen or False

    return qualifies


def compile_found(
    name: str, where: tuple[Clause, ...]
) -> Callable[[Event], list[tuple[Scalar, Holder]]]:
    """Return what reads a property's values in order, each with the holder it was read from."""
    read = Property(name).at
    qualifier = compile_where(where)

    def found(event: Event) -> list[tuple[Scalar, Holder]]:
        chosen = True if qualifier is None else qualifier(event)
        if chosen is False:
            return []
        holder = event.properties
        values = read(holder)
        if values is not None:
            return [(value, holder) for value in values]
        elements = products(event) if chosen is True else chosen
        return [(value, product) for product in elements for value in read(product) or ()]

    return found


def compile_reader(name: str, where: tuple[Clause, ...]) -> Callable[[Event], list[Value]]:
    """Return what reads a property's different values, in order, as they are remembered."""
    found = compile_found(name, where)
    plain = not where and "." not in name

    def read(event: Event) -> list[Value]:
        if plain:
            value = event.properties.get(name)
            if type(value) is str and len(value) <= LONGEST_TEXT:
                return [value]
        return list(dict.fromkeys(remembered(value) for value, _ in found(event)))

    return read
