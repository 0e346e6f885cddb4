"""`sequence`: steps in order of time, inside the window, in so short a span, of one value."""

import pytest

from streamer.core.leaves.sequence import Sequence, Step
from streamer.core.rules.spec import Clause, Comparison
from streamer.types import Event
from tests.core.shopper import on, story

A, B, C = Step(("a",)), Step(("b",)), Step(("c",))
RED = Step(("a",), (Clause("p", (Comparison("is", "red"),)),))


@pytest.mark.parametrize(
    ("question", "events", "told"),
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
        (Sequence((A, B)), [on(5, "a"), on(3, "b")], "-5"),
        (Sequence((A, B), within=10), [on(5, "c"), on(0, "a"), on(3, "b")], "+5 -10"),
        (Sequence((A, B), same="p"), [on(0, "a", p="x"), on(3, "b", p="y")], "-3"),
        (Sequence((A, B), same="p"), [on(0, "a", p=["x", "y"]), on(3, "b", p="y")], "+3"),
        (Sequence((A, B), same="p"), [on(0, "a"), on(3, "b")], "-3"),
        (
            Sequence((A, B, C), same="p"),
            [on(0, "a", p=["x", "y"]), on(1, "b", p="x"), on(2, "c", p="y")],
            "-2",
        ),
    ],
)
def test_chains(question: Sequence, events: list[Event], told: str) -> None:
    assert story(question, events) == told
