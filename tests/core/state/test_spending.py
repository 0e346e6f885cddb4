"""`predicted` by a gamma-gamma model: what a customer's purchases are worth on average."""

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.worth import GammaGamma, Worth
from streamer.core.rules.identity import canonical
from streamer.core.state.purchases import MOST_DAYS
from streamer.types import DAY, FOREVER, Millis
from tests.core.state.asking import Asking, Happened, on, story
from tests.core.state.properties import check_lateness, check_merge


def model(p: str, q: str, v: str, each: Literal["event", "day"] = "event") -> GammaGamma:
    return GammaGamma("worth", ("bought",), each, "price", *map(Fraction, (p, q, v)))


SIMPLE = model("1", "2", "10")
"""Expected is (10 + total) / (purchases + 1): everybody's average is 10."""
CDNOW = model("6.25", "3.74", "15.44")
"""The parameters that Fader and Hardie publish for the CDNOW customers."""


def pay(at: int, price: object) -> Happened:
    return on(at, "bought", price=price)


def expected(question: GammaGamma, *prices: float) -> Fraction:
    """The largest threshold that `at_least` passes, found on the leaf itself."""
    value = question.expected(len(prices), sum(map(Fraction, prices), Fraction(0)))
    bought = [pay(nth, price) for nth, price in enumerate(prices)]
    for least, until in ((value, FOREVER), (value + Fraction(1, 10**12), -FOREVER)):
        customer = Asking(Worth(question, least)).customer(*bought).reread()
        assert customer.flip(len(prices)) == until
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


def test_below_leaves_the_threshold_out() -> None:
    for below, told in ((15, "-0"), (16, "+0")):
        assert story(Worth(SIMPLE, below=Fraction(below)), pay(0, 20)) == told


def test_purchases_of_no_value_do_not_count() -> None:
    customer = Asking(Worth(SIMPLE, below=Fraction(1_000))).customer(
        *(pay(0, price) for price in (0, -5, None, True, 1e12)),
        on(0, "bought"),
        on(0, "seen", price=20),
    )
    assert customer.story() == "-0"
    assert customer.packed() == [None]


def test_the_products_of_a_purchase_are_added_up() -> None:
    order = on(0, "bought", products=[{"price": 12}, {"price": 8}, {"price": None}])
    assert story(Worth(SIMPLE, Fraction(15)), order) == "+0"


def test_days_are_told_apart_as_far_as_their_bound() -> None:
    asking = Asking(Worth(model("1", "2", "10", "day"), Fraction(1)))
    customer = asking.customer(*(pay(day * DAY, 1) for day in range(MOST_DAYS + 1)))
    assert customer.profile.overflows == [0]
    state = customer.reread().profile.states[0]
    assert state is not None
    assert state.weight == 2 * MOST_DAYS
    shrunk = asking.cells[0].shrink(state, customer.profile)
    assert shrunk is not None
    assert shrunk.weight == MOST_DAYS


def test_it_says_what_it_rests_on() -> None:
    customer = Asking(Worth(SIMPLE, Fraction(15))).customer(pay(0, 20))
    assert customer.asking.leaves[0].label == "predicted value by worth at least 15"
    assert customer.detail(0) == "expected 15.00 after 1 purchase of 20.00"


def test_the_model_is_part_of_the_identity() -> None:
    assert canonical(Worth(SIMPLE))["model"]["type"] == "gamma_gamma"


EVERY = Asking(
    *(
        Worth(model("1", "2", "10", each), low, high)
        for each in ("event", "day")
        for low, high in ((Fraction(8), None), (None, Fraction(9)), (Fraction(6), Fraction(7)))
    )
)
EVENTS: st.SearchStrategy[Callable[[Millis], Happened]] = st.sampled_from(
    [lambda at, price=price: pay(at, price) for price in (0, 3, 8, 20, -1, [1, 2])]
)


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(EVERY, data, EVENTS)


@given(st.data())
def test_late_is_as_in_order(data: st.DataObject) -> None:
    check_lateness(EVERY, data, EVENTS)
