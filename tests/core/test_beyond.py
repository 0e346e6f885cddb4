"""Beyond the stated bounds: it is noticed, the most recent is kept, and the error is as stated."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.core.engine.conditions import LeafNode
from streamer.core.leaves.abandoned import Abandoned
from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.favours import Favours
from streamer.core.leaves.performed import Performed
from streamer.core.leaves.sequence import Sequence, Step
from streamer.core.rules.spec import Comparison, Condition, Scope
from streamer.core.state.cell import MOST_EVENTS, MOST_VALUES
from streamer.core.state.repeated import MOST_REPEATED
from streamer.core.state.slices import SLICES
from streamer.types import Event
from tests.core.shopper import START, Shopper, on

SEEN, DONE = ("seen",), ("done",)
WINDOW = 10_000
SAME = Performed(Scope(SEEN), "same", "p", at_least=2)
SAME_WITHIN = Performed(Scope(SEEN, within=WINDOW), "same", "p", at_least=2)
OPEN = Abandoned(SEEN, DONE, same="p")
COUNTS = Favours("p", SEEN, at_least=2)
COUNTS_WITHIN = Favours("p", SEEN, at_least=2, within=WINDOW)
CHAINS = Sequence((Step(SEEN), Step(DONE)), same="p")
BY_VALUE = [
    (SAME, MOST_REPEATED),
    (SAME_WITHIN, MOST_REPEATED),
    (OPEN, MOST_VALUES),
    (COUNTS, MOST_VALUES),
    (COUNTS_WITHIN, MOST_VALUES),
    (CHAINS, MOST_VALUES),
]
LATER = 3 * MOST_REPEATED


def values(number: int) -> list[Event]:
    """Events of so many different values, one after another."""
    return [on(at, p=f"p{at}") for at in range(number)]


@pytest.mark.parametrize(("question", "most"), BY_VALUE)
def test_so_many_values_are_not_beyond(question: Condition, most: int) -> None:
    shopper = Shopper(question)
    shopper.does(*values(most), on(LATER, p="p0"))
    assert shopper.overflows == 0


@pytest.mark.parametrize(("question", "most"), BY_VALUE)
def test_more_values_are_noticed_each_time(question: Condition, most: int) -> None:
    shopper = Shopper(question)
    shopper.does(*values(most + 3))
    assert shopper.overflows == 3


@pytest.mark.parametrize(("question", "most"), BY_VALUE)
def test_more_values_in_one_event_are_noticed_too(question: Condition, most: int) -> None:
    shopper = Shopper(question)
    shopper.does(on(0, p=list(range(most + 1))))
    assert shopper.overflows == 1


def test_values_that_left_the_window_are_not_counted() -> None:
    for question in (SAME_WITHIN, COUNTS_WITHIN, Abandoned(SEEN, DONE, same="p", within=WINDOW)):
        shopper = Shopper(question)
        shopper.does(*values(MOST_VALUES), on(WINDOW + 1, p="new"), on(WINDOW + 2, p="newer"))
        assert shopper.overflows == 0


@pytest.mark.parametrize(
    ("question", "most"),
    [(SAME, MOST_REPEATED), (SAME_WITHIN, MOST_REPEATED), (COUNTS_WITHIN, MOST_VALUES)],
)
@pytest.mark.parametrize(("again", "kept"), [(2, False), (3, True)])
def test_the_most_recent_values_are_kept(
    question: Condition, most: int, again: int, *, kept: bool
) -> None:
    shopper = Shopper(question)
    shopper.does(*values(most + 2), on(LATER, p="new"), on(LATER + 1, p=f"p{again}"))
    assert shopper.answer(LATER + 1)[0] is kept


def test_the_most_recent_items_stay_open() -> None:
    shopper = Shopper(OPEN)
    shopper.does(*values(MOST_VALUES + 1))
    shopper.does(*(on(300 + at, "done", p=f"p{at}") for at in range(1, MOST_VALUES)))
    assert shopper.answer(900)[0]
    shopper.does(on(900, "done", p=f"p{MOST_VALUES}"))
    assert not shopper.answer(900)[0]  # p0 was never closed, but forgotten


def test_a_value_with_enough_times_is_forgotten_with_all_it_carried() -> None:
    shopper = Shopper(SAME)
    shopper.does(on(0, p="x"), on(1, p="x"), *(on(2 + n, p=n) for n in range(MOST_REPEATED - 1)))
    assert shopper.answer(LATER)[0]
    shopper.does(on(LATER, p="last"))
    assert not shopper.answer(LATER)[0]


@pytest.mark.parametrize(
    "question",
    [
        *(question for question, _ in BY_VALUE),
        Performed(Scope(SEEN), "distinct", "p", at_least=1_000),
    ],
)
def test_a_record_full_of_values_does_not_stop_the_work(question: Condition) -> None:
    shopper = Shopper(question)
    many = list(range(60_000))
    shopper.does(on(0, p=many), on(1, "done", p=many), on(2, p=many))


def spent(*paid: Event) -> Shopper:
    """Somebody of whom totals in a window are asked."""
    total = (Comparison("at_least", 1),)
    shopper = Shopper(Aggregate("total", "price", Scope(SEEN, within=WINDOW), total))
    for event in paid:
        shopper.learns(event)
    return shopper


def remembered_total(shopper: Shopper, now: int) -> int:
    """What the cell adds up to at an instant, in whole units."""
    node = shopper.rules.segments[0].tiers[0].when
    assert isinstance(node, LeafNode)
    said = node.leaf.detail(shopper.alive, START + now)
    return int(said) if said[0].isdigit() else 0


def test_a_thousand_events_in_a_window_are_not_beyond() -> None:
    shopper = spent(*(on(at, price=1) for at in range(MOST_EVENTS)))
    assert not shopper.alive.overflows


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, WINDOW), st.integers(1, 9)), min_size=40, max_size=60),
    st.lists(st.integers(0, 2 * WINDOW), min_size=5, max_size=5),
)
def test_a_folded_total_errs_by_at_most_one_slice(
    some: list[tuple[int, int]], instants: list[int]
) -> None:
    """What is over-counted lies in the slice in which the window begins, and before its begin."""
    paid = [(at + lap, price) for lap in range(10) for at, price in some]
    newest = max(at for at, _ in paid)
    paid = [*paid, *((newest - lap, 1) for lap in range(MOST_EVENTS + 50))]
    shopper = spent(*(on(at, price=price) for at, price in paid))
    assert shopper.alive.overflows
    size = WINDOW // SLICES
    for now in (newest + instant for instant in instants):
        begin = now - WINDOW
        slice_start = (START + begin) // size * size - START
        exact = sum(price for at, price in paid if at > begin)
        in_slice = sum(price for at, price in paid if slice_start <= at <= begin)
        assert exact <= remembered_total(shopper, now) <= exact + in_slice


def test_favours_keeps_a_thousand_events_and_folds_the_oldest() -> None:
    shopper = Shopper(Favours("p", SEEN, (Comparison("is", "old"),), within=WINDOW))
    shopper.does(*(on(at // 10, p="old") for at in range(600)))
    shopper.does(*(on(1_000 + at, p="new") for at in range(500)))
    assert shopper.overflows > 0
    size = WINDOW // SLICES
    holds, until = shopper.answer(1_499)
    assert holds
    exact = 1 + (600 - 500) // 10 + WINDOW - 1  # when as few old ones are left as new ones
    assert exact - size <= until <= exact + size
