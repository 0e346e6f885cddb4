"""Rule documents as units in the order in which they speak, with durations and settings as numbers.

A unit is a segment or a ladder. A segment is a place to be in, named like itself; a ladder is
several places, of which the first that holds wins.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.values import Json, Node

UNITS = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 7 * 86_400_000,
}
DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w)")
OTHERWISE = "otherwise"
OTHERS = ("in_segment", "left_segment", "season", "date", "anniversary", "age", "predicted")


@cache
def duration(text: str) -> int:
    """`30m` in milliseconds."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    return int(match[1]) * UNITS[match[2]]


def share(written: Any) -> Fraction:  # noqa: ANN401  a number or a text such as 50%
    """`0.5` or `50%` as a fraction of one."""
    text = str(written)
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


@dataclass(frozen=True)
class Unit:
    """A segment or a ladder: its places with the condition of each, and its settings.

    `durations` are those written in it; `by_others` says whether it may turn for another reason
    than that one of them has passed: another segment, a calendar or a model.
    """

    key: str
    is_ladder: bool
    places: tuple[tuple[str, Node | str], ...]
    min_dwell: int
    cooldown: int
    durations: frozenset[int]
    by_others: bool
    consent: Node | None = None

    def membership(self, place: str) -> str:
        """The name under which a place is reported."""
        return f"{self.key}.{place}" if self.is_ladder else self.key


@dataclass(frozen=True)
class Rules:
    """All that is evaluated. `units` stand in the order in which changes of one moment are said."""

    units: tuple[Unit, ...]
    durations: frozenset[int]
    zone: ZoneInfo
    retention: int
    max_lateness: int
    anonymous: str
    days: frozenset[str]
    dated: tuple[Node, ...]
    models: Mapping[str, Node]
    predicted: tuple[Node, ...]


def read_rules(documents: Sequence[Mapping[str, Any]]) -> Rules:
    """The rules in the documents; what is not enabled is left out."""
    header: Mapping[str, Any] = {}
    units = []
    durations: set[int] = set()
    for document in documents:
        if "ruleset" in document:
            header = document
        elif "model" in document:
            continue
        elif document.get("settings", {}).get("enabled", True):
            units.append(read_unit(document))
            needed = document.get("settings", {}).get("needs_consent")
            if needed is not None:
                consents = next(one["consents"] for one in documents if "ruleset" in one)
                units[-1] = replace(units[-1], consent=consents[needed])
            durations.update(durations_in(document))
    chains = {unit.key: unit for unit in units}
    return Rules(
        units=tuple(sorted(units, key=lambda unit: (longest_chain(unit, chains), unit.key))),
        durations=frozenset(durations),
        zone=ZoneInfo(header.get("zone", "UTC")),
        retention=duration(header.get("retention", "400d")),
        max_lateness=duration(header.get("max_lateness", "24h")),
        anonymous=header.get("identity", {}).get("anonymous", "none"),
        days=frozenset(day for document in documents for day in days_in(document)),
        dated=tuple(leaves_in(documents, "date", "anniversary", "age")),
        models={document["model"]: dict(document) for document in documents if "model" in document},
        predicted=tuple(leaves_in(documents, "predicted")),
    )


def read_unit(document: Mapping[str, Any]) -> Unit:
    """One segment or ladder document."""
    settings = document.get("settings", {})
    is_ladder = "ladder" in document
    key = document["ladder"] if is_ladder else document["segment"]
    places: tuple[tuple[str, Node | str], ...] = ((key, document.get("when", {})),)
    if is_ladder:
        places = tuple((tier, when) for step in document["tiers"] for tier, when in step.items())
    return Unit(
        key=key,
        is_ladder=is_ladder,
        places=places,
        min_dwell=duration(settings["min_dwell"]) if "min_dwell" in settings else 0,
        cooldown=duration(settings["cooldown"]) if "cooldown" in settings else 0,
        durations=frozenset(durations_in(document)),
        by_others=any(leaves_in(document, *OTHERS)),
    )


def durations_in(data: Json) -> Iterator[int]:
    """Every duration that is written anywhere in a document, whatever it is for."""
    if isinstance(data, Mapping):
        for part in data.values():
            yield from durations_in(part)
    elif isinstance(data, list):
        for part in data:
            yield from durations_in(part)
    elif isinstance(data, str) and DURATION.fullmatch(data):
        yield duration(data)


def days_in(data: Json) -> Iterator[str]:
    """Every day of the year that a season names."""
    if isinstance(data, Mapping):
        yield from data.get("season", {}).values()
    if isinstance(data, Mapping | list):
        for part in data.values() if isinstance(data, Mapping) else data:
            yield from days_in(part)


def leaves_in(data: Json, *kinds: str) -> Iterator[Node]:
    """Every leaf of these kinds."""
    if isinstance(data, Mapping) and data.keys() & {*kinds}:
        yield dict(data)
    if isinstance(data, Mapping | Sequence) and not isinstance(data, str):
        for part in data.values() if isinstance(data, Mapping) else data:
            yield from leaves_in(part, *kinds)


def references_in(data: Json) -> Iterator[str]:
    """The keys of the segments and ladders that a condition refers to."""
    if isinstance(data, Mapping):
        for kind in ("in_segment", "left_segment"):
            if kind in data:
                yield data[kind].split(".")[0]
        for part in data.values():
            yield from references_in(part)
    elif isinstance(data, list | tuple):
        for part in data:
            yield from references_in(part)


def longest_chain(unit: Unit, units: dict[str, Unit]) -> int:
    """The length of the longest chain of references below a unit (22)."""
    below = [longest_chain(units[key], units) + 1 for key in references_in(unit.places)]
    return max(below, default=0)
