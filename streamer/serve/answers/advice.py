"""What to write instead of what was rejected, from the schemas of events and their examples."""

import json
from functools import cache
from typing import Any, Final, NamedTuple

from streamer.codecs.event_schemas import Schema, call_schema, event_schema

_KINDS: Final = {
    "late": "Send events when they happen, or raise max_lateness in the header of the rules.",
    "early": "Its time lies ahead of the log's: set the clock, and check the unit and the zone.",
    "duplicate": "Its id was used before. Where it is no repetition, give each event a new id.",
}
_SEVERAL: Final = frozenset({"anyOf", "allOf"})
"""What the schemas ask of several fields at once is who the customer is, or when it happened."""


class Advice(NamedTuple):
    """What to do in a sentence, and what to write, as JSON; either may be empty."""

    said: str
    write: str = ""


def instead_of(kind: str, path: str) -> Advice:
    """Return the advice for a kind of rejection and the place in the schema that it breaks."""
    if kind in _KINDS:
        return Advice(_KINDS[kind])
    parts = path.strip("/").split("/")
    for schema in _schemas():
        (example,) = schema["examples"]
        described, named = _field(schema, parts)
        if named in example:
            return Advice(described, json.dumps({named: example[named]})[1:-1])
    plain, call = (schema["examples"][0] for schema in _schemas())
    if parts[0] in _SEVERAL:
        return Advice("Say who it was, and when.", _written(plain if parts[0] == "anyOf" else call))
    return Advice("A record is one event, as JSON.", _written(plain))


@cache
def _schemas() -> tuple[Schema, ...]:
    return event_schema(), call_schema()


def _field(schema: Schema, parts: list[str]) -> tuple[str, str]:
    """Return the description and the name of the first field of an event on the way to a place."""
    place: Any = schema
    before = ""
    for part in parts:
        place = place.get(part) if type(place) is dict else None
        if before == "properties" and type(place) is dict:
            return str(place.get("description", "")), part
        before = part
    return "", ""


def _written(event: Any) -> str:  # noqa: ANN401 (any JSON)
    return json.dumps(event, indent=2)
