"""`all`, `any` and `none` over leaves: truth, and the earliest instant at which it can change.

Every node answers `flip` like a leaf, with one signed instant. The instant is never too late and
may be too early: a customer who is looked at when nothing changed is not changed. It is chosen late
to save looks: an `all` that is false waits for the last of the false conditions, not for the first
of any.
"""

from typing import Final, final

from streamer.core.leaf import Answer, Leaf, Until
from streamer.core.profile import Profile
from streamer.types import FOREVER, Millis

_ALL: Final = 0
_ANY: Final = 1
_NONE: Final = 2
_WORDS: Final = ("all", "any", "none")


class Node:
    """A condition in its place in a rule; `slots` are those of the cells that it asks."""

    def __init__(self, word: str, conditions: "tuple[Node, ...]", slots: frozenset[int]) -> None:
        self.word = word
        self.conditions = conditions
        self.slots = slots

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether it holds, and until when that surely stays so."""
        raise NotImplementedError

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say the same as a pair."""
        until = self.flip(profile, now)
        return until > 0, abs(until)

    def because(self, profile: Profile, now: Millis, holds: bool) -> list[str]:  # noqa: FBT001
        """Return the reasons of the answer, which is `holds`."""
        raise NotImplementedError


@final
class LeafNode(Node):
    """A leaf in its place among conditions."""

    def __init__(self, leaf: Leaf, slots: frozenset[int]) -> None:
        super().__init__("", (), slots)
        self.leaf = leaf
        self._label = f"{leaf.label}: "

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Ask the leaf."""
        return self.leaf.flip(profile, now)

    def because(self, profile: Profile, now: Millis, holds: bool) -> list[str]:  # noqa: ARG002, FBT001
        """Return the leaf's label and detail."""
        return [self._label + self.leaf.detail(profile, now)]


@final
class Group(Node):
    """`all`, `any` or `none` of several conditions."""

    def __init__(self, kind: int, conditions: tuple[Node, ...]) -> None:
        slots = frozenset(slot for one in conditions for slot in one.slots)
        super().__init__(_WORDS[kind], conditions, slots)
        self._kind = kind
        self._nodes = list(conditions)

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Ask the conditions, as many as the answer needs."""
        if self._kind == _ALL:
            return self._all(profile, now)
        until = self._any(profile, now)
        return until if self._kind == _ANY else -until

    def _all(self, profile: Profile, now: Millis) -> Until:
        """Say whether all hold: until the first ends, or not until the last false one flips."""
        holds_until = FOREVER
        blocked_until = 0
        for node in self._nodes:
            until = node.flip(profile, now)
            if until < 0:
                if until == -FOREVER:
                    return until
                blocked_until = max(blocked_until, -until)
            elif until < holds_until:
                holds_until = until
        return -blocked_until if blocked_until else holds_until

    def _any(self, profile: Profile, now: Millis) -> Until:
        """Say whether one holds: until the last ends, or not until the first flips."""
        fails_until = FOREVER
        held_until = 0
        for node in self._nodes:
            until = node.flip(profile, now)
            if until > 0:
                if until == FOREVER:
                    return until
                held_until = max(held_until, until)
            elif -until < fails_until:
                fails_until = -until
        return held_until or -fails_until

    def because(self, profile: Profile, now: Millis, holds: bool) -> list[str]:  # noqa: FBT001
        """Return every condition, or the first whose answer settles it."""
        if self._kind == _ALL:
            return self._said(profile, now, every=holds, holds=holds)
        if self._kind == _ANY:
            return self._said(profile, now, every=not holds, holds=holds)
        return self._said(profile, now, every=holds, holds=not holds)

    def _said(self, profile: Profile, now: Millis, *, every: bool, holds: bool) -> list[str]:
        said: list[str] = []
        for node in self._nodes:
            if every:
                said += node.because(profile, now, holds)
            elif (node.flip(profile, now) > 0) is holds:
                return node.because(profile, now, holds)
        return said


def all_hold(conditions: tuple[Node, ...]) -> Node:
    """Return the condition that is true while every one of these is."""
    return Group(_ALL, conditions)


def any_holds(conditions: tuple[Node, ...]) -> Node:
    """Return the condition that is true while at least one of these is."""
    return Group(_ANY, conditions)


def none_hold(conditions: tuple[Node, ...]) -> Node:
    """Return the condition that is true while none of these is."""
    return Group(_NONE, conditions)
