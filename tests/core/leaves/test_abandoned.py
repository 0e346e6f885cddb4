"""`abandoned`: begun, not closed since, and so long ago."""

import pytest

from streamer.core.leaves.abandoned import Abandoned
from streamer.core.rules.spec import Clause, Comparison, Header
from streamer.types import Event
from tests.core.shopper import Shopper, on, story

ADDED, BOUGHT = ("added",), ("bought",)
OPEN = Abandoned(ADDED, BOUGHT, same="p")
FOR5 = Abandoned(ADDED, BOUGHT, 5, same="p")
SPELL = Abandoned(ADDED, BOUGHT, 5, same="p", within=10)
TWICE = Abandoned(ADDED, BOUGHT, 5, same="p", within=10, at_least=2)
WHOLE = Abandoned(ADDED, BOUGHT, 5, same=None)
DEAR = Abandoned(ADDED, BOUGHT, same="p", where=(Clause("price", (Comparison("above", 9),)),))


def add(at: int, p: object = "x", **more: object) -> Event:
    return on(at, "added", p=p, **more)


def buy(at: int, p: object = "x") -> Event:
    return on(at, "bought", p=p)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (OPEN, [], "-0"),
        (OPEN, [add(0)], "+0"),
        (OPEN, [on(0, "added")], "-0"),
        (FOR5, [add(0)], "-0 +5"),
        (SPELL, [add(0)], "-0 +5 -10"),
        (SPELL, [add(0), add(3)], "-3 +8 -13"),
        (SPELL, [add(0, "x"), add(5, "y")], "+5 -15"),
        (SPELL, [add(0, "x"), add(6, "y")], "+6 -10 +11 -16"),
        (TWICE, [add(0)], "-0"),
        (TWICE, [add(0), add(3)], "-3 +8 -10"),
        (TWICE, [add(0), add(5)], "-5"),
        (DEAR, [add(0, price=9)], "-0"),
        (DEAR, [add(0, price=10)], "+0"),
        (WHOLE, [on(0, "added")], "-0 +5"),
        (WHOLE, [add(0, "x"), buy(1, "y")], "-1"),
    ],
)
def test_an_item_is_abandoned_for_a_spell(
    question: Abandoned, events: list[Event], told: str
) -> None:
    assert story(question, events) == told


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([add(0), buy(1)], "-1"),
        ([add(0, "x"), add(0, "y"), buy(1, "x")], "+1"),
        ([add(0, "x"), add(0, "y"), buy(1, ["x", "y"])], "-1"),
        ([add(0), on(1, "bought")], "-1"),
        ([add(0), buy(0)], "-0"),
        ([buy(0), add(0)], "+0"),
        ([add(0), buy(1), add(2)], "+2"),
        ([buy(5), add(4)], "-5"),
        ([buy(5), add(5)], "+5"),
        ([on(5, "bought"), add(4)], "-5"),
        ([add(1), add(7), buy(3)], "+7"),
        ([add(1), add(2), on(7, "other"), buy(3)], "-7"),
        ([add(1), buy(9), buy(3), add(5)], "-9"),
    ],
)
def test_a_closing_closes_what_lies_before_it_in_history(events: list[Event], told: str) -> None:
    assert story(OPEN, events) == told


def test_an_event_that_is_both_only_closes() -> None:
    both = Abandoned(ADDED, ADDED, same="p")
    assert story(both, [add(0)]) == "-0"


def test_a_closing_is_remembered_as_long_as_a_beginning_may_come_late() -> None:
    shopper = Shopper(OPEN, header=Header(max_lateness=10))
    shopper.does(buy(0), on(10, "other"), add(0))
    assert shopper.story() == "+10"  # at the same instant, later in the log
    shopper = Shopper(OPEN, header=Header(max_lateness=10))
    shopper.does(buy(1), on(10, "other"), add(0))
    assert shopper.story() == "-10"
