"""`favours`: the value carried most often, of equals the most recent, in one event the first."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.favours import MOST_STEPS, Favours
from streamer.core.rules.spec import Clause, Comparison
from streamer.core.state.cell import MOST_EVENTS, MOST_VALUES
from streamer.types import FOREVER, Millis
from tests.core.state.asking import START, Asking, Customer, Happened, on, story
from tests.core.state.properties import check_flips, check_lateness, check_merge, histories

X = (Comparison("is", "x"),)
DEAR = (Clause("price", (Comparison("above", 9),)),)
W = 10


def favours(
    compared: tuple[Comparison, ...] = X,
    within: int | None = None,
    **more: Any,  # noqa: ANN401
) -> Favours:
    return Favours("p", ("seen",), compared, within=within, **more)


def see(at: int, p: object, price: int = 0) -> Happened:
    return on(at, p=p, price=price)


@pytest.mark.parametrize("within", [None, 1_000])
@pytest.mark.parametrize(
    ("events", "favourite"),
    [
        ([see(0, "x")], True),
        ([see(0, "x"), see(1, "y")], False),
        ([see(0, "y"), see(1, "x")], True),
        ([see(5, "x"), see(4, "y")], True),
        ([see(5, "x"), see(5, "y")], False),
        ([see(0, ["x", "y"])], True),
        ([see(0, ["y", "x"])], False),
        ([see(0, ["y", "y", "x"]), see(1, "x")], True),
        ([see(0, "x"), see(1, "x"), see(2, "y")], True),
        ([see(0, "x"), on(1), see(2, {})], True),
        ([see(2, "y"), see(0, "x"), see(1, "x")], True),
        ([see(4, ["y", "x"]), see(3, "x"), see(2, "y")], False),
        ([see(5, "y"), see(5, "y"), see(9, "z"), see(5, "x"), see(5, "x")], True),
    ],
)
def test_the_favourite(within: int | None, events: list[Happened], *, favourite: bool) -> None:
    assert story(favours(within=within), *events)[0] == "-+"[favourite]


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (favours(()), [], "-0"),
        (favours((), 10), [see(0, "x")], "+0 -10"),
        (favours(within=10), [see(0, "y"), see(4, "x")], "+4 -14"),
        (favours(within=10), [see(0, "y"), see(1, "y"), see(4, "x")], "-4 +10 -14"),
        (favours(within=10), [see(0, "x"), see(1, "x"), see(4, "y")], "+4 -10"),
        (favours(within=10), [see(9, "y"), see(3, "x"), see(3, "x")], "+9 -13"),
        (favours(within=10), [see(0, "y"), see(0, "x"), see(4, "x"), see(5, "y")], "-5"),
        (favours((), 10, at_least=2), [see(0, "x"), see(4, "x")], "+4 -10"),
        (favours((), 10, share=Fraction(1, 2)), [see(0, "x"), see(4, "y")], "+4 -14"),
        (favours((), 10, share=Fraction(2, 3)), [see(0, "x"), see(4, "y")], "-4 +10 -14"),
        (favours((), share=Fraction(2, 3)), [see(0, "x"), see(1, ["y", "x"])], "+1"),
        (favours((), share=Fraction(2, 3)), [see(0, "x"), see(1, ["y", "z", "x"])], "-1"),
        (favours((Comparison("is_not", "x"),)), [], "-0"),
        (favours((Comparison("is_not", "x"),)), [see(0, 1)], "+0"),
        (favours((Comparison("in", ("x", 1)),)), [see(0, 1.0)], "+0"),
        (favours((Comparison("in", ("x", 1)),)), [see(0, p=True)], "-0"),
        (favours((Comparison("is", "l" * 50),)), [see(0, "l" * 50)], "+0"),
        (favours(where=DEAR), [see(0, "x", price=10), see(1, "y", price=9)], "+1"),
    ],
)
def test_comparisons_of_the_favourite(question: Favours, events: list[Happened], told: str) -> None:
    assert story(question, *events) == told


def test_a_window_is_stored_with_each_value_once() -> None:
    asking = Asking(favours(within=1_000))
    customer = asking.customer(see(0, "y"), see(5, ["x", "y"]), see(6, "x"))
    assert customer.packed() == [[["y", "x"], [0, 0, 5, [1, 0], 1, 1]]]


def test_the_oldest_values_are_forgotten() -> None:
    for within in (None, 10_000):
        asking = Asking(favours((), within, at_least=2))
        customer = asking.customer(*(see(at, f"v{at}") for at in range(MOST_VALUES)))
        assert customer.profile.overflows == []
        customer.does(see(MOST_VALUES, ["new", "v1"]))
        assert customer.profile.overflows == [0]
        customer.does(see(MOST_VALUES + 1, "v0"))
        assert customer.profile.overflows == [0, 0]
        assert customer.detail(customer.clock) == "v1, 2 of 257"
        customer.reread()


def test_more_values_in_one_event_than_are_kept() -> None:
    for within in (None, 10_000):
        customer = Asking(favours((), within)).customer(see(0, [f"v{nth}" for nth in range(300)]))
        assert customer.profile.overflows == [0]
        assert customer.detail(0) == "v0, 1 of 256"


def test_more_events_than_are_kept_are_folded_into_slices() -> None:
    window = 64 * 100
    asking = Asking(favours((), window, at_least=MOST_EVENTS + 1))
    customer = asking.customer(*(see(at, "x") for at in range(MOST_EVENTS)))
    assert customer.profile.overflows == []
    customer.does(see(MOST_EVENTS, "x"))
    assert customer.profile.overflows == [0]
    first = 100 - START % 100 - 1  # the oldest slice leaves with its latest event
    assert customer.reread().flip(window - 1) == window + first
    assert customer.reread().flip(window + first) == -FOREVER


def test_a_long_window_is_followed_step_by_step() -> None:
    asking = Asking(favours((), 10_000))
    customer = asking.customer(*(see(at, at % 50) for at in range(MOST_STEPS * 2)))
    now, seen = customer.clock, []
    while now < 10_000 + MOST_STEPS * 2 - 1:
        now = customer.flip(now)
        seen.append(now)
    assert seen == [10_000 + MOST_STEPS, 10_000 + MOST_STEPS * 2 - 1]


def test_shrinking_forgets_the_less_recent_half() -> None:
    for within in (None, 1_000):
        asking = Asking(favours((), within))
        customer = asking.customer(*(see(at, f"v{at}") for at in range(4)))
        state, cell = customer.profile.states[0], asking.cells[0]
        assert state is not None
        before = state.weight
        assert cell.shrink(state, customer.profile) is state
        assert state.weight == before // 2
        customer.reread()
        assert cell.shrink(state, customer.profile) is state
        assert cell.shrink(state, customer.profile) is None
        assert customer.profile.overflows == [0] * 4


EVERY = Asking(
    *(
        favours(compared, within, share=share, at_least=at_least)
        for compared in ((), X, (Comparison("is_not", "x"),), (Comparison("in", ("x", "y")),))
        for within in (None, W)
        for share in (None, Fraction(1, 2))
        for at_least in (None, 2)
    )
)
CARRIED = ("x", "y", "z", ["x", "y"], ["z", "x"], ["y", "z", "x"])
EVENTS: st.SearchStrategy[Callable[[Millis], Happened]] = st.sampled_from(
    [lambda at, values=values: see(at, values) for values in CARRIED]
)


def favourite(events: list[Happened], gone: Millis) -> str:
    """The favourite as its definition says, and how often it is carried of how many."""
    carried: list[str] = []
    for event in events:
        if event.at > gone:
            values = event.properties["p"]
            carried += reversed(values) if isinstance(values, list) else [values]
    if not carried:
        return "no value so far"
    last = {value: place for place, value in enumerate(carried)}
    best = max(last, key=lambda value: (carried.count(value), last[value]))
    return f"{best}, {carried.count(best)} of {len(carried)}"


@given(st.data())
def test_it_is_what_its_definition_says(data: st.DataObject) -> None:
    events = data.draw(histories(EVENTS))
    customer: Customer = Asking(favours((), W), favours(())).customer(*events)
    assert customer.detail(customer.clock, 1) == favourite(events, -1)
    for at in range(customer.clock, customer.clock + W + 1):
        assert customer.detail(at) == favourite(events, at - W)


def test_windows_of_one_length_share_a_cell() -> None:
    assert len(EVERY.cells) == 2


@given(st.data())
def test_merge_of_the_parts_is_the_whole(data: st.DataObject) -> None:
    check_merge(EVERY, data, EVENTS)


@given(st.data())
def test_late_is_as_in_order(data: st.DataObject) -> None:
    check_lateness(EVERY, data, EVENTS)


@given(st.data())
def test_flips_are_exact(data: st.DataObject) -> None:
    check_flips(EVERY, data, EVENTS)
