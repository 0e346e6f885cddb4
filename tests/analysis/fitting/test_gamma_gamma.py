"""The values of purchases: the fit is the published one, the expectation that of the rule."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from streamer.analysis.fitting.gamma_gamma import (
    GammaGammaParameters,
    Spent,
    expected_value,
    fit_gamma_gamma,
)
from streamer.core.leaves.worth import GammaGamma
from streamer.errors import UsageError

CDNOW = Path(__file__).parents[4] / "shared" / "data" / "cdnow" / "CDNOW_sample.txt"


def repeat_spending() -> Iterator[Spent]:
    """What the CDNOW customers spent in 39 weeks, on other days than their first."""
    days: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in CDNOW.read_text().splitlines():
        _, customer, day, _, dollars = line.split()
        if day <= "19970930":
            days[customer][day] += float(dollars)
    for spent in days.values():
        repeats = [spent[day] for day in sorted(spent)[1:]]
        if sum(repeats) > 0:
            yield Spent(len(repeats), sum(repeats))


@pytest.mark.skipif(not CDNOW.exists(), reason="needs ../shared/data/cdnow")
def test_the_fit_of_cdnow_is_the_published_one() -> None:
    customers = list(repeat_spending())
    assert len(customers) == 946
    p, q, v = fit_gamma_gamma(customers).parameters
    assert (round(p, 2), round(q, 2), round(v, 2)) == (6.25, 3.74, 15.44)


def test_the_expected_value_is_that_of_the_rule() -> None:
    parameters = ("6.25", "3.74", "15.44")
    model = GammaGamma("m", (), "event", "price", *map(Fraction, parameters))
    found = expected_value(GammaGammaParameters(*map(float, parameters)), Spent(3, 120.0))
    assert found == pytest.approx(float(model.expected(3, Fraction(120))))


def test_values_that_no_such_model_fits_are_refused() -> None:
    with pytest.raises(UsageError, match="9 customers have a purchase of positive value"):
        fit_gamma_gamma([Spent(1, 5.0)] * 9)
    with pytest.raises(UsageError, match=r"no best parameters|do not suit a gamma-gamma model"):
        fit_gamma_gamma([Spent(2, 10.0)] * 20)
