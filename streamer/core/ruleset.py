"""A rule set: all segments compiled together, ready to decide.

Guarantees: segments are in the order in which they are decided (by the longest chain of
references below them, then by key); every memory has one slot, shared by all leaves with the same
content; and for each event name it is known which memories it moves and which plans it can touch.
"""

from collections.abc import Iterator

from streamer.core.conditions import leaves
from streamer.core.generate import React, generate
from streamer.core.leaves.trait import TraitVerdict
from streamer.core.memory import Fold, Leaf, Memory, key_of
from streamer.core.plan import Plan, Reaction
from streamer.core.syntax import Header


class RuleSet:
    """All segments compiled together, with a content hash as `version`.

    `names` are the event names that rules name; every other one does what `any` asks for.
    `reacts` maps an event's name to what it does to a profile, traits aside.
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
        self.version = version
        self.plans = plans
        self.memories = memories
        self.names = names | {"identified"}
        self.memory_keys = tuple(key_of(memory.content()) for memory in memories)
        self.plan_keys = tuple(key_of(f"plan {plan.key}") for plan in plans)
        self.trait_folds = tuple(self._folds("", of_traits=True))
        self.reacts = _Reacts(self)
        self._reactions: dict[str, Reaction] = {}

    def reaction(self, name: str) -> Reaction:
        """Return what an event of that name does, traits aside."""
        known = name if name in self.names else ""
        if known not in self._reactions:
            self._reactions[known] = self._reaction(known)
        return self._reactions[known]

    def _reaction(self, name: str) -> Reaction:
        folds = tuple(self._folds(name, of_traits=False))
        moved = {slot for slot, _ in folds}
        plans = (plan for plan in self.plans if plan.references or plan.slots & moved)
        return Reaction(folds, tuple(plans))

    def _folds(self, name: str, *, of_traits: bool) -> Iterator[tuple[int, Fold]]:
        for slot, memory in enumerate(self.memories):
            if isinstance(memory, TraitVerdict) is of_traits:
                fold = memory.fold(name)
                if fold is not None:
                    yield slot, fold

    def leaves(self, plan: Plan) -> Iterator[Leaf]:
        """Yield the leaves of a plan, in the order of the rule."""
        for rung in plan.rungs:
            if rung.when is not None:
                yield from leaves(rung.when)


class _Reacts(dict[str, React]):
    """What an event of each name does, written when it first comes.

    Names that no rule names share one entry, so their number does not matter.
    """

    def __init__(self, rules: RuleSet) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, name: str) -> React:
        known = name if name in self._rules.names else ""
        if known not in self:
            self[known] = generate(self._rules.memories, self._rules.reaction(known))
        return self[known]
