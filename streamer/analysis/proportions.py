"""Two shares compared: their intervals, and how much data it takes to distinguish them.

All are of independent customers, each of whom did something or did not. Shares, differences and
bounds are numbers, not percent; `confidence` and `power` are probabilities.
"""

from math import ceil, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

CONFIDENCE: Final = 0.95
POWER: Final = 0.8


class Interval(NamedTuple):
    """The bounds between which a number lies, with a confidence."""

    low: float
    high: float


def wilson(successes: int, number: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a share, successes / number (`number` 1 or more).

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22 (1927), 209-212.
    """
    z = _quantile(confidence)
    share = successes / number
    middle = share + z * z / (2 * number)
    half = z * sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    whole = 1 + z * z / number
    return Interval(max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole))


def newcombe(
    successes: int, number: int, others: int, of: int, confidence: float = CONFIDENCE
) -> Interval:
    """Return the hybrid score interval of the difference successes / number - others / of.

    R. G. Newcombe, Interval estimation for the difference between independent proportions:
    comparison of eleven methods, Statistics in Medicine 17 (1998), 873-890: method 10, without a
    continuity correction. It is sound for small numbers and for shares of 0 and 1, too.
    """
    one, other = successes / number, others / of
    low, high = wilson(successes, number, confidence)
    other_low, other_high = wilson(others, of, confidence)
    difference = one - other
    below = sqrt((one - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - one) ** 2 + (other - other_low) ** 2)
    return Interval(difference - below, difference + above)


def needed(
    share: float,
    difference: float,
    ratio: float,
    confidence: float = CONFIDENCE,
    power: float = POWER,
) -> int:
    """Return how many customers the smaller group must have to show a difference of two shares.

    The smaller group's share is `share`, the other's `share + difference` (`share - difference`
    where that is over 1), and the other group is `ratio` times as large. With so many, a difference
    of this size, or else of the largest that is possible, is distinguished from none with the
    probability `power`.

    J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 3rd edition
    (2003), section 4.2: unequal sizes, without the continuity correction.
    """
    difference = min(difference, max(share, 1 - share))
    other = share + difference if share + difference <= 1 else share - difference
    mean = (share + ratio * other) / (ratio + 1)
    by_chance = sqrt((ratio + 1) * mean * (1 - mean))
    truly = sqrt(ratio * share * (1 - share) + other * (1 - other))
    reach = _quantile(confidence) * by_chance + NormalDist().inv_cdf(power) * truly
    return ceil(reach * reach / (ratio * difference * difference))


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
