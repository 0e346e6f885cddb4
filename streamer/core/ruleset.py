"""A rule set: all segments compiled together, ready to decide.

Guarantees: segments are in the order in which they are decided (by the longest chain of
references below them, then by key); every memory has one slot, shared by all leaves with the same
content; and for each event name it is known which memories it moves and which plans it can touch.
"""

from collections.abc import Iterator

from streamer.core.generate import React, generate_react, generate_settle
from streamer.core.leaves.dates import TraitDates
from streamer.core.leaves.trait import TraitVerdict
from streamer.core.memory import Fold, Memory, key_of
from streamer.core.plan import Plan, Reaction
from streamer.core.syntax import Header


class RuleSet:
    """All segments compiled together, with a content hash as `version`.

    `names` are the event names that rules name; every other one does what `any` asks for.
    `reacts` maps an event's name to what it does to a profile, traits aside; `reacts_in_full` to
    the same with every plan decided, also those that the event cannot touch. `settles` decides
    each plan on its own.
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
        self.plan_keys = tuple(key_of(f"plan {plan.key}") for plan in plans)
        self.trait_folds = tuple(self._folds("", of_traits=True))
        self.reacts = _Reacts(self, every=False)
        self.reacts_in_full = _Reacts(self, every=True)
        self.settles = tuple(generate_settle(memories, plan) for plan in plans)

    def reaction(self, name: str) -> Reaction:
        """Return what an event of that name does, traits aside."""
        folds = tuple(self._folds(name, of_traits=False))
        moved = {slot for slot, _ in folds}
        plans = (plan for plan in self.plans if plan.references or plan.slots & moved)
        return Reaction(folds, tuple(plans))

    def _folds(self, name: str, *, of_traits: bool) -> Iterator[tuple[int, Fold]]:
        for slot, memory in enumerate(self.memories):
            if isinstance(memory, TraitVerdict | TraitDates) is of_traits:
                fold = memory.fold(name)
                if fold is not None:
                    yield slot, fold


class _Reacts(dict[str, React]):
    """What an event of each name does, written when it first comes.

    Names that no rule names share one entry, so their number does not matter. `every` says to
    decide every plan and not just those that the event can touch.
    """

    def __init__(self, rules: RuleSet, *, every: bool) -> None:
        super().__init__()
        self._rules = rules
        self._every = every

    def __missing__(self, name: str) -> React:
        known = name if name in self._rules.names else ""
        if known not in self:
            reaction = self._rules.reaction(known)
            if self._every:
                reaction = Reaction(reaction.folds, self._rules.plans)
            self[known] = generate_react(self._rules.memories, reaction)
        return self[known]
