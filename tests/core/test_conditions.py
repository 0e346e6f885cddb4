"""`all`, `any`, `none`: their truth, an instant that is never too late, and their reasons."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.core.conditions import AllHold, AnyHolds, Asked, Node, NoneHold
from streamer.core.memory import Answer
from streamer.core.profile import Profile
from streamer.types import FOREVER, Millis, told

CUSTOMER = Profile("c", 0, 0, 0)


class Scripted:
    """A leaf that flips at instants written down, and begins as false."""

    def __init__(self, *flips: Millis, label: str = "leaf") -> None:
        self.label = label
        self._flips = flips

    def test(self, _profile: Profile, now: Millis) -> Answer:
        past = sum(flip <= now for flip in self._flips)
        return past % 2 == 1, self._flips[past] if past < len(self._flips) else FOREVER

    def detail(self, _profile: Profile, now: Millis) -> str:
        return f"at {now}"


def leaf(*flips: Millis, label: str = "leaf") -> Asked:
    return Asked(Scripted(*flips, label=label), frozenset())


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
    assert AllHold(conditions).test(CUSTOMER, 0) == answer


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
    assert AnyHolds(conditions).test(CUSTOMER, 0) == answer
    assert NoneHold(conditions).test(CUSTOMER, 0) == (not holds, until)


LEAVES = st.lists(st.integers(1, 30), max_size=5, unique=True).map(lambda at: leaf(*sorted(at)))
SHAPES: list[Callable[[tuple[Node, ...]], Node]] = [AllHold, AnyHolds, NoneHold]


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
        (AllHold((A, B)), ["a: at 7", "b: at 7"]),
        (AllHold((A, C, D)), ["c: at 7"]),
        (AnyHolds((C, A, B)), ["a: at 7"]),
        (AnyHolds((C, D)), ["c: at 7", "d: at 7"]),
        (NoneHold((C, D)), ["c: at 7", "d: at 7"]),
        (NoneHold((C, A, B)), ["a: at 7"]),
        (AllHold((A, AnyHolds((C, B)), NoneHold((D,)))), ["a: at 7", "b: at 7", "d: at 7"]),
        (AnyHolds((AllHold((A, C)), NoneHold((B,)))), ["c: at 7", "b: at 7"]),
    ],
)
def test_because_names_the_leaves_that_the_answer_rests_on(node: Node, said: list[str]) -> None:
    holds, _ = node.test(CUSTOMER, 7)
    assert list(map(told, node.because(CUSTOMER, 7, holds))) == said
