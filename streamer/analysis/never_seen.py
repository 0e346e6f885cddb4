"""Why is it empty? What rules ask for and no readable line had: events, properties, values.

Of each part of a condition the first thing that failed is named: none of its events was seen; or a
property was not seen in them, or could never be read; or no value of it was what the rule asks for.
Only what is missing in all the events that are watched is named, and only where the condition
cannot be true without it, so it is a fact and no guess.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from streamer.app.inputs import Rules
from streamer.app.intake import watched
from streamer.codecs.unusable import note
from streamer.core import wording
from streamer.core.columns import Row, Tests, read_with_holders
from streamer.core.leaves.age import Age
from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.leaves.date import OnDate
from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.leaves.ratio import Ratio
from streamer.core.leaves.trait import Trait
from streamer.core.rules.compile import leaf_specs
from streamer.core.rules.spec import (
    All,
    AnyOf,
    Clause,
    Comparison,
    Ladder,
    Names,
    NoneOf,
    Segment,
)
from streamer.core.standard import kinds_of
from streamer.core.values import Property, wants_absence
from streamer.types import Event, Record, Scalar, Unusable

_MOST_VALUES: Final = 1_000
_TOLD: Final = 3
_NEAR: Final = 0.85
"""How alike an event name must be, that another was probably meant."""
_AT_LEAST_SOMETHING: Final = frozenset({"at_least", "above"})


class Missing(NamedTuple):
    """Something that was never seen, and the segments and ladders that ask for it.

    Of `segments` some membership was never entered. Those of `entered` were, by other conditions.
    """

    what: str
    segments: tuple[str, ...]
    entered: tuple[str, ...]


@dataclass(slots=True)
class _Probe:
    """One line of a `where` on some events: whether any event had what it asks for."""

    events: Names
    clause: Clause
    read: Property
    tests: Tests
    met: bool = False
    unread: dict[str, Unusable] = field(default_factory=dict)
    values: Counter[str] = field(default_factory=Counter)

    def take(self, row: Row) -> None:
        values = [value for value, _ in read_with_holders(self.read, None, row)]
        self.met = self.tests.hold_of(values)
        if self.clause.property in row.unusable:
            note(self.unread, {self.clause.property: row.unusable[self.clause.property]})
        _count(values, self.values)

    def missing(self) -> str:
        """Say what was not seen."""
        of = wording.names(self.events)
        for name, one in self.unread.items() if not self.values else ():
            return f"{name} could not be read in {of}: {one.count:,}x, such as {one.example}"
        if not self.values:
            return f"{self.clause.property} was never seen in {of}"
        asked = wording.comparisons(self.clause.comparisons)
        return f"{self.clause.property} {asked} was never seen in {of}; seen: {_most(self.values)}"


@dataclass(slots=True)
class _TraitProbe:
    """One condition on a trait: whether any event carried a value that satisfies it."""

    name: str
    comparisons: tuple[Comparison, ...]
    tests: Tests
    met: bool = False
    values: Counter[str] = field(default_factory=Counter)

    def take(self, trait: object) -> None:
        values = trait if isinstance(trait, list) else [trait]
        scalars = [one for one in values if isinstance(one, str | int | float)]
        self.met = bool(scalars) and (not self.comparisons or self.tests.hold_of(scalars))
        _count(scalars, self.values)

    def missing(self) -> str | None:
        """Say what was not seen, None if nothing is missing."""
        if self.met:
            return None
        if not self.values:
            return f"the trait {self.name} was never seen"
        asked = wording.comparisons(self.comparisons)
        return f"the trait {self.name} {asked} was never seen; seen: {_most(self.values)}"


def _count(values: Iterable[Scalar], seen: Counter[str]) -> None:
    """Count values as people read them, but no more than so many different ones."""
    for value in values:
        said = wording.literal(value)
        if said in seen or len(seen) < _MOST_VALUES:
            seen[said] += 1


def _most(values: Counter[str]) -> str:
    return ", ".join(f"{one} {n:,}x" for one, n in values.most_common(_TOLD))


class NeverSeen:
    """Watches readable events for what the rules ask; each probe only until it is met."""

    def __init__(self, rules: Rules) -> None:
        self._names: Counter[str] = Counter()
        self._probes: dict[tuple[Names, Clause], _Probe] = {}
        self._asked: list[tuple[str, Names, tuple[Clause, ...]]] = []
        self._traits: dict[tuple[str, tuple[Comparison, ...]], _TraitProbe] = {}
        self._traits_asked: list[tuple[str, _TraitProbe]] = []
        for one in rules.declared.declarations:
            if one.settings.enabled:
                for leaf in leaf_specs(one):
                    for events, where in parts_asked(leaf):
                        self._probe(events, where)
                for leaf in _needed(one):
                    if not holds_of_nothing(leaf):
                        self._asked += ((one.key, *part) for part in parts_asked(leaf))
                    trait = self._trait_probe(leaf)
                    if trait is not None:
                        self._traits_asked.append((one.key, trait))
        self._open: dict[str, list[_Probe]] = {}
        self._standard = kinds_of([clause.property for _, clause in self._probes])
        self._zone = ZoneInfo(rules.declared.header.zone)

    def noting(self, decode: Callable[[Record], Event]) -> Callable[[Record], Event]:
        """Return a decoder that does the same, and whose events are watched here."""
        return watched(decode, self.take)

    def missing(self, never: Collection[str]) -> tuple[Missing, ...]:
        """Return what was never seen that rules ask for; of the keys in `never` nobody entered all.

        What most of them ask for comes first.
        """
        found: dict[str, dict[str, None]] = {}
        for key, events, where in self._asked:
            what = self._first(events, where)
            if what is not None:
                found.setdefault(what, {})[key] = None
        for key, asked in self._traits_asked:
            what = asked.missing() if self._names else None
            if what is not None:
                found.setdefault(what, {})[key] = None
        several = (
            Missing(
                what,
                tuple(key for key in keys if key in never),
                tuple(key for key in keys if key not in never),
            )
            for what, keys in found.items()
        )
        return tuple(sorted(several, key=lambda one: (-len(one.segments), -len(one.entered))))

    def of_leaf(self, leaf: object) -> str | None:
        """Return the first thing that was never seen and a leaf, as declared, asks for."""
        if isinstance(leaf, Trait | Age | Anniversary | OnDate):
            probe = self._traits.get(_asked_of_trait(leaf))
            return None if probe is None else probe.missing()
        found = (self._first(events, where) for events, where in parts_asked(leaf))
        return next((what for what in found if what is not None), None)

    def take(self, event: Event) -> None:
        """Watch one event."""
        self._names[event.name] += 1
        if event.traits:
            for asked in self._traits.values():
                if not asked.met and event.traits.get(asked.name) is not None:
                    asked.take(event.traits[asked.name])
        probes = self._open.get(event.name)
        if probes is None:
            every = self._probes.values()
            probes = [one for one in every if not one.events or event.name in one.events]
            self._open[event.name] = probes
        if not probes:
            return
        row = Row(
            event.name,
            event.time,
            event.properties,
            None,
            0,
            self._standard,
            event.context,
            self._zone,
        )
        for probe in probes:
            if not probe.met:
                probe.take(row)
        if any(probe.met for probe in probes):
            self._open[event.name] = [probe for probe in probes if not probe.met]

    def _probe(self, events: Names, where: tuple[Clause, ...]) -> None:
        for clause in where:
            read, tests = Property(clause.property), Tests(clause.comparisons)
            self._probes[events, clause] = _Probe(events, clause, read, tests)

    def _trait_probe(self, leaf: object) -> _TraitProbe | None:
        """Return the probe of what a leaf asks of a trait, None if it asks nothing that must be."""
        if not isinstance(leaf, Trait | Age | Anniversary | OnDate):
            return None
        asked = name, comparisons = _asked_of_trait(leaf)
        if wants_absence(comparisons):
            return None
        if asked not in self._traits:
            self._traits[asked] = _TraitProbe(name, comparisons, Tests(comparisons))
        return self._traits[asked]

    def _first(self, events: Names, where: tuple[Clause, ...]) -> str | None:
        if events and not any(self._names[name] for name in events):
            near = get_close_matches(events[0], self._names, 1, _NEAR)
            hint = f"; seen: {near[0]} {self._names[near[0]]:,}x" if near else ""
            return f"{wording.names(events)} was never seen{hint}"
        if not self._names:
            return None
        probes = (self._probes[events, clause] for clause in where)
        return next((probe.missing() for probe in probes if not probe.met), None)


def parts_asked(leaf: object) -> Iterator[tuple[Names, tuple[Clause, ...]]]:
    """Yield the events that must happen for a leaf to become true, and what is read of them.

    That is its `where`, and that the property is there which it counts, adds up or compares.
    """
    if isinstance(leaf, NotPerformed | Quiet):
        return
    if isinstance(leaf, Ratio):
        if leaf.at_least is not None or leaf.above is not None:
            yield from parts_asked(leaf.part)
        yield from parts_asked(leaf.whole)
        return
    read = _read(leaf)
    for part in (leaf, getattr(leaf, "scope", None), *getattr(leaf, "steps", ())):
        events = getattr(part, "did", getattr(part, "events", None))
        where: tuple[Clause, ...] = getattr(part, "where", ())
        if isinstance(events, tuple):
            asked = tuple(one for one in where if not wants_absence(one.comparisons))
            yield events, asked + read


def holds_of_nothing(leaf: object) -> bool:
    """Whether a count or a sum may be true of no event at all."""
    match leaf:
        case Performed():
            return leaf.at_least is None and (leaf.at_most is not None or leaf.exactly == 0)
        case Aggregate(kind="total"):
            return not any(one.operator in _AT_LEAST_SOMETHING for one in leaf.comparisons)
        case _:
            return False


def _needed(one: Segment | Ladder) -> Iterator[object]:
    """Yield the leaves that must be true, or one of which: those under `none` must not."""
    conditions = [one.when] if isinstance(one, Segment) else [tier.when for tier in one.tiers]
    waiting = [condition for condition in reversed(conditions) if condition is not None]
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, All | AnyOf):
            waiting += reversed(condition.conditions)
        elif not isinstance(condition, NoneOf):
            yield condition


def _asked_of_trait(leaf: Trait | Age | Anniversary | OnDate) -> tuple[str, tuple[Comparison, ...]]:
    """Return the trait of a leaf, and what its values must satisfy, as far as one event says it."""
    return leaf.name, leaf.comparisons if isinstance(leaf, Trait) else ()


def _read(leaf: object) -> tuple[Clause, ...]:
    """Return that the property exists which a leaf reads, if it cannot be true without it."""
    name = getattr(leaf, "property", None)
    of_nothing = wants_absence(getattr(leaf, "comparisons", ()))
    if name is None or of_nothing or getattr(leaf, "counting", "distinct") == "per":
        return ()
    return (Clause(name, (Comparison("exists", operand=True),)),)
