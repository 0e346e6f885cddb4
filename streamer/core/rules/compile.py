"""From rules as declared to a program that decides.

Takes declarations that the rule language has checked: references resolve and form no cycle, keys
are unique. Gives each cell a slot, each column an index and each segment its place.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias, cast

from streamer.core.columns import Amounts, Column, Filter
from streamer.core.engine.conditions import LeafNode, Node, all_hold, any_holds, none_hold
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment, CompiledTier
from streamer.core.leaf import Binder, CellRef, Leaf
from streamer.core.leaves.membership import InSegment, LeftSegment
from streamer.core.quantities import Quantities
from streamer.core.rules.identity import canonical, encoded, version_of
from streamer.core.rules.spec import (
    All,
    AnyOf,
    Clause,
    Condition,
    Header,
    Ladder,
    LeafSpec,
    NoneOf,
    Segment,
    Terms,
)
from streamer.core.state.cell import Cell, Identity
from streamer.core.state.exits import Exits

Declaration: TypeAlias = Segment | Ladder


def compile_rules(
    header: Header, declarations: Sequence[Declaration], *, closely: int = 0
) -> RuleSet:
    """Compile the enabled declarations together.

    With `closely` what is counted is kept up to so many times or values, for people to be told how
    many there are; what is decided stays the same.
    """
    enabled = [one for one in declarations if one.settings.enabled]
    ordered = _in_order(enabled)
    terms = Terms(header.zone, header.max_lateness, closely)
    binder = _Binder(terms, _memberships(ordered))
    segments = tuple(_segment(index, header, one, binder) for index, one in enumerate(ordered))
    for cell in binder.cells:
        if isinstance(cell, Exits):
            segments[cell.place].exits.append(cell)
    names = frozenset(name for one in enabled for name in event_names(one))
    version = version_of(header, list(declarations))
    return RuleSet(header, version, segments, tuple(binder.cells), names, tuple(binder.columns))


class _Bindable(LeafSpec, Protocol):
    """A leaf as declared that can be compiled: every leaf is."""

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""


class _Binder:
    """Gives cells of the same identity the same slot, and equal columns one index."""

    def __init__(self, terms: Terms, memberships: dict[str, tuple[int, int]]) -> None:
        self.terms = terms
        self.cells: list[Cell] = []
        self.columns: list[Identity] = []
        self._used: set[int] = set()
        self._names: set[str] = set()
        self._by_identity: dict[bytes, CellRef] = {}
        self._read: dict[bytes, Column | Amounts | Filter] = {}
        self._memberships = memberships

    def share(self, cell: Cell) -> CellRef:
        if any(name.startswith("at.") for name in self._names):
            cell.zone = self.terms.zone
        identity = encoded(cell.meaning())
        ref = self._by_identity.get(identity)
        if ref is None:
            cell.slot = len(self.cells)
            self.cells.append(cell)
            ref = self._by_identity[identity] = CellRef(cell)
        else:
            ref.cell.widen(cell)
        self._used.add(ref.cell.slot)
        return ref

    def column(self, name: str, where: tuple[Clause, ...]) -> Column:
        self._note(name, where)
        identity = {"kind": "values", "property": name, "where": canonical(where)}
        key = encoded(identity)
        if key not in self._read:
            passes = self.filter(where)
            self._read[key] = Column(self._index(identity), name, passes)
        return cast("Column", self._read[key])

    def amounts(
        self, name: str, where: tuple[Clause, ...], times: str | None, *, each: bool = False
    ) -> Amounts:
        self._note(name, where)
        if times is not None:
            self._names.add(times)
        identity: Identity = {
            "kind": "amounts",
            "property": name,
            "where": canonical(where),
            "times": times,
            "each": each,
        }
        key = encoded(identity)
        if key not in self._read:
            passes = self.filter(where)
            self._read[key] = Amounts(self._index(identity), name, passes, times, each=each)
        return cast("Amounts", self._read[key])

    def quantities(self, name: str | None, net: str, where: tuple[Clause, ...]) -> Quantities:
        self._note(name, where)
        self._names.add(net)
        return Quantities(name, net, self.filter(where))

    def filter(self, where: tuple[Clause, ...]) -> Filter | None:
        if not where:
            return None
        self._note(None, where)
        identity = {"kind": "filter", "where": canonical(where)}
        key = encoded(identity)
        if key not in self._read:
            self._read[key] = Filter(self._index(identity), where)
        return cast("Filter", self._read[key])

    def membership(self, key: str) -> tuple[int, int]:
        return self._memberships[key]

    def leaf(self, spec: _Bindable) -> LeafNode:
        """Bind one leaf, and note which cells it asks and which properties these read."""
        self._used, self._names = set(), set()
        leaf = spec.bind(self)
        for slot in self._used:
            self.cells[slot].reads |= self._names
        return LeafNode(leaf, frozenset(self._used))

    def _note(self, name: str | None, where: tuple[Clause, ...]) -> None:
        """Note which properties a column or a filter reads, also one that is there already."""
        self._names.update(clause.property for clause in where)
        if name is not None:
            self._names.add(name)

    def _index(self, identity: Identity) -> int:
        self.columns.append(identity)
        return len(self.columns) - 1


def _memberships(ordered: Sequence[Declaration]) -> dict[str, tuple[int, int]]:
    places = {}
    for index, one in enumerate(ordered):
        if isinstance(one, Segment):
            places[one.key] = (index, 1)
        else:
            for number, tier in enumerate(one.tiers, 1):
                places[f"{one.key}.{tier.key}"] = (index, number)
    return places


def _consent(one: Declaration, header: Header) -> Condition | None:
    """Return the condition of the consent that a declaration needs."""
    needed = one.settings.needs_consent
    return None if needed is None else dict(header.consents)[needed]


def _segment(index: int, header: Header, one: Declaration, binder: _Binder) -> CompiledSegment:
    if isinstance(one, Segment):
        tiers: tuple[CompiledTier, ...] = (CompiledTier(one.key, None, _node(one.when, binder)),)
    else:
        tiers = tuple(
            CompiledTier(
                f"{one.key}.{tier.key}",
                tier.key,
                None if tier.when is None else _node(tier.when, binder),
            )
            for tier in one.tiers
        )
    consent = _consent(one, header)
    return CompiledSegment(
        index,
        header.name,
        one.key,
        one.title,
        one.purpose,
        one.settings,
        tiers,
        is_ladder=isinstance(one, Ladder),
        references=any(True for _ in _references(one)),
        consent=None if consent is None else _node(consent, binder),
    )


def _node(condition: Condition, binder: _Binder) -> Node:
    match condition:
        case All(conditions):
            return all_hold(tuple(_node(one, binder) for one in conditions))
        case AnyOf(conditions):
            return any_holds(tuple(_node(one, binder) for one in conditions))
        case NoneOf(conditions):
            return none_hold(tuple(_node(one, binder) for one in conditions))
        case spec:
            return binder.leaf(cast("_Bindable", spec))


def leaf_specs(one: Declaration) -> Iterator[object]:
    """Yield the leaves of a declaration, in the order of the rule."""
    conditions = [one.when] if isinstance(one, Segment) else [tier.when for tier in one.tiers]
    for condition in conditions:
        if condition is not None:
            yield from _leaf_specs(condition)


def _leaf_specs(condition: Condition) -> Iterator[object]:
    if isinstance(condition, All | AnyOf | NoneOf):
        for one in condition.conditions:
            yield from _leaf_specs(one)
    else:
        yield condition


def _references(one: Declaration) -> Iterator[str]:
    for spec in leaf_specs(one):
        if isinstance(spec, InSegment | LeftSegment):
            yield spec.key


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
    for spec in leaf_specs(one):
        yield from _names_in(spec)


def _names_in(spec: object) -> Iterator[str]:
    for field in ("events", "did", "without", "since"):
        yield from getattr(spec, field, None) or ()
    scope = getattr(spec, "scope", None)
    if scope is not None:
        yield from scope.events
        yield from scope.since or ()
    for step in getattr(spec, "steps", ()):
        yield from step.events
    for field in ("minus", "part", "whole"):
        part = getattr(spec, field, None)
        if part is not None:
            yield from _names_in(part)
