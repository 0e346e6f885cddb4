"""`all`, `any` and `none` over leaves: truth, and the earliest instant at which it can change.

Every condition answers `test` like a leaf. The instant is never too late and may be too early: a
customer who is looked at when nothing changed is not changed. It is chosen late to save looks: an
`all` that is false waits for the last of the false conditions, not for the first of any.
"""

from streamer.core.memory import Answer, Leaf
from streamer.core.profile import Profile
from streamer.types import FOREVER, Millis, Reason


class AllHold:
    """True while every condition is."""

    word = "all"

    def __init__(self, conditions: "tuple[Node, ...]") -> None:
        self.conditions = conditions
        self._tests = tuple(condition.test for condition in conditions)

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether all hold: until the first ends, or not until the last false one flips."""
        holds_until = FOREVER
        blocked_until = 0
        for test in self._tests:
            holds, until = test(profile, now)
            if not holds:
                if until == FOREVER:
                    return False, FOREVER
                blocked_until = max(blocked_until, until)
            elif until < holds_until:
                holds_until = until
        return (False, blocked_until) if blocked_until else (True, holds_until)

    def because(self, profile: Profile, now: Millis, holds: bool) -> list[Reason]:  # noqa: FBT001
        """Return what the answer rests on: every condition, or the first that does not hold."""
        return _because(self.conditions, profile, now, every=holds, holds=holds)


class AnyHolds:
    """True while at least one condition is."""

    word = "any"

    def __init__(self, conditions: "tuple[Node, ...]") -> None:
        self.conditions = conditions
        self._tests = tuple(condition.test for condition in conditions)

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether one holds: until the last ends, or not until the first flips."""
        fails_until = FOREVER
        held_until = 0
        for test in self._tests:
            holds, until = test(profile, now)
            if holds:
                if until == FOREVER:
                    return True, FOREVER
                held_until = max(held_until, until)
            elif until < fails_until:
                fails_until = until
        return (True, held_until) if held_until else (False, fails_until)

    def because(self, profile: Profile, now: Millis, holds: bool) -> list[Reason]:  # noqa: FBT001
        """Return what the answer rests on: the first that holds, or every condition."""
        return _because(self.conditions, profile, now, every=not holds, holds=holds)


class NoneHold:
    """True while no condition is."""

    word = "none"

    def __init__(self, conditions: "tuple[Node, ...]") -> None:
        self.conditions = conditions
        self._any = AnyHolds(conditions)

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say the opposite of `any`."""
        holds, until = self._any.test(profile, now)
        return not holds, until

    def because(self, profile: Profile, now: Millis, holds: bool) -> list[Reason]:  # noqa: FBT001
        """Return what `any` rests on."""
        return self._any.because(profile, now, not holds)


class Asked:
    """A leaf in its place among conditions; `slots` are those of the memories that it asks."""

    word = ""
    conditions: "tuple[Node, ...]" = ()

    def __init__(self, leaf: Leaf, slots: frozenset[int]) -> None:
        self.leaf = leaf
        self.label = f"{leaf.label}: "
        self.slots = slots
        self.test = leaf.test

    def because(self, profile: Profile, now: Millis, holds: bool) -> list[Reason]:  # noqa: ARG002, FBT001
        """Return the leaf's label and detail."""
        return [(self.label, self.leaf.detail(profile, now))]


Node = AllHold | AnyHolds | NoneHold | Asked


def _because(
    conditions: tuple[Node, ...], profile: Profile, now: Millis, *, every: bool, holds: bool
) -> list[Reason]:
    """Return what every condition says, or just the first one whose answer is `holds`."""
    said: list[Reason] = []
    for condition in conditions:
        if every:
            if isinstance(condition, Asked):
                said.append((condition.label, condition.leaf.detail(profile, now)))
            else:
                said += condition.because(profile, now, holds)
        elif condition.test(profile, now)[0] is holds:
            return condition.because(profile, now, holds)
    return said
