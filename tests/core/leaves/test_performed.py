"""`performed`, `not_performed` and `quiet`: how often, inside which window, since when."""

import pytest

from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.rules.spec import Clause, Comparison, Condition, Header, Scope
from streamer.types import DAY, HOUR, Event
from tests.core.shopper import Shopper, known, on, story

SEEN = ("seen",)
W10 = Scope(SEEN, within=10)
EVER = Scope(SEEN)
SINCE = Scope(SEEN, since=("mark",))
BIG = Scope(SEEN, where=(Clause("size", (Comparison("at_least", 5),)),))


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (Performed(W10), [], "-0"),
        (Performed(W10), [on(0)], "+0 -10"),
        (Performed(EVER), [on(0)], "+0"),
        (Performed(W10, at_least=2), [on(0)], "-0"),
        (Performed(W10, at_least=2), [on(0), on(4)], "+4 -10"),
        (Performed(W10, at_least=2), [on(0), on(9)], "+9 -10"),
        (Performed(W10, at_least=2), [on(0), on(10)], "-10"),
        (Performed(W10, at_least=2), [on(0), on(4), on(5)], "+5 -14"),
        (Performed(W10, at_most=1), [on(0), on(4)], "-4 +10"),
        (Performed(W10, at_most=1), [on(0), on(4), on(4)], "-4 +14"),
        (Performed(W10, exactly=1), [on(0), on(4)], "-4 +10 -14"),
        (Performed(W10, exactly=1), [on(0), on(0)], "-0"),
        (Performed(W10, at_least=2, at_most=2), [on(0), on(1), on(2)], "-2 +10 -11"),
        (Performed(EVER, exactly=2), [on(0), on(1)], "+1"),
        (Performed(EVER, exactly=2), [on(0), on(1), on(2)], "-2"),
        (Performed(Scope((), within=10)), [on(0, "whatever")], "+0 -10"),
        (Performed(Scope((), within=10)), [known(0, segment="a")], "-0"),
        (Performed(Scope(("identified",))), [known(0, segment="a")], "+0"),
        (Performed(BIG), [on(0, size=4)], "-0"),
        (Performed(BIG), [on(0, size=5)], "+0"),
    ],
)
def test_counting_events(question: Condition, events: list[Event], told: str) -> None:
    assert story(question, events) == told


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (Performed(W10, at_least=2), [on(9), on(5)], "+9 -15"),
        (Performed(W10, at_least=2), [on(12), on(3)], "+12 -13"),
        (Performed(W10, at_least=2), [on(13), on(3)], "-13"),
        (Performed(W10, at_least=2), [on(9), on(8), on(1)], "+9 -18"),
        (Performed(EVER, exactly=1), [on(9), on(5)], "-9"),
        (NotPerformed(W10), [on(9, "other"), on(5)], "-9 +15"),
    ],
)
def test_a_late_event_counts_at_its_own_time(
    question: Condition, events: list[Event], told: str
) -> None:
    assert story(question, events) == told


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (Performed(SINCE), [on(1)], "-1"),
        (Performed(SINCE), [on(0, "mark"), on(1)], "+1"),
        (Performed(SINCE), [on(1), on(1, "mark")], "-1"),
        (Performed(SINCE), [on(1, "mark"), on(1)], "+1"),
        (Performed(SINCE), [on(1, "mark"), on(1), on(1, "mark")], "-1"),
        (Performed(SINCE, at_least=2), [on(1), on(5), on(6), on(3, "mark")], "+6"),
        (Performed(SINCE, at_least=2), [on(1), on(5), on(6), on(5, "mark")], "-6"),
        (Performed(SINCE), [on(5, "mark"), on(4)], "-5"),
        (Performed(SINCE), [on(5, "mark"), on(6), on(4, "mark")], "+6"),
        (Performed(Scope(SEEN, since=SEEN)), [on(0), on(1)], "-1"),
        (Performed(Scope(SEEN, within=10, since=("mark",))), [on(0, "mark"), on(20)], "+20 -30"),
        (NotPerformed(SINCE), [on(1)], "+1"),
        (NotPerformed(SINCE), [on(0, "mark"), on(1)], "-1"),
        (NotPerformed(SINCE), [on(0, "mark"), on(1), on(1, "mark")], "+1"),
    ],
)
def test_since_is_after_the_latest_mark_in_history_order(
    question: Condition, events: list[Event], told: str
) -> None:
    assert story(question, events) == told


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (Quiet(10), [], "+0"),
        (Quiet(10), [on(0)], "-0 +10"),
        (Quiet(10), [on(0), known(5, segment="a")], "-5 +10"),
        (Quiet(10, SEEN), [on(0), on(5, "other")], "-5 +10"),
        (NotPerformed(W10), [on(0)], "-0 +10"),
        (NotPerformed(EVER), [on(0)], "-0"),
        (NotPerformed(BIG), [on(0, size=1)], "+0"),
    ],
)
def test_silence_ends_the_window_after_the_last(
    question: Condition, events: list[Event], told: str
) -> None:
    assert story(question, events) == told


def distinct(
    within: int | None = None, at_least: int | None = None, exactly: int | None = None
) -> Condition:
    """How many different products were seen."""
    return Performed(Scope(SEEN, within=within), "distinct", "p", at_least, exactly=exactly)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (distinct(10, at_least=2), [on(0, p="a"), on(4, p="b")], "+4 -10"),
        (distinct(10, at_least=2), [on(0, p="a"), on(4, p="a")], "-4"),
        (distinct(10, at_least=2), [on(0, p="a"), on(4, p="b"), on(9, p="a")], "+9 -14"),
        (distinct(10, at_least=2), [on(9, p="a"), on(2, p="b"), on(1, p="b")], "+9 -12"),
        (distinct(10, exactly=1), [on(0, p="a"), on(4, p="b")], "-4 +10 -14"),
        (distinct(at_least=2), [on(0, p=["a", "b", "b"])], "+0"),
        (distinct(at_least=2), [on(0, p=1), on(1, p=True)], "+1"),
        (distinct(at_least=2), [on(0, p=1), on(1, p="1")], "+1"),
        (distinct(at_least=2), [on(0, p=1), on(1, p=1.0)], "-1"),
        (distinct(at_least=1), [on(0), on(1, p={}), on(2, p=[])], "-2"),
    ],
)
def test_distinct_counts_values_by_their_last_time(
    question: Condition, events: list[Event], told: str
) -> None:
    assert story(question, events) == told


@pytest.mark.parametrize(
    ("zone", "holds"), [("UTC", False), ("Europe/Berlin", True), ("America/New_York", False)]
)
def test_distinct_days_are_days_of_the_zone(zone: str, holds: bool) -> None:  # noqa: FBT001
    days = Performed(Scope(SEEN), "days", at_least=2)
    shopper = Shopper(days, header=Header(zone=zone))
    shopper.does(on(DAY - 2 * HOUR), on(DAY - HOUR))  # midnight in Berlin is between them
    assert shopper.answer(DAY)[0] is holds


def same(within: int | None = None, at_least: int | None = None) -> Condition:
    """How often the most frequent product was seen."""
    return Performed(Scope(SEEN, within=within), "same", "p", at_least)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (same(10, at_least=2), [on(0, p="a"), on(4, p="b")], "-4"),
        (same(10, at_least=2), [on(0, p="a"), on(4, p="a")], "+4 -10"),
        (same(10, at_least=2), [on(0, p="a"), on(1, p="b"), on(4, p="a"), on(9, p="b")], "+9 -11"),
        (same(10, at_least=2), [on(9, p="a"), on(3, p="a")], "+9 -13"),
        (same(at_least=2), [on(0, p=["a", "a"])], "-0"),
        (same(at_least=2), [on(0, p="x" * 41), on(1, p="x" * 41)], "+1"),
        (same(at_least=2), [on(0, p="x" * 41), on(1, p="x" * 42)], "-1"),
    ],
)
def test_same_follows_the_most_frequent_value(
    question: Condition, events: list[Event], told: str
) -> None:
    assert story(question, events) == told


def test_a_mark_that_comes_late_takes_values_with_it() -> None:
    shopper = Shopper(Performed(SINCE, "same", "p", at_least=2))
    shopper.does(on(0, "mark"), on(1, p="a"), on(3, p="a"))
    assert shopper.story() == "+3"
    shopper.does(on(2, "mark"))
    assert shopper.story() == "-3"
