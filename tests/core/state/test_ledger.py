"""Ledgers: `per`, `without`, `older_than`, `minus`, `ratio`."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.leaves.aggregate import Aggregate, Minus
from streamer.core.leaves.performed import NotPerformed, Performed
from streamer.core.leaves.ratio import Ratio
from streamer.core.rules.spec import Clause, Comparison, Operator, Scope
from streamer.core.state.cell import MOST_EVENTS, MOST_VALUES
from streamer.core.state.ledger import LedgerState
from tests.core.state.asking import Asking, Customer, Happened, Spec, on, story
from tests.core.state.properties import check_flips, check_lateness, check_merge

BOUGHT, CANCELLED, BOTH = ("bought",), ("cancelled",), ("bought", "cancelled")
MARK = ("mark",)
EVER = Scope(BOUGHT)
W = 10


def scope(within: int | None = W, older: int | None = None, **more: Any) -> Scope:  # noqa: ANN401
    return Scope(BOUGHT, within=within, older=older, **more)


def buy(at: int, order: object = None, price: object = 1) -> Happened:
    return on(at, "bought", order_id=order, price=price)


def cancel(at: int, order: object) -> Happened:
    return on(at, "cancelled", order_id=order)


def orders(of: Scope = EVER, at_least: int = 1, **more: Any) -> Performed:  # noqa: ANN401
    return Performed(of, "per", "order_id", at_least, without=CANCELLED, **more)


def total(operator: Operator, operand: int, of: Scope = EVER, **more: Any) -> Aggregate:  # noqa: ANN401
    return Aggregate("total", "price", of, (Comparison(operator, operand * 10_000),), **more)


ONCE: dict[str, Any] = {"per": "order_id", "without": CANCELLED}
PAID = Scope(BOUGHT, (Clause("price", (Comparison("above", 0),)),))
OLD = scope(None, 4)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        # one event of each value, and each without one
        (orders(at_least=2), [buy(0, "a"), buy(1, "a")], "-1"),
        (orders(at_least=2), [buy(0, "a"), buy(1, "b")], "+1"),
        (orders(at_least=3), [buy(0), buy(1), buy(1, "a")], "+1"),
        (orders(at_least=2), [buy(0, ["a", "b"]), buy(1, "b")], "+1"),
        (orders(scope(), at_least=1), [buy(0, "a"), buy(4, "a")], "+4 -14"),
        # undone
        (orders(), [buy(0, "a"), cancel(1, "a")], "-1"),
        (orders(), [buy(0, "a"), cancel(0, "a")], "-0"),
        (orders(), [cancel(0, "a"), buy(0, "a")], "+0"),
        (orders(), [cancel(1, "a"), buy(0, "a")], "-1"),
        (orders(), [buy(0, "a"), cancel(1, ["b", "a"])], "-1"),
        (orders(), [buy(0, ["a", "b"]), cancel(1, "b")], "+1"),
        (orders(), [buy(0, "a"), cancel(1, None)], "+1"),
        (orders(), [buy(0), cancel(1, None)], "+1"),
        (orders(), [buy(0, "a"), cancel(1, "a"), buy(2, "a")], "+2"),
        (orders(), [buy(0, "a"), buy(2, "a"), cancel(1, "a")], "+2"),
        # undone also if where would not let it in; where that hides an event hides it altogether
        (orders(PAID), [buy(0, "a"), cancel(1, "a")], "-1"),
        (orders(PAID), [buy(0, "a"), buy(1, "a", 0)], "+1"),
        # an event that is both does not undo itself
        (
            Performed(EVER, "per", "order_id", 1, without=BOUGHT),
            [buy(0, "a"), buy(1, "a")],
            "+1",
        ),
        # since a mark
        (orders(scope(since=MARK)), [buy(0, "a"), on(1, "mark")], "-1"),
        (orders(scope(since=MARK)), [on(1, "mark"), buy(2, "a")], "+2 -12"),
        (orders(scope(since=MARK)), [on(1, "mark"), buy(2, "a"), cancel(3, "a")], "-3"),
        # sums
        (total("is", 5, **ONCE), [buy(0, "a", 3), buy(1, "a", 5)], "+1"),
        (total("is", 0, **ONCE), [buy(0, "a", 3), buy(1, "a", None)], "+1"),
        (total("is", 7, **ONCE), [buy(0, "a", 5), buy(1, None, 2)], "+1"),
        (total("is", 2, **ONCE), [buy(0, "a", 5), buy(1, "b", 2), cancel(2, "a")], "+2"),
        (
            Aggregate("average", "price", EVER, (Comparison("is", 20_000),), **ONCE),
            [buy(0, "a", 9), buy(1, "a", 3), buy(1, "b", 1)],
            "+1",
        ),
        # old enough
        (Performed(OLD, at_least=2), [buy(0), buy(1)], "-1 +5"),
        (Performed(scope(W, 4), at_least=2), [buy(0), buy(1)], "-1 +5 -10"),
        (Performed(scope(W, 4), at_most=0), [buy(0), buy(1)], "+1 -4 +11"),
        (NotPerformed(scope(W, 4)), [buy(0), buy(1)], "+1 -4 +11"),
        (Performed(OLD, "distinct", "order_id", 2), [buy(0, "a"), buy(1, "a"), buy(2)], "-2"),
        (Performed(OLD, "distinct", "order_id", 2), [buy(0, "a"), buy(2, ["a", "b"])], "-2 +6"),
        (Performed(OLD, "same", "order_id", 2), [buy(0, "a"), buy(2, "a"), buy(3, "b")], "-3 +6"),
        (
            Performed(scope(W, 4), "same", "order_id", 2),
            [buy(0, "a"), buy(3, "a"), buy(2, "b"), buy(6, "b")],
            "-6 +7 -12",
        ),
        (Performed(scope(W, 4), "days"), [buy(0)], "-0 +4 -10"),
        (total("at_least", 3, scope(W, 4)), [buy(0, price=1), buy(2, price=2)], "-2 +6 -10"),
        # old enough, and replaced or undone
        (total("is", 3, OLD, **ONCE), [buy(0, "a", 3), buy(3, "a", 5)], "-3 +4 -7"),
        (total("is", 3, OLD, **ONCE), [buy(0, "a", 3), buy(3, "a", 5), cancel(1, "a")], "-3"),
        (total("is", 5, OLD, **ONCE), [buy(0, "a", 3), buy(3, "a", 5), cancel(1, "a")], "-3 +7"),
        # less what was refunded
        (
            total("is", 3, minus=Minus("price", CANCELLED)),
            [buy(0, price=5), on(1, "cancelled", price=2)],
            "+1",
        ),
        (
            total("is", 3, scope(), minus=Minus("price", CANCELLED)),
            [buy(0, price=5), on(1, "cancelled", price=2)],
            "+1 -10",
        ),
    ],
)
def test_ledgers(question: Spec, events: list[Happened], told: str) -> None:
    assert story(question, *events) == told


CANCELS = Performed(Scope(CANCELLED))
COUNT = Performed(EVER)
SUM = Aggregate("total", "price", EVER, ())


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (Ratio(CANCELS, COUNT, at_most=Fraction(1)), [cancel(0, "a")], "-0"),
        (Ratio(CANCELS, COUNT, at_most=Fraction(1, 3)), [buy(0), buy(0), buy(0)], "+0"),
        (
            Ratio(CANCELS, COUNT, at_least=Fraction(1, 3)),
            [buy(0), buy(0), buy(0), cancel(1, "a")],
            "+1",
        ),
        (
            Ratio(CANCELS, COUNT, above=Fraction(1, 3)),
            [buy(0), buy(0), buy(0), cancel(1, "a")],
            "-1",
        ),
        (Ratio(SUM, COUNT, W, below=Fraction(2)), [buy(0, price=3), buy(2, price=1)], "-2 +10 -12"),
        (
            Ratio(SUM, COUNT, W, at_least=Fraction(2), of_at_least=Fraction(2)),
            [buy(0, price=3), buy(2, price=1)],
            "+2 -10",
        ),
        (
            Ratio(SUM, COUNT, W, older=4, at_least=Fraction(3)),
            [buy(0, price=3), buy(2, price=1)],
            "-2 +4 -6",
        ),
    ],
)
def test_ratios(question: Spec, events: list[Happened], told: str) -> None:
    assert story(question, *events) == told


ASKED: list[Spec] = [
    orders(at_least=2),
    orders(scope(), 2),
    orders(scope(since=MARK), 1, at_most=1),
    orders(scope(W, 4), 2),
    orders(scope(None, 4, since=MARK), 1),
    Performed(EVER, "per", "order_id", 2, without=BOTH),
    Performed(scope(W, 4), at_least=2),
    Performed(scope(W, 4), "distinct", "order_id", 2),
    Performed(OLD, "same", "order_id", 2),
    Performed(scope(W, 4), "same", "order_id", 2),
    Performed(scope(W, 4), "days"),
    NotPerformed(scope(None, 3)),
    total("at_least", 3, **ONCE),
    total("at_least", 3, scope(W, 4), **ONCE),
    total("is", 2, scope(), minus=Minus("price", CANCELLED)),
    Aggregate("average", "price", scope(W, 3), (Comparison("at_least", 20_000),), **ONCE),
    Ratio(CANCELS, orders(EVER), W, older=3, at_least=Fraction(1, 2)),
    Ratio(SUM, Performed(EVER, "distinct", "order_id"), W, above=Fraction(1)),
]
SHOPPING = st.one_of(
    st.builds(
        lambda name, order, price: lambda at: on(at, name, order_id=order, price=price),
        st.sampled_from(["bought", "bought", "bought", "cancelled"]),
        st.sampled_from(["a", "a", "b", None, ["a", "b"], ["b", "a"]]),
        st.sampled_from([0, 1, 2, 5, -1, None]),
    ),
    st.sampled_from([lambda at: on(at, "mark")]),
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


def ledger(customer: Customer) -> LedgerState:
    (state,) = customer.profile.states
    assert isinstance(state, LedgerState)
    return state


def test_a_value_that_falls_out_stays_counted_and_is_not_undone_any_more() -> None:
    most = MOST_VALUES + 2
    customer = Asking(orders(at_least=most)).customer(*(buy(at, f"o{at}") for at in range(most)))
    assert customer.flip(most) > 0
    assert customer.profile.overflows == [0, 0]
    customer.does(cancel(most, "o0"))
    assert customer.reread().flip(most) > 0
    customer.does(cancel(most, "o2"))
    assert customer.reread().flip(most) < 0


def test_a_thousand_young_events_are_told_apart() -> None:
    old = Scope(BOUGHT, older=2 * MOST_EVENTS)
    customer = Asking(Performed(old, at_least=1_000)).customer(*(buy(at) for at in range(1_000)))
    assert (customer.reread().flip(2_998) > 0, customer.flip(2_999) > 0) == (False, True)
    assert customer.profile.overflows == []


def test_old_entries_take_no_room_where_nothing_can_part_them() -> None:
    customer = Asking(Performed(OLD, at_least=2)).customer(*(buy(at) for at in range(500)))
    assert len(ledger(customer).loose.times) <= 5
    assert not Asking(orders()).customer(buy(0, "a"), buy(1, "a")).profile.overflows


def test_shrinking_drops_the_less_recent_half_and_says_so() -> None:
    asking = Asking(orders(at_least=4))
    customer = asking.customer(*(buy(at, f"o{at}") for at in range(4)), cancel(9, "x"))
    (cell,) = asking.cells
    weight = ledger(customer).weight
    state = cell.shrink(ledger(customer), customer.profile)
    assert isinstance(state, LedgerState)
    assert (list(state.by_value), state.weight < weight) == (["o2", "o3"], True)
    customer.profile.states[0] = state
    assert customer.reread().flip(9) > 0
    while state is not None:
        weight = state.weight
        shrunk = cell.shrink(state, customer.profile)
        assert shrunk is None or shrunk.weight < weight
        assert shrunk is None or isinstance(shrunk, LedgerState)
        state = shrunk


def test_it_says_what_it_rests_on() -> None:
    customer = Asking(orders(), total("at_least", 1, **ONCE), ASKED[-1]).customer(buy(0, "a", 2.5))
    labels = [leaf.label for leaf in customer.asking.leaves]
    assert labels == [
        "performed bought once per order_id without cancelled at least 1 time",
        "total price of bought once per order_id without cancelled at least 1",
        "total price of bought by performed bought with different order_id within 10ms above 1",
    ]
    assert [customer.detail(0, leaf) for leaf in range(3)] == ["1", "2.5", "2.5 of 1"]
