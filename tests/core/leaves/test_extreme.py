"""`largest` and `smallest`: on which side of the thresholds the farthest value lies."""

from typing import Literal

import pytest

from streamer.core.leaves.extreme import Extreme
from streamer.core.rules.spec import Comparison, Operator, Scope
from streamer.types import Event
from tests.core.shopper import on, story

PAID = ("bought",)


def pay(at: int, price: object) -> Event:
    return on(at, "bought", price=price)


def asked(kind: Literal["largest", "smallest"], within: int | None, **bounds: float) -> Extreme:
    """The question, with thresholds in whole units."""
    names: dict[str, Operator] = {"at_least": "at_least", "below": "below", "exactly": "is"}
    compared = (Comparison(names[key], round(value * 10_000)) for key, value in bounds.items())
    return Extreme(kind, "price", Scope(PAID, within=within), tuple(compared))


def largest(within: int | None = None, **bounds: float) -> Extreme:
    return asked("largest", within, **bounds)


def smallest(within: int | None = None, **bounds: float) -> Extreme:
    return asked("smallest", within, **bounds)


@pytest.mark.parametrize(
    ("question", "events", "told"),
    [
        (largest(at_least=5), [], "-0"),
        (largest(below=5), [], "-0"),
        (largest(at_least=5), [pay(0, 5)], "+0"),
        (largest(at_least=5), [pay(0, 4.9999)], "-0"),
        (largest(at_least=5), [pay(0, 4.99996)], "+0"),
        (largest(10, at_least=5), [pay(0, 5), pay(4, 1)], "+4 -10"),
        (largest(10, below=5), [pay(0, 5), pay(4, 1)], "-4 +10 -14"),
        (largest(10, below=5), [pay(0, 1), pay(4, 5)], "-4"),
        (largest(10, exactly=5), [pay(0, 7), pay(4, 5), pay(6, 1)], "-6 +10 -14"),
        (largest(10, at_least=2, below=6), [pay(0, 7), pay(4, 5), pay(6, 1)], "-6 +10 -14"),
        (largest(10, at_least=5), [pay(9, 1), pay(3, 7)], "+9 -13"),
        (largest(10, at_least=5), [pay(13, 1), pay(3, 7)], "-13"),
        (largest(at_least=5), [pay(0, [1, 9])], "+0"),
        (largest(at_least=5), [pay(0, "9,5"), pay(1, price=True), pay(2, 1e12)], "-2"),
        (smallest(10, below=5), [pay(0, 1), pay(4, 7)], "+4 -10"),
        (smallest(10, at_least=5), [pay(0, 1), pay(4, 7)], "-4 +10 -14"),
        (smallest(exactly=-1), [pay(0, 0), pay(1, -1)], "+1"),
        (largest(below=0), [pay(0, -0.0)], "-0"),
    ],
)
def test_the_farthest_value(question: Extreme, events: list[Event], told: str) -> None:
    assert story(question, events) == told


@pytest.mark.parametrize("threshold", [10**11, 4.5 * 10**11, 10**12, 10**15, 10**30])
def test_thresholds_beyond_every_value(threshold: float) -> None:
    assert story(largest(at_least=threshold), [pay(0, 1)]) == "-0"
    assert story(largest(below=threshold), [pay(0, 1)]) == "+0"


def test_a_mark_takes_the_values_before_it() -> None:
    question = Extreme("largest", "price", Scope(PAID, since=("mark",)), (Comparison("above", 0),))
    assert story(question, [pay(0, 1)]) == "-0"
    assert story(question, [pay(0, 1), on(0, "mark")]) == "-0"
    assert story(question, [on(0, "mark"), pay(0, 1)]) == "+0"
    assert story(question, [pay(1, 1), pay(5, 1), on(3, "mark")]) == "+5"
