"""`predicted`: P(alive) of a BG/NBD model, and the instant at which it falls below a threshold."""

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.predicted import BgNbd, Predicted
from streamer.core.rules.identity import canonical
from streamer.core.state.purchases import MOST_DAYS, PurchasesState
from streamer.types import DAY, FOREVER, WEEK, Millis
from tests.core.state.asking import START, Asking, Customer, Happened, known, on
from tests.core.state.properties import check_flips, check_lateness, check_merge

HALF = Fraction(1, 2)
CDNOW = {"r": "0.243", "alpha": "4.414", "a": "0.793", "b": "2.426"}
"""The parameters that Fader, Hardie and Lee publish for the CDNOW customers, in weeks."""
SIMPLE = dict.fromkeys(("r", "alpha", "a", "b"), "1")
"""With one repeat purchase a share of 1 / (1 + n * n) is reached when alpha + T is n times more."""


def model(
    parameters: dict[str, str], unit: int = WEEK, each: Literal["event", "day"] = "event"
) -> BgNbd:
    exact = (Fraction(parameters[name]) for name in SIMPLE)
    return BgNbd("churn", ("bought",), each, unit, *exact)


def buying(question: Predicted, *times: int, zone: str = "UTC") -> Customer:
    bought = (on(time, "bought") for time in times)
    return Asking(question, zone=zone).customer(*bought).reread()


def remembered(customer: Customer) -> tuple[int, int, int, list[int]]:
    state = customer.profile.states[0]
    assert isinstance(state, PurchasesState)
    return state.first - START, state.last - START, state.count, state.days


def formula(repeats: int, recency: float, age: float) -> float:
    """P(alive) as it is published, in weeks and doubles."""
    r, alpha, a, b = map(float, CDNOW.values())
    grown: float = ((alpha + age) / (alpha + recency)) ** (r + repeats)
    return 1 / (1 + a / (b + repeats - 1) * grown)


@pytest.mark.parametrize(
    "times", [(0, WEEK), (0, 5, WEEK + 7), (0, DAY, 2 * DAY, 30 * WEEK), (0, *range(1, 60))]
)
@pytest.mark.parametrize("share", ["0.05", "0.3", "0.5", "0.69"])
def test_it_holds_up_to_the_last_millisecond_at_which_the_formula_does(
    times: tuple[int, ...], share: str
) -> None:
    customer = buying(Predicted(model(CDNOW), at_least=Fraction(share)), *times)
    until = customer.flip(times[-1])
    assert until > 0
    repeats, recency = len(times) - 1, times[-1] / WEEK
    assert formula(repeats, recency, (until - 1) / WEEK) >= float(share)
    assert formula(repeats, recency, until / WEEK) < float(share)
    assert customer.flip(until - 1) == until
    assert customer.flip(until) == -FOREVER


def test_a_threshold_that_is_met_at_a_whole_millisecond_is_met_there() -> None:
    # alpha + t_x is 3 weeks, so a fifth is met when alpha + T is 6 weeks: 5 weeks after the first.
    fifth = Fraction(1, 5)
    assert buying(Predicted(model(SIMPLE), fifth), 0, 2 * WEEK).story() == (
        f"+{2 * WEEK} -{5 * WEEK + 1}"
    )
    assert buying(Predicted(model(SIMPLE), below=fifth), 0, 2 * WEEK).story() == (
        f"-{2 * WEEK} +{5 * WEEK + 1}"
    )
    between = Predicted(model(SIMPLE), at_least=Fraction(1, 10), below=fifth)
    assert buying(between, 0, 2 * WEEK).story() == (f"-{2 * WEEK} +{5 * WEEK + 1} -{8 * WEEK + 1}")


def test_a_repeat_purchase_alone_can_put_the_score_below_the_threshold() -> None:
    assert buying(Predicted(model(SIMPLE), HALF), 0, 5).story() == "+5 -6"
    assert buying(Predicted(model(SIMPLE), Fraction(51, 100)), 0, 5).story() == "-5"


def test_a_customer_who_bought_once_is_alive_for_ever() -> None:
    assert buying(Predicted(model(CDNOW), Fraction(1)), 0).story() == "+0"
    assert buying(Predicted(model(CDNOW), below=Fraction(1)), 0).story() == "-0"
    assert buying(Predicted(model(CDNOW), below=Fraction(1)), 0, 5).story() == "+5"
    assert buying(Predicted(model(CDNOW), Fraction(1)), 0, 5).story() == "-5"


def test_a_customer_who_never_bought_has_no_score() -> None:
    for question in (Predicted(model(CDNOW), HALF), Predicted(model(CDNOW), below=HALF)):
        assert Asking(question).customer(on(0)).story() == "-0"


def test_late_purchases_and_purchases_at_one_instant_count() -> None:
    question = Predicted(model(CDNOW), HALF)
    assert remembered(buying(question, 0, DAY, 2 * DAY, 2 * DAY)) == (0, 2 * DAY, 4, [])
    assert remembered(buying(question, 2 * DAY, DAY, 2 * DAY, DAY)) == (DAY, 2 * DAY, 4, [])


def test_days_with_a_purchase_count_in_the_zone() -> None:
    question = Predicted(model(CDNOW, each="day"), HALF)
    times = (DAY, DAY + 1, 2 * DAY - 3_600_000, DAY - 1, DAY)
    first, last, count, days = remembered(buying(question, *times, zone="Europe/Berlin"))
    assert (first, last, count) == (DAY - 1, 2 * DAY - 3_600_000, 0)
    assert [day - days[0] for day in days] == [0, 1]


def test_of_more_days_than_are_told_apart_the_number_is_kept() -> None:
    question = Predicted(model(CDNOW, each="day"), HALF)
    customer = buying(question, *(day * DAY for day in range(MOST_DAYS)))
    assert customer.profile.overflows == []
    customer.does(on(MOST_DAYS * DAY, "bought"))
    customer.does(on(0, "bought"))
    assert customer.profile.overflows == [0]
    _, _, count, days = remembered(customer.reread())
    assert (count, len(days)) == (1, MOST_DAYS)


def test_shrinking_keeps_the_number() -> None:
    question = Predicted(model(CDNOW, each="day"), HALF)
    customer = buying(question, *(day * DAY for day in range(5)))
    state, cell = customer.profile.states[0], customer.asking.cells[0]
    assert state is not None
    before = customer.flip(5 * DAY)
    assert cell.shrink(state, customer.profile) is state
    assert state.weight == 4
    assert customer.flip(5 * DAY) == before


def test_scores_far_in_the_future_have_no_instant() -> None:
    rare = Predicted(model({**CDNOW, "alpha": "1000000000"}, unit=36_500 * DAY), Fraction(1, 10**9))
    assert buying(rare, 0, 5).flip(5) == FOREVER


def test_rules_of_one_model_share_what_they_remember() -> None:
    two = Predicted(model(CDNOW), HALF), Predicted(model(SIMPLE), below=HALF)
    assert len(Asking(*two).cells) == 1


def test_the_parameters_are_part_of_the_identity() -> None:
    one, other = (canonical(Predicted(model(each), HALF)) for each in (CDNOW, SIMPLE))
    assert one != other
    assert one["type"] == "predicted"
    assert one["model"]["type"] == "bg_nbd"


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((0,), "P(alive) 1.0000 after 1 purchase since 2026-01-01T00:00:00.000Z, the last at "),
        ((0, 0), "P(alive) 0.7537 after 2 purchases since 2026-01-01T00:00:00.000Z, the last at "),
        ((), "no purchase"),
    ],
)
def test_it_says_what_it_rests_on(times: tuple[int, ...], said: str) -> None:
    customer = buying(Predicted(model(CDNOW), HALF), *times)
    customer.does(known(0, x=1))
    last = "2026-01-01T00:00:00.000Z" if times else ""
    assert customer.detail(0) == said + last
    assert customer.asking.leaves[0].label == "predicted alive by churn at least 0.5"


def test_a_hopeless_customer_is_said_to_be_one() -> None:
    tiny = model({**CDNOW, "alpha": "0.000001"}, unit=1)
    assert tiny.alive(1_000, 1, 10**12) == pytest.approx(0, abs=1e-300)


EVERY = Asking(
    *(
        Predicted(model(SIMPLE, 5, each), low, high)
        for each in ("event", "day")
        for low, high in ((HALF, None), (None, HALF), (Fraction(1, 10), Fraction(1, 5)))
    )
)
EVENTS: st.SearchStrategy[Callable[[Millis], Happened]] = st.sampled_from(
    [lambda at: on(at, "bought"), on]
)
IN_DAYS: st.SearchStrategy[Callable[[Millis], Happened]] = st.just(
    lambda at: on(at * DAY // 2, "bought")
)


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(EVERY, data, EVENTS)


@given(st.data())
def test_merge_of_days_is_the_whole(data: st.DataObject) -> None:
    check_merge(Asking(Predicted(model(SIMPLE, DAY, "day"), HALF)), data, IN_DAYS)


@given(st.data())
def test_late_is_as_in_order(data: st.DataObject) -> None:
    check_lateness(EVERY, data, EVENTS)


@given(st.data())
def test_flips_are_exact(data: st.DataObject) -> None:
    check_flips(EVERY, data, EVENTS)
