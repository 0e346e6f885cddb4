"""`favours`: the value carried most often, of equals the most recent, in one event the first."""

from fractions import Fraction
from typing import Any

import pytest

from streamer.core.leaves.favours import Favours
from streamer.core.rules.spec import Clause, Comparison
from streamer.types import Event
from tests.core.shopper import on, story

X = (Comparison("is", "x"),)
DEAR = (Clause("price", (Comparison("above", 9),)),)


def favours(
    compared: tuple[Comparison, ...] = X,
    within: int | None = None,
    **more: Any,  # noqa: ANN401
) -> Favours:
    return Favours("p", ("seen",), compared, within=within, **more)


def see(at: int, p: object, price: int = 0) -> Event:
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
    ],
)
def test_the_favourite(within: int | None, events: list[Event], *, favourite: bool) -> None:
    assert story(favours(within=within), events)[0] == "-+"[favourite]


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
def test_comparisons_of_the_favourite(question: Favours, events: list[Event], told: str) -> None:
    assert story(question, events) == told
