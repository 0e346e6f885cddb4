"""How membership follows truth: `min_dwell`, `cooldown`, `holdout`, ladders."""

from fractions import Fraction

import pytest

from streamer.core.engine.program import RuleSet
from streamer.core.leaves.performed import Performed
from streamer.core.rules.spec import Header, Ladder, Scope, Settings, Tier
from tests.core.shopper import Shopper, compiled, known, on, segment

WITHIN_10 = Performed(Scope(("seen",), within=10))


def test_without_settings_membership_is_truth() -> None:
    shopper = Shopper(WITHIN_10)
    assert shopper.does(on(0)) == [(0, "+s")]
    assert shopper.waits(100) == [(10, "-s")]
    assert shopper.does(on(200)) == [(200, "+s")]


def test_min_dwell_holds_an_exit_back() -> None:
    shopper = Shopper(segment(WITHIN_10, min_dwell=15))
    shopper.does(on(0))
    assert shopper.waits(14) == []
    assert shopper.waits(15) == [(15, "-s")]


def test_min_dwell_holds_an_entry_back() -> None:
    shopper = Shopper(segment(WITHIN_10, min_dwell=15))
    shopper.does(on(0))
    assert shopper.does(on(16)) == [(15, "-s")]
    assert shopper.does(on(25)) == []
    assert shopper.waits(100) == [(30, "+s"), (45, "-s")]


def test_what_is_over_when_min_dwell_ends_is_not_said() -> None:
    shopper = Shopper(segment(WITHIN_10, min_dwell=15))
    shopper.does(on(0))
    assert shopper.does(on(12)) == []  # false from 10 on, true again at 12
    assert shopper.waits(100) == [(22, "-s")]


def test_min_dwell_that_ends_at_the_flip_delays_nothing() -> None:
    shopper = Shopper(segment(WITHIN_10, min_dwell=10))
    shopper.does(on(0))
    assert shopper.waits(100) == [(10, "-s")]


def test_cooldown_holds_only_entries_back() -> None:
    shopper = Shopper(segment(WITHIN_10, cooldown=20))
    shopper.does(on(0))
    assert shopper.waits(10) == [(10, "-s")]
    assert shopper.does(on(12)) == []
    assert shopper.does(on(25)) == []
    assert shopper.waits(100) == [(30, "+s"), (35, "-s")]


@pytest.mark.parametrize(("min_dwell", "cooldown"), [(5, 7), (7, 5), (7, 7)])
def test_the_longer_of_both_counts(min_dwell: int, cooldown: int) -> None:
    shopper = Shopper(segment(WITHIN_10, min_dwell=min_dwell, cooldown=cooldown))
    assert shopper.does(on(0), on(10)) == [(0, "+s"), (10, "-s")]
    assert shopper.waits(100) == [(17, "+s"), (20 + max(0, min_dwell - 3), "-s")]


LADDER = Ladder(
    "l",
    "l",
    "To be tested.",
    (
        Tier("high", Performed(Scope(("seen",), within=10), at_least=2)),
        Tier("low", WITHIN_10),
        Tier("rest", None),
    ),
)


def test_the_first_tier_that_holds_wins() -> None:
    shopper = Shopper(LADDER)
    assert shopper.does(known(0, segment="a")) == [(0, "+l.rest")]
    assert shopper.does(on(1)) == [(1, "-l.rest"), (1, "+l.low")]
    assert shopper.does(on(4)) == [(4, "-l.low"), (4, "+l.high")]
    moves = [(11, "-l.high"), (11, "+l.low"), (14, "-l.low"), (14, "+l.rest")]
    assert shopper.waits(100) == moves


def test_the_first_tier_counts_for_min_dwell() -> None:
    shopper = Shopper(Ladder("l", "l", "To be tested.", LADDER.tiers, Settings(min_dwell=12)))
    assert shopper.does(on(0), on(1)) == [(0, "+l.low")]
    assert shopper.waits(100) == [(12, "-l.low"), (12, "+l.rest")]


def test_a_ladder_may_leave_a_customer_on_no_tier() -> None:
    shopper = Shopper(Ladder("l", "l", "To be tested.", LADDER.tiers[:1]))
    assert shopper.does(on(0)) == []
    assert shopper.does(on(1)) == [(1, "+l.high")]
    assert shopper.waits(100) == [(10, "-l.high")]


def held(rules: RuleSet, customers: int = 4_000) -> set[int]:
    return {n for n in range(customers) if rules.segments[0].held_out(f"customer {n}")}


@pytest.mark.parametrize("share", [Fraction(1, 20), Fraction(1, 3), Fraction(9, 10)])
def test_holdout_takes_about_its_share(share: Fraction) -> None:
    rules = compiled(segment(WITHIN_10, holdout=share))
    assert abs(len(held(rules)) / 4_000 - share) < 0.03


def test_holdout_of_nobody_and_of_everybody() -> None:
    assert held(compiled(segment(WITHIN_10, holdout=Fraction(0)))) == set()
    assert len(held(compiled(segment(WITHIN_10, holdout=Fraction(1))))) == 4_000


def test_holdout_is_stable_and_grows_with_its_share() -> None:
    few = held(compiled(segment(WITHIN_10, holdout=Fraction(1, 20))))
    more = held(compiled(segment(WITHIN_10, holdout=Fraction(1, 5)), segment(WITHIN_10, "t")))
    assert few < more


def test_holdout_is_salted_with_the_segment_and_the_rule_set() -> None:
    fifth = Fraction(1, 5)
    one = held(compiled(segment(WITHIN_10, holdout=fifth)))
    other = held(compiled(segment(WITHIN_10, "t", holdout=fifth)))
    elsewhere = held(compiled(segment(WITHIN_10, holdout=fifth), header=Header(name="x")))
    assert len({frozenset(drawn) for drawn in (one, other, elsewhere)}) == 3
    assert len(one & other) < len(one) / 2


def test_who_is_held_out_is_flagged_and_not_hidden() -> None:
    shopper = Shopper(segment(WITHIN_10, holdout=Fraction(1)))
    (change,) = shopper.decides(on(0)).changes
    assert (change.direction, change.holdout) == ("entered", True)
