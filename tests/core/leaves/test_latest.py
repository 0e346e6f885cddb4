"""`latest` and `first`: the value in the last, or the first, event that carries the property."""

import pytest

from streamer.core.leaves.latest import Latest
from streamer.core.rules.spec import Clause, Comparison
from streamer.types import Event
from tests.core.shopper import Shopper, on, story

SEEN = ("seen",)
RED = (Comparison("is", "red"),)
ABSENT = (Comparison("exists", operand=False),)
PRESENT = (Comparison("exists", operand=True),)
LAST = Latest("colour", SEEN, RED)
FIRST = Latest("colour", SEEN, RED, which="first")
W10 = Latest("colour", SEEN, RED, within=10)
DEAR = Latest("colour", SEEN, RED, where=(Clause("price", (Comparison("above", 9),)),))
FROM_2_TO_4 = (Comparison("at_least", 2), Comparison("at_most", 4))
NOT_RED = Latest("colour", SEEN, (Comparison("is_not", "red"),))


def see(at: int, colour: object, price: int = 0) -> Event:
    return on(at, colour=colour, price=price)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (LAST, [], "-0"),
        (LAST, [see(0, "red")], "+0"),
        (LAST, [see(0, "red"), see(1, "blue")], "-1"),
        (LAST, [see(0, "red"), on(1)], "+1"),
        (LAST, [see(0, "red"), see(1, [])], "+1"),
        (LAST, [see(0, ["red", "blue"])], "+0"),
        (LAST, [see(0, ["blue", "red"])], "+0"),
        (LAST, [see(0, ["blue", "green"])], "-0"),
        (FIRST, [see(0, ["blue", "red"]), see(1, "blue")], "+1"),
        (NOT_RED, [see(0, "blue")], "+0"),
        (NOT_RED, [see(0, ["blue", "red"])], "-0"),
        (LAST, [see(5, "red"), see(4, "blue")], "+5"),
        (LAST, [see(5, "red"), see(5, "blue")], "-5"),
        (FIRST, [see(5, "red"), see(5, "blue")], "+5"),
        (FIRST, [see(5, "blue"), see(4, "red")], "+5"),
        (FIRST, [on(0), see(1, "red")], "+1"),
        (W10, [see(0, "red")], "+0 -10"),
        (W10, [see(0, "red"), see(3, "blue")], "-3"),
        (DEAR, [see(0, "red", price=10), see(1, "blue", price=9)], "+1"),
        (Latest("colour", SEEN, ABSENT), [], "+0"),
        (Latest("colour", SEEN, ABSENT), [see(0, "red")], "-0"),
        (Latest("colour", SEEN, ABSENT, within=10), [see(0, "red")], "-0 +10"),
        (Latest("colour", SEEN, PRESENT, within=10), [see(0, 0)], "+0 -10"),
        (Latest("colour", SEEN, FROM_2_TO_4), [see(0, 3)], "+0"),
        (Latest("colour", SEEN, FROM_2_TO_4), [see(0, 5)], "-0"),
        (NOT_RED, [], "-0"),
    ],
)
def test_the_verdict(question: Latest, events: list[Event], told: str) -> None:
    assert story(question, events) == told


def test_the_reason_names_no_value_that_has_left_the_window() -> None:
    shopper = Shopper(Latest("colour", SEEN, ABSENT, within=10))
    shopper.does(see(0, "red"), on(9, "other"))
    assert "true at 2026-01-01T00:00:00.000Z" in shopper.because(holds=False)[0]
    shopper.does(on(10, "other"))
    assert shopper.because(holds=True)[0].endswith("no value")
