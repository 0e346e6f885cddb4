"""Short words for small histories: a rule, a few events, and the instants at which truth turns.

All instants are milliseconds after `START`, which is 2026-01-01T00:00Z.
"""

import json
from typing import Any, Literal

from tests.oracle import OracleResult, oracle_run
from tests.oracle.values import Node

START = 1_767_225_600_000
S = 1_000
M = 60 * S
H = 60 * M
D = 24 * H
IN, OUT = "in", "out"

Happening = dict[str, Any]
Flips = list[tuple[int, str]]


def on(at: int, name: str, **properties: object) -> Happening:
    """An event of customer `c` with properties."""
    return {"name": name, "time": START + at, "user_id": "c", "properties": properties}


def order(at: int, *products: Node, **properties: object) -> Happening:
    """An order of products."""
    return on(at, "order", products=list(products), **properties)


def told(at: int, name: str = "identified", **traits: object) -> Happening:
    """An event that carries traits."""
    return {"name": name, "time": START + at, "user_id": "c", "traits": traits}


def by(happening: Happening, **others: object) -> Happening:
    """The same happening with other fields: `id`, `user_id`, and `appended`, after START."""
    if isinstance(others.get("appended"), int):
        others["appended"] = START + int(str(others["appended"]))
    return {**happening, **others}


def lines(*happenings: Happening) -> list[bytes]:
    """The lines of a file; who has no id gets one of its own."""
    return [
        json.dumps({"id": f"e{number}", **happening}).encode()
        for number, happening in enumerate(happenings, start=1)
    ]


def segment(key: str, when: Node, **settings: object) -> Node:
    """A segment document."""
    return {"segment": key, "purpose": "To test.", "when": when, "settings": settings}


def ladder(key: str, *tiers: Node, **settings: object) -> Node:
    """A ladder document."""
    return {"ladder": key, "purpose": "To test.", "tiers": list(tiers), "settings": settings}


def header(**entries: object) -> Node:
    """The header document of a rule set."""
    return {"ruleset": "shop", **entries}


def run(
    documents: list[Node], *happenings: Happening, until: int | Literal["end"] | None = "end"
) -> OracleResult:
    """The oracle's answer; `until` is after START."""
    limit = START + until if isinstance(until, int) else until
    return oracle_run(documents, lines(*happenings), limit)


def flips(when: Node, *happenings: Happening, until: int = 300 * D, **settings: object) -> Flips:
    """When a customer enters and leaves the segment of one condition."""
    return turns(run([segment("s", when, **settings)], *happenings, until=until), "s")


def turns(result: OracleResult, membership: str, customer: str = "c") -> Flips:
    """When a customer enters and leaves one membership."""
    return [
        (change["at"] - START, IN if change["direction"] == "entered" else OUT)
        for change in result.changes.get(customer, [])
        if change["segment"] == membership
    ]


def story(result: OracleResult, customer: str = "c") -> list[tuple[int, str, str]]:
    """All that is said of a customer, in order."""
    return [
        (
            change["at"] - START,
            IN if change["direction"] == "entered" else OUT,
            change["segment"],
        )
        for change in result.changes.get(customer, [])
    ]


def true_now(when: Node, *happenings: Happening) -> bool:
    """Is a condition true right after the last of the happenings?"""
    return bool(run([segment("s", when)], *happenings, until=None).members["c"])
