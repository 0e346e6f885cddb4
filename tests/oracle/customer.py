"""What is remembered about a customer: everything.

The history is ordered by time, equal times in log order (2); `heard` is the same events in log
order.

Customers of real shops have thousands of events. So what is true of an event for ever is found out
once: whether it matches, what it carries. Every answer is still made of the whole history.
"""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.reading import Event
from tests.oracle.values import (
    BESIDE,
    Json,
    Node,
    Product,
    Value,
    face,
    present,
    products_left,
    values_at,
)

IDENTIFIED = "identified"
REMEMBERED_IDS = 256
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reading(NamedTuple):
    """A value and what it was read from: the event's properties or one product."""

    value: Value
    home: Node


class Match:
    """An event that satisfies a `where`, with the products that may still be read from it (9)."""

    def __init__(self, event: Event, products: list[Product]) -> None:
        self.event = event
        self.products = products
        self.readings = cache(self._readings)
        self.faces = cache(self._faces)
        self.counted: dict[tuple[str, str | None, bool], list[tuple[int, int]]] = {}

    def _readings(self, name: str) -> list[Reading]:
        """The values of a property (8), from the event or else from the products left."""
        if present(self.event.properties, name):
            home = self.event.properties
            return [Reading(value, home) for value in values_at(home, name)]
        return [
            Reading(value, product)
            for product in self.products
            for value in values_at(product, name)
        ]

    def _faces(self, name: str) -> list[tuple[str, Value]]:
        """The different values of a property, in the order of the document."""
        return list(dict.fromkeys(face(reading.value) for reading in self.readings(name)))


def matches(event: Event, names: Json, where: Node | None) -> Match | None:
    """The event as a match of an EVENT (a name, a list of names, or `any`) and a `where`."""
    if names == "any":
        if event.name == IDENTIFIED:
            return None
    elif event.name not in ([names] if isinstance(names, str) else names):
        return None
    left = products_left(event.properties, event.products, where)
    return None if left is None else Match(event, left)


def all_matches(events: Iterable[Event], names: Json, where: Node | None = None) -> list[Match]:
    """Those of the events that match, in the same order."""
    found = (matches(event, names, where) for event in events)
    return [match for match in found if match is not None]


@dataclass
class Matched:
    """Those of the first `asked` events of a history that match; `where` is what they match."""

    where: Node | None
    asked: int = 0
    found: list[Match] = field(default_factory=list)


@dataclass
class Standing:
    """Where a customer stands in one unit: the place as reported, and when it last changed.

    `exits` says when each place was left last.
    """

    place: str | None = None
    changed: int | None = None
    left: int | None = None
    exits: dict[str, int] = field(default_factory=dict)


@dataclass
class Customer:
    """One profile, from its first accepted event until it is gone.

    `is_user` once the id has come as a `user_id`; `linked` says when each of its anonymous ids was
    linked last (24).
    """

    id: str
    zone: ZoneInfo
    born: int
    clock: int
    history: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    said: int = 0
    models: Mapping[str, Node] = field(default_factory=dict)
    matched: dict[tuple[str, int], Matched] = field(default_factory=dict)
    is_user: bool = False
    linked: dict[str, int] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Put an accepted event into the history; the clock moves to it unless it is late."""
        self.clock = max(self.clock, event.time)
        beside = {"at": local_parts(self.zone, event.time), "context": event.context}
        event = replace(event, properties={**event.properties, BESIDE: beside})
        if self.history and history_order(event) < history_order(self.history[-1]):
            self.matched.clear()
        insort(self.history, event, key=history_order)
        self.heard.append(event)

    def join(self, other: "Customer") -> None:
        """All that the other did was this customer's; and of equal times it came first (24)."""
        self.clock = max(self.clock, other.clock)
        first = min((event.line for event in self.history), default=0)
        last = max(event.line for event in other.history)
        joined = [replace(event, line=event.line + first - last - 1) for event in other.history]
        self.history = sorted([*joined, *self.history], key=history_order)
        heard = [*other.heard[-REMEMBERED_IDS:], *self.heard[-REMEMBERED_IDS:]]
        self.heard = sorted(heard, key=event_time)
        self.matched.clear()

    def matching(self, names: Json, where: Node | None = None) -> list[Match]:
        """The events of the history that match, in its order."""
        known = self.matched.setdefault((str(names), id(where)), Matched(where))
        known.found += all_matches(self.history[known.asked :], names, where)
        known.asked = len(self.history)
        return known.found

    def standing(self, key: str) -> Standing:
        """Where the customer stands in a unit; outside everything in the beginning (18)."""
        return self.standings.setdefault(key, Standing())

    def day(self, instant: int) -> date:
        """The calendar day of an instant in the rule set's zone."""
        return calendar_day(self.zone, instant)


def history_order(event: Event) -> tuple[int, int]:
    """By time, equal times in log order (2)."""
    return event.time, event.line


def event_time(event: Event) -> int:
    """When an event happened."""
    return event.time


def local_parts(zone: ZoneInfo, instant: int) -> Node:
    """What a calendar and a clock in the zone show."""
    there = (EPOCH + timedelta(milliseconds=instant)).astimezone(zone)
    return {
        "weekday": there.strftime("%A").lower(),
        "hour": int(there.strftime("%H")),
        "month": int(there.strftime("%m")),
        "date": there.strftime("%Y-%m-%d"),
    }


@lru_cache(maxsize=100_000)
def calendar_day(zone: ZoneInfo, instant: int) -> date:
    """The calendar day of an instant in a zone."""
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(zone).date()
