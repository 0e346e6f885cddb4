"""Gamma-gamma: the parameters under which the values of purchases are most likely.

The formulas are those of Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013): equation
1a is the likelihood of a customer's average, 5 the expected value of a purchase.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, inf, isfinite, lgamma, log
from typing import Final, NamedTuple

from streamer.adapters.optimum import smallest
from streamer.errors import UsageError

_LEAST_CUSTOMERS: Final = 10
_FARTHEST: Final = 20.0
_LARGEST: Final = 10_000
"""Beyond that `p` and `q` say that all values are the same."""
_DIGITS: Final = 6


class Spent(NamedTuple):
    """How many purchases of positive value a customer made, and what they add up to."""

    purchases: int
    total: float


class GammaGammaParameters(NamedTuple):
    """The three parameters; `v` in the currency of the values."""

    p: float
    q: float
    v: float


class ValueFit(NamedTuple):
    """The parameters found, and the logarithm of the likelihood under them."""

    parameters: GammaGammaParameters
    log_likelihood: float


def fit_gamma_gamma(spent: Iterable[Spent]) -> ValueFit:
    """Return the parameters under which the values are most likely.

    Raises `UsageError` where too few customers spent anything, or no average is to be expected.
    """
    customers = Counter(spent)
    if customers.total() < _LEAST_CUSTOMERS:
        raise UsageError(
            f"{customers.total()} customers have a purchase of positive value: a model needs "
            f"{_LEAST_CUSTOMERS} at least, so check --value"
        )
    mean = sum(one.total * times for one, times in customers.items()) / sum(
        one.purchases * times for one, times in customers.items()
    )

    def unlikely(point: Sequence[float]) -> float:
        if any(abs(one) > _FARTHEST for one in point):
            return inf
        p, q, v = map(exp, point)
        return -log_likelihood(GammaGammaParameters(p, q, v * mean), customers)

    optimum = smallest(unlikely, (0.0, 1.0, 0.0))
    p, q, v = map(exp, optimum.point)
    found = GammaGammaParameters(*(float(f"{one:.{_DIGITS}g}") for one in (p, q, v * mean)))
    likelihood = log_likelihood(found, customers)
    sound = found.q > 1 and max(found.p, found.q) <= _LARGEST
    if not (sound and optimum.settled and isfinite(likelihood)):
        raise UsageError(
            "the values of purchases do not suit a gamma-gamma model: they are all the same, or "
            "so different that no average is to be expected. Give another property with --value, "
            "or ask with `average` what the purchases were worth"
        )
    return ValueFit(found, likelihood)


def log_likelihood(parameters: GammaGammaParameters, customers: Counter[Spent]) -> float:
    """Return the logarithm of the likelihood of all averages (equation 1a)."""
    p, q, v = parameters
    constant = q * log(v) - lgamma(q)
    return sum(
        times
        * (
            lgamma(p * x + q)
            - lgamma(p * x)
            + constant
            + (p * x - 1) * log(total / x)
            + p * x * log(x)
            - (p * x + q) * log(v + total)
        )
        for (x, total), times in customers.items()
    )


def expected_value(parameters: GammaGammaParameters, spent: Spent) -> float:
    """Return the expected value of a purchase (equation 5)."""
    p, q, v = parameters
    return p * (v + spent.total) / (p * spent.purchases + q - 1)
