"""Every leaf against tables worked out by hand (5 to 17)."""

from decimal import Decimal

import pytest

from tests.oracle.shop import (
    IN,
    OUT,
    D,
    Flips,
    H,
    Happening,
    M,
    S,
    flips,
    header,
    on,
    order,
    run,
    segment,
    told,
    true_now,
    turns,
)
from tests.oracle.values import Node

SHOE = {"product_id": "shoe", "price": 60, "quantity": 2}
HAT = {"product_id": "hat", "price": 20}


def test_an_event_stops_counting_at_exactly_its_window() -> None:
    assert flips({"performed": "a", "within": "7d"}, on(0, "a")) == [(0, IN), (7 * D, OUT)]


def test_no_window_is_all_of_history() -> None:
    assert flips({"performed": "a"}, on(0, "a")) == [(0, IN)]


def test_the_nth_last_event_decides() -> None:
    two = {"performed": "a", "at_least": 2, "within": "10s"}
    assert flips(two, on(0, "a"), on(4 * S, "a"), on(9 * S, "a")) == [(4 * S, IN), (14 * S, OUT)]
    assert flips(two, on(0, "a"), on(10 * S, "a")) == []


def test_at_most_and_is_count_too() -> None:
    one = {"performed": "a", "is": 1, "within": "10s"}
    few = {"performed": "a", "at_most": 1, "within": "10s"}
    events = on(0, "a"), on(4 * S, "a")
    assert flips(one, *events) == [(0, IN), (4 * S, OUT), (10 * S, IN), (14 * S, OUT)]
    assert flips(few, *events) == [(0, IN), (4 * S, OUT), (10 * S, IN)]


def test_any_is_everything_but_identified() -> None:
    assert not true_now({"performed": "any"}, on(0, "identified"))
    assert true_now({"performed": "identified"}, on(0, "identified"))
    assert true_now({"performed": "any"}, on(0, "never_heard_of"))


def test_since_counts_after_the_latest_mark_wherever_that_lies() -> None:
    since = {"performed": "a", "since": "m"}
    assert not true_now(since, on(0, "a"))
    assert not true_now(since, on(0, "a"), on(1, "m"))
    assert true_now(since, on(0, "m"), on(1, "a"))
    assert not true_now(since, on(0, "m"), on(1, "a"), on(2, "m"))
    assert true_now({**since, "within": "1s"}, on(0, "m"), on(D, "a"))


def test_since_in_equal_times_goes_by_log_order() -> None:
    since = {"performed": "a", "since": "m"}
    assert true_now(since, on(0, "m"), on(0, "a"))
    assert not true_now(since, on(0, "a"), on(0, "m"))
    assert not true_now({"performed": "any", "since": "m"}, on(0, "m"))


def test_without_a_mark_nothing_qualifies() -> None:
    assert true_now({"not_performed": "a", "since": "m"}, on(0, "a"))
    assert true_now({"total": "price", "of": "a", "since": "m", "is": 0}, on(0, "a", price=5))


def test_quiet_is_not_performed_within() -> None:
    assert flips({"quiet": "30m"}, on(0, "a"), on(M, "identified")) == [(30 * M, IN)]
    assert flips({"quiet": "30m", "events": ["b"]}, on(0, "a"), on(5, "b")) == [
        (0, IN),
        (5, OUT),
        (30 * M + 5, IN),
    ]


@pytest.mark.parametrize(
    ("comparisons", "expected"),
    [
        ({"at_least": "10s"}, [(10 * S, IN), (15 * S, OUT), (25 * S, IN)]),
        ({"less_than": "10s"}, [(0, IN), (10 * S, OUT), (15 * S, IN), (25 * S, OUT)]),
        ({"at_least": "10s", "which": "first"}, [(10 * S, IN)]),
        (
            {"at_least": "1s", "less_than": "2s"},
            [(S, IN), (2 * S, OUT), (16 * S, IN), (17 * S, OUT)],
        ),
    ],
)
def test_ago(comparisons: Node, expected: Flips) -> None:
    assert flips({"ago": "a", **comparisons}, on(0, "a"), on(15 * S, "a")) == expected


def test_ago_of_nothing_is_false() -> None:
    assert flips({"ago": "a", "at_least": "1s"}, on(0, "b")) == []
    assert flips({"ago": "a", "less_than": "1s"}, on(0, "b")) == []


@pytest.mark.parametrize(
    ("value", "comparisons", "expected"),
    [
        (5, {"is": 5}, True),
        (5.0, {"is": 5}, True),
        ("5", {"is": 5}, False),
        (1, {"is": True}, False),
        (True, {"is": 1}, False),
        (True, {"is": True}, True),
        ("5", {"is_not": 5}, True),
        (None, {"is_not": 5}, False),
        (None, {"exists": False}, True),
        ({}, {"exists": False}, True),
        ([], {"exists": True}, False),
        (False, {"exists": True}, True),
        ("x", {"in": ["y", "x"]}, True),
        (1, {"not_in": ["1"]}, True),
        (3, {"at_least": 3}, True),
        ("3", {"at_least": 3}, False),
        (True, {"at_least": 0.5}, False),
        (3, {"above": 3}, False),
        (0.1, {"at_most": Decimal("0.1")}, True),
        ([1, 9], {"above": 2, "below": 8}, False),
        ([1, [5]], {"above": 2, "below": 8}, True),
        ("shoes", {"starts_with": "sh", "contains": "oe"}, True),
        (["sh", "oe"], {"starts_with": "sh", "contains": "oe"}, False),
        (55, {"contains": "5"}, False),
    ],
)
def test_comparisons(value: object, comparisons: Node, *, expected: bool) -> None:
    assert (
        true_now({"performed": "a", "where": {"p": comparisons}}, on(0, "a", p=value)) == expected
    )


def test_dots_descend_into_objects_and_lists() -> None:
    blue = {"performed": "a", "where": {"look.colour": "blue"}}
    assert true_now(blue, on(0, "a", look={"colour": "blue"}))
    assert true_now(blue, on(0, "a", look=[{"colour": "red"}, [{"colour": ["blue"]}]]))
    assert not true_now(blue, on(0, "a", **{"look.colour": "blue"}))


def test_an_own_property_hides_those_of_products_unless_it_is_null() -> None:
    shoe = {"performed": "order", "where": {"product_id": "shoe"}}
    assert true_now(shoe, order(0, HAT, SHOE))
    assert true_now(shoe, order(0, SHOE, product_id=None))
    assert not true_now(shoe, order(0, SHOE, product_id="hat"))
    assert not true_now(shoe, order(0, SHOE, product_id={}))
    assert not true_now(shoe, order(0, SHOE, product_id=[]))


def test_one_product_must_satisfy_all_that_is_asked_of_products() -> None:
    dear_hat = {"performed": "order", "where": {"product_id": "hat", "price": {"at_least": 50}}}
    assert not true_now(dear_hat, order(0, HAT, SHOE))
    assert true_now(dear_hat, order(0, HAT, SHOE, price=99))
    assert true_now(dear_hat, order(0, SHOE, {"product_id": "hat", "price": 50}))


def test_missing_is_judged_on_the_whole_event() -> None:
    plain = {"performed": "order", "where": {"product_id": "hat", "quantity": {"exists": False}}}
    assert true_now(plain, order(0, HAT))
    assert not true_now(plain, order(0, HAT, SHOE))


def test_only_products_that_satisfy_where_are_read() -> None:
    hats = {"total": "price", "of": "order", "where": {"product_id": "hat"}}
    assert true_now({**hats, "is": 20}, order(0, HAT, SHOE))
    assert true_now({**hats, "is": 99}, order(0, HAT, SHOE, price=99))
    both = {"performed": "order", "distinct": "product_id", "where": {"price": {"below": 50}}}
    assert true_now({**both, "is": 1}, order(0, HAT, SHOE))


def test_distinct_counts_values_and_same_the_most_frequent() -> None:
    events = [on(at, "a", p=p) for at, p in enumerate(["x", "y", "x", 1, 1.0, None, True])]
    assert true_now({"performed": "a", "distinct": "p", "is": 4}, *events)
    assert true_now({"performed": "a", "same": "p", "at_least": 2}, *events)
    assert not true_now({"performed": "a", "same": "p", "at_least": 3}, *events)
    assert true_now({"performed": "a", "distinct": "p", "is": 2}, on(0, "a", p=["x", "y", "x"]))


def test_distinct_days_are_those_of_the_zone() -> None:
    days = {"performed": "a", "distinct": "day", "at_least": 2}
    evening = on(22 * H + 30 * M, "a"), on(23 * H + 30 * M, "a")
    assert not true_now(days, *evening)
    berlin = run([header(zone="Europe/Berlin"), segment("s", days)], *evening, until=None)
    assert berlin.members["c"] == ["s"]


def test_sequence_reads_events_in_order() -> None:
    ab: Node = {"sequence": ["a", "b"]}
    assert true_now(ab, on(0, "a"), on(1, "b"))
    assert not true_now(ab, on(0, "b"), on(1, "a"))
    assert true_now(ab, on(0, "a"), on(0, "b"))
    assert not true_now({"sequence": ["a", "a"]}, on(0, "a"))
    assert true_now(
        {"sequence": ["any", {"event": "b", "where": {"p": 1}}]}, on(0, "b"), on(1, "b", p=1)
    )


def test_sequence_takes_a_late_event_at_its_own_time() -> None:
    ab: Node = {"sequence": ["a", "b"]}
    assert true_now(ab, on(10, "b"), on(5, "a"))
    assert not true_now(ab, on(10, "a"), on(5, "b"))
    late = on(60 * S, "b"), on(40 * S, "a")
    assert flips({**ab, "within": "30s"}, *late) == [(60 * S, IN), (70 * S, OUT)]


def test_sequence_within_and_span() -> None:
    events = on(0, "a"), on(4 * S, "a"), on(10 * S, "b")
    assert flips({"sequence": ["a", "b"], "within": "20s"}, *events) == [
        (10 * S, IN),
        (24 * S, OUT),
    ]
    assert true_now({"sequence": ["a", "b"], "span": "6s"}, *events)
    assert not true_now({"sequence": ["a", "b"], "span": "5s"}, *events)


def test_sequence_of_one_same_value() -> None:
    same: Node = {"sequence": ["a", "b", "c"], "same": "p"}
    assert true_now(same, on(0, "a", p=["x", "y"]), on(1, "b", p="y"), on(2, "c", p=["z", "y"]))
    assert not true_now(same, on(0, "a", p=["x", "y"]), on(1, "b", p="y"), on(2, "c", p="x"))


LEFT: Node = {
    "abandoned": {"did": "product_added", "without": "order", "for": "30m"},
    "within": "7d",
}


def test_abandoned_turns_true_after_for_and_ends_with_the_window() -> None:
    assert flips(LEFT, on(0, "product_added", product_id="shoe")) == [(30 * M, IN), (7 * D, OUT)]


def test_abandoned_is_per_item() -> None:
    added = on(0, "product_added", product_id="shoe"), on(M, "product_added", product_id="hat")
    assert flips(LEFT, *added, order(2 * M, SHOE)) == [(31 * M, IN), (7 * D + M, OUT)]
    assert flips(LEFT, *added, order(2 * M, SHOE, HAT)) == []
    assert flips(LEFT, *added, order(2 * M)) == []
    assert flips({**LEFT, "same": "customer"}, *added, order(2 * M, SHOE)) == []


def test_abandoned_counts_what_came_after_the_closing() -> None:
    twice = {**LEFT, "at_least": 2}
    events = [on(at * M, "product_added", product_id="shoe") for at in (0, 2, 4)]
    assert flips(twice, *events[:2]) == [(32 * M, IN), (7 * D, OUT)]
    assert flips(twice, events[0], order(M, SHOE), *events[1:]) == [
        (34 * M, IN),
        (7 * D + 2 * M, OUT),
    ]


def test_an_event_that_opens_and_closes_closes() -> None:
    both = {"abandoned": {"did": ["add", "swap"], "without": ["order", "swap"], "for": "1m"}}
    assert flips(both, on(0, "swap", product_id="shoe")) == []


def test_abandoned_reads_only_the_products_that_where_leaves() -> None:
    dear: Node = {**LEFT, "where": {"price": {"at_least": 50}}}
    added = on(0, "product_added", products=[SHOE, HAT])
    assert flips(dear, added, order(1, HAT)) == [(30 * M, IN), (7 * D, OUT)]
    assert flips(dear, added, order(1, SHOE)) == []


@pytest.mark.parametrize(
    ("prices", "comparisons", "expected"),
    [
        ([], {"is": 0}, True),
        ([0.1, 0.2], {"is": 0.3}, True),
        ([0.1, 0.2], {"is": Decimal("0.3")}, True),
        ([0.00005], {"is": 0.0001}, True),  # the double is a little above
        ([0.03125], {"is": 0.0312}, True),  # exactly between: to the even
        ([0.09375], {"is": 0.0938}, True),
        ([-3, 5], {"is": 2}, True),
        (["5 EUR", True, {}, None], {"is": 0}, True),
        ([1e11], {"at_least": 1e11}, True),
        ([1e11 + 0.5], {"is": 0}, True),
        ([-1e11 - 1], {"is": 0}, True),
        ([[1, 2], 3], {"is": 6}, True),
        ([1, 2], {"above": 3}, False),
        ([1, 2], {"below": 3.0001, "above": 2.9999}, True),
    ],
)
def test_total(prices: list[object], comparisons: Node, *, expected: bool) -> None:
    events = [on(at, "a", price=price) for at, price in enumerate(prices)] or [on(0, "b")]
    assert true_now({"total": "price", "of": "a", **comparisons}, *events) == expected


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        *((3, 60), (2.0, 40), (0, 0), (2.5, 50), (-1, -20), (True, 0), (1_000_001, 20_000_020)),
        *(([2, 3], 40), ([], 0), ({}, 0), (None, 20), (6e9, 0), (2e11, 0)),
    ],
)
def test_times_multiplies_by_any_number(quantity: object, amount: int) -> None:
    takings: Node = {"total": "price", "of": "any", "times": "quantity", "is": amount}
    assert true_now(takings, on(0, "a", price=20, quantity=quantity))
    assert true_now(takings, order(0, {"price": 20, "quantity": quantity}))


def test_times_is_read_where_the_price_was_read() -> None:
    takings: Node = {"total": "price", "of": "order", "times": "quantity"}
    assert true_now({**takings, "is": 140}, order(0, SHOE, HAT))
    assert true_now({**takings, "is": 80}, order(0, {"price": 60}, HAT, quantity=5))
    assert true_now({**takings, "is": 7}, order(0, SHOE, price=7))


def test_averages_are_exact_and_weighted() -> None:
    thirds = [on(at, "a", price=price) for at, price in enumerate([1, 0, 0])]
    assert true_now({"average": "price", "of": "a", "above": 0.3333}, *thirds)
    assert true_now({"average": "price", "of": "a", "below": 0.3334}, *thirds)
    assert not true_now({"average": "price", "of": "a", "is": 0.3333}, *thirds)
    weighted: Node = {"average": "price", "of": "order", "times": "quantity", "is": 30}
    assert true_now(weighted, order(0, {"price": 40, "quantity": 2}, {"price": 10}))
    assert true_now(
        weighted, order(0, {"price": 40, "quantity": 0.5}, {"price": 20, "quantity": 0.5})
    )
    assert not true_now(weighted, order(0, {"price": 30, "quantity": 0}))


def test_standard_properties_are_read_by_their_kind() -> None:
    assert true_now({"total": "price", "of": "a", "is": 19.9}, on(0, "a", price=" 19.90"))
    bought: Node = {"performed": "a", "where": {"product_id": "39910"}}
    assert true_now(bought, on(0, "a", products=[{"product_id": 39910}]))
    assert true_now({"performed": "a", "where": {"currency": "EUR"}}, on(0, "a", currency="eur"))
    missing: Node = {"performed": "a", "where": {"price": {"exists": False}}}
    assert true_now(missing, on(0, "a", price="12,50", products=[{"price": 5}]))


def test_the_time_and_the_context_of_the_event_itself() -> None:
    spring = {**on(0, "a"), "context": {"campaign": {"name": "spring"}}}
    for name, value in {
        "at.weekday": "thursday",
        "at.hour": 0,
        "at.month": 1,
        "at.date": "2026-01-01",
        "context.campaign.name": "spring",
    }.items():
        assert true_now({"performed": "a", "where": {name: value}}, spring)
        assert not true_now({"performed": "a", "where": {name: {"is_not": value}}}, spring)
    assert true_now({"performed": "a", "where": {"at.date": {"below": "2026-01-02"}}}, spring)
    inside = on(0, "a", products=[{"context": {"campaign": {"name": "spring"}}}])
    assert not true_now({"performed": "a", "where": {"context.campaign.name": "spring"}}, inside)


def test_each_event_is_one_value() -> None:
    orders = order(0, {"price": 40, "quantity": 2}, {"price": 10}), order(1, {"price": 10})
    whole: Node = {"of": "order", "times": "quantity", "each": "event"}
    assert true_now({"average": "price", **whole, "is": 50}, *orders)
    assert true_now({"largest": "price", **whole, "is": 90}, *orders)
    assert true_now({"smallest": "price", **whole, "is": 10}, *orders)


def test_aggregates_but_the_total_are_false_of_nothing() -> None:
    for leaf in ("average", "largest", "smallest"):
        assert not true_now({leaf: "price", "of": "a", "at_most": 5}, on(0, "a", price="1,5"))
    assert true_now({"largest": "price", "of": "a", "is": 3}, on(0, "a", price=[1, 3, 2]))
    assert true_now({"smallest": "price", "of": "a", "is": 1}, on(0, "a", price=[2, 1, 3]))


def test_a_window_of_totals_forgets_each_event_in_its_turn() -> None:
    spent = {"total": "price", "of": "a", "within": "10s", "at_least": 5}
    events = on(0, "a", price=4), on(3 * S, "a", price=4), on(6 * S, "a", price=4)
    assert flips(spent, *events) == [(3 * S, IN), (13 * S, OUT)]


def test_latest_and_first_look_for_the_property() -> None:
    events = on(0, "a", p=["x", "w"]), on(1, "a", p="y"), on(2, "a", p={}), on(3, "a")
    assert true_now({"latest": "p", "of": "a", "is": "y"}, *events)
    assert true_now({"first": "p", "of": "a", "is": "x"}, *events)
    assert true_now({"first": "p", "of": "a", "is": "w"}, *events)
    assert not true_now({"first": "p", "of": "a", "is_not": "w"}, *events)
    assert not true_now({"latest": "p", "of": "b", "is_not": "y"}, *events)
    assert true_now({"latest": "p", "of": "b", "exists": False}, *events)
    assert flips({"latest": "p", "of": "a", "within": "1s", "is": "x"}, *events[:2]) == [
        (0, IN),
        (1, OUT),
    ]


def test_a_late_event_is_latest_only_at_its_own_time() -> None:
    assert true_now({"latest": "p", "of": "a", "is": "y"}, on(5, "a", p="y"), on(3, "a", p="x"))
    assert true_now({"first": "p", "of": "a", "is": "x"}, on(5, "a", p="y"), on(3, "a", p="x"))
    assert true_now({"latest": "p", "of": "a", "is": "x"}, on(5, "a", p="y"), on(5, "a", p="x"))


@pytest.mark.parametrize(
    ("carried", "leaf", "expected"),
    [
        (["x", "y", "x"], {"is": "x"}, True),
        (["x", "y"], {"is": "y"}, True),
        (["x", ["y", "x"], "y"], {"is": "y"}, True),
        ([["x", "y"]], {"is": "x"}, True),
        ([["x", "x"], "y"], {"is": "y"}, True),
        (["x", "x", "y"], {"share": "66%"}, True),
        (["x", "x", "y"], {"share": 0.6667}, False),
        (["x", "y"], {"share": "50%"}, True),
        ([["x", "y"], "x"], {"is": "x", "share": 0.67}, False),
        (["x", "x"], {"at_least": 2}, True),
        (["x", "y"], {"at_least": 2}, False),
        (["x"], {}, True),
        ([None], {}, False),
        (["x"], {"is_not": "y"}, True),
        (["x"], {"in": ["y", "x"]}, True),
    ],
)
def test_favours(carried: list[object], leaf: Node, *, expected: bool) -> None:
    events = [on(at, "a", p=p) for at, p in enumerate(carried)]
    assert true_now({"favours": "p", "of": "a", **leaf}, *events) == expected


def test_traits_are_the_values_with_the_latest_time() -> None:
    gold = {"trait": "plan", "is": "gold"}
    assert flips(gold, told(0, plan="gold"), told(5, plan="tin"), until=D) == [(0, IN), (5, OUT)]
    assert flips(gold, told(5, plan="tin"), told(0, plan="gold"), until=D) == []
    assert true_now(gold, told(0, "page_viewed", plan=["tin", "gold"]), on(5, "a"))
    assert not true_now(gold, told(0, plan="gold"), told(1, plan=None))
    assert not true_now(gold, told(1, plan=None), told(0, plan="gold"))
    assert true_now({"trait": "plan", "exists": False}, told(0, plan="gold"), told(1, plan={}))
    assert true_now({"trait": "a.b", "is": 1}, told(0, "identified", **{"a.b": 1}))
    assert not true_now({"trait": "a.b", "is": 1}, told(0, a={"b": 1}))


CART: Node = {
    "all": [
        {"performed": "product_added", "within": "7d"},
        {"not_performed": ["order_completed", "product_removed"], "since": "product_added"},
        {"quiet": "30m"},
    ]
}


@pytest.mark.parametrize(
    ("happenings", "expected"),
    [
        ([on(0, "product_added", product_id="shoe-1")], [(30 * M, IN), (7 * D, OUT)]),
        ([on(0, "product_added"), on(20 * M, "order_completed")], []),
        (
            [on(0, "product_added"), on(31 * M, "page_viewed")],
            [(30 * M, IN), (31 * M, OUT), (61 * M, IN), (7 * D, OUT)],
        ),
        (
            [on(0, "product_added"), on(30 * M, "page_viewed")],
            [(30 * M, IN), (30 * M, OUT), (60 * M, IN), (7 * D, OUT)],
        ),
    ],
)
def test_the_cart_of_the_rule_language(happenings: list[Happening], expected: Flips) -> None:
    assert flips(CART, *happenings) == expected


def test_any_and_none() -> None:
    either = {"any": [{"performed": "a"}, {"performed": "b"}]}
    neither = {"none": [{"performed": "a"}, {"performed": "b"}]}
    assert true_now(either, on(0, "b"))
    assert not true_now(neither, on(0, "b"))
    assert true_now(neither, on(0, "c"))


def test_a_season_includes_both_days_and_may_span_new_year() -> None:
    winter = {"season": {"from": "12-31", "to": "01-02"}}
    assert flips(winter, on(0, "a"), until=D * 365) == [(0, IN), (2 * D, OUT), (364 * D, IN)]


def test_net_takes_quantities_away_until_nothing_is_left() -> None:
    cart: Node = {"abandoned": {"did": "add", "without": "remove"}, "net": "q"}
    added = on(0, "add", product_id="mug", q=3)
    assert true_now(cart, added, on(1, "remove", product_id="mug", q=1))
    assert not true_now(cart, added, on(1, "remove", product_id="mug"))
    assert not true_now(cart, added, on(1, "remove"))
    assert not true_now(cart, on(0, "add", product_id="mug"), on(1, "remove", q=1))
    bounded = {**cart, "within": "10s"}
    events = added, on(S, "add", product_id="mug", q=1), on(2 * S, "remove", product_id="mug", q=2)
    assert flips(bounded, *events) == [(0, IN), (10 * S, OUT)]


ORDERS = {"performed": "buy", "per": "o", "without": "cancel"}


def test_per_counts_the_latest_event_of_each_value_and_each_without_one() -> None:
    twice = {**ORDERS, "is": 2}
    assert true_now(twice, on(0, "buy", o="x"), on(1, "buy", o="x"), on(2, "buy"))
    assert true_now(twice, on(0, "buy", o=["x", "y"]), on(1, "buy", o="y"))
    latest = {"total": "price", "of": "buy", "per": "o", "is": 5}
    assert true_now(latest, on(0, "buy", o="x", price=3), on(1, "buy", o="x", price=5))
    paid = {**latest, "where": {"price": {"above": 0}}}
    assert true_now(paid, on(0, "buy", o="x", price=5), on(1, "buy", o="x", price=0))


def test_without_undoes_what_came_before_it_with_that_value_among_others() -> None:
    stands = {**ORDERS, "at_least": 1}
    bought = on(1, "buy", o="x")
    assert not true_now(stands, bought, on(1, "cancel", o=["y", "x"]))
    assert true_now(stands, bought, on(2, "cancel"))
    assert true_now(stands, on(0, "buy"), on(2, "cancel", o="x"))
    assert true_now(stands, bought, on(2, "cancel", o="x"), on(3, "buy", o="x"))
    narrow = {**stands, "where": {"price": 5}, "since": "a"}
    told = on(0, "a"), on(1, "buy", o="x", price=5)
    assert true_now(narrow, *told)
    assert not true_now(narrow, *told, on(2, "cancel", o="x"))


def test_older_than_leaves_out_what_is_young() -> None:
    settled = {"performed": "buy", "within": "10s", "older_than": "4s"}
    assert flips(settled, on(0, "buy")) == [(4 * S, IN), (10 * S, OUT)]
    assert flips({"not_performed": "buy", "older_than": "4s"}, on(0, "buy")) == [
        (0, IN),
        (4 * S, OUT),
    ]


def test_minus_takes_a_total_off_over_the_same_time() -> None:
    off = {"total": "price", "of": "refund"}
    net = {"total": "price", "of": "buy", "within": "10s", "minus": off, "is": 3}
    events = on(0, "refund", price=9), on(S, "buy", price=5), on(2 * S, "refund", price=2)
    assert flips(net, *events) == [(10 * S, IN), (11 * S, OUT)]


def test_a_ratio_divides_exactly_and_not_by_nothing() -> None:
    share = {"ratio": {"part": {"performed": "refund"}, "whole": {"performed": "buy"}}}
    assert not true_now({**share, "at_most": 1}, on(0, "refund"))
    third = on(0, "buy"), on(0, "buy"), on(0, "buy"), on(0, "refund")
    assert not true_now({**share, "at_least": 0.3334}, *third)
    assert true_now({**share, "above": "33.3333%"}, *third)
    assert true_now({**share, "below": "50%", "of_at_least": 3}, *third)
    assert not true_now({**share, "below": "50%", "of_at_least": 4}, *third)
    mean = {"ratio": {"part": {"total": "price", "of": "buy"}, "whole": {"performed": "buy"}}}
    assert true_now({**mean, "at_least": 4}, on(0, "buy", price=3), on(1, "buy", price=5))


def test_a_season_with_years_comes_once() -> None:
    once = {"season": {"from": "2026-01-02", "to": "2026-01-03"}}
    assert flips(once, on(0, "a"), until=D * 380) == [(D, IN), (3 * D, OUT)]


def test_a_date_may_go_on_with_a_time() -> None:
    day = {"date": {"trait": "born"}}
    assert flips(day, told(0, born="2026-01-02T23:59:59-08:00")) == [(D, IN), (2 * D, OUT)]
    assert flips(day, told(0, born="2026-01-02 23:59")) == []


def test_an_anniversary_is_whole_days_around_a_day_of_the_year() -> None:
    near = {"anniversary": {"trait": "born", "before": "1d", "after": "1w"}}
    assert flips(near, told(0, born="1990-01-03")) == [(D, IN), (10 * D, OUT)]
    assert flips(near, told(0, born="1990-12-30")) == [(0, IN), (6 * D, OUT)]
    assert flips(near, told(0, born="1990-02-30"), until=400 * D) == []
    leap = {"anniversary": {"trait": "born"}}
    assert flips(leap, told(0, born="1996-02-29")) == [(58 * D, IN), (59 * D, OUT)]
    assert flips(leap, told(0, born=["x", "1996-01-02"])) == [(D, IN), (2 * D, OUT)]


def test_a_date_comes_once_in_its_own_year() -> None:
    near = {"date": {"trait": "born", "before": "1d", "after": "1w"}}
    assert flips(near, told(0, born="2026-01-03"), until=400 * D) == [(D, IN), (10 * D, OUT)]
    assert flips(near, told(0, born="2025-01-03"), until=400 * D) == []
    several = told(0, born=["x", "2026-01-02", "2026-01-03"])
    assert flips({"date": {"trait": "born"}}, several) == [(D, IN), (3 * D, OUT)]


def test_an_age_is_whole_years_in_the_zone() -> None:
    young = {"age": {"trait": "born"}, "at_least": 18, "below": 19}
    assert flips(young, told(0, born="2008-01-03")) == [(2 * D, IN)]
    assert flips(young, told(0, born="2007-01-03")) == [(0, IN), (2 * D, OUT)]
    assert flips(young, told(0, born="2008-02-29")) == [(58 * D, IN)]
    assert true_now({"age": {"trait": "born"}, "below": 1}, told(0, born="2030-01-01"))
    rules = [header(zone="Asia/Kathmandu"), segment("s", young)]
    assert turns(run(rules, told(0, born="2008-01-03"), until=9 * D), "s") == [
        (2 * D - 5 * H - 45 * M, IN)
    ]


MODEL: Node = {
    "model": "m",
    "kind": "bg_nbd",
    "purchase": "buy",
    "unit": "7d",
    "parameters": {"r": 1, "alpha": 1, "a": 1, "b": 1},
}


def scores(leaf: Node, *happenings: Happening, **model: object) -> Flips:
    """When a customer enters and leaves the segment of a score."""
    rules = [{**MODEL, **model}, segment("s", {"predicted": "m", **leaf})]
    return turns(run(rules, *happenings, until=300 * D), "s")


def test_a_score_falls_with_time_and_rises_with_a_purchase() -> None:
    # One repeat purchase: P is 1 / (1 + ((1 + T) / (1 + t_x)) ** 2), so a fifth at twice 3 weeks.
    events = on(0, "buy"), on(14 * D, "buy")
    assert scores({"at_least": "20%"}, *events) == [(0, IN), (35 * D + 1, OUT)]
    assert scores({"below": "20%"}, *events) == [(35 * D + 1, IN)]
    again = (*events, on(40 * D, "buy"))
    assert scores({"below": "20%"}, *again)[:2] == [(35 * D + 1, IN), (40 * D, OUT)]


def test_no_purchase_is_no_score_and_one_is_certain() -> None:
    assert scores({"below": 1}, on(0, "a")) == []
    assert scores({"below": 1}, on(0, "buy")) == []
    assert scores({"at_least": 1}, on(0, "buy")) == [(0, IN)]


def test_days_can_be_counted_instead_of_events() -> None:
    events = on(0, "buy"), on(H, "buy")
    assert scores({"below": 1}, *events) == [(H, IN)]
    assert scores({"below": 1}, *events, each="day") == []
