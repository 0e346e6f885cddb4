"""Standard properties: each has a kind, whatever the SDK of a shop makes of it.

Guarantees that every reader of a row sees values of the kind: a price written `"19.90"` is the
number, an id written `39910` is the text, a currency is in upper case. That goes by the plain name
of a property, of the event or of a product; what stands behind a dot, in the context or in traits
stays as written. What is of no use after that is no value but still there, so the products are not
asked for it, and is noted as unusable.
"""

import re
from typing import Any, Final, TypeAlias

NUMBER: Final = "number"
TEXT: Final = "text"
CURRENCY: Final = "currency"
NUMBERS: Final = (
    *("price", "quantity", "revenue", "total", "subtotal", "value", "tax", "shipping"),
    *("discount", "amount", "position", "rating", "score"),
)
TEXTS: Final = (
    *("product_id", "variant_id", "sku", "order_id", "checkout_id", "cart_id", "list_id"),
    *("promotion_id", "wishlist_id", "coupon_id", "session_id", "query_id", "review_id"),
)
KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(NUMBERS, NUMBER),
    **dict.fromkeys(TEXTS, TEXT),
    "currency": CURRENCY,
}
"""Every standard property with its kind."""

Holder: TypeAlias = dict[str, Any]
Unusable: TypeAlias = dict[str, Any]
"""Properties that were there and could not be read, each with what stood there."""

_DECIMAL: Final = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_MOST_DIGITS: Final = 19
"""Whole numbers of so many digits fit into 64 bits; longer ones are read as doubles, as in JSON."""
_EXACT: Final = 2.0**53
_LARGEST: Final = 1.7976931348623157e308


def kinds_of(names: list[str]) -> list[tuple[str, str]]:
    """Return the standard properties among the names, in order, with their kinds."""
    return [(name, KINDS[name]) for name in sorted(set(names)) if name in KINDS]


def standardised(
    properties: Holder, wanted: list[tuple[str, str]], unusable: Unusable
) -> tuple[Holder, list[Holder]]:
    """Return an event's properties and its products with the wanted ones read by their kind.

    Neither the event nor a product is changed. A property that the event itself carries is asked of
    a product only as the quantity beside another one, so nothing unusable is noted of it there.
    """
    own = properties
    for name, kind in wanted:
        value = properties.get(name)
        if value is not None and not _fits(value, kind):
            if own is properties:
                own = dict(properties)
            own[name] = _read(value, name, kind, unusable)
    products = properties.get("products")
    if not isinstance(products, list):
        return own, []
    of_products = [pair for pair in wanted if properties.get(pair[0]) is None]
    beside = [pair for pair in wanted if properties.get(pair[0]) is not None]
    if of_products:
        products = [_product(product, of_products, unusable) for product in products]
    if beside:
        products = [_product(product, beside, {}) for product in products]
    return own, products


def _product(product: Holder, wanted: list[tuple[str, str]], unusable: Unusable) -> Holder:
    read = product
    for name, kind in wanted:
        value = product.get(name)
        if value is not None and not _fits(value, kind):
            if read is product:
                read = dict(product)
            read[name] = _read(value, name, kind, unusable)
    return read


def _fits(value: object, kind: str) -> bool:
    """Say whether a value is of the kind as it stands."""
    if kind == NUMBER:
        return type(value) is float or type(value) is int
    return isinstance(value, str) and (kind == TEXT or value == value.upper())


def _read(value: object, name: str, kind: str, unusable: Unusable) -> object:
    """Return what is read, lists in their form; an object stays, as columns descend into it."""
    if isinstance(value, list):
        return [_read(one, name, kind, unusable) for one in value]
    if value is None:
        return value
    read = number_of(value) if kind == NUMBER else text_of(value, kind)
    if read is None:
        unusable.setdefault(name, value)
        return value if isinstance(value, dict) else []
    return read


def number_of(value: object) -> int | float | None:
    """Return the number that a value stands for: itself, or that of the same digits in a text."""
    if type(value) is int or type(value) is float:
        return value
    if not isinstance(value, str):
        return None
    digits = value.strip(" ")
    if _DECIMAL.fullmatch(digits) is None:
        return None
    if "." not in digits and len(digits) <= _MOST_DIGITS:
        return int(digits)
    number = float(digits)
    return number if -_LARGEST <= number <= _LARGEST else None


def text_of(value: object, kind: str = TEXT) -> str | None:
    """Return the text that a value stands for: itself, or the decimal text of a whole number.

    A double beyond 2^53 may stand for several whole numbers, and so for none. A currency is in
    upper case, and never a number.
    """
    if isinstance(value, str):
        return value.upper() if kind == CURRENCY else value
    if kind == CURRENCY or isinstance(value, bool):
        return None
    if type(value) is int:
        return str(value)
    if type(value) is float and value.is_integer() and -_EXACT <= value <= _EXACT:
        return str(int(value))
    return None
