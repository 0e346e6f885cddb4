"""Numbers in aggregates (14): exact decimals of four places."""

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests.oracle.values import Node, Value, kind

LIMIT = 10**11

NUMBER_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "above": operator.gt,
    "below": operator.lt,
    "is": operator.eq,
}


def rounded(value: Value) -> Fraction | None:
    """The double's exact value, rounded half-even to 4 places; None where it does not count."""
    if isinstance(value, str) or kind(value) != "number":
        return None
    exact = Fraction(value)
    return round(exact, 4) if abs(exact) <= LIMIT else None


def multiplied(value: Value, factor: Value) -> Fraction | None:
    """The exact product of two numbers that count, rounded once; None where it does not count."""
    if rounded(value) is None or rounded(factor) is None:
        return None
    exact = Fraction(value) * Fraction(factor)
    return round(exact, 4) if abs(exact) <= LIMIT else None


@lru_cache(typed=True)
def as_written(threshold: Any) -> Fraction:  # noqa: ANN401  a float, an int, a Decimal or a text
    """The decimal that the rule's author wrote: 0.1 is one tenth."""
    return Fraction(str(threshold))


def compares(number: Fraction | int, comparisons: Node) -> bool:
    """All of `at_least`, `at_most`, `above`, `below`, `is` that are there hold of the number."""
    return all(
        judge(number, as_written(comparisons[key]))
        for key, judge in NUMBER_COMPARISONS.items()
        if key in comparisons
    )
