"""The endless stream of a simulated shop's events, in order of arrival.

Guarantees: the same settings give the same bytes on every machine; the chances are those of
`funnel`; mishaps apart, the lines are ordered by time, and a customer's visits do not overlap.
What is kept grows with customers and with what is still under way, not with events.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, Final, NamedTuple

from streamer.instants import iso
from streamer.simulation.catalogue import catalogue
from streamer.simulation.funnel import funnel
from streamer.simulation.mishaps import Mishaps, Road
from streamer.simulation.people import Crowd, Person
from streamer.simulation.visits import Happening, Visits
from streamer.types import DAY, HOUR, Millis

DEFAULT_START: Final[Millis] = 1_767_225_600_000
"""2026-01-01T00:00Z."""

_RHYTHM: Final = (
    *(0.5, 0.3, 0.2, 0.2, 0.2, 0.3, 0.5, 0.8, 1.0, 1.1, 1.2, 1.2),
    *(1.2, 1.1, 1.1, 1.1, 1.2, 1.3, 1.5, 1.8, 2.0, 1.9, 1.4, 0.9),
)
"""How busy each hour of the day is (UTC), 1 on average."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated shop: `customers` people who come `visits` times a day on average."""

    seed: int = 1
    start: Millis = DEFAULT_START
    customers: int = 1_000
    visits: float = 0.25
    mishaps: Mishaps = field(default_factory=Mishaps)
    appended: bool = False


class Arrival(NamedTuple):
    """One line of the log: when it arrives (ms since 1970), and its bytes."""

    at: Millis
    line: bytes


def simulate(simulation: Simulation) -> Iterator[Arrival]:
    """Yield lines for ever, in order of arrival."""
    random = Random(simulation.seed)  # noqa: S311 (a seed, not secrecy)
    shop = catalogue(random)
    crowd = Crowd(simulation.customers, random, len(shop))
    visits = Visits(random, shop, funnel())
    road = Road(simulation.mishaps, simulation.seed, appended=simulation.appended)
    numbers = count(1)
    order = count()
    underway: list[tuple[Millis, int, bytes]] = []
    for at in _visit_times(random, simulation):
        while underway and underway[0][0] <= at:
            arrival, _, line = heappop(underway)
            yield Arrival(arrival, line)
        person = crowd.visitor(at)
        if person is not None:
            for happening in visits.visit(person, at):
                event = _event(f"e-{next(numbers)}", happening, person)
                for arrival, line in road.send(happening.time, event):
                    heappush(underway, (arrival, next(order), line))


def _visit_times(random: Random, simulation: Simulation) -> Iterator[Millis]:
    """Yield when visits begin, without end."""
    per_ms = simulation.customers * simulation.visits / DAY
    at = float(simulation.start)
    while True:
        hour = int(at) // HOUR % 24
        at += random.expovariate(per_ms * _RHYTHM[hour])
        yield int(at)


def _event(event_id: str, happening: Happening, person: Person) -> dict[str, Any]:
    """Return the event as a storefront publishes it."""
    event: dict[str, Any] = {
        "id": event_id,
        "name": happening.name,
        "time": iso(happening.time),
        **person.ids,
        "properties": happening.properties,
    }
    if happening.traits is not None:
        event["traits"] = happening.traits
    return event
