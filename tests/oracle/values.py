"""What a property's value is (8), what a comparison says of it (10), which products count (9).

Values are texts, finite numbers, true and false. Objects and empty lists are none.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

Json: TypeAlias = Any
Node: TypeAlias = dict[str, Any]
Value: TypeAlias = str | bool | int | float
Product: TypeAlias = dict[str, Any]


def found(data: Json, names: list[str]) -> list[Json]:
    """Everything but null at the end of a path: dots descend into objects, in lists into all."""
    if not names:
        return [] if data is None else [data]
    if isinstance(data, list):
        return [thing for element in data for thing in found(element, names)]
    if isinstance(data, dict) and names[0] in data:
        return found(data[names[0]], names[1:])
    return []


def flat(thing: Json) -> list[Value]:
    """The values in a thing: a list's elements, lists in lists flattened; of an object none."""
    if isinstance(thing, list):
        return [value for element in thing for value in flat(element)]
    if isinstance(thing, str | bool | int | float):
        return [thing]
    return []


BESIDE = "\0beside"
"""The key in an event's properties under which stands what is read beside them, by its prefix."""
PREFIXES = ("at", "context")


def named(data: Json, name: str) -> list[Json]:
    """What a property's name finds; `at.` and `context.` are of the event, never of a product."""
    prefix, dot, rest = name.partition(".")
    if dot and prefix in PREFIXES:
        return found(data.get(BESIDE, {}).get(prefix), rest.split("."))
    return found(data, name.split("."))


def present(data: Json, name: str) -> bool:
    """Is there anything but null at the path, be it only an object or an empty list?"""
    return bool(named(data, name))


def values_at(data: Json, name: str) -> list[Value]:
    """All values at the path, in the order of the document; standard ones by their kind."""
    written = [value for thing in named(data, name) for value in flat(thing)]
    if name not in STANDARD:
        return written
    return [value for one in written if (value := STANDARD[name](one)) is not None]


class Digits(int):
    """A whole number beyond 2^53, with the digits with which it was written."""

    written: str


def a_number(value: Value) -> Value | None:
    """The number that it is, or that the same digits without quotes would be (8)."""
    if kind(value) == "number":
        return value
    if kind(value) == "text" and re.fullmatch(r" *-?([0-9]+\.?[0-9]*|\.[0-9]+) *", str(value)):
        number = float(str(value).strip(" "))
        return number if math.isfinite(number) else None
    return None


def a_text(value: Value) -> Value | None:
    """The text that it is, or the decimal text of a whole number (8)."""
    if isinstance(value, Digits):
        return value.written
    if kind(value) == "text":
        return value
    if isinstance(value, str) or kind(value) != "number":
        return None
    if value == math.floor(value) and abs(value) <= 2**53:
        return f"{int(value):d}"
    return None


def a_currency(value: Value) -> Value | None:
    """A text in upper case (8)."""
    return str(value).upper() if kind(value) == "text" else None


STANDARD: dict[str, Callable[[Value], Value | None]] = {
    **dict.fromkeys(
        (
            "price",
            "quantity",
            "revenue",
            "total",
            "subtotal",
            "value",
            "tax",
            "shipping",
            "discount",
            "amount",
            "position",
            "rating",
            "score",
        ),
        a_number,
    ),
    **dict.fromkeys(
        (
            "product_id",
            "variant_id",
            "sku",
            "order_id",
            "checkout_id",
            "cart_id",
            "list_id",
            "promotion_id",
            "wishlist_id",
            "coupon_id",
            "session_id",
            "query_id",
            "review_id",
        ),
        a_text,
    ),
    "currency": a_currency,
}


def kind(value: Value) -> str:
    """Text, number, or truth: values of different kinds are never equal and never compared."""
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "number"


def face(value: Value) -> tuple[str, Value]:
    """Two values are the same value exactly when their faces are equal (1 and 1.0 are)."""
    return kind(value), value


def as_double(threshold: Json) -> Json:
    """A number in a rule is compared with the doubles of events as the double it stands for."""
    return float(threshold) if isinstance(threshold, Decimal) else threshold


def is_same(value: Value, wanted: Json) -> bool:
    """`is`: of the same kind and equal."""
    return face(value) == face(as_double(wanted))


def in_order(value: Value, wanted: Json) -> bool:
    """Order comparisons are for numbers, and for `at.date`, whose texts order as dates do."""
    return kind(value) == kind(as_double(wanted)) != "truth"


def both_texts(value: Value, wanted: Json) -> bool:
    """`starts_with`, `ends_with` and `contains` are for texts."""
    return kind(value) == "text" and kind(as_double(wanted)) == "text"


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "is": is_same,
    "is_not": lambda value, wanted: not is_same(value, wanted),
    "in": lambda value, wanted: any(is_same(value, one) for one in wanted),
    "not_in": lambda value, wanted: not any(is_same(value, one) for one in wanted),
    "at_least": lambda value, wanted: in_order(value, wanted) and value >= as_double(wanted),
    "at_most": lambda value, wanted: in_order(value, wanted) and value <= as_double(wanted),
    "above": lambda value, wanted: in_order(value, wanted) and value > as_double(wanted),
    "below": lambda value, wanted: in_order(value, wanted) and value < as_double(wanted),
    "starts_with": lambda value, wanted: both_texts(value, wanted) and value.startswith(wanted),
    "ends_with": lambda value, wanted: both_texts(value, wanted) and value.endswith(wanted),
    "contains": lambda value, wanted: both_texts(value, wanted) and wanted in value,
}


def comparisons_of(leaf: Node) -> Node:
    """The comparisons among the keys of a leaf."""
    return {key: leaf[key] for key in (*COMPARISONS, "exists") if key in leaf}


def satisfied(values: list[Value], comparisons: Node) -> bool:
    """One value that satisfies all comparisons is enough (8); only `exists: false` needs none.

    But `is_not` and `not_in` hold of all values or not at all.
    """
    if "exists" in comparisons:
        return bool(values) is comparisons["exists"]
    negated = {key: wanted for key, wanted in comparisons.items() if key in ("is_not", "not_in")}
    if not all(COMPARISONS[key](one, negated[key]) for key in negated for one in values):
        return False
    return any(
        all(COMPARISONS[key](value, wanted) for key, wanted in comparisons.items())
        for value in values
    )


def event_values(properties: Node, products: list[Product], name: str) -> list[Value]:
    """The values of a property in an event (8): its own, else those of its products."""
    if present(properties, name):
        return values_at(properties, name)
    return [value for product in products for value in values_at(product, name)]


def products_left(
    properties: Node, products: list[Product], where: Node | None
) -> list[Product] | None:
    """The products that satisfy what `where` asks of products (9), None where the event fails.

    What is read from the event itself is judged there, and so is `exists: false`: a property is
    missing only if nothing in the event carries it. What is left must hold of one same product.
    """
    asked_of_products: dict[str, Node] = {}
    for name, wanted in (where or {}).items():
        comparisons = wanted if isinstance(wanted, dict) else {"is": wanted}
        if comparisons.get("exists") is False or present(properties, name):
            if not satisfied(event_values(properties, products, name), comparisons):
                return None
        else:
            asked_of_products[name] = comparisons
    if not asked_of_products:
        return products
    left = [
        product
        for product in products
        if all(
            satisfied(values_at(product, name), asked) for name, asked in asked_of_products.items()
        )
    ]
    return left or None
