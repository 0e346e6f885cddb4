"""From rules as declared to a rule set that decides.

Takes declarations that the rule language has checked: references resolve and form no cycle, keys
are unique. Gives each memory a slot and each plan its place.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from streamer.core.conditions import AllHold, AnyHolds, Asked, Node, NoneHold
from streamer.core.leaves.membership import InSegment
from streamer.core.memory import Memory, Terms, Widening
from streamer.core.plan import Plan, Rung
from streamer.core.ruleset import RuleSet
from streamer.core.syntax import All, AnyOf, Condition, Header, Ladder, NoneOf, Question, Segment

Declaration = Segment | Ladder


def compile_rules(header: Header, declarations: Sequence[Declaration]) -> RuleSet:
    """Compile the enabled declarations together."""
    enabled = [one for one in declarations if one.settings.enabled]
    ordered = _in_order(enabled)
    binder = _Slots(Terms(header.zone, header.max_lateness), _memberships(ordered))
    plans = tuple(_plan(place, header.name, one, binder) for place, one in enumerate(ordered))
    names = frozenset(name for one in enabled for name in event_names(one))
    return RuleSet(header, _version(header, declarations), plans, tuple(binder.memories), names)


class _Slots:
    """Gives memories with the same content the same slot."""

    def __init__(self, terms: Terms, memberships: dict[str, tuple[int, int]]) -> None:
        self.terms = terms
        self.memories: list[Memory] = []
        self.used: set[int] = set()
        self._by_content: dict[str, int] = {}
        self._memberships = memberships

    def share(self, memory: Memory) -> int:
        content = memory.content()
        slot = self._by_content.setdefault(content, len(self.memories))
        if slot == len(self.memories):
            memory.slot = slot
            self.memories.append(memory)
        elif isinstance(known := self.memories[slot], Widening):
            known.widen(memory)
        self.used.add(slot)
        return slot

    def membership(self, key: str) -> tuple[int, int]:
        return self._memberships[key]

    def asked(self, question: Question) -> Asked:
        """Bind one leaf and note which memories it asks."""
        others, self.used = self.used, set()
        leaf = question.bind(self)
        slots = frozenset(self.used)
        self.used |= others
        return Asked(leaf, slots)


def _memberships(ordered: Sequence[Declaration]) -> dict[str, tuple[int, int]]:
    places = {}
    for place, one in enumerate(ordered):
        if isinstance(one, Segment):
            places[one.key] = (place, 1)
        else:
            for number, tier in enumerate(one.tiers, 1):
                places[f"{one.key}.{tier.key}"] = (place, number)
    return places


def _plan(place: int, ruleset: str, one: Declaration, binder: _Slots) -> Plan:
    binder.used = set()
    if isinstance(one, Segment):
        rungs: tuple[Rung, ...] = (Rung(one.key, None, _node(one.when, binder)),)
    else:
        rungs = tuple(
            Rung(
                f"{one.key}.{tier.key}",
                tier.key,
                None if tier.when is None else _node(tier.when, binder),
            )
            for tier in one.tiers
        )
    return Plan(
        place=place,
        ruleset=ruleset,
        key=one.key,
        title=one.title,
        purpose=one.purpose,
        settings=one.settings,
        rungs=rungs,
        is_ladder=isinstance(one, Ladder),
        references=any(True for _ in _references(one)),
        slots=frozenset(binder.used),
    )


def _node(condition: Condition, binder: _Slots) -> Node:
    match condition:
        case All(conditions):
            return AllHold(tuple(_node(one, binder) for one in conditions))
        case AnyOf(conditions):
            return AnyHolds(tuple(_node(one, binder) for one in conditions))
        case NoneOf(conditions):
            return NoneHold(tuple(_node(one, binder) for one in conditions))
        case question:
            return binder.asked(question)


def questions(one: Declaration) -> Iterator[object]:
    """Yield the leaves of a declaration, in the order of the rule."""
    conditions = [one.when] if isinstance(one, Segment) else [tier.when for tier in one.tiers]
    for condition in conditions:
        if condition is not None:
            yield from _questions(condition)


def _questions(condition: Condition) -> Iterator[object]:
    if isinstance(condition, All | AnyOf | NoneOf):
        for one in condition.conditions:
            yield from _questions(one)
    else:
        yield condition


def _references(one: Declaration) -> Iterator[str]:
    for question in questions(one):
        if isinstance(question, InSegment):
            yield question.key


def _in_order(declarations: Sequence[Declaration]) -> list[Declaration]:
    """Order by the longest chain of references below, then by key."""
    below = {one.key: {key.split(".")[0] for key in _references(one)} for one in declarations}
    depths: dict[str, int] = {}
    waiting = sorted(below)
    depth = 0
    while waiting:
        reached = [key for key in waiting if below[key] <= depths.keys()]
        if not reached:
            raise ValueError(f"references of {waiting} do not resolve, or form a cycle")
        depths.update(dict.fromkeys(reached, depth))
        waiting = [key for key in waiting if key not in depths]
        depth += 1
    return sorted(declarations, key=lambda one: (depths[one.key], one.key))


def event_names(one: Declaration) -> Iterator[str]:
    """Yield the event names that a declaration names, with repeats."""
    for question in questions(one):
        yield from _names_in(question)


def _names_in(question: object) -> Iterator[str]:
    for field in ("events", "did", "without"):
        yield from getattr(question, field, ())
    scope = getattr(question, "scope", None)
    if scope is not None:
        yield from scope.events
        yield from scope.since or ()
    for step in getattr(question, "steps", ()):
        yield from step.events


def _version(header: Header, declarations: Sequence[Declaration]) -> str:
    """Return the content hash of everything that decides or is said."""
    ordered = sorted(declarations, key=lambda one: one.key)
    return "sha256:" + sha256(repr((header, ordered)).encode()).hexdigest()
