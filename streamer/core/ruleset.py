"""A rule set: all segments compiled together, ready to decide.

Guarantees: segments are in the order in which they are decided (by the longest chain of
references below them, then by key); every memory has one slot, shared by all leaves with the same
content; and for each event name it is known beforehand which memories it moves and which
segments it can touch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from hashlib import blake2b

from streamer.core.conditions import Asked, Node
from streamer.core.memory import Fold, Memory, Standing
from streamer.core.syntax import Header, Settings
from streamer.types import FOREVER, Millis


@dataclass(frozen=True, slots=True)
class Rung:
    """One tier of a ladder, or the whole of a segment (`tier` None); no `when` is `otherwise`."""

    membership: str
    tier: str | None
    when: Node | None


@dataclass(frozen=True, slots=True)
class Plan:
    """One segment or ladder as it is decided.

    `place` is its index in a profile's `inside` and `since`; there, 0 is outside and n is inside
    its n-th rung. `references` says whether it asks about another segment.
    """

    place: int
    key: str
    title: str
    purpose: str
    settings: Settings
    rungs: tuple[Rung, ...]
    is_ladder: bool
    references: bool
    slots: frozenset[int]

    def target(self, profile: Standing, now: Millis) -> tuple[int, Millis]:
        """Return the rung that truth puts the customer on, and until when it surely does."""
        until = FOREVER
        for number, rung in enumerate(self.rungs, 1):
            if rung.when is None:
                return number, until
            holds, flip = rung.when.test(profile, now)
            if flip < until:
                until = flip
            if holds:
                return number, until
        return 0, until

    def because(self, profile: Standing, now: Millis, target: int) -> tuple[str, ...]:
        """Return what puts the customer on the rung: its condition, or why no other holds."""
        said: list[str] = []
        for number, rung in enumerate(self.rungs, 1):
            if rung.when is None:
                break
            if number == target:
                return tuple(rung.when.because(profile, now))
            if not target or self.rungs[target - 1].when is None:
                said.extend(rung.when.because(profile, now))
        return tuple(said)

    def held_out(self, ruleset: str, customer: str) -> bool:
        """Say whether the customer is in the share that is held out, by a salted hash."""
        share: Fraction = self.settings.holdout
        if not share:
            return False
        salted = f"{ruleset}\n{self.key}\n{customer}".encode()
        drawn = int.from_bytes(blake2b(salted, digest_size=8).digest(), "big")
        return drawn * share.denominator < share.numerator << 64


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an event of one name does: the folds by slot, then the plans to decide, in order."""

    folds: tuple[tuple[int, Fold], ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class RuleSet:
    """All segments compiled together, with a content hash as `version`.

    `names` are the event names that rules know, and `identified`, which is not one of `any`.
    """

    header: Header
    version: str
    plans: tuple[Plan, ...]
    memories: tuple[Memory, ...]
    memory_keys: tuple[bytes, ...]
    plan_keys: tuple[bytes, ...]
    names: frozenset[str]
    trait_slots: frozenset[int]

    @cached_property
    def reactions(self) -> dict[str, Reaction]:
        """What an event of each name that a rule knows does."""
        return {name: self._reaction(name) for name in self.names}

    @cached_property
    def other(self) -> Reaction:
        """What an event does whose name no rule knows."""
        return self._reaction("")

    @cached_property
    def trait_folds(self) -> tuple[tuple[int, Fold], ...]:
        """What an event with traits does besides."""
        return tuple(
            (slot, fold)
            for slot in sorted(self.trait_slots)
            if (fold := self.memories[slot].fold("")) is not None
        )

    def _reaction(self, name: str) -> Reaction:
        folds = tuple(
            (slot, fold)
            for slot, memory in enumerate(self.memories)
            if slot not in self.trait_slots and (fold := memory.fold(name)) is not None
        )
        moved = {slot for slot, _ in folds}
        return Reaction(folds, tuple(self._touched(moved)))

    def _touched(self, moved: set[int]) -> Iterator[Plan]:
        """Yield the plans that ask about moved memories, or refer to other segments."""
        for plan in self.plans:
            if plan.references or plan.slots & moved:
                yield plan

    def leaves(self, plan: Plan) -> Iterator[Asked]:
        """Yield the leaves of a plan, in the order of the rule."""
        for rung in plan.rungs:
            if rung.when is not None:
                yield from _leaves(rung.when)


def _leaves(node: Node) -> Iterator[Asked]:
    if isinstance(node, Asked):
        yield node
    for condition in node.conditions:
        yield from _leaves(condition)
