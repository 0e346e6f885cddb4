"""Quantities left: `abandoned` with `net`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.abandoned import Abandoned
from streamer.core.rules.spec import Clause, Comparison
from streamer.core.state.cell import MOST_VALUES
from streamer.core.state.remaining import MOST_STEPS
from tests.core.state.asking import Asking, Happened, on, story
from tests.core.state.properties import check_flips, check_lateness, check_merge

ADDED, REMOVED = ("added",), ("removed",)
RED = (Clause("colour", (Comparison("is", "red"),)),)


def cart(**more: Any) -> Abandoned:  # noqa: ANN401  many fields
    return Abandoned(ADDED, REMOVED, **{"same": "p", "net": "q", **more})


def add(at: int, item: object = "mug", quantity: object = None, **more: object) -> Happened:
    return on(at, "added", p=item, q=quantity, **more)


def remove(at: int, item: object = "mug", quantity: object = None) -> Happened:
    return on(at, "removed", p=item, q=quantity)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (cart(), [add(0, quantity=3), remove(1, quantity=1)], "+1"),
        (cart(), [add(0, quantity=3), remove(1, quantity=3)], "-1"),
        (cart(), [add(0, quantity=3), remove(1)], "-1"),
        (cart(), [add(0), remove(1, quantity=1)], "-1"),
        (cart(), [add(0), add(0), remove(1, quantity=1)], "+1"),
        (cart(), [remove(0, quantity=5), add(1)], "+1"),
        (cart(), [add(0, quantity=0.5), remove(1, quantity=0.25)], "+1"),
        (cart(), [add(0, quantity=1), remove(1, quantity="x")], "+1"),
        (cart(), [add(0, quantity=[]), remove(1)], "-1"),
        (cart(), [add(0), remove(1, None)], "-1"),
        (cart(), [remove(1, None), add(0)], "-1"),
        (cart(), [add(0, quantity=2), remove(1, "cup")], "+1"),
        (cart(lasting=5), [add(0, quantity=2), remove(1, quantity=1)], "-1 +5"),
        (cart(within=10), [add(0, quantity=2), remove(1, quantity=1)], "+1 -10"),
        (cart(within=10), [add(0, quantity=2), add(3), remove(4, quantity=2)], "+4 -10"),
        (cart(lasting=5, within=10), [add(0), add(3, "cup")], "-3 +5 -13"),
        (cart(at_least=2), [add(0, quantity=5), remove(1, quantity=1)], "-1"),
        (cart(at_least=2), [add(0), remove(1, quantity=1), add(2), add(3)], "+3"),
        (cart(where=RED), [add(0, colour="red", quantity=2), add(1), remove(2, quantity=2)], "-2"),
        (cart(same=None), [add(0, quantity=2), remove(1, "cup", 1)], "+1"),
        (cart(same=None), [add(0, quantity=2), remove(1, None, 2)], "-1"),
    ],
)
def test_what_is_left(question: Abandoned, events: list[Happened], told: str) -> None:
    assert story(question, *events) == told


def test_the_quantity_is_read_where_the_item_was_read() -> None:
    both = [{"p": "mug", "q": 3}, {"p": "cup"}, {"p": "mug"}]
    added = on(0, "added", products=both, q=9)
    assert story(cart(), added, remove(1, "mug", 3), remove(1, "cup", 1)) == "+1"
    assert story(cart(), added, remove(1, "mug", 4), remove(1, "cup", 1)) == "-1"


ASKED = [
    cart(),
    cart(lasting=3),
    cart(within=10),
    cart(lasting=3, within=10, at_least=2),
    cart(same=None, within=10),
    Abandoned(ADDED, ("added", "removed"), same="p", net="q"),
]
SHOPPING = st.builds(
    lambda name, item, quantity: lambda at: on(at, name, p=item, q=quantity),
    st.sampled_from(["added", "added", "removed"]),
    st.sampled_from(["a", "a", "b", ["a", "b"], None, []]),
    st.sampled_from([1, 1, 2, 3, None, "x", -1]),
)


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(Asking(*ASKED), data, SHOPPING)


@given(st.data())
def test_the_order_of_arrival_makes_no_difference(data: st.DataObject) -> None:
    check_lateness(Asking(*ASKED), data, SHOPPING)


@given(st.data())
def test_answers_hold_until_the_instant_that_they_name(data: st.DataObject) -> None:
    check_flips(Asking(*ASKED), data, SHOPPING)


def test_beyond_its_bounds_the_oldest_goes_and_is_counted() -> None:
    customer = Asking(cart()).customer(*(add(at) for at in range(MOST_STEPS + 1)))
    assert customer.profile.overflows == [0]
    many = Asking(cart()).customer(*(add(at, f"p{at}") for at in range(MOST_VALUES + 2)))
    assert many.profile.overflows == [0, 0]
    never = Asking(cart()).customer(*(remove(5 + at, f"p{at}") for at in range(MOST_VALUES + 2)))
    assert never.profile.overflows == []
    never.does(add(8, "p0"))
    assert never.profile.overflows == []
    never.does(add(4, "p1"))
    assert never.profile.overflows == [0]


def test_shrinking_ends() -> None:
    asking = Asking(cart())
    state = asking.customer(add(0), add(1, "cup"), remove(2, None)).profile.states[0]
    assert state is not None
    assert state.weight == 0
    customer = asking.customer(add(0), add(1, "cup"))
    state = customer.profile.states[0]
    for _ in range(2):
        assert state is not None
        state = asking.cells[0].shrink(state, customer.profile)
    assert state is None


def test_it_says_what_is_left() -> None:
    customer = Asking(cart()).customer(add(0, quantity=3), remove(1, quantity=1))
    assert customer.asking.leaves[0].label == (
        "abandoned: added without removed of the same p net q"
    )
    assert customer.detail(1) == "2 of mug"
    customer.does(remove(2))
    assert customer.detail(2) == "nothing left"
