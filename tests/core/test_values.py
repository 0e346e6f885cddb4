"""Values: where they are read, when they are equal, how they are kept."""

from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.columns import Column, Filter, Row, read_with_holders
from streamer.core.columns import Tests as Comparisons
from streamer.core.rules.spec import Clause, Comparison, Operator
from streamer.core.values import (
    LARGEST_NUMBER,
    LONGEST_TEXT,
    SCALE,
    VALUE_BYTES,
    Property,
    remembered,
    shown,
    ten_thousandths,
)
from streamer.types import Event, Scalar
from tests.core.shopper import on


def clause(name: str, operator: Operator = "is", operand: Any = "a") -> Clause:  # noqa: ANN401
    return Clause(name, (Comparison(operator, operand),))


def row(event: Event) -> Row:
    return Row(event.name, event.time, event.properties, event.traits, 2)


def filter_of(where: tuple[Clause, ...]) -> Filter | None:
    return Filter(0, where) if where else None


def found(event: Event, name: str, where: tuple[Clause, ...] = ()) -> list[tuple[Scalar, Any]]:
    """The values of a property with the objects that they were read from."""
    return read_with_holders(Property(name), filter_of(where), row(event))


def order(*products: dict[str, Any], **properties: Any) -> Event:  # noqa: ANN401  as in JSON
    return on(0, "order_completed", products=list(products), **properties)


@pytest.mark.parametrize(
    ("name", "properties", "values"),
    [
        ("p", {"p": "a"}, ["a"]),
        ("p", {"p": ["a", ["b", ["a"]], None, {}, 1]}, ["a", "b", "a", 1]),
        ("p", {"p": [], "products": [{"p": "a"}]}, []),
        ("p", {"p": {}, "products": [{"p": "a"}]}, []),
        ("p", {"p": None, "products": [{"p": "a"}]}, ["a"]),
        ("p", {"products": [{"p": "a"}, {}, {"p": ["b", "c"]}]}, ["a", "b", "c"]),
        ("p", {"products": None}, []),
        ("p.q", {"p": {"q": "a"}}, ["a"]),
        ("p.q", {"p.q": "a"}, []),
        ("p.q", {"p": [{"q": "a"}, [{"q": ["b"]}], {"q": None}, "c"]}, ["a", "b"]),
        ("p.q", {"p": {"r": 1}, "products": [{"p": {"q": "a"}}]}, ["a"]),
        ("p.q", {"p": "a"}, []),
        ("products.p", {"products": [{"p": "a"}, {"p": "b"}]}, ["a", "b"]),
    ],
)
def test_where_a_property_is_read(name: str, properties: dict[str, Any], values: list[Any]) -> None:
    event = on(0)._replace(properties=properties)
    assert [value for value, _ in found(event, name)] == values
    absent = filter_of((clause(name, "exists", operand=False),))
    assert absent is not None
    assert absent.passes(row(event)) is not bool(values)


RED_10 = {"id": 1, "colour": "red", "price": 10}
RED_20 = {"id": 2, "colour": "red", "price": 20}
BLUE_20 = {"id": 3, "colour": "blue", "price": 20}
RED, DEAR = clause("colour", "is", "red"), clause("price", "at_least", 20)
SHOP = clause("shop", "is", "web")


@pytest.mark.parametrize(
    ("where", "event", "read"),
    [
        ((), order(RED_10, BLUE_20), [1, 3]),
        ((RED,), order(RED_10, BLUE_20), [1]),
        ((RED, DEAR), order(RED_10, BLUE_20), []),
        ((RED, DEAR), order(RED_10, RED_20, BLUE_20), [2]),
        ((RED, DEAR), order(RED_10, BLUE_20, colour="red"), [3]),
        ((RED, DEAR), order(RED_10, colour="red", price=20), [1]),
        ((RED,), order(RED_10, id=7), [7]),
        ((SHOP, RED), order(RED_10, BLUE_20, shop="web"), [1]),
        ((SHOP, RED), order(RED_10, BLUE_20, shop="app"), []),
        ((clause("size", "exists", operand=False), RED), order(RED_10, BLUE_20), [1]),
        ((clause("size", "exists", operand=False),), order(RED_10, {"size": 1}), []),
        ((clause("size", "exists", operand=True),), order(RED_10, {"id": 4, "size": 1}), [4]),
    ],
)
def test_conditions_hold_of_one_product_which_is_then_read(
    where: tuple[Clause, ...], event: Event, read: list[int]
) -> None:
    assert [value for value, _ in found(event, "id", where)] == read
    assert Column(1, "id", filter_of(where)).values(row(event)) == read
    passes = filter_of(where)
    if passes is not None:
        assert passes.passes(row(event)) is bool(read)


def test_each_value_comes_with_the_holder_it_was_read_from() -> None:
    event = order(RED_10, BLUE_20)
    assert found(event, "price") == [(10, RED_10), (20, BLUE_20)]
    own = on(0, price=[1, 2])
    assert found(own, "price") == [(1, own.properties), (2, own.properties)]


@pytest.mark.parametrize(
    ("operator", "operand", "passing", "failing"),
    [
        ("is", 5, [5, 5.0], ["5", True, 6]),
        ("is", "5", ["5"], [5, 5.0]),
        ("is", True, [True], [1, 1.0, "true", False]),
        ("is", 0, [0, -0.0], [False, ""]),
        ("is_not", 5, ["5", True, 6], [5, 5.0]),
        ("in", ("a", 1), ["a", 1, 1.0], ["b", True, "1"]),
        ("not_in", ("a", 1), ["b", True, "1"], ["a", 1]),
        ("exists", True, ["", 0, False], []),
        ("at_least", 2, [2, 2.0, 3], [1.9999, "3", True]),
        ("at_most", 2, [2, -3], [2.1, "1", True, False]),
        ("above", 2, [2.0001, 3], [2, "3", True]),
        ("below", 2, [1.9999], [2, "1", False]),
        ("at_least", 2**53 + 1, [2**53 + 1, 2.0**53 + 2], [2**53, 2.0**53]),
        ("starts_with", "ab", ["ab", "abc"], ["a", "cab", 1]),
        ("ends_with", "ab", ["ab", "cab"], ["a", "abc", 1]),
        ("contains", "ab", ["ab", "cabc"], ["a b", True]),
    ],
)
def test_comparisons_do_not_mix_types(
    operator: Operator,
    operand: Scalar | tuple[Scalar, ...],
    passing: list[Scalar],
    failing: list[Scalar],
) -> None:
    test = Comparisons((Comparison(operator, operand),)).holds
    assert [value for value in (*passing, *failing) if test(value)] == passing


@pytest.mark.parametrize(
    ("comparisons", "passing", "failing"),
    [
        ([("is_not", "a")], [["b"], ["b", 1]], [["a", "b"], ["b", "a"], []]),
        ([("not_in", ("a", 1))], [["b", True]], [["b", 1.0], ["a"], []]),
        ([("is_not", 1), ("at_least", 2)], [[2], [0, 3]], [[1, 3], [0]]),
        ([("is_not", "a"), ("ends_with", "b")], [["c", "ab"]], [["a", "ab"], ["c"]]),
    ],
)
def test_what_is_negated_holds_of_all_values_the_rest_of_one(
    comparisons: list[tuple[Operator, Any]],
    passing: list[list[Scalar]],
    failing: list[list[Scalar]],
) -> None:
    tests = Comparisons(tuple(Comparison(operator, operand) for operator, operand in comparisons))
    judged = [*passing, *failing]
    assert [values for values in judged if tests.hold_of(values)] == passing
    passes = Filter(0, (Clause("p", tuple(Comparison(one, of) for one, of in comparisons)),))
    assert [values for values in judged if passes.passes(row(on(0, p=values)))] == passing


def test_what_is_negated_is_asked_of_one_product_at_a_time() -> None:
    where = (Clause("colour", (Comparison("is_not", "red"),)),)
    assert [value for value, _ in found(order(RED_10, BLUE_20), "id", where)] == [3]
    assert not Filter(0, where).passes(row(order(RED_10)))


def test_several_comparisons_hold_of_one_value() -> None:
    where = (Clause("price", (Comparison("at_least", 2), Comparison("at_most", 4))),)
    passes = Filter(0, where)
    assert passes.passes(row(on(0, price=[1, 3])))
    assert not passes.passes(row(on(0, price=[1, 5])))


@pytest.mark.parametrize(
    ("number", "scaled"),
    [
        (1, 10_000),
        (0.1, 1_000),
        (0.00005, 1),  # this double is a little more than half
        (0.00015, 1),  # and this one a little less
        (0.03125, 312),  # exactly half: to even
        (0.09375, 938),  # exactly half: to even
        (-0.03125, -312),
        (-0.09375, -938),
        (-0.0, 0),
        (1e-300, 0),
        (10**11, 10**15),
        (-(10**11), -(10**15)),
        (99_999_999_999.99999, 10**15),
        (10**11 + 1, None),
        (1e11 + 0.001, None),
        (1e300, None),
        (True, None),
        ("1", None),
        (None, None),
    ],
)
def test_numbers_round_half_to_even(number: object, scaled: int | None) -> None:
    assert ten_thousandths(number) == scaled


@given(st.floats(-LARGEST_NUMBER, LARGEST_NUMBER) | st.integers(-LARGEST_NUMBER, LARGEST_NUMBER))
def test_rounding_is_that_of_the_exact_value(number: float) -> None:
    assert ten_thousandths(number) == round(Fraction(number) * SCALE)


SCALARS = (
    st.text()
    | st.text(min_size=LONGEST_TEXT - 1, max_size=LONGEST_TEXT + 2)
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)


@given(SCALARS, SCALARS)
def test_values_are_remembered_as_equal_only_if_they_are(one: Any, other: Any) -> None:  # noqa: ANN401
    equal = one == other and isinstance(one, bool) == isinstance(other, bool)
    assert (remembered(one) == remembered(other)) is equal


@given(SCALARS)
def test_a_remembered_value_is_small_and_survives_its_bytes(value: Any) -> None:  # noqa: ANN401
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
    kept = remembered(value)
    encoded = msgspec.msgpack.encode(kept)
    assert len(encoded) <= VALUE_BYTES
    again = msgspec.msgpack.decode(encoded)
    assert (again, type(again)) == (kept, type(kept))


def test_long_texts_differ_though_they_begin_alike() -> None:
    texts = ["x" * length for length in range(LONGEST_TEXT - 2, LONGEST_TEXT + 5)]
    kept = [remembered(text) for text in texts]
    assert len(set(kept)) == len(texts)
    digest = kept[-1]
    assert isinstance(digest, str)
    assert remembered(digest) != digest  # what looks like a digest is not taken for one
    assert remembered(texts[-1]) == digest


def test_different_values_are_read_once_each_in_their_order() -> None:
    assert Column(0, "p", None).values(row(on(0, p=["b", "a", 1, 1.0, True, "b"]))) == [
        "b",
        "a",
        1,
        b"\x01",
    ]


@pytest.mark.parametrize(
    ("value", "said"), [("a", "a"), (1, "1"), (2.5, "2.5"), (True, "true"), (False, "false")]
)
def test_a_remembered_value_reads_as_it_was(value: Any, said: str) -> None:  # noqa: ANN401
    assert shown(remembered(value)) == said
    assert shown(None) == "nothing"
