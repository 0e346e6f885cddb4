"""Sums: `total` and `average`, inside a window, since a mark and for ever."""

from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.aggregate import MOST_STEPS, Aggregate
from streamer.core.leaves.extreme import Extreme
from streamer.core.rules.spec import Comparison, Operator, Scope
from streamer.core.state.cell import MOST_EVENTS
from streamer.types import FOREVER, Millis
from tests.core.state.asking import START, Asking, Happened, on, story
from tests.core.state.properties import check_flips, check_lateness, check_merge

SPENT = ("bought",)
MARK = ("mark",)
W = 10


def pay(at: int, price: object, **more: object) -> Happened:
    return on(at, "bought", price=price, **more)


def asked(
    kind: Literal["total", "average"],
    operator: Operator,
    operand: float,
    within: int | None = None,
    since: tuple[str, ...] | None = None,
    times: str | None = None,
) -> Aggregate:
    """The question; the operand in whole units."""
    compared = (Comparison(operator, round(operand * 10_000)),)
    return Aggregate(kind, "price", Scope(SPENT, (), within, since), compared, times)


def total(operator: Operator, operand: float, within: int | None = None) -> Aggregate:
    return asked("total", operator, operand, within)


def average(operator: Operator, operand: float, within: int | None = None) -> Aggregate:
    return asked("average", operator, operand, within)


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
        (total("at_most", 0, 10), [pay(0, 1), pay(4, 2)], "-4 +14"),
        (total("is", 1, 10), [pay(0, 1), pay(4, 2)], "-4"),
        (total("below", 0, 10), [pay(0, 1)], "-0"),
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
def test_sums(question: Aggregate, events: list[Happened], told: str) -> None:
    assert story(question, *events) == told


def test_times_weighs_a_value() -> None:
    products = [{"price": 1, "quantity": 5}, {"price": 10, "quantity": 2}, {"price": 100}]
    order = on(0, "bought", products=products, quantity=7)
    for kind, value in (("total", 125), ("average", 15.625)):
        assert story(asked(kind, "is", value, times="quantity"), order) == "+0"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("quantity", "total_price"),
    [
        *((2, 20), (2.0, 20), ([2], 20), (1_000_001, 10_000_010)),
        *((0, 0), (-2, -20), (2.5, 25), (0.00001, 0.0001), (None, 10), ([2, 3], 20)),
        *(("x", 0), (True, 0), ({}, 0), ([], 0), (["x", 2], 0), (1e10, 1e11), (2e10, 0), (2e11, 0)),
    ],
)
def test_every_number_multiplies_and_what_is_none_makes_the_value_not_count(
    quantity: object, total_price: float
) -> None:
    question = asked("total", "is", total_price, times="quantity")
    assert story(question, pay(0, 10, quantity=quantity)) == "+0"


def test_products_are_rounded_once() -> None:
    question = asked("total", "is", 300, times="quantity")
    assert story(question, pay(0, 33.333333333333336, quantity=9)) == "+0"
    question = asked("total", "is", 0.0002, times="quantity")
    assert story(question, pay(0, 0.00005, quantity=3)) == "+0"


@pytest.mark.parametrize(
    ("quantities", "average_price"),
    [((1, 3), 25), ((0.5, 0.5), 20), ((0, 2), 30), ((-1, 2), 50), ((None, "x"), 10)],
)
def test_an_average_divides_by_the_quantities(
    quantities: tuple[object, object], average_price: float
) -> None:
    question = asked("average", "is", average_price, times="quantity")
    pair = [pay(0, 10, quantity=quantities[0]), pay(0, 30, quantity=quantities[1])]
    assert story(question, *pair) == "+0"


@pytest.mark.parametrize("quantities", [(0, 0), (-1, 1), (1, -2), ("x", "x")])
def test_an_average_of_no_quantity_is_false(quantities: tuple[object, object]) -> None:
    question = asked("average", "at_least", -1_000, times="quantity")
    pair = [pay(0, 10, quantity=quantities[0]), pay(0, 30, quantity=quantities[1])]
    assert story(question, *pair) == "-0"


def test_what_one_event_carries_is_one_value() -> None:
    order = on(0, "bought", products=[{"price": 1, "quantity": 5}, {"price": 10}])
    one, none = pay(1, [3, 4]), pay(2, "x")
    for kind, times, value in (
        *(("total", None, 18), ("average", None, 9), ("average", "quantity", 11)),
        *(("largest", None, 11), ("largest", "quantity", 15), ("smallest", None, 7)),
    ):
        compared, scope = (Comparison("is", value * 10_000),), Scope(SPENT)
        question: Aggregate | Extreme = (
            Extreme(kind, "price", scope, compared, times, each_event=True)  # type: ignore[arg-type]
            if kind in {"largest", "smallest"}
            else Aggregate(kind, "price", scope, compared, times, each_event=True)  # type: ignore[arg-type]
        )
        assert story(question, order, one, none) == "+2"


def test_a_sum_of_one_event_beyond_the_largest_number_does_not_count() -> None:
    compared = (Comparison("is", 0),)
    question = Aggregate("total", "price", Scope(SPENT), compared, each_event=True)
    assert story(question, pay(0, [1e11, 1])) == "+0"


def test_several_comparisons_must_all_hold() -> None:
    between = (Comparison("above", 10_000), Comparison("at_least", 5_000), Comparison("below", 0))
    assert story(Aggregate("total", "price", Scope(SPENT), between), pay(0, 2)) == "-0"
    between = (
        Comparison("above", 10_000),
        Comparison("at_least", 10_000),
        Comparison("is", 20_000),
    )
    assert story(Aggregate("total", "price", Scope(SPENT), between), pay(0, 2)) == "+0"


@pytest.mark.parametrize(
    ("events", "spent"),
    [
        ([pay(1, 5)], 0),
        ([on(0, "mark"), pay(1, 5)], 5),
        ([pay(1, 5), on(1, "mark")], 0),
        ([on(1, "mark"), pay(1, 5)], 5),
        ([pay(1, 5), pay(3, 7), pay(4, 9), on(3, "mark")], 9),
        ([on(5, "mark"), pay(4, 5), pay(5, 7)], 7),
    ],
)
def test_a_total_since_a_mark(events: list[Happened], spent: int) -> None:
    asking = Asking(asked("total", "is", spent, since=MARK))
    assert asking.customer(*events).flip(100) == FOREVER


def test_a_mark_of_long_ago_that_is_merged_in_cuts_exactly() -> None:
    asking = Asking(asked("total", "is", 151, since=MARK))
    day = 86_400_000
    earlier = asking.customer(pay(0, 49), pay(3 * day, 150), pay(90 * day, 1))
    later = asking.customer(on(2 * day, "mark"))
    assert earlier.merged(later).flip(90 * day) == FOREVER


def test_the_largest_sums_are_exact() -> None:
    question = asked("total", "is", 10**11 * 3 + 5, W, times="quantity")
    dear = (pay(at, 1e10, quantity=10) for at in range(3))
    assert story(question, *dear, pay(4, 5)) == "+4 -10"


def test_more_entries_than_are_kept_are_folded_into_slices() -> None:
    window = 64 * 100
    asking = Asking(asked("total", "at_least", MOST_EVENTS + 1, window))
    customer = asking.customer(*(pay(at, 1) for at in range(MOST_EVENTS)))
    assert customer.profile.overflows == []
    customer.does(pay(MOST_EVENTS, 1))
    assert customer.profile.overflows == [0]
    # the oldest slice leaves with its latest entry
    first = 100 - START % 100 - 1
    assert customer.flip(MOST_EVENTS) == window + first
    assert customer.flip(window + first - 1) == window + first
    assert customer.flip(window + first) == -FOREVER


def test_more_entries_since_a_mark_than_are_kept_are_one() -> None:
    asking = Asking(asked("total", "is", MOST_EVENTS - 1, since=MARK))
    customer = asking.customer(*(pay(at, 1) for at in range(MOST_EVENTS + 5)))
    assert customer.profile.overflows == [0] * 5
    customer.reread()
    marked = customer.merged(asking.customer(on(5, "mark")))
    assert marked.flip(MOST_EVENTS + 5) == FOREVER


@pytest.mark.parametrize("kind", ["total", "average"])
def test_a_sum_that_can_rise_again_is_followed_step_by_step(
    kind: Literal["total", "average"],
) -> None:
    asking = Asking(asked(kind, "above", 0, 10_000))
    prices = [1, -1] if kind == "total" else [1, 1]
    events = [
        pay(2 * at + nth, price) for at in range(MOST_STEPS) for nth, price in enumerate(prices)
    ]
    customer = asking.customer(*events, pay(5_000, 5))
    now = customer.clock
    seen = []
    while now < 15_000:
        until = customer.flip(now)
        assert until > now
        seen.append(until)
        now = until
    assert seen == [10_000 + MOST_STEPS, 15_000]


def test_shrinking_keeps_the_sum_and_less_of_when_it_leaves() -> None:
    asking = Asking(asked("total", "at_least", 4, 100))
    customer = asking.customer(*(pay(at, 1) for at in range(4)))
    cell = asking.cells[0]
    state = customer.profile.states[0]
    assert state is not None
    before = state.weight
    assert cell.shrink(state, customer.profile) is state
    assert state.weight == before // 2
    assert customer.flip(4) == 102
    assert cell.shrink(state, customer.profile) is state
    assert cell.shrink(state, customer.profile) is None
    assert customer.profile.overflows == [0] * 4


EVERY = Asking(
    *(
        asked(kind, operator, operand, within, since)
        for kind in ("total", "average")
        for operator in ("at_least", "above", "below", "is")
        for operand in (1, 2)
        for within in (None, W)
        for since in (None, MARK)
    )
)
EVENTS: st.SearchStrategy[Callable[[Millis], Happened]] = st.sampled_from(
    [
        *(lambda at, price=price: pay(at, price) for price in (0, 1, 2, 3, -1, -2, [1, 2])),
        lambda at: on(at, "mark"),
    ]
)


def test_leaves_share_cells() -> None:
    assert len(EVERY.cells) == 4


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(EVERY, data, EVENTS)


@given(st.data())
def test_late_is_as_in_order(data: st.DataObject) -> None:
    check_lateness(EVERY, data, EVENTS)


@given(st.data())
def test_flips_are_exact(data: st.DataObject) -> None:
    check_flips(EVERY, data, EVENTS)
