"""What a rule may ask of the time of an event: `at.weekday`, `at.hour`, `at.month`, `at.date`.

A weekday, hour, month or date that does not exist is refused where it stands: no event can ever
have it.
"""

from typing import Any, Final

from streamer.core.moments import PARTS, WEEKDAYS
from streamer.core.state.dates import date_of
from streamer.language.nodes import Node, ScalarNode
from streamer.language.reading import Reading, Wrong, expected
from streamer.language.scalars import resolve
from streamer.language.source import Place
from streamer.language.words import listed, quoted

PREFIX: Final = "at."
DATE: Final = "at.date"
ORDERS: Final = ("at_least", "at_most", "above", "below")
_OF_TEXTS: Final = ("starts_with", "ends_with", "contains")
_RANGES: Final = {"at.hour": (0, 23), "at.month": (1, 12)}
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "at.weekday": {"enum": list(WEEKDAYS)},
    **{
        name: {"type": "integer", "minimum": low, "maximum": high}
        for name, (low, high) in _RANGES.items()
    },
    DATE: {
        "type": "string",
        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    },
}
"""What the JSON Schema says of one value; which days exist, the reader says."""
MEANS: Final = {
    "at.weekday": "The day of the week, from `monday` to `sunday`.",
    "at.hour": "The hour of the day, from 0 to 23.",
    "at.month": "The month, from 1 to 12.",
    DATE: "The day, such as `2026-11-27`.",
}


def is_moment(name: str) -> bool:
    """Say whether a property reads the time of the event."""
    return name.startswith(PREFIX)


def never(name: str) -> tuple[str, ...]:
    """Return the operators that say nothing of a part of the time."""
    if name in _RANGES:
        return _OF_TEXTS
    return () if name == DATE else ORDERS


def check_name(name: str, place: Place) -> None:
    """Raise `Wrong` for a part of the time that does not exist."""
    if is_moment(name) and name not in PARTS:
        raise Wrong(place, f"{quoted(name)} does not exist: expected {listed(PARTS)}")


def check_not_added(name: str, place: Place) -> None:
    """Raise `Wrong` where a part of the time is to be added up."""
    if is_moment(name):
        raise Wrong(place, f"{name} is a time, and is not added up")


def check_value(name: str, operator: str, node: Node, reading: Reading) -> None:
    """Raise `Wrong` if no event can be compared so."""
    if not isinstance(node, ScalarNode) or operator == "exists" or name not in PARTS:
        return
    value = resolve(node)
    if operator in _OF_TEXTS:
        if name in _RANGES:
            low, high = _RANGES[name]
            raise expected(f"whole numbers from {low} to {high} of {name}", node)
    elif name in _RANGES:
        low, high = _RANGES[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise expected(f"a whole number from {low} to {high} of {name}", node)
    elif name == DATE:
        if not isinstance(value, str) or date_of(value) is None:
            raise expected("an existing day of at.date, such as 2026-11-27", node)
    elif operator in ORDERS:
        raise Wrong(node.at, "weekdays have no order: write in: [saturday, sunday]")
    elif value not in WEEKDAYS:
        near = reading.nearest.word(node.text, WEEKDAYS)
        hint = f"one of {', '.join(WEEKDAYS)}" if near is None else f"{near}"
        raise expected(hint, node)
