"""The scores of models. BG/NBD: being alive, straight from the formula, to 60 digits.

Fader, Hardie and Lee (2005): of a customer with x repeat purchases, the last of them t_x after the
first purchase, which was T ago,

    P(alive) = 1 / (1 + d * a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x))

where d is 1 if x > 0, else 0; all in the model's unit of time. It is compared rounded to 40 digits.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from tests.oracle.customer import Customer
from tests.oracle.numbers import as_written, compares, rounded
from tests.oracle.rules import duration, share
from tests.oracle.values import Node

AGES = 10**14
"""Milliseconds; nobody in these histories gets that old."""


class Score(NamedTuple):
    """What P(alive) depends on but the time: the model, repeat purchases, recency in ms."""

    r: str
    alpha: str
    a: str
    b: str
    unit: int
    repeats: int
    recency: int

    def at(self, age: int) -> Decimal:
        """P(alive) so many ms after the first purchase."""
        if not self.repeats:
            return Decimal(1)
        with localcontext() as exact:
            exact.prec = 60
            r, alpha, a, b = map(Decimal, (self.r, self.alpha, self.a, self.b))
            since, gap = Decimal(age) / self.unit, Decimal(self.recency) / self.unit
            ratio = (alpha + since) / (alpha + gap)
            alive = 1 / (1 + a / (b + self.repeats - 1) * ratio ** (r + self.repeats))
            exact.prec = 40
            return +alive


def score_of(leaf: Node, customer: Customer) -> tuple[Score, int] | None:
    """The score of a customer and the time of the first purchase; None without a purchase."""
    model = customer.models[leaf["predicted"]]
    times = [match.event.time for match in customer.matching(model["purchase"])]
    if not times:
        return None
    number = len(times)
    if model.get("each") == "day":
        number = len({customer.day(time) for time in times})
    parameters = {name: str(value) for name, value in model["parameters"].items()}
    unit, recency = duration(model["unit"]), max(times) - min(times)
    score = Score(**parameters, unit=unit, repeats=number - 1, recency=recency)
    return score, min(times)


def worth(leaf: Node, customer: Customer) -> Fraction | None:
    """The expected value of a purchase by gamma-gamma; None without a purchase of any value.

    Fader and Hardie (2013): the weighted mean of that of everybody and the customer's own.
    """
    model = customer.models[leaf["predicted"]]
    spent: list[tuple[object, Fraction]] = []
    for match in customer.matching(model["purchase"]):
        numbers = (rounded(reading.value) for reading in match.readings(model["value"]))
        amount = sum((one for one in numbers if one is not None), Fraction(0))
        if amount > 0:
            by_day = model.get("each") == "day"
            spent.append((customer.day(match.event.time) if by_day else match, amount))
    if not spent:
        return None
    x = len({day for day, _ in spent}) if model.get("each") == "day" else len(spent)
    mean = sum((amount for _, amount in spent), Fraction(0)) / x
    p, q, v = (as_written(model["parameters"][name]) for name in ("p", "q", "v"))
    weight = p * x / (p * x + q - 1)
    return (1 - weight) * p * v / (q - 1) + weight * mean


def predicted(leaf: Node, customer: Customer, now: int) -> bool:
    """The score at this instant is at least, and below, so much."""
    if customer.models[leaf["predicted"]]["kind"] == "gamma_gamma":
        value = worth(leaf, customer)
        asked: Node = {key: leaf[key] for key in ("at_least", "below") if key in leaf}
        return value is not None and compares(value, asked)
    found = score_of(leaf, customer)
    if found is None:
        return False
    score, first = found
    alive = score.at(now - first)
    return ("at_least" not in leaf or alive >= threshold(leaf["at_least"])) and (
        "below" not in leaf or alive < threshold(leaf["below"])
    )


def fading(leaf: Node, customer: Customer) -> Iterator[int]:
    """The instants at which the score first is below a threshold of the leaf."""
    if customer.models[leaf["predicted"]]["kind"] == "gamma_gamma":
        return
    found = score_of(leaf, customer)
    if found is not None and found[0].repeats:
        for key in {"at_least", "below"} & leaf.keys():
            yield found[1] + first_below(found[0], threshold(leaf[key]))


def threshold(written: object) -> Decimal:
    """A share as a decimal: all that are written in tests have an end."""
    part = share(written)
    return Decimal(part.numerator) / part.denominator


@lru_cache(maxsize=10_000)
def first_below(score: Score, wanted: Decimal) -> int:
    """The age in ms from which the score is below what is wanted, found by halving."""
    low, high = score.recency - 1, AGES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if score.at(middle) < wanted else (middle, high)
    return high
