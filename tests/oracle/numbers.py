"""Numbers in aggregates (14): exact decimals of four places."""

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests.oracle.values import Node, Value, kind

LIMIT = 10**11
MOST_TIMES = 1_000_000

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


def factor(values: list[Value]) -> int:
    """What `times` multiplies by: the one whole number from 1 to a million that Q is, else 1."""
    if len(values) != 1 or isinstance(values[0], str) or kind(values[0]) != "number":
        return 1
    number = Fraction(values[0])
    return int(number) if number.denominator == 1 and 1 <= number <= MOST_TIMES else 1


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
