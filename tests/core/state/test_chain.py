"""Chains of steps in history order, also where two histories of one customer are joined."""

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.sequence import Sequence, Step
from streamer.core.rules.spec import Clause, Comparison
from streamer.core.state.cell import MOST_VALUES
from streamer.core.state.chain import MOST_UNSETTLED
from streamer.types import Millis
from tests.core.state.asking import Asking, Happened, on, story
from tests.core.state.properties import (
    assert_same,
    check_flips,
    check_lateness,
    check_merge,
    check_packing,
    histories,
)

A, B, C = Step(("a",)), Step(("b",)), Step(("c",))
RED = Step(("a",), (Clause("p", (Comparison("is", "red"),)),))
LONG = 100


@pytest.mark.parametrize(
    ("spec", "events", "told"),
    [
        (Sequence((A, B)), [on(0, "a"), on(3, "b")], "+3"),
        (Sequence((A, B)), [on(0, "b"), on(3, "a")], "-3"),
        (Sequence((A, B), within=10), [on(0, "a"), on(3, "b")], "+3 -10"),
        (Sequence((A, B), within=10), [on(0, "a"), on(10, "b")], "-10"),
        (Sequence((A, B), within=10), [on(0, "a"), on(2, "a"), on(3, "b")], "+3 -12"),
        (Sequence((A, B), within=10), [on(0, "a"), on(3, "b"), on(5, "a")], "+5 -10"),
        (Sequence((A, B), span=5), [on(0, "a"), on(5, "b")], "+5"),
        (Sequence((A, B), span=5), [on(0, "a"), on(6, "b")], "-6"),
        (Sequence((A, B), span=5), [on(0, "a"), on(1, "b"), on(9, "b")], "+9"),
        (Sequence((A, B, C), span=5), [on(0, "a"), on(4, "b"), on(6, "c")], "-6"),
        (Sequence((A, A)), [on(0, "a")], "-0"),
        (Sequence((A, A)), [on(0, "a"), on(0, "a")], "+0"),
        (Sequence((A, B, A)), [on(0, "a"), on(1, "b"), on(2, "a")], "+2"),
        (Sequence((RED, A)), [on(0, "a", p="blue"), on(1, "a", p="red"), on(2, "a")], "+2"),
        (Sequence((A, B), same="p"), [on(0, "a", p="x"), on(3, "b", p="y")], "-3"),
        (Sequence((A, B), same="p"), [on(0, "a", p=["x", "y"]), on(3, "b", p="y")], "+3"),
        (Sequence((A, B), same="p"), [on(0, "a"), on(3, "b")], "-3"),
        (
            Sequence((A, B, C), same="p"),
            [on(0, "a", p=["x", "y"]), on(1, "b", p="x"), on(2, "c", p="y")],
            "-2",
        ),
        (Sequence((Step(()), B)), [on(0, "identified"), on(1, "b")], "-1"),
    ],
)
def test_chains(spec: Sequence, events: list[Happened], told: str) -> None:
    assert story(spec, *events) == told


@pytest.mark.parametrize(
    ("spec", "events", "told"),
    [
        (Sequence((A, B)), [on(5, "a"), on(3, "b")], "-5"),
        (Sequence((A, B)), [on(5, "b"), on(3, "a")], "+5"),
        (Sequence((A, B)), [on(5, "b"), on(5, "a")], "-5"),
        (Sequence((A, B)), [on(5, "a"), on(5, "b")], "+5"),
        (Sequence((A, B), within=10), [on(5, "c"), on(0, "a"), on(3, "b")], "+5 -10"),
        (Sequence((A, B, C), span=6), [on(7, "c"), on(4, "b"), on(0, "a"), on(1, "a")], "+7"),
    ],
)
def test_late_events_are_read_in_the_order_of_time(
    spec: Sequence, events: list[Happened], told: str
) -> None:
    assert story(spec, *events) == told


def test_details_name_beginning_and_value() -> None:
    asking = Asking(Sequence((A, B), same="p"), Sequence((A, B)))
    customer = asking.customer(on(0, "a", p="x"))
    assert customer.detail(0) == "not completed"
    customer.does(on(3, "b", p="x"))
    assert customer.detail(3) == "begun at 2026-01-01T00:00:00.000Z with x"
    assert customer.detail(3, 1) == "begun at 2026-01-01T00:00:00.000Z"


def test_orders_of_what_was_never_viewed_take_only_room_that_is_left() -> None:
    asking = Asking(Sequence((A, B), same="p"), max_lateness=LONG)
    viewed = [on(at, "a", p=f"viewed {at}") for at in range(10)]
    orders = [on(10 + at, "b", p=[f"{at} {n}" for n in range(40)]) for at in range(8)]
    customer = asking.customer(*viewed, *orders)
    assert not customer.profile.overflows
    customer.does(on(50, "b", p="viewed 0"))
    assert customer.reread().flip(50) > 0


def test_more_begun_values_than_are_kept_forget_the_least_recent() -> None:
    asking = Asking(Sequence((A, B), same="p"))
    customer = asking.customer(*(on(at, "a", p=f"item {at}") for at in range(MOST_VALUES)))
    assert not customer.profile.overflows
    customer.does(on(MOST_VALUES, "a", p="one more"))
    assert customer.profile.overflows == [0]
    customer.does(on(MOST_VALUES + 1, "b", p="item 0"))
    assert customer.flip(MOST_VALUES + 1) < 0
    customer.does(on(MOST_VALUES + 2, "b", p="item 2"))
    assert customer.reread().flip(MOST_VALUES + 2) > 0


@pytest.mark.parametrize("apart", [0, 1])
def test_more_young_events_than_are_kept_settle_early(apart: Millis) -> None:
    asking = Asking(Sequence((A, B)), max_lateness=LONG * MOST_UNSETTLED)
    customer = asking.customer(*(on(apart * at, "b") for at in range(MOST_UNSETTLED)))
    customer.does(on(apart * MOST_UNSETTLED - 1, "a"))
    assert len(customer.profile.overflows) >= MOST_UNSETTLED // 2
    assert customer.flip(customer.clock) == customer.reread().flip(customer.clock)


def test_old_events_settle_without_being_counted() -> None:
    asking = Asking(Sequence((A, B, C), span=5))
    letters = ("a", "b", "c")
    customer = asking.customer(*(on(at, letters[at % 3]) for at in range(3 * MOST_UNSETTLED)))
    assert not customer.profile.overflows
    assert customer.weights()[0] < 10 * 20


def test_shrinking_ends() -> None:
    asking = Asking(Sequence((A, B)), Sequence((A, B), same="p"), max_lateness=LONG)
    customer = asking.customer(*(on(at // 2, "a", p=str(at)) for at in range(40)))
    for cell in asking.cells:
        state = customer.profile.states[cell.slot]
        while state is not None and state.weight:
            before = state.weight
            state = cell.shrink(state, customer.profile)
            assert state is None or state.weight < before
    assert customer.profile.overflows.count(0) == customer.profile.overflows.count(1) == 40


VARIANTS = (
    Sequence((A, B)),
    Sequence((A, B, C), within=20),
    Sequence((A, B, C), span=6),
    Sequence((A, B, A), span=9, within=15),
    Sequence((A, Step(())), within=8),
    Sequence((Step(()), Step(("a", "b")), Step(())), span=4),
    Sequence((A, B), same="p"),
    Sequence((A, B, C), same="p", span=12),
    Sequence((Step(("a", "b")), B, A), same="p", within=18),
)


@st.composite
def events(draw: st.DrawFn) -> Callable[[Millis], Happened]:
    name = draw(st.sampled_from("aabbcd"))
    value = draw(st.sampled_from(["x", "x", "y", ["x", "y"], None]))
    return lambda at: Happened(at, name, {"p": value})


def truth(spec: Sequence, history: list[Happened], now: Millis) -> bool:
    """Say the same by trying all chains of the whole history, in order of time."""
    for chain in combinations(history, len(spec.steps)):
        common = {"x", "y"}
        for _, _, properties, _ in chain:
            carried = properties["p"]
            common &= set(carried if isinstance(carried, list) else [carried])
        matches = all(
            not step.events or event.name in step.events
            for step, event in zip(spec.steps, chain, strict=True)
        )
        inside = chain[0].at > now - (spec.within or 1_000)
        short = chain[-1].at - chain[0].at <= (spec.span or 1_000)
        if matches and inside and short and (common or spec.same is None):
            return True
    return False


@given(histories(events()))
def test_answers_are_those_of_the_whole_history(history: list[Happened]) -> None:
    customer = Asking(*VARIANTS).customer(*history)
    for now in range(customer.clock, customer.clock + 22, 3):
        answers = [until > 0 for until in customer.answers(now)]
        assert answers == [truth(spec, history, now) for spec in VARIANTS]


@given(st.data())
def test_merge_of_the_parts_is_the_whole_while_all_can_be_rearranged(data: st.DataObject) -> None:
    check_merge(Asking(*VARIANTS, max_lateness=LONG), data, events())


@st.composite
def long_histories(draw: st.DrawFn, first: Millis, most: int = 40) -> list[Happened]:
    times = sorted(draw(st.lists(st.integers(first, first + 40), max_size=most)))
    return [draw(events())(at) for at in times]


@given(former=long_histories(1), latter=long_histories(41), swapped=st.booleans())
def test_a_history_that_precedes_the_other_merges_exactly(
    former: list[Happened], latter: list[Happened], *, swapped: bool
) -> None:
    if swapped:  # the one joined in is the later one: nothing of it is at the other's instants
        latter = [event._replace(at=event.at + 1) for event in latter]
    asking = Asking(*VARIANTS)
    one, other = asking.customer(*former).reread(), asking.customer(*latter).reread()
    joined = other.merged(one) if swapped else one.merged(other)
    whole = asking.customer(*former, *latter)
    assert_same(joined, whole)
    for at in range(3):
        for name in "abc":
            happened = on(whole.clock + at, name, p="x")
            joined.does(happened)
            whole.does(happened)
            assert_same(joined, whole)


@given(long_histories(1, 8), long_histories(1, 8))
def test_short_histories_merge_exactly_however_old(
    former: list[Happened], latter: list[Happened]
) -> None:
    asking = Asking(*VARIANTS)
    joined = asking.customer(*former).merged(asking.customer(*latter))
    whole = asking.customer(*sorted([*former, *latter], key=lambda event: event.at))
    assert_same(joined, whole)


@given(long_histories(1), long_histories(1))
def test_overlapping_histories_invent_no_chain(
    former: list[Happened], latter: list[Happened]
) -> None:
    asking = Asking(*VARIANTS)
    joined = asking.customer(*former).merged(asking.customer(*latter))
    whole = asking.customer(*sorted([*former, *latter], key=lambda event: event.at))
    for at in range(whole.clock, whole.clock + 20):
        for found, wanted in zip(joined.answers(at), whole.answers(at), strict=True):
            assert found < 0 or (wanted > 0 and found <= wanted)


@given(st.data())
def test_late_events_find_their_place(data: st.DataObject) -> None:
    check_lateness(Asking(*VARIANTS), data, events())


@given(st.data())
def test_answers_hold_until_they_say(data: st.DataObject) -> None:
    check_flips(Asking(*VARIANTS), data, events())


@given(long_histories(1))
def test_what_is_packed_is_read_back(history: list[Happened]) -> None:
    check_packing(Asking(*VARIANTS), history)
