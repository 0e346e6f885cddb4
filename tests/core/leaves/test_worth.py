"""`predicted` by a gamma-gamma model: what a customer's purchases are worth on average."""

from fractions import Fraction
from typing import Literal

import pytest

from streamer.core.leaves.worth import GammaGamma, Worth
from streamer.core.state.purchases import MOST_DAYS
from streamer.types import DAY, FOREVER
from tests.core.shopper import Shopper, on


def model(p: str, q: str, v: str, each: Literal["event", "day"] = "event") -> GammaGamma:
    return GammaGamma("worth", ("bought",), each, "price", *map(Fraction, (p, q, v)))


SIMPLE = model("1", "2", "10")
"""Expected is (10 + total) / (purchases + 1): everybody's average is 10."""
CDNOW = model("6.25", "3.74", "15.44")
"""The parameters that Fader and Hardie publish for the CDNOW customers."""


def expected(question: GammaGamma, *prices: float) -> Fraction:
    """The largest threshold that `at_least` passes, found on the leaf itself."""
    value = question.expected(len(prices), sum(map(Fraction, prices), Fraction(0)))
    for least, holds in ((value, True), (value + Fraction(1, 10**12), False)):
        shopper = Shopper(Worth(question, least))
        for nth, price in enumerate(prices):
            shopper.does(on(nth, "bought", price=price))
        assert shopper.answer(len(prices)) == (holds, FOREVER)
    return value


def test_the_expected_value_lies_between_everybodys_and_the_customers_own() -> None:
    assert expected(SIMPLE, 20) == 15
    assert expected(SIMPLE, 20, 20) == Fraction(50, 3)
    assert expected(SIMPLE, 4) == 7


def test_the_expected_value_is_the_published_one() -> None:
    # Everybody's average is p * v / (q - 1) = 35.22; the formula is equation 5 of the note.
    assert float(CDNOW.expected(0, Fraction(0))) == pytest.approx(35.22, abs=0.005)
    mean = Fraction(50)
    weight = Fraction("6.25") * 2 / (Fraction("6.25") * 2 + Fraction("2.74"))
    everybody = Fraction("6.25") * Fraction("15.44") / Fraction("2.74")
    assert CDNOW.expected(2, 2 * mean) == (1 - weight) * everybody + weight * mean


def test_time_does_not_change_it() -> None:
    shopper = Shopper(Worth(SIMPLE, Fraction(15)))
    shopper.does(on(0, "bought", price=20))
    assert shopper.story() == "+0"
    shopper.does(on(5, "bought", price=1))
    assert shopper.story() == "-5"


def test_below_leaves_the_threshold_out() -> None:
    for below, holds in ((15, False), (16, True)):
        shopper = Shopper(Worth(SIMPLE, below=Fraction(below)))
        shopper.does(on(0, "bought", price=20))
        assert shopper.answer(0) == (holds, FOREVER)


def test_purchases_of_no_value_do_not_count() -> None:
    shopper = Shopper(Worth(SIMPLE, below=Fraction(1_000)))
    for price in (0, -5, "20,5", None, True, 1e12):
        shopper.does(on(0, "bought", price=price))
    shopper.does(on(0, "bought"))
    shopper.does(on(0, "seen", price=20))
    assert shopper.story() == "-0"
    assert shopper.alive.states == [None]


def test_the_products_of_a_purchase_are_added_up() -> None:
    shopper = Shopper(Worth(SIMPLE, Fraction(15)))
    shopper.does(on(0, "bought", products=[{"price": 15}, {"price": 5}]))
    assert shopper.answer(0)[0]


def test_a_day_can_be_the_purchase() -> None:
    prices = (5, 15, 20)
    events, days = (
        Shopper(Worth(SIMPLE, Fraction(15))),
        Shopper(Worth(model("1", "2", "10", "day"), Fraction(15))),
    )
    for shopper in (events, days):
        for at, price in zip((0, 1, DAY), prices, strict=True):
            shopper.does(on(at, "bought", price=price))
    assert not events.answer(DAY)[0]  # 50 / 4
    assert days.answer(DAY)[0]  # 50 / 3
    assert days.reread().answer(DAY)[0]


def test_more_days_than_are_told_apart_are_counted() -> None:
    shopper = Shopper(Worth(model("1", "2", "10", "day"), Fraction(15)))
    for day in range(MOST_DAYS + 1):
        shopper.does(on(day * DAY, "bought", price=1))
    assert shopper.overflows == 1


def test_it_says_what_it_rests_on() -> None:
    shopper = Shopper(Worth(SIMPLE, Fraction(15)))
    shopper.does(on(0, "bought", price=20))
    assert shopper.because(holds=True) == [
        "predicted value by worth at least 15: expected 15.00 after 1 purchase of 20.00"
    ]
