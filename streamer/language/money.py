"""Sums of money: a warning where amounts in several currencies could be added up.

Ten euros and ten yen are not twenty of anything. The engine adds numbers; only the author of a
rule can know that they are of one currency, and says so with `where: {currency: EUR}`.
"""

from typing import Final

from streamer.core.rules.spec import Clause
from streamer.language.fields import Values
from streamer.language.reading import Reading

MONEY: Final = frozenset(
    (
        "amount",
        "cost",
        "discount",
        "price",
        "profit",
        "revenue",
        "shipping",
        "subtotal",
        "tax",
        "total",
        "value",
    )
)
"""The properties of the standard events, and their usual companions, that hold money."""


def warn_if_mixed(values: Values, kind: str, reading: Reading) -> None:
    """Warn where `total` or `average` adds up money of which the currency is not stated."""
    name: str = values[kind]
    if _last(name) not in MONEY or any(map(_is_one_currency, values.get("where", ()))):
        return
    message = (
        f"{name} is money, and nothing says of which currency: amounts in different currencies "
        "are added up; state one, as in where: {currency: EUR}"
    )
    reading.report.warning(values.at(kind), message)


def _is_one_currency(clause: Clause) -> bool:
    """Whether the clause lets one value of a currency through."""
    return "currency" in _last(clause.property) and any(
        one.operator == "is"
        or (one.operator == "in" and isinstance(one.operand, tuple) and len(one.operand) == 1)
        for one in clause.comparisons
    )


def _last(name: str) -> str:
    """Return the last part of a dotted name, where the property itself is named."""
    return name.rpartition(".")[2]
