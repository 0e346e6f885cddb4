"""BG/NBD: the likelihood of histories, the parameters that make it largest, purchases to come.

The formulas are those of Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An
Alternative to the Pareto/NBD Model, Marketing Science 24 (2005), equations 3 (likelihood) and 10
(purchases to come). Time is in units of the model.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from math import exp, inf, isfinite, lgamma, log, log1p
from typing import Final, NamedTuple

from streamer.adapters.optimum import smallest
from streamer.analysis.fitting.histories import PurchaseSummary
from streamer.errors import UsageError
from streamer.language.models import LARGEST_TELLING
from streamer.types import Millis

DIGITS: Final = 6
"""Parameters are written with so many significant digits: the data determine fewer."""

_LEAST_REPEATING: Final = 10
"""With fewer customers who bought twice, four parameters are guessing."""
_START: Final = (0.0, 0.0, 0.0, 0.0)
_FARTHEST: Final = 20.0
"""No logarithm of a parameter that says anything is larger."""
_LARGEST_TRIED: Final = log(2 * LARGEST_TELLING)
_TOLD: Final = 1_000
_SMALL: Final = 1e-15
_MOST_TERMS: Final = 100_000


class Parameters(NamedTuple):
    """The four parameters; `alpha` in units of time."""

    r: float
    alpha: float
    a: float
    b: float


class Fit(NamedTuple):
    """The parameters found, and the logarithm of the likelihood under them."""

    parameters: Parameters
    log_likelihood: float

    def vague(self) -> list[str]:
        """Return the names of parameters so small or large that the data hardly determine them."""
        found = self.parameters._asdict()
        return [one for one, value in found.items() if not 1 / _TOLD < value < _TOLD]


class Moment(NamedTuple):
    """A summary in units of time."""

    repeats: int
    recency: float
    age: float


def in_units(summary: PurchaseSummary, unit: Millis) -> Moment:
    """Return a summary in units of time."""
    return Moment(summary.repeats, summary.recency / unit, summary.age / unit)


def fit_bg_nbd(summaries: Iterable[PurchaseSummary], unit: Millis) -> Fit:
    """Return the parameters under which the histories are most likely.

    Raises `UsageError`, with what to do, where too few customers bought twice, and where the
    parameters would say the same of every customer.
    """
    moments = Counter(in_units(summary, unit) for summary in summaries)
    repeating = sum(times for moment, times in moments.items() if moment.repeats)
    if repeating < _LEAST_REPEATING:
        raise UsageError(
            f"{repeating} customers bought more than once: a model needs {_LEAST_REPEATING} at "
            "least, so give it more events, or check --purchase and --until"
        )

    def unlikely(point: Sequence[float]) -> float:
        r, alpha, a, b = point
        if max(abs(r), abs(alpha)) > _FARTHEST or max(abs(a), abs(b)) > _LARGEST_TRIED:
            return inf
        return -log_likelihood(Parameters(*map(exp, point)), moments)

    found = smallest(unlikely, _START)
    rounded = Parameters(*(float(f"{exp(one):.{DIGITS}g}") for one in found.point))
    likelihood = log_likelihood(rounded, moments)
    useless = _says_nothing(rounded)
    if useless is None and not (found.settled and isfinite(likelihood)):
        useless = "the purchases are too regular or too few"
    if useless is not None:
        raise UsageError(
            f"no model that could be used comes of these histories: {useless}. Give a longer "
            "history with more customers, or ask with `ago` how long the last purchase is past"
        )
    return Fit(rounded, likelihood)


def _says_nothing(parameters: Parameters) -> str | None:
    """Return why these parameters say the same of every customer, None if they do not."""
    r, alpha, a, b = parameters
    if a < max(1, b) / LARGEST_TELLING:
        return "as if nobody ever left (a near 0), so P(alive) would be 1 for everybody"
    if b < max(1, a) / LARGEST_TELLING:
        return (
            "as if everybody left with the second purchase (b near 0), so P(alive) would be 0 for "
            "all who bought twice"
        )
    if max(a, b) > LARGEST_TELLING:
        return f"as if everybody left equally often (a or b above {LARGEST_TELLING:,})"
    if max(abs(log(r)), abs(log(alpha))) > _FARTHEST - 1:
        return "the purchases are too regular or too few (r or alpha beyond all measure)"
    return None


def log_likelihood(parameters: Parameters, moments: Counter[Moment]) -> float:
    """Return the logarithm of the likelihood of all histories (equation 3)."""
    r, alpha, a, b = parameters
    shared = {
        x: (
            lgamma(r + x)
            - lgamma(r)
            + r * log(alpha)
            + lgamma(a + b)
            + lgamma(b + x)
            - lgamma(b)
            - lgamma(a + b + x),
            log(a) - log(b + x - 1) if x else -inf,
        )
        for x in {moment.repeats for moment in moments}
    }  # fmt: skip (a line for each of the first two factors)
    total = 0.0
    for (x, recency, age), times in moments.items():
        factors, odds = shared[x]
        alive = -(r + x) * log(alpha + age)
        if x:
            gone = odds - (r + x) * log(alpha + recency)
            alive = max(alive, gone) + log1p(exp(-abs(alive - gone)))
        total += times * (factors + alive)
    return total


def probability_alive(parameters: Parameters, moment: Moment) -> float:
    """Return the probability that the customer still is one."""
    r, alpha, a, b = parameters
    x, recency, age = moment
    if not x:
        return 1.0
    odds = log(a / (b + x - 1)) + (r + x) * log((alpha + age) / (alpha + recency))
    return 1 / (1 + exp(min(odds, 700.0)))


def purchases_to_come(parameters: Parameters, moment: Moment, time: float) -> float:
    """Return how many purchases are expected in the next `time` units (equation 10).

    The hypergeometric function is evaluated after Euler's transformation, which makes its series
    short, or without it where that has no room in a double. At a = 1, and
    at a + b + x = 1, the formula has a gap, over which it is continued.
    """
    r, alpha, a, b = parameters
    x, _, age = moment
    if abs(a - 1) < 1e-6:  # noqa: PLR2004 (nearer, the difference of the two terms is lost)
        a += 2e-6
    if abs(a + b + x - 1) < 1e-6:  # noqa: PLR2004 (the first factor is 0, the second endless)
        b += 2e-6
    z = time / (alpha + age + time)
    c = a + b + x - 1
    lost: float = (1 - z) ** (a - 1) * _hypergeometric(c - r - x, a - 1, c, z)
    if not isfinite(lost):
        lost = (1 - z) ** (r + x) * _hypergeometric(r + x, b + x, c, z)
    never_gone = c / (a - 1) * (1 - lost)
    return never_gone * probability_alive(Parameters(r, alpha, a, b), moment)


def _hypergeometric(a: float, b: float, c: float, z: float) -> float:
    """Return Gauss's 2F1(a, b; c; z) for 0 <= z < 1, by its series."""
    total = term = 1.0
    for n in count():
        term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z
        total += term
        if abs(term) < _SMALL * abs(total) or n > _MOST_TERMS:
            return total
    raise AssertionError
