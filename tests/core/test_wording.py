"""Conditions read aloud: durations, numbers and comparisons as in a rule."""

from typing import Any

import pytest

from streamer.core import wording
from streamer.core.rules.spec import Clause, Comparison, Operator, Scope
from streamer.types import DAY, HOUR, MINUTE, SECOND, WEEK


@pytest.mark.parametrize(
    ("millis", "said"),
    [
        (1, "1ms"),
        (1_500, "1500ms"),
        (SECOND, "1s"),
        (90 * SECOND, "90s"),
        (30 * MINUTE, "30m"),
        (HOUR, "1h"),
        (36 * HOUR, "36h"),
        (DAY, "1d"),
        (WEEK, "7d"),
        (2 * WEEK, "14d"),
        (30 * DAY, "30d"),
        (DAY + 1, "86400001ms"),
    ],
)
def test_durations(millis: int, said: str) -> None:
    assert wording.duration(millis) == said


@pytest.mark.parametrize(
    ("scaled", "said"),
    [(1_499_500, "149.95"), (10_000, "1"), (1, "0.0001"), (-5_000, "-0.5"), (0, "0")],
)
def test_ten_thousandths_are_decimals(scaled: int, said: str) -> None:
    assert wording.decimal(scaled) == said


@pytest.mark.parametrize(
    ("operator", "operand", "said"),
    [
        ("is", "red", "is red"),
        ("is_not", True, "is not true"),
        ("in", ("a", 1, False), "in [a, 1, false]"),
        ("at_least", 100, "at least 100"),
        ("exists", False, "exists false"),
        ("starts_with", "ab", "starts with ab"),
    ],
)
def test_comparisons(operator: Operator, operand: Any, said: str) -> None:  # noqa: ANN401
    assert wording.comparison(Comparison(operator, operand)) == said


def test_thresholds_of_aggregates_are_said_in_whole_units() -> None:
    bounds = (Comparison("at_least", 1_000_000), Comparison("below", 1_499_500))
    assert wording.comparisons(bounds, scaled=True) == "at least 100 and below 149.95"


def test_a_scope_follows_the_names_of_events() -> None:
    where = (
        Clause("price", (Comparison("at_least", 100),)),
        Clause("brand", (Comparison("is", "acme"),)),
    )
    scope = Scope(("a", "b"), where, WEEK, ("mark",))
    assert wording.names(scope.events) == "a or b"
    said = " where price at least 100 and brand is acme within 7d since mark"
    assert wording.scope(scope) == said
    assert (wording.names(()), wording.scope(Scope(()))) == ("any", "")
