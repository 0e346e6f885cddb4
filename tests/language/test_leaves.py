"""Every leaf as declared: what a condition reads as."""

from fractions import Fraction

import pytest

from streamer.core.leaves.abandoned import Abandoned
from streamer.core.leaves.age import Age
from streamer.core.leaves.aggregate import Aggregate, Minus
from streamer.core.leaves.ago import Ago
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.leaves.date import OnDate
from streamer.core.leaves.extreme import Extreme
from streamer.core.leaves.favours import Favours
from streamer.core.leaves.latest import Latest
from streamer.core.leaves.membership import InSegment, LeftSegment
from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.leaves.ratio import Ratio
from streamer.core.leaves.sequence import Sequence, Step
from streamer.core.leaves.trait import Trait
from streamer.core.rules.spec import (
    All,
    AnyOf,
    Clause,
    Comparison,
    Condition,
    NoneOf,
    Scope,
    Segment,
)
from streamer.language import read_rules_text
from streamer.types import DAY, HOUR, MINUTE, SECOND, WEEK
from tests.language.marked import rule

ADDED = ("product_added",)
ORDERED = ("order_completed",)
SHOES = (Clause("category", (Comparison("is", "shoes"),)),)


def at_least(operand: float) -> tuple[Comparison, ...]:
    return (Comparison("at_least", operand),)


LEAVES: dict[str, Condition] = {
    "{performed: product_added}": Performed(Scope(ADDED), at_least=1),
    "{performed: any, within: 7d}": Performed(Scope((), within=7 * DAY), at_least=1),
    "{performed: [product_viewed, product_added, product_added], since: any}": Performed(
        Scope(("product_added", "product_viewed"), since=()), at_least=1
    ),
    "{performed: product_added, where: {category: shoes}, at_least: 2, at_most: 0x10}": Performed(
        Scope(ADDED, SHOES), at_least=2, at_most=16
    ),
    "{performed: product_added, at_most: 0}": Performed(Scope(ADDED), at_most=0),
    "{performed: product_added, is: 0}": Performed(Scope(ADDED), exactly=0),
    "{performed: product_added, distinct: product_id, at_least: 1000}": Performed(
        Scope(ADDED), "distinct", "product_id", at_least=1000
    ),
    "{performed: any, distinct: day, is: 3}": Performed(Scope(()), "days", exactly=3),
    "{performed: any, same: product_id, at_least: 3}": Performed(
        Scope(()), "same", "product_id", at_least=3
    ),
    "{anniversary: {trait: birth_date}}": Anniversary("birth_date"),
    "{anniversary: {trait: birth_date, before: 2w, after: 0d}}": Anniversary(
        "birth_date", before=14 * DAY
    ),
    "{performed: order_completed, per: order_id, without: order_cancelled, at_least: 3}": Performed(
        Scope(ORDERED), "per", "order_id", at_least=3, without=("order_cancelled",)
    ),
    "{performed: any, within: 7d, older_than: 1d}": Performed(
        Scope((), within=7 * DAY, older=DAY), at_least=1
    ),
    "{not_performed: any, older_than: 1d}": NotPerformed(Scope((), older=DAY)),
    "{total: price, of: any, per: a, minus: {total: b, of: any, times: c}, above: 5}": Aggregate(
        "total",
        "price",
        Scope(()),
        (Comparison("above", 50_000),),
        per="a",
        minus=Minus("b", (), (), "c"),
    ),
    "{ratio: {part: {performed: any, distinct: day}, whole: {total: price, of: any}}, within: 7d, "
    "of_at_least: 2.5, at_least: 50%}": Ratio(
        Performed(Scope(()), "days"),
        Aggregate("total", "price", Scope(()), ()),
        7 * DAY,
        at_least=Fraction(1, 2),
        of_at_least=Fraction(5, 2),
    ),
    "{date: {trait: trial_ends, before: 3d}}": OnDate("trial_ends", before=3 * DAY),
    "{age: {trait: birth_date}, at_least: 18, below: 30}": Age("birth_date", 18, 30),
    "{not_performed: order_completed, since: product_added, within: 24h}": NotPerformed(
        Scope(ORDERED, within=DAY, since=ADDED)
    ),
    "{quiet: 30m}": Quiet(30 * MINUTE),
    "{quiet: 500ms, events: [order_completed]}": Quiet(500, ORDERED),
    "{ago: order_completed, at_least: 2w}": Ago(ORDERED, at_least=2 * WEEK),
    "{ago: any, which: first, where: {category: shoes}, less_than: 90s}": Ago(
        (), SHOES, "first", less_than=90 * SECOND
    ),
    "{sequence: [product_added]}": Sequence((Step(ADDED),)),
    "{sequence: [[product_added], {event: any, where: {category: shoes}}], within: 2d, span: 1h, "
    "same: product_id}": Sequence((Step(ADDED), Step((), SHOES)), 2 * DAY, HOUR, "product_id"),
    "{abandoned: {did: product_added, without: order_completed}}": Abandoned(ADDED, ORDERED),
    "{abandoned: {did: product_added, without: order_completed}, net: quantity}": Abandoned(
        ADDED, ORDERED, net="quantity"
    ),
    "{abandoned: {did: product_added, without: order_completed, for: 1h}, same: customer, "
    "where: {category: shoes}, within: 7d, at_least: 2}": Abandoned(
        ADDED, ORDERED, HOUR, None, SHOES, 7 * DAY, 2
    ),
    "{abandoned: {did: product_added, without: any, at_least: 3}, same: sku}": Abandoned(
        ADDED, (), same="sku", at_least=3
    ),
    "{total: price, times: quantity, of: order_completed, at_least: 149.95}": Aggregate(
        "total", "price", Scope(ORDERED), at_least(1_499_500), "quantity"
    ),
    "{average: price, of: any, within: 1d, since: product_added, above: -0.0001, is: 1e2}": (
        Aggregate(
            "average",
            "price",
            Scope((), within=DAY, since=ADDED),
            (Comparison("is", 1_000_000), Comparison("above", -1)),
        )
    ),
    "{largest: price, of: any, at_most: .5}": Extreme(
        "largest", "price", Scope(()), (Comparison("at_most", 5_000),)
    ),
    "{smallest: price, of: any, below: 5.}": Extreme(
        "smallest", "price", Scope(()), (Comparison("below", 50_000),)
    ),
    "{latest: rating, of: product_reviewed, within: 1d, at_least: 4.5}": Latest(
        "rating", ("product_reviewed",), at_least(4.5), within=DAY
    ),
    "{first: a.b, of: any, exists: false}": Latest(
        "a.b", (), (Comparison("exists", operand=False),), "first"
    ),
    "{favours: category, of: any}": Favours("category", ()),
    "{favours: category, of: any, where: {category: shoes}, within: 1d, is_not: x, in: [y, 1], "
    "share: 12.5%, at_least: 3}": Favours(
        "category",
        (),
        (Comparison("is_not", "x"), Comparison("in", ("y", 1))),
        SHOES,
        DAY,
        Fraction(1, 8),
        3,
    ),
    "{trait: country, in: [DE, no, 5, 1.5, true, '5']}": Trait(
        "country", (Comparison("in", ("DE", "no", 5, 1.5, True, "5")),)
    ),
    "{trait: a, starts_with: '', contains: x, not_in: [~x]}": Trait(
        "a",
        (
            Comparison("not_in", ("~x",)),
            Comparison("starts_with", ""),
            Comparison("contains", "x"),
        ),
    ),
    "{all: [{quiet: 1d}, {any: [{quiet: 1h}]}, {none: [{quiet: 1m}]}]}": All(
        (Quiet(DAY), AnyOf((Quiet(HOUR),)), NoneOf((Quiet(MINUTE),)))
    ),
}


@pytest.mark.parametrize("condition", LEAVES)
def test_leaf(condition: str) -> None:
    (declared,) = read_rules_text(rule(condition)).declarations
    assert isinstance(declared, Segment)
    assert repr(declared.when) == repr(LEAVES[condition])


def test_a_membership_is_named_by_segment_or_by_ladder_and_tier() -> None:
    text = (
        "segment: b\npurpose: p\nwhen: {quiet: 1d}\n---\n"
        "ladder: l\npurpose: p\ntiers: [{low: {in_segment: b}}, {high: otherwise}]\n---\n"
        + rule("{any: [{in_segment: l.high, for: 2d}, {left_segment: b, within: 2d}]}")
    )
    declared = read_rules_text(text).declarations[2]
    assert isinstance(declared, Segment)
    assert declared.when == AnyOf((InSegment("l.high", 2 * DAY), LeftSegment("b", 2 * DAY)))


CLAUSES: dict[str, tuple[Clause, ...]] = {
    "{a: 5}": (Clause("a", (Comparison("is", 5),)),),
    "{a: '5', b.c: yes}": (
        Clause("a", (Comparison("is", "5"),)),
        Clause("b.c", (Comparison("is", "yes"),)),
    ),
    "{price: {below: 200, at_least: 100}}": (
        Clause("price", (Comparison("at_least", 100), Comparison("below", 200))),
    ),
    "{a: {exists: false}, 5: {is: false}}": (
        Clause("a", (Comparison("exists", operand=False),)),
        Clause("5", (Comparison("is", operand=False),)),
    ),
    "{day: 02-07, size: 1_000, time: 12:30, big: 0o17}": (
        Clause("day", (Comparison("is", "02-07"),)),
        Clause("size", (Comparison("is", "1_000"),)),
        Clause("time", (Comparison("is", "12:30"),)),
        Clause("big", (Comparison("is", 15),)),
    ),
}


@pytest.mark.parametrize("where", CLAUSES)
def test_where(where: str) -> None:
    (declared,) = read_rules_text(rule(f"{{performed: any, where: {where}}}")).declarations
    assert isinstance(declared, Segment)
    assert isinstance(declared.when, Performed)
    assert repr(declared.when.scope.where) == repr(CLAUSES[where])


MIXED = (
    "{} is money, and nothing says of which currency: amounts in different currencies are added "
    "up; state one, as in where: {{currency: EUR}}"
)
WARNINGS = {
    "{performed: product_added, since: product_added}": (
        34,
        "no event is counted: each is one of since itself, so nothing comes after it",
    ),
    "{performed: product_added, since: any}": (
        34,
        "no event is counted: each is one of since itself, so nothing comes after it",
    ),
    "{performed: any, at_least: 5, at_most: 3}": (
        37,
        "can never be true: no number satisfies both at_least and at_most",
    ),
    "{performed: any, where: {a: {below: 5, at_least: 5}}}": (
        46,
        "can never be true: no number satisfies both at_least and below",
    ),
    "{total: a, of: any, is: 5, above: 5}": (
        34,
        "can never be true: no number satisfies both above and is",
    ),
    "{ago: any, at_least: 2d, less_than: 2d}": (
        32,
        "can never be true: at_least is not below less_than",
    ),
    "{age: {trait: b}, at_least: 18, below: 18}": (
        39,
        "can never be true: at_least is not below below",
    ),
    "{abandoned: {did: product_added, without: any}}": (
        40,
        "can never be true: every event of did is one of without, too",
    ),
    "{total: revenue, of: order_completed, at_least: 5}": (15, MIXED.format("revenue")),
    "{average: order.price, of: any, above: 5}": (17, MIXED.format("order.price")),
    "{total: price, of: any, where: {currency: {exists: true}}, above: 5}": (
        15,
        MIXED.format("price"),
    ),
    "{total: price, of: any, where: {currency: {in: [EUR, CHF]}}, above: 5}": (
        15,
        MIXED.format("price"),
    ),
    "{trait: zip, in: [10115, 01067]}": (
        32,
        '01067 is the number 1067: write "01067" if the text is meant',
    ),
}


@pytest.mark.parametrize("condition", WARNINGS)
def test_warning(condition: str) -> None:
    (warning,) = read_rules_text(rule(condition)).warnings
    assert (warning.line, warning.severity) == (3, "warning")
    assert (warning.column, warning.message) == WARNINGS[condition]


@pytest.mark.parametrize(
    "condition",
    [
        "{performed: identified, since: any}",
        "{performed: any, since: product_added}",
        "{performed: any, at_least: 3, at_most: 3, is: 3}",
        "{trait: a, above: 5, is: x}",
        """{trait: zip, in: [10115, "01067", 0, 0.5]}""",
        "{total: price, of: any, where: {currency: EUR}, above: 5}",
        "{total: order.price, of: any, where: {order.currency_code: {in: [EUR]}}, above: 5}",
        "{total: points, of: any, above: 5}",
        "{largest: price, of: any, above: 5}",
    ],
)
def test_no_warning(condition: str) -> None:
    assert read_rules_text(rule(condition)).warnings == ()
