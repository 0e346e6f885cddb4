"""`total` and `average`: exact sums of what is inside the window."""

from typing import Literal

import pytest

from streamer.core.leaves.aggregate import Aggregate
from streamer.core.rules.spec import Comparison, Header, Operator, Scope
from streamer.types import Event
from tests.core.shopper import Shopper, on, story

SPENT = ("bought",)


def pay(at: int, price: object, **more: object) -> Event:
    return on(at, "bought", price=price, **more)


def asked(
    kind: Literal["total", "average"],
    operator: Operator,
    operand: float,
    scope: Scope,
    times: str | None = None,
) -> Aggregate:
    """The question; the operand in whole units."""
    compared = (Comparison(operator, round(operand * 10_000)),)
    return Aggregate(kind, "price", scope, compared, times)


def total(operator: Operator, operand: float, within: int | None = None) -> Aggregate:
    return asked("total", operator, operand, Scope(SPENT, within=within))


def average(operator: Operator, operand: float, within: int | None = None) -> Aggregate:
    return asked("average", operator, operand, Scope(SPENT, within=within))


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (total("at_least", 0), [], "+0"),
        (total("is", 0), [], "+0"),
        (total("below", 1), [pay(0, 1)], "-0"),
        (total("at_least", 3), [pay(0, 1), pay(4, 2)], "+4"),
        (total("at_least", 3, 10), [pay(0, 1), pay(4, 2)], "+4 -10"),
        (total("at_least", 2, 10), [pay(0, 1), pay(4, 2)], "+4 -14"),
        (total("is", 2, 10), [pay(0, 1), pay(4, 2)], "-4 +10 -14"),
        (total("is", 0, 10), [pay(0, 1), pay(4, -1)], "+4 -10 +14"),
        (total("below", 0, 10), [pay(0, 1), pay(0, -1), pay(4, -1)], "+4 -14"),
        (total("is", 5, 10), [pay(0, 1), pay(0, -1), pay(4, 5)], "+4 -14"),
        (total("is", 3, 10), [pay(9, 1), pay(4, 2)], "+9 -14"),
        (total("at_least", 2, 10), [pay(20, 1), pay(10, 9)], "-20"),
        (total("is", 0.3), [pay(0, 0.1), pay(1, 0.2)], "+1"),
        (total("is", 3), [pay(0, [1, 2])], "+0"),
        (total("is", 0), [pay(0, "x"), pay(1, price=True), pay(2, None), pay(3, 1e12)], "+3"),
        (average("at_least", 0), [], "-0"),
        (average("is", 2), [pay(0, 1), pay(4, 3)], "+4"),
        (average("is", 2, 10), [pay(0, 1), pay(4, 3)], "+4 -10"),
        (average("above", 0.3333, 10), [pay(0, 0), pay(1, 0), pay(2, 1)], "+2 -12"),
        (average("at_least", -1, 10), [pay(0, 0)], "+0 -10"),
    ],
)
def test_sums(question: Aggregate, events: list[Event], told: str) -> None:
    assert story(question, events) == told


@pytest.mark.parametrize(
    ("quantity", "total_price"),
    [
        *((2, 20), (2.0, 20), ([2], 20), (1_000_001, 10_000_010)),
        *((0, 0), (-2, -20), (2.5, 25), (0.00001, 0.0001), (None, 10), ([2, 3], 20)),
        *(
            ("x", 0),
            (True, 0),
            ({}, 0),
            ([], 0),
            (["x", 2], 20),
            ("2.50 ", 25),
            (1e10, 1e11),
            (2e10, 0),
            (2e11, 0),
        ),
    ],
)
def test_every_number_multiplies_and_what_is_none_makes_the_value_not_count(
    quantity: object, total_price: float
) -> None:
    question = asked("total", "is", total_price, Scope(SPENT), "quantity")
    assert story(question, [pay(0, 10, quantity=quantity)]) == "+0"


def test_products_are_rounded_once() -> None:
    question = asked("total", "is", 300, Scope(SPENT), "quantity")
    assert story(question, [pay(0, 33.333333333333336, quantity=9)]) == "+0"
    question = asked("total", "is", 0.0002, Scope(SPENT), "quantity")
    assert story(question, [pay(0, 0.00005, quantity=3)]) == "+0"


@pytest.mark.parametrize(
    ("quantities", "average_price"),
    [((1, 3), 25), ((0.5, 0.5), 20), ((0, 2), 30), ((-1, 2), 50), ((None, "x"), 10)],
)
def test_an_average_divides_by_the_quantities(
    quantities: tuple[object, object], average_price: float
) -> None:
    question = asked("average", "is", average_price, Scope(SPENT), "quantity")
    pair = [pay(0, 10, quantity=quantities[0]), pay(0, 30, quantity=quantities[1])]
    assert story(question, pair) == "+0"


@pytest.mark.parametrize("quantities", [(0, 0), (-1, 1), (1, -2), ("x", "x")])
def test_an_average_of_no_quantity_is_false(quantities: tuple[object, object]) -> None:
    question = asked("average", "at_least", -1_000, Scope(SPENT), "quantity")
    pair = [pay(0, 10, quantity=quantities[0]), pay(0, 30, quantity=quantities[1])]
    assert story(question, pair) == "-0"


SINCE = Scope(SPENT, since=("mark",))


@pytest.mark.parametrize(
    ("events", "spent"),
    [
        ([pay(1, 5)], 0),
        ([on(0, "mark"), pay(1, 5)], 5),
        ([pay(1, 5), on(1, "mark")], 0),
        ([on(1, "mark"), pay(1, 5)], 5),
        ([pay(1, 5), pay(3, 7), pay(4, 9), on(3, "mark")], 9),
        ([pay(1, 5), pay(9, 7), on(10, "other"), on(0, "mark")], 12),
        ([on(5, "mark"), pay(4, 5), pay(5, 7)], 7),
    ],
)
def test_a_total_since_a_mark(events: list[Event], spent: int) -> None:
    shopper = Shopper(asked("total", "is", spent, SINCE), header=Header(max_lateness=10))
    shopper.does(*events)
    assert shopper.answer(100)[0]


def test_the_largest_sums_are_exact_and_survive_their_bytes() -> None:
    question = asked("total", "is", 10**11 * 3 + 5, Scope(SPENT), "quantity")
    shopper = Shopper(question)
    shopper.does(*(pay(at, 1e10, quantity=10) for at in range(3)), pay(4, 5))
    assert shopper.story() == "+4"
    assert shopper.reread().story() == "+4"
