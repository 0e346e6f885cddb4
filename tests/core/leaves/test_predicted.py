"""`predicted`: P(alive) of a BG/NBD model, and the instant at which it falls below a threshold."""

from fractions import Fraction
from typing import Literal

import pytest

from streamer.core.leaves.predicted import BgNbd, Predicted
from streamer.core.rules.spec import Header
from streamer.core.state.purchases import MOST_DAYS, PurchasesState
from streamer.types import DAY, FOREVER, WEEK
from tests.core.shopper import Shopper, compiled, known, on

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


def buying(question: Predicted, *times: int) -> Shopper:
    shopper = Shopper(question)
    for time in times:
        shopper.does(on(time, "bought"))
    return shopper


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
    shopper = buying(Predicted(model(CDNOW), at_least=Fraction(share)), *times)
    holds, until = shopper.answer(times[-1])
    assert holds
    repeats, recency = len(times) - 1, times[-1] / WEEK
    assert formula(repeats, recency, (until - 1) / WEEK) >= float(share)
    assert formula(repeats, recency, until / WEEK) < float(share)
    assert shopper.answer(until - 1) == (True, until)
    assert shopper.answer(until) == (False, FOREVER)


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
    # One repeat purchase makes it a half, at that very instant only.
    assert buying(Predicted(model(SIMPLE), HALF), 0, 5).story() == "+5 -6"
    assert buying(Predicted(model(SIMPLE), Fraction(51, 100)), 0, 5).story() == "-5"


def test_whoever_bought_once_is_alive_for_ever() -> None:
    assert buying(Predicted(model(CDNOW), Fraction(1)), 0).story() == "+0"
    assert buying(Predicted(model(CDNOW), below=Fraction(1)), 0).story() == "-0"
    assert buying(Predicted(model(CDNOW), below=Fraction(1)), 0, 5).story() == "+5"
    assert buying(Predicted(model(CDNOW), Fraction(1)), 0, 5).story() == "-5"


def test_whoever_never_bought_has_no_score() -> None:
    for question in (Predicted(model(CDNOW), HALF), Predicted(model(CDNOW), below=HALF)):
        shopper = Shopper(question)
        shopper.does(on(0, "seen"))
        assert shopper.story() == "-0"


def remembered(shopper: Shopper) -> tuple[int, int, int, list[int]]:
    """What the one cell holds: first and last time, a count, and days."""
    (state,) = shopper.alive.states
    assert isinstance(state, PurchasesState)
    return state.first, state.last, state.count, state.days


def test_late_purchases_and_purchases_at_one_instant_count() -> None:
    question = Predicted(model(CDNOW), HALF)
    in_order = buying(question, 0, DAY, 2 * DAY, 2 * DAY)
    late = buying(question, 2 * DAY, DAY, 2 * DAY)
    late.does(on(DAY, "bought"))
    assert remembered(in_order) == (on(0).time, on(2 * DAY).time, 4, [])
    assert remembered(late) == (on(DAY).time, on(2 * DAY).time, 4, [])
    assert late.reread().story() == buying(question, DAY, DAY, 2 * DAY, 2 * DAY).story()


def test_days_with_a_purchase_count_in_the_zone() -> None:
    question = Predicted(model(CDNOW, each="day"), HALF)
    shopper = Shopper(question, header=Header(zone="Europe/Berlin"))
    for time in (DAY, DAY + 1, 2 * DAY - 3_600_000, DAY - 1, DAY):
        shopper.does(on(time, "bought"))
    first, last, forgotten, days = remembered(shopper)
    assert (first, last, forgotten) == (on(DAY - 1).time, on(2 * DAY - 3_600_000).time, 0)
    assert [day - days[0] for day in days] == [0, 1]


def test_more_days_than_are_told_apart_are_counted() -> None:
    shopper = buying(
        Predicted(model(CDNOW, each="day"), HALF), *(day * DAY for day in range(MOST_DAYS))
    )
    assert shopper.overflows == 0
    shopper.does(on(MOST_DAYS * DAY, "bought"))
    assert shopper.overflows == 1
    _, _, count, days = remembered(shopper)
    assert (count, len(days)) == (1, MOST_DAYS)


def test_scores_far_in_the_future_have_no_instant() -> None:
    rare = Predicted(model({**CDNOW, "alpha": "1000000000"}, unit=36_500 * DAY), Fraction(1, 10**9))
    assert buying(rare, 0, 5).answer(5) == (True, FOREVER)


def test_rules_of_one_model_share_what_they_remember() -> None:
    two = Predicted(model(CDNOW), HALF), Predicted(model(SIMPLE), below=HALF)
    assert len(compiled(*two).cells) == 1


def test_the_parameters_are_part_of_the_version() -> None:
    one, other = (compiled(Predicted(model(each), HALF)) for each in (CDNOW, SIMPLE))
    assert one.version != other.version


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((0,), "P(alive) 1.0000 after 1 purchase since 2026-01-01T00:00:00.000Z, the last at "),
        ((0, 0), "P(alive) 0.7537 after 2 purchases since 2026-01-01T00:00:00.000Z, the last at "),
        ((), "no purchase"),
    ],
)
def test_it_says_what_it_rests_on(times: tuple[int, ...], said: str) -> None:
    shopper = buying(Predicted(model(CDNOW), HALF), *times)
    shopper.does(known(0, x=1))
    last = "2026-01-01T00:00:00.000Z" if times else ""
    holds = bool(times)
    assert shopper.because(holds=holds) == [f"predicted alive by churn at least 0.5: {said}{last}"]


def test_a_hopeless_customer_is_said_to_be_one() -> None:
    tiny = model({**CDNOW, "alpha": "0.000001"}, unit=1)
    assert tiny.alive(1_000, 1, 10**12) == pytest.approx(0, abs=1e-300)
