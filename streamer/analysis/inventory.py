"""What a rule set remembers about one customer at most, and what it reads of events.

Bytes are those of an encoded profile when every cell is full. Cells that several segments
share are counted in each of them, and once in the total.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from streamer.app.inputs import Rules
from streamer.app.nodes import leaves_of
from streamer.codecs.profiles import CELL_BYTES, MEMBERSHIP_BYTES, PROFILE_BYTES
from streamer.core import wording
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment
from streamer.core.leaves.abandoned import Abandoned
from streamer.core.leaves.age import Age
from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.leaves.date import OnDate
from streamer.core.leaves.favours import Favours
from streamer.core.leaves.performed import Performed
from streamer.core.leaves.predicted import Predicted
from streamer.core.leaves.ratio import Ratio
from streamer.core.leaves.sequence import Sequence
from streamer.core.leaves.trait import Trait
from streamer.core.leaves.worth import Worth
from streamer.core.rules.compile import Declaration, event_names, leaf_specs
from streamer.core.rules.spec import ANY, Clause
from streamer.core.state.cell import MOST_EVENTS, MOST_VALUES
from streamer.core.state.dates import MOST_DATES
from streamer.core.state.purchases import MOST_DAYS
from streamer.core.state.remaining import MOST_STEPS as MOST_QUANTITIES
from streamer.core.state.repeated import MOST_REPEATED

_OF_TRAITS: Final = (Trait, OnDate, Anniversary, Age)
"""The conditions that read one trait, their `name`."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What one segment or ladder needs.

    `remembers` is the most bytes per customer, None for a rule that is not evaluated; `shared`
    of them are in cells that the segments `shared_with` use too. `limits` says in words, for
    each condition that could need more than its bound, up to where it is exact.
    """

    key: str
    title: str
    place: str
    remembers: int | None
    shared: int
    shared_with: tuple[str, ...]
    events: tuple[str, ...]
    properties: tuple[str, ...]
    traits: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The needs of all segments; `total` is the most bytes per customer, each cell once."""

    segments: tuple[Needs, ...]
    total: int


def inventory(rules: Rules) -> Inventory:
    """Return the cells and columns of each rule, in the order of the files."""
    compiled = rules.compiled
    by_key = {segment.key: segment for segment in compiled.segments}
    needs = tuple(_needs(one, by_key.get(one.key), rules) for one in rules.declared.declarations)
    cells = _bytes(compiled, range(len(compiled.cells)))
    return Inventory(needs, PROFILE_BYTES + cells + MEMBERSHIP_BYTES * len(by_key))


def _needs(one: Declaration, segment: CompiledSegment | None, rules: Rules) -> Needs:
    compiled = rules.compiled
    others = [other for other in compiled.segments if segment is not None and other is not segment]
    slots = frozenset[int]() if segment is None else segment.slots
    shared = slots & frozenset(slot for other in others for slot in other.slots)
    asked = list(leaf_specs(one))
    return Needs(
        key=one.key,
        title=one.title,
        place=rules.declared.places[one.key],
        remembers=None if segment is None else _bytes(compiled, slots) + MEMBERSHIP_BYTES,
        shared=_bytes(compiled, shared),
        shared_with=tuple(other.key for other in others if other.slots & shared),
        events=_events(one, asked),
        properties=tuple(sorted({name for each in asked for name in _properties(each)})),
        traits=tuple(sorted({each.name for each in asked if isinstance(each, _OF_TRAITS)})),
        limits=() if segment is None else tuple(_limits(segment, asked)),
    )


def _bytes(compiled: RuleSet, slots: Iterable[int]) -> int:
    """Return the most bytes of some cells: those that grow share the profile's bound."""
    cells = [compiled.cells[slot] for slot in slots]
    growing = sum(cell.max_bytes() for cell in cells if cell.weighs)
    fixed = sum(cell.max_bytes() for cell in cells if not cell.weighs)
    return CELL_BYTES * len(cells) + fixed + min(growing, compiled.most_bytes)


def _events(one: Declaration, asked: Iterable[object]) -> tuple[str, ...]:
    names = sorted(set(event_names(one)))
    return ("any", *names) if any(map(_reads_any, asked)) else tuple(names)


def _parts(question: object) -> tuple[object, ...]:
    """Return the condition and what it is made of, where names of events and properties stand."""
    inner = [getattr(question, name, None) for name in ("minus", "part", "whole")]
    within = [part for one in inner if one is not None for part in _parts(one)]
    return question, getattr(question, "scope", None), *getattr(question, "steps", ()), *within


def _reads_any(question: object) -> bool:
    fields = ("events", "since", "did", "without")
    return any(getattr(part, field, None) == ANY for part in _parts(question) for field in fields)


def _properties(question: object) -> Iterator[str]:
    """Yield the properties that a condition reads."""
    for part in _parts(question):
        for field in ("property", "same", "times", "per", "net"):
            name = getattr(part, field, None)
            if isinstance(name, str):
                yield name
        clauses: tuple[Clause, ...] = getattr(part, "where", ())
        yield from (clause.property for clause in clauses)


def _limits(segment: CompiledSegment, asked: Iterable[object]) -> Iterator[str]:
    for leaf, question in zip(leaves_of(segment), asked, strict=True):
        limit = _limit(question)
        if limit is not None:
            yield f"{leaf.leaf.label}: exact up to {limit}"


def _limit(question: object) -> str | None:
    """Return up to where a condition is exact, None where it always is."""
    match question:
        case Ratio():
            return f"{MOST_EVENTS:,} events in the window"
        case Performed() | Aggregate():
            return _limit_of_counts(question)
        case Abandoned(net=str(), same=same):
            items = "" if same is None else f"{MOST_VALUES} different values of {same} and "
            return f"{items}{MOST_QUANTITIES} events of each"
        case Abandoned(same=str(name)) | Sequence(same=str(name)):
            return f"{MOST_VALUES} different values of {name}"
        case Favours(property=name, within=None):
            return f"{MOST_VALUES} different values of {name}"
        case Favours(property=name):
            values = f"{MOST_VALUES} different values of {name}"
            return f"{values} and {MOST_EVENTS:,} events in the window"
        case Predicted() | Worth() if question.model.each == "day":
            return f"{MOST_DAYS:,} different days with a purchase"
        case OnDate(name=name) | Anniversary(name=name) | Age(name=name):
            return f"{MOST_DATES} different dates of {name}"
        case _:
            return None


def _limit_of_counts(question: Performed | Aggregate) -> str | None:
    """Return up to where a count or a sum is exact."""
    scope = question.scope
    match question:
        case Performed(counting="per", property=name) | Aggregate(per=str(name)):
            return f"{MOST_VALUES} different values of {name}"
        case _ if scope.older is not None:
            return f"{MOST_EVENTS:,} events younger than {wording.duration(scope.older)}"
        case Performed(counting="same", property=name):
            return f"{MOST_REPEATED:,} different values of {name}"
        case Aggregate() if scope.within is not None:
            return f"{MOST_EVENTS:,} events in the window"
        case Aggregate() if scope.since is not None:
            return f"{MOST_EVENTS:,} events in the time that an event may be late"
        case _:
            return None
