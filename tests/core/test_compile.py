"""Compiling: the order of decisions, memories shared by content, the version of a rule set."""

import dataclasses
from fractions import Fraction

import pytest

from streamer.core.leaves.abandoned import Abandoned
from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.ago import Ago
from streamer.core.leaves.extreme import Extreme
from streamer.core.leaves.membership import InSegment
from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.leaves.ratio import Ratio
from streamer.core.leaves.trait import Trait
from streamer.core.rules.compile import Declaration, compile_rules, event_names
from streamer.core.rules.spec import (
    All,
    AnyOf,
    Clause,
    Comparison,
    Condition,
    Header,
    Ladder,
    NoneOf,
    Scope,
    Tier,
)
from streamer.types import DAY, FOREVER
from tests.core.shopper import compiled, segment

SEEN = Performed(Scope(("seen",)))
ABOVE_0 = (Comparison("above", 0),)


def keys(*declared: Declaration) -> list[str]:
    return [segment.key for segment in compiled(*declared).segments]


def test_plans_are_ordered_by_the_references_below_them_then_by_key() -> None:
    ladder = Ladder("z", "z", "To be tested.", (Tier("t", SEEN), Tier("u", None)))
    declared: list[Declaration] = [
        segment(All((InSegment("b"), InSegment("z.t"))), "a"),
        segment(NoneOf((AnyOf((InSegment("z.u"),)),)), "b"),
        ladder,
        segment(SEEN, "y"),
        segment(InSegment("y"), "x"),
    ]
    assert keys(*declared) == ["y", "z", "b", "x", "a"]
    assert keys(*reversed(declared)) == ["y", "z", "b", "x", "a"]


def test_long_chains_are_ordered() -> None:
    chain = [segment(InSegment(f"s{n + 1:04}"), f"s{n:04}") for n in range(2_000)]
    assert keys(*chain, segment(SEEN, "s2000")) == [f"s{n:04}" for n in range(2_000, -1, -1)]


def test_a_rule_names_the_events_of_its_parts_and_what_both_begin_after() -> None:
    asked = Ratio(Performed(Scope(("opened",))), SEEN, since=("sent",), at_least=Fraction(1, 2))
    assert set(event_names(segment(asked, "s"))) == {"opened", "seen", "sent"}


def test_references_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        compiled(segment(InSegment("b"), "a"), segment(InSegment("a"), "b"))


def test_places_follow_the_order() -> None:
    rules = compiled(segment(InSegment("b"), "a"), segment(SEEN, "b"))
    assert [segment.index for segment in rules.segments] == [0, 1]
    assert [segment.references for segment in rules.segments] == [False, True]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SEEN, SEEN),
        (SEEN, Performed(Scope(("seen",), within=5))),
        (Performed(Scope((), within=5)), Quiet(9)),
        (NotPerformed(Scope(("seen",))), Ago(("seen",), at_least=5)),
        (Performed(Scope(("seen",)), exactly=2), Performed(Scope(("seen",), within=5), at_least=3)),
        (SEEN, Performed(Scope(("seen",), within=5), at_least=2)),
        (Quiet(5), Performed(Scope(()), at_least=3)),
        (
            Performed(Scope(("a",)), "distinct", "p", at_least=2),
            Performed(Scope(("a",), within=5), "distinct", "p", exactly=4),
        ),
        (
            Performed(Scope(("a",), since=("b",)), at_least=2),
            NotPerformed(Scope(("a",), since=("b",))),
        ),
        (Abandoned(("a",), ("b",), 5), Abandoned(("a",), ("b",), 9)),
        (
            Aggregate("total", "p", Scope(("a",)), ABOVE_0),
            Aggregate("average", "p", Scope(("a",)), (Comparison("is", 5),)),
        ),
        (
            Extreme("largest", "p", Scope(("a",), within=5), ABOVE_0),
            Extreme("smallest", "p", Scope(("a",), within=9), (Comparison("is", 0),)),
        ),
    ],
)
def test_leaves_that_need_the_same_share_one_cell(one: Condition, other: Condition) -> None:
    rules = compiled(segment(one, "a"), segment(other, "b"))
    assert len(rules.cells) == 1
    assert [segment.slots for segment in rules.segments] == [{0}, {0}]
    alone = compiled(other)
    assert alone.cell_keys == rules.cell_keys


@pytest.mark.parametrize("order", [1, -1])
def test_a_shared_cell_keeps_what_the_most_demanding_leaf_needs(order: int) -> None:
    few, many = Performed(Scope(("a",), within=5)), Performed(Scope(("a",), within=3), at_least=9)
    rules = compiled(*(segment(one, f"s{n}") for n, one in enumerate([few, many][::order])))
    (alone,) = compiled(many).cells
    (cell,) = rules.cells
    assert cell.max_bytes() == alone.max_bytes()
    assert cell.horizon == 5
    endless = compiled(segment(few, "a"), segment(Ago(("a",), at_least=1), "b"))
    assert [cell.horizon for cell in endless.cells] == [FOREVER]


def where(name: str, operand: float | str) -> Performed:
    return Performed(Scope(("a",), (Clause(name, (Comparison("is", operand),)),)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SEEN, Performed(Scope(("other",)))),
        (SEEN, Performed(Scope(("seen",), since=("mark",)))),
        (where("p", 1), where("p", "1")),
        (where("p", 1), where("p", operand=True)),
        (where("p", 1), where("q", 1)),
        (Trait("p", ABOVE_0), Trait("q", ABOVE_0)),
        (Ago(("a",), at_least=5), Ago(("a",), which="first", at_least=5)),
        (Abandoned(("a",), ("b",), same=None), Abandoned(("a",), ("b",), same="None")),
        (
            Aggregate("total", "price a", Scope(("a",)), ABOVE_0, "b"),
            Aggregate("total", "price", Scope(("a",)), ABOVE_0, "a b"),
        ),
        (
            Aggregate("total", "p", Scope(("a",)), ABOVE_0),
            Aggregate("total", "p", Scope(("a",)), ABOVE_0, "None"),
        ),
        (
            Aggregate("total", "p", Scope(("a",)), ABOVE_0),
            Aggregate("total", "p", Scope(("a",), within=5), ABOVE_0),
        ),
    ],
)
def test_leaves_that_need_something_else_share_nothing(one: Condition, other: Condition) -> None:
    rules = compiled(segment(one, "a"), segment(other, "b"))
    assert len(set(rules.cell_keys)) == 2
    assert [segment.slots for segment in rules.segments] == [{0}, {1}]


def test_an_event_is_decided_only_where_it_can_matter() -> None:
    rules = compiled(
        segment(SEEN, "a"), segment(Quiet(5), "b"), segment(InSegment("a"), "c"),
        segment(Trait("t", ABOVE_0), "d"),
    )  # fmt: skip
    touched = {
        name: [segment.key for segment in rules.reaction(name).segments]
        for name in ("seen", "", "identified")
    }
    assert touched == {"seen": ["a", "b", "c"], "": ["b", "c"], "identified": ["c"]}
    assert rules.reaction("seen").followers == [False, False, True]


def test_what_is_not_enabled_is_not_evaluated() -> None:
    rules = compiled(segment(SEEN, "a", enabled=False), segment(Quiet(5), "b"))
    assert [segment.key for segment in rules.segments] == ["b"]
    assert rules.names == {"identified"}
    assert len(rules.cells) == 1


ONE, TWO = segment(SEEN, "one"), segment(Quiet(5), "two", min_dwell=5)


def version(*declared: Declaration, **header: str | int) -> str:
    return compile_rules(dataclasses.replace(Header(), **header), declared).version  # type: ignore[arg-type]


def test_the_version_does_not_depend_on_the_order_of_files() -> None:
    assert version(ONE, TWO) == version(TWO, ONE)
    assert version(ONE).startswith("sha256:")


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(TWO, when=Quiet(6)),
        segment(Quiet(5), "three", min_dwell=5),
        segment(Quiet(5), "two", min_dwell=6),
        segment(Quiet(5), "two", min_dwell=5, enabled=False),
    ],
)
def test_the_version_changes_with_what_decides(changed: Declaration) -> None:
    assert version(ONE, changed) != version(ONE, TWO)


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(TWO, title="other"),
        dataclasses.replace(TWO, purpose="other"),
        segment(Quiet(5), "two", min_dwell=5, tags=("x",)),
        segment(Quiet(5), "two", min_dwell=5, owner="x"),
    ],
)
def test_the_version_stays_where_only_the_wording_changes(changed: Declaration) -> None:
    assert version(ONE, changed) == version(ONE, TWO)


def test_the_version_changes_with_the_header() -> None:
    headers: list[dict[str, str | int]] = [
        {},
        {"name": "x"},
        {"zone": "Asia/Tokyo"},
        {"retention": DAY},
        {"max_lateness": 1},
        {"lateness": 5},
    ]
    assert len({version(ONE, TWO, **header) for header in headers}) == len(headers)
