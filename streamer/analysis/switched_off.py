"""Which segments no event of a mapping can ever switch on, and which can never see their end.

A condition is off if an event, a property, a value or a trait that it cannot be true without is
never made by the mapping; a segment is off if its conditions leave no other way. What asks for a
segment that is off is off as well. What cannot be decided is left out.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from streamer.analysis.never_seen import holds_of_nothing, parts_asked
from streamer.core import wording
from streamer.core.columns import Tests
from streamer.core.leaves.age import Age
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.leaves.date import OnDate
from streamer.core.leaves.membership import InSegment, LeftSegment
from streamer.core.leaves.performed import NotPerformed
from streamer.core.leaves.trait import Trait
from streamer.core.rules.compile import leaf_specs
from streamer.core.rules.spec import All, AnyOf, Clause, Condition, Ladder, Names, NoneOf, Segment
from streamer.core.values import wants_absence
from streamer.mapping.made import Made

_OF_THE_EVENT: Final = "at."
_UNTOLD: Final = "context."


class Off(NamedTuple):
    """A membership that is never entered, and the first reason."""

    membership: str
    why: str


class Blind(NamedTuple):
    """A segment or ladder that rests on the absence of events which nothing sends."""

    key: str
    events: str


def switched_off(declarations: Iterable[Segment | Ladder], made: Made) -> list[Off]:
    """Return the memberships that are never entered, in the order of the rules."""
    every = [one for one in declarations if one.settings.enabled]
    found: dict[str, str] = {}
    before = -1
    while len(found) > before:  # what asks for what is off is off
        before = len(found)
        for one in every:
            for membership, when in _memberships(one):
                why = None if when is None else _why(when, made, found)
                if why is not None and membership not in found:
                    found[membership] = why
    return [
        Off(membership, found[membership])
        for one in every
        for membership, _ in _memberships(one)
        if membership in found
    ]


def blind(declarations: Iterable[Segment | Ladder], made: Made) -> list[Blind]:
    """Return what asks that something has not happened, or finishes, that is never made."""
    found: dict[Blind, None] = {}
    for one in declarations:
        if one.settings.enabled:
            for leaf in leaf_specs(one):
                events = leaf.scope.events if isinstance(leaf, NotPerformed) else None
                events = events or getattr(leaf, "without", None)
                if events and not _any_made(events, made):
                    found[Blind(one.key, wording.names(events))] = None
    return list(found)


def _memberships(one: Segment | Ladder) -> Iterator[tuple[str, Condition | None]]:
    if isinstance(one, Segment):
        yield one.key, one.when
    else:
        yield from ((f"{one.key}.{tier.key}", tier.when) for tier in one.tiers)


def _why(condition: Condition, made: Made, off: dict[str, str]) -> str | None:
    """Return why a condition is never true, None if it may be."""
    match condition:
        case All(conditions):
            found = (_why(one, made, off) for one in conditions)
            return next((why for why in found if why is not None), None)
        case AnyOf(conditions):
            several = [_why(one, made, off) for one in conditions]
            return None if None in several else several[0]
        case NoneOf():
            return None
        case InSegment(key) | LeftSegment(key):
            return f"it asks for {key}, which is off" if key in off else None
        case Trait(name, comparisons):
            never = name not in made.traits and not wants_absence(comparisons)
        case Age(name) | Anniversary(name) | OnDate(name):
            never = name not in made.traits
        case _:
            return _why_of_events(condition, made)
    return f"the trait {name} is never made" if never else None


def _why_of_events(leaf: object, made: Made) -> str | None:
    if holds_of_nothing(leaf):
        return None
    for events, where in parts_asked(leaf):
        if events and not _any_made(events, made):
            return f"{wording.names(events)} is never made"
        for clause in where:
            why = _why_of_values(clause, made)
            if why is not None:
                return why
    return None


def _why_of_values(clause: Clause, made: Made) -> str | None:
    name = clause.property
    if name.startswith(_OF_THE_EVENT):
        return None
    if name.startswith(_UNTOLD) or not made.has_property(name):
        return f"{name} is never made"
    values = made.values_of(name)
    tests = Tests(clause.comparisons)
    if values is None or not values or any(tests.hold_of([value]) for value in values):
        return None
    said = ", ".join(sorted(wording.literal(value) for value in values))
    return f"{name} {wording.comparisons(clause.comparisons)} is never made, but {said}"


def _any_made(events: Names, made: Made) -> bool:
    return made.names is None or any(name in made.names for name in events)
