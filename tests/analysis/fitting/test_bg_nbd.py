"""The likelihood, the fit and the expectations are the published ones."""

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from streamer.analysis.fitting.bg_nbd import (
    Fit,
    Moment,
    Parameters,
    fit_bg_nbd,
    in_units,
    log_likelihood,
    probability_alive,
    purchases_to_come,
)
from streamer.analysis.fitting.histories import PurchaseSummary
from streamer.errors import UsageError
from streamer.types import WEEK

CDNOW = Path(__file__).parents[4] / "shared" / "data" / "cdnow" / "cdnow_customers_summary.csv"
PUBLISHED = Parameters(0.243, 4.414, 0.793, 2.426)
"""Of the CDNOW customers, in weeks: Fader, Hardie and Lee (2005), table 2."""


def cdnow() -> list[PurchaseSummary]:
    with CDNOW.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        PurchaseSummary(
            int(row["frequency"]),
            round(float(row["recency"]) * WEEK),
            round(float(row["T"]) * WEEK),
        )
        for row in rows
    ]


@cache
def best_of_cdnow() -> Fit:
    return fit_bg_nbd(cdnow(), WEEK)


@pytest.mark.skipif(not CDNOW.exists(), reason="needs ../shared/data/cdnow")
def test_the_fit_of_cdnow_is_the_published_one() -> None:
    fit = best_of_cdnow()
    assert [round(value, 3) for value in fit.parameters] == list(PUBLISHED)
    assert round(fit.log_likelihood, 1) == -9582.4
    assert fit.vague() == []


@pytest.mark.skipif(not CDNOW.exists(), reason="needs ../shared/data/cdnow")
def test_no_neighbour_is_more_likely() -> None:
    moments = Counter(in_units(one, WEEK) for one in cdnow())
    best = best_of_cdnow()
    for name, value in best.parameters._asdict().items():
        for factor in (0.99, 1.01):
            near = best.parameters._replace(**{name: value * factor})
            assert log_likelihood(near, moments) < best.log_likelihood


def test_the_published_customer_is_foretold_as_published() -> None:
    # Customer 0001 in Fader, Hardie and Lee's note on BG/NBD in a spreadsheet, for 39 weeks.
    assert round(purchases_to_come(PUBLISHED, Moment(2, 30.43, 38.86), 39), 3) == 1.226


@pytest.mark.parametrize(
    ("moment", "weeks", "expected"),
    [
        # by the formula as published, with SciPy 1.17's hyp2f1
        (Moment(0, 0, 38.86), 39, 0.19509805201125396),
        (Moment(10, 30, 31), 500, 37.487863209819736),
    ],
)
def test_purchases_to_come(moment: Moment, weeks: float, expected: float) -> None:
    assert purchases_to_come(PUBLISHED, moment, weeks) == pytest.approx(expected, rel=1e-10)


def test_expected_purchases_have_no_gap_where_a_is_one() -> None:
    moment = Moment(3, 10, 20)
    below, at, above = (
        purchases_to_come(PUBLISHED._replace(a=a), moment, 10) for a in (0.9999, 1.0, 1.0001)
    )
    assert below > at > above
    assert at == pytest.approx((below + above) / 2, rel=1e-5)


def test_nothing_is_to_come_in_no_time_and_more_in_more() -> None:
    some = [purchases_to_come(PUBLISHED, Moment(2, 30, 38), weeks) for weeks in (0, 1, 2, 10)]
    assert some[0] == pytest.approx(0, abs=1e-12)
    assert some == sorted(some)


def test_the_likelihood_of_one_history_is_the_product_that_was_published() -> None:
    # x = 1 at t_x = 1, T = 2, all parameters 1: the integrals can be done by hand.
    # rate * exp(-rate * T) * (1 - p) + p * rate * exp(-rate * t_x), over gamma(1, 1) and beta(1, 1)
    expected = 0.5 / (1 + 2) ** 2 + 0.5 / (1 + 1) ** 2
    found = log_likelihood(Parameters(1, 1, 1, 1), Counter([Moment(1, 1, 2)]))
    assert 2.718281828459045**found == pytest.approx(expected)


def test_somebody_who_bought_once_is_alive() -> None:
    assert probability_alive(PUBLISHED, Moment(0, 0, 1e9)) == 1
    assert 0 < probability_alive(PUBLISHED, Moment(1, 0, 1e9)) < 1e-6


def test_too_few_who_bought_twice_are_refused() -> None:
    few = [PurchaseSummary(1, WEEK, 3 * WEEK)] * 9 + [PurchaseSummary(0, 0, WEEK)] * 1_000
    with pytest.raises(UsageError, match=re.escape("9 customers bought more than once")):
        fit_bg_nbd(few, WEEK)


def test_what_the_data_hardly_tell_is_named() -> None:
    assert Fit(Parameters(0.1, 4, 1e-5, 2_000), -1).vague() == ["a", "b"]


@pytest.mark.parametrize(
    ("histories", "said"),
    [
        (
            [PurchaseSummary(20, 20 * WEEK, 21 * WEEK)] * 50
            + [PurchaseSummary(19, 19 * WEEK, 20 * WEEK)],
            "nobody",
        ),
        (
            [PurchaseSummary(1, n * WEEK // 9, 40 * WEEK) for n in range(1, 30)]
            + [PurchaseSummary(0, 0, n * WEEK) for n in range(20, 60)],
            "everybody left with the second purchase",
        ),
    ],
)
def test_parameters_that_say_the_same_of_everybody_are_refused(
    histories: list[PurchaseSummary], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        fit_bg_nbd(histories, WEEK)
    assert "ask with `ago`" in str(caught.value)


@pytest.mark.parametrize(
    "parameters",
    [
        Parameters(0.114741, 13.1173, 429.13, 14.8685),  # more than a double in Euler's series
        Parameters(1, 100, 0.25, 0.75),  # a + b + x is 1
    ],
)
def test_expected_purchases_are_numbers_where_the_formula_has_none(parameters: Parameters) -> None:
    some = [purchases_to_come(parameters, Moment(0, 0, 1), weeks) for weeks in (1, 10, 500)]
    assert some == sorted(some)
    assert 0 < some[0] < some[-1] < 500
