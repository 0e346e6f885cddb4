"""`all`, `any`, `none`: their truth, an instant that is never too late, and their reasons."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.engine import conditions as evaluator
from streamer.core.engine.conditions import LeafNode, Node, all_hold, any_holds, none_hold
from streamer.core.leaf import Answer, Leaf, Until
from streamer.core.profile import Profile
from streamer.types import FOREVER, Millis

if not str(evaluator.__file__).endswith(".py"):
    reason = "a leaf of a test is interpreted, and such a class cannot inherit from a compiled one"
    pytest.skip(reason, allow_module_level=True)

CUSTOMER = Profile("c", 0, 0, 0)


class Scripted(Leaf):
    """A leaf that flips at instants written down, and begins as false."""

    def __init__(self, *flips: Millis, label: str = "leaf") -> None:
        super().__init__(label)
        self._flips = flips

    def flip(self, profile: Profile, now: Millis) -> Until:  # noqa: ARG002
        past = sum(flip <= now for flip in self._flips)
        until = self._flips[past] if past < len(self._flips) else FOREVER
        return until if past % 2 else -until

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        return f"at {now}"


def leaf(*flips: Millis, label: str = "leaf") -> LeafNode:
    return LeafNode(Scripted(*flips, label=label), frozenset())


YES, NO = leaf(0), leaf()
YES_TO_5, YES_TO_9 = leaf(0, 5), leaf(0, 9)
NO_TO_5, NO_TO_9 = leaf(5), leaf(9)


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ((YES, YES), (True, FOREVER)),
        ((YES_TO_5, YES_TO_9), (True, 5)),
        ((YES_TO_9, YES, YES_TO_5), (True, 5)),
        ((NO_TO_5, NO_TO_9), (False, 9)),
        ((NO_TO_9, NO_TO_5), (False, 9)),
        ((YES_TO_5, NO_TO_9), (False, 9)),
        ((NO_TO_5, NO), (False, FOREVER)),
        ((NO, NO_TO_5), (False, FOREVER)),
    ],
)
def test_all(conditions: tuple[Node, ...], answer: Answer) -> None:
    assert all_hold(conditions).test(CUSTOMER, 0) == answer


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ((NO, NO), (False, FOREVER)),
        ((NO_TO_5, NO_TO_9), (False, 5)),
        ((NO_TO_9, NO, NO_TO_5), (False, 5)),
        ((YES_TO_5, YES_TO_9), (True, 9)),
        ((YES_TO_9, NO_TO_5), (True, 9)),
        ((YES_TO_5, YES), (True, FOREVER)),
    ],
)
def test_any_and_its_opposite_none(conditions: tuple[Node, ...], answer: Answer) -> None:
    holds, until = answer
    assert any_holds(conditions).test(CUSTOMER, 0) == answer
    assert none_hold(conditions).test(CUSTOMER, 0) == (not holds, until)


LEAVES = st.lists(st.integers(1, 30), max_size=5, unique=True).map(lambda at: leaf(*sorted(at)))
SHAPES: list[Callable[[tuple[Node, ...]], Node]] = [all_hold, any_holds, none_hold]


def nested(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.builds(lambda shape, below: shape(below), st.sampled_from(SHAPES), several)


@given(st.recursive(LEAVES, nested, max_leaves=8))
def test_nothing_changes_before_the_instant(node: Node) -> None:
    truths = [node.test(CUSTOMER, now)[0] for now in range(40)]
    for now in range(40):
        _, until = node.test(CUSTOMER, now)
        assert until > now
        assert set(truths[now : min(until, 40)]) == {truths[now]}


A, B = leaf(0, label="a"), leaf(0, label="b")
C, D = leaf(label="c"), leaf(label="d")


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (all_hold((A, B)), ["a: at 7", "b: at 7"]),
        (all_hold((A, C, D)), ["c: at 7"]),
        (any_holds((C, A, B)), ["a: at 7"]),
        (any_holds((C, D)), ["c: at 7", "d: at 7"]),
        (none_hold((C, D)), ["c: at 7", "d: at 7"]),
        (none_hold((C, A, B)), ["a: at 7"]),
        (all_hold((A, any_holds((C, B)), none_hold((D,)))), ["a: at 7", "b: at 7", "d: at 7"]),
        (any_holds((all_hold((A, C)), none_hold((B,)))), ["c: at 7", "b: at 7"]),
    ],
)
def test_because_names_the_leaves_that_the_answer_rests_on(node: Node, said: list[str]) -> None:
    holds, _ = node.test(CUSTOMER, 7)
    assert node.because(CUSTOMER, 7, holds) == said
