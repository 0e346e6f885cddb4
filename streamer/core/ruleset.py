"""A rule set: all segments compiled together, ready to decide.

Guarantees: segments are in the order in which they are decided (by the longest chain of
references below them, then by key); every memory has one slot, shared by all leaves with the same
content; and for each event name it is known which memories it moves and which plans it can touch.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from streamer.core.generate import React, generate_react, generate_settle
from streamer.core.leaves.dates import TraitDates
from streamer.core.leaves.trait import TraitVerdict
from streamer.core.memory import Fold, Memory, key_of
from streamer.core.plan import Plan, Reaction
from streamer.core.syntax import Header

Made = TypeVar("Made")


class RuleSet:
    """All segments compiled together, with a content hash as `version`.

    `names` are the event names that rules name; every other one does what `any` asks for.
    `horizons` are those of the memories that have one, with their slots, the shortest first;
    `patience` is the silence after which something can be forgotten.

    `folds` maps an event's name to what it does to memories, traits aside. `reacts` maps it to all
    that an event at the clock does to a profile, `reacts_in_full` to the same with every plan
    decided, also those that the event cannot touch. `settle` decides the plans whose answer can
    have changed.
    """

    def __init__(
        self,
        header: Header,
        version: str,
        plans: tuple[Plan, ...],
        memories: tuple[Memory, ...],
        names: frozenset[str],
    ) -> None:
        self.header = header
        self.max_lateness = header.max_lateness
        self.retention = header.retention
        self.version = version
        self.plans = plans
        self.memories = memories
        self.names = names | {"identified"}
        self.memory_keys = tuple(key_of(memory.content()) for memory in memories)
        horizons = ((memory.horizon, slot) for slot, memory in enumerate(memories))
        self.horizons = tuple(sorted((it, slot) for it, slot in horizons if it is not None))
        self.patience = min([header.max_lateness + 1, *(horizon for horizon, _ in self.horizons)])
        self.trait_folds = tuple(self._folds("", of_traits=True))
        self.folds = _ByName(self, lambda name: self.reaction(name).folds)
        self.reacts = _ByName(self, self._react)
        self.reacts_in_full = _ByName(self, self._react_in_full)
        self.settle = generate_settle(memories, plans)

    def reaction(self, name: str) -> Reaction:
        """Return what an event of that name does, traits aside."""
        folds = tuple(self._folds(name, of_traits=False))
        moved = {slot for slot, _ in folds}
        touched = {plan.place for plan in self.plans if plan.slots & moved}
        following = {plan.place for plan in self.plans if plan.references} - touched
        plans = (plan for plan in self.plans if plan.place in touched | following)
        return Reaction(folds, tuple(plans), frozenset(following))

    def _react(self, name: str) -> React:
        return generate_react(self.memories, self.reaction(name))

    def _react_in_full(self, name: str) -> React:
        return generate_react(self.memories, Reaction(self.reaction(name).folds, self.plans))

    def _folds(self, name: str, *, of_traits: bool) -> Iterator[tuple[int, Fold]]:
        for slot, memory in enumerate(self.memories):
            if isinstance(memory, TraitVerdict | TraitDates) is of_traits:
                fold = memory.fold(name)
                if fold is not None:
                    yield slot, fold


class _ByName(dict[str, Made]):
    """Something for each event name, made when the name first comes.

    Names that no rule names share one entry, so their number does not matter.
    """

    def __init__(self, rules: RuleSet, make: Callable[[str], Made]) -> None:
        super().__init__()
        self._names = rules.names
        self._make = make

    def __missing__(self, name: str) -> Made:
        known = name if name in self._names else ""
        if known not in self:
            self[known] = self._make(known)
        return self[known]
