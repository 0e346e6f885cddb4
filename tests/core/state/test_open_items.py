"""Open items: what was begun and is not closed, also across two histories of one customer."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.abandoned import Abandoned
from streamer.core.rules.spec import Clause, Comparison
from streamer.core.state.cell import MOST_VALUES
from streamer.types import DAY, Millis
from tests.core.state.asking import Asking, Happened, on, story
from tests.core.state.properties import (
    check_flips,
    check_lateness,
    check_merge,
    check_packing,
    histories,
)

ADDED, BOUGHT = ("added",), ("bought",)
OPEN = Abandoned(ADDED, BOUGHT, same="p")
FOR5 = Abandoned(ADDED, BOUGHT, 5, same="p")
SPELL = Abandoned(ADDED, BOUGHT, 5, same="p", within=10)
TWICE = Abandoned(ADDED, BOUGHT, 5, same="p", within=10, at_least=2)
WHOLE = Abandoned(ADDED, BOUGHT, 5, same=None)
DEAR = Abandoned(ADDED, BOUGHT, same="p", where=(Clause("price", (Comparison("above", 9),)),))


def add(at: Millis, p: object = "x", **more: object) -> Happened:
    return on(at, "added", p=p, **more)


def buy(at: Millis, p: object = "x") -> Happened:
    return on(at, "bought", p=p)


@pytest.mark.parametrize(
    ("spec", "events", "told"),
    [
        (OPEN, [add(0)], "+0"),
        (OPEN, [on(0, "added")], "-0"),
        (FOR5, [add(0)], "-0 +5"),
        (FOR5, [add(0, "x"), add(3, "y")], "-3 +5"),
        (SPELL, [add(0)], "-0 +5 -10"),
        (SPELL, [add(0), add(3)], "-3 +8 -13"),
        (SPELL, [add(0, "x"), add(5, "y")], "+5 -15"),
        (SPELL, [add(0, "x"), add(6, "y")], "+6 -10 +11 -16"),
        (SPELL, [add(0, "x"), add(5, "y"), add(9, "z")], "+9 -19"),
        (TWICE, [add(0)], "-0"),
        (TWICE, [add(0), add(3)], "-3 +8 -10"),
        (TWICE, [add(0), add(5)], "-5"),
        (TWICE, [add(0, "x"), add(0, "y"), add(2, "x"), add(3, "y")], "-3 +7 -10"),
        (DEAR, [add(0, price=9)], "-0"),
        (DEAR, [add(0, price=10)], "+0"),
        (WHOLE, [on(0, "added")], "-0 +5"),
        (WHOLE, [add(0, "x"), buy(1, "y")], "-1"),
        (Abandoned(ADDED, BOUGHT, 10, same="p", within=10), [add(0)], "-0"),
        (Abandoned(ADDED, ADDED, same="p"), [add(0)], "-0"),
    ],
)
def test_an_item_is_abandoned_for_a_spell(
    spec: Abandoned, events: list[Happened], told: str
) -> None:
    assert story(spec, *events) == told


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
def test_a_closing_closes_what_lies_before_it_in_history(events: list[Happened], told: str) -> None:
    assert story(OPEN, *events) == told


def test_a_purchase_of_the_other_history_closes_the_cart_of_this_one() -> None:
    asking = Asking(Abandoned(ADDED, BOUGHT, DAY, same="p"))
    anonymous = asking.customer(add(0))
    user = asking.customer(buy(DAY), on(3 * DAY, "bought", p="other"))
    assert anonymous.merged(user).flip(3 * DAY) < 0
    assert user.merged(anonymous).flip(3 * DAY) < 0


def test_of_equal_times_the_earlier_history_comes_first() -> None:
    asking = Asking(OPEN)
    assert asking.customer(add(4)).merged(asking.customer(buy(4))).story() == "-4"
    assert asking.customer(buy(4)).merged(asking.customer(add(4))).story() == "+4"


def test_details_name_the_items() -> None:
    customer = Asking(FOR5).customer(add(0, "x"), add(1, "y"))
    assert customer.detail(1) == "not long enough"
    assert customer.detail(5) == "x, last at 2026-01-01T00:00:00.000Z"
    assert customer.detail(6) == "x, y, last at 2026-01-01T00:00:00.001Z"
    customer.does(on(7, "bought"))
    assert customer.detail(7) == "nothing left open"


def test_more_items_than_are_kept_forget_those_begun_longest_ago() -> None:
    asking = Asking(OPEN)
    customer = asking.customer(*(add(at, f"item {at}") for at in range(MOST_VALUES)))
    assert not customer.profile.overflows
    customer.does(add(MOST_VALUES, "one more"))
    assert customer.profile.overflows == [0]
    assert len(customer.reread().packed()[0][1]) == 2 * MOST_VALUES


def test_dropping_what_was_never_begun_is_no_overflow() -> None:
    asking = Asking(OPEN)
    closings = [buy(20 * at, f"item {at}") for at in range(2 * MOST_VALUES)]
    customer = asking.customer(add(0, "open"), *closings)
    assert not customer.profile.overflows
    assert customer.flip(customer.clock) > 0
    quick = asking.customer(buy(1, [f"item {at}" for at in range(MOST_VALUES + 1)]))
    assert not quick.profile.overflows


def test_what_is_begun_late_before_all_kept_closings_is_counted() -> None:
    asking = Asking(OPEN)
    customer = asking.customer(buy(5, [f"item {at}" for at in range(MOST_VALUES + 1)]))
    for at, item in ((6, "item 0"), (4, f"item {MOST_VALUES}")):
        customer.does(add(at, item))
    assert not customer.profile.overflows
    customer.does(add(4, "another"))
    assert customer.profile.overflows == [0]


def test_shrinking_drops_closings_first() -> None:
    asking = Asking(OPEN)
    customer = asking.customer(add(0, "a"), add(1, "b"), buy(2, "c"), buy(3, "d"))
    cell, state = asking.cells[0], customer.profile.states[0]
    assert state is not None
    before = state.weight
    assert cell.shrink(state, customer.profile) is state
    assert (customer.flip(3) > 0, state.weight < before) == (True, True)
    assert cell.shrink(state, customer.profile) is state
    assert cell.shrink(state, customer.profile) is None
    assert state.weight == 0


VALUES = st.sampled_from(["x", "y", "z", ["x", "y"], None])
VARIANTS = (
    OPEN,
    FOR5,
    SPELL,
    TWICE,
    WHOLE,
    Abandoned(ADDED, BOUGHT, 3, same="p", at_least=2),
    Abandoned(ADDED, BOUGHT, 1, same="p", at_least=3, within=25),
    Abandoned(ADDED, BOUGHT, 2, same=None, at_least=2, within=12),
)


@st.composite
def events(draw: st.DrawFn) -> Callable[[Millis], Happened]:
    name = draw(st.sampled_from(["added", "added", "bought", "other"]))
    value = draw(VALUES)
    return lambda at: Happened(at, name, {"p": value})


def truth(spec: Abandoned, history: list[Happened], now: Millis) -> bool:
    """Say the same by looking through the whole history, in order of time."""
    begun: dict[str, list[Millis]] = {}
    for at, name, properties, _ in history:
        carried = properties["p"] if isinstance(properties["p"], list) else [properties["p"]]
        items = [""] if spec.same is None else [item for item in carried if item]
        if name == "bought":
            for item in items or list(begun):
                begun.pop(item, None)
        elif name == "added":
            for item in items:
                begun.setdefault(item, []).append(at)
    within = spec.within or 1_000
    return any(
        sum(at > now - within for at in times) >= spec.at_least and times[-1] + spec.lasting <= now
        for times in begun.values()
    )


@given(histories(events()))
def test_answers_are_those_of_the_whole_history(history: list[Happened]) -> None:
    customer = Asking(*VARIANTS).customer(*history)
    for now in range(customer.clock, customer.clock + 30):
        answers = [until > 0 for until in customer.answers(now)]
        assert answers == [truth(spec, history, now) for spec in VARIANTS]


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(Asking(*VARIANTS), data, events())


@given(st.data())
def test_late_events_find_their_place(data: st.DataObject) -> None:
    check_lateness(Asking(*VARIANTS), data, events())


@given(st.data())
def test_answers_hold_until_they_say(data: st.DataObject) -> None:
    check_flips(Asking(*VARIANTS), data, events())


@given(histories(events()))
def test_what_is_packed_is_read_back(history: list[Happened]) -> None:
    check_packing(Asking(*VARIANTS), history)
