"""The JSON Schemas (2020-12) of segment changes, of memberships and of rejected records."""

from typing import Final

from streamer.codecs.event_schemas import DRAFT, Schema, id_schema

UTC: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
_KEY: Final = "[a-z][a-z0-9_]{0,62}"
MEMBERSHIP: Final = rf"^{_KEY}(\.{_KEY})?$"


def change_schema() -> Schema:
    """Return the schema of a segment change."""
    properties: Schema = {
        "change_id": {
            "description": "A hash: the same change has the same id, however often it is computed.",
            **_text(),
        },
        "customer_id": {"$ref": "#/$defs/id"},
        "segment": {
            "description": "The membership: a segment, or ladder.tier.",
            "type": "string",
            "pattern": MEMBERSHIP,
        },
        "direction": {"enum": ["entered", "exited"]},
        "at": {"description": "When it became true, in UTC.", "$ref": "#/$defs/utc"},
        "sequence": {
            "description": "Numbers the customer's changes, from 1.",
            "type": "integer",
            "minimum": 1,
        },
        "born": {
            "description": "The time of the first accepted event of the customer's profile.",
            "$ref": "#/$defs/utc",
        },
        "cause": {
            "description": "An event, with its id, or the passing of time, or something else.",
            "type": "object",
            "required": ["kind"],
            "properties": {
                "kind": {"enum": ["event", "time", "rules", "merge", "erasure"]},
                "event_id": {"$ref": "#/$defs/id"},
            },
            "if": {"properties": {"kind": {"const": "event"}}},
            "then": {"required": ["event_id"]},
            "else": {"properties": {"event_id": False}},
            "additionalProperties": False,
        },
        "because": {
            "description": "What made the condition so, for people.",
            "type": "array",
            "items": {"type": "string"},
        },
        "rules": {"description": "The version of the rule set.", **_text()},
        "holdout": {
            "description": "The customer is in the group that shows what reacting brings.",
            "type": "boolean",
        },
        "replayed": {"type": "boolean"},
        "ladder": {"description": "The ladder of a tier.", "$ref": "#/$defs/maybe_key"},
        "from": {"description": "The tier moved from.", "$ref": "#/$defs/maybe_key"},
        "to": {"description": "The tier moved to.", "$ref": "#/$defs/maybe_key"},
    }
    return {
        "$schema": DRAFT,
        "$id": "change.schema.json",
        "title": "Segment change",
        "description": "A customer entered or exited a segment. Keys may be added in time.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "$defs": {
            "id": id_schema(),
            "utc": {"type": "string", "pattern": UTC},
            "maybe_key": {"type": ["string", "null"], "pattern": f"^{_KEY}$"},
        },
    }


def membership_schema() -> Schema:
    """Return the schema of where a customer stands."""
    inside: Schema = {
        "segment": {
            "description": "A segment, or ladder.tier.",
            "type": "string",
            "pattern": MEMBERSHIP,
        },
        "since": {"description": "When the customer entered it.", "$ref": "#/$defs/utc"},
    }
    properties: Schema = {
        "customer_id": {"$ref": "#/$defs/id"},
        "sequence": {
            "description": "The number of the customer's last change: what is larger is newer.",
            "type": "integer",
            "minimum": 1,
        },
        "born": {
            "description": "The time of the first accepted event of the customer's profile.",
            "$ref": "#/$defs/utc",
        },
        "segments": {
            "description": "Every segment that the customer is in.",
            "type": "array",
            "items": {
                "type": "object",
                "required": list(inside),
                "properties": inside,
            },
        },
    }
    return {
        "$schema": DRAFT,
        "$id": "membership.schema.json",
        "title": "Memberships",
        "description": "Where a customer stands. Keys may be added in time.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "$defs": {"id": id_schema(), "utc": {"type": "string", "pattern": UTC}},
    }


def rejected_schema() -> Schema:
    """Return the schema of a line about a rejected record."""
    properties: Schema = {
        "line": {
            "description": "The line in its file, from 1; 0 where there is no file.",
            "type": "integer",
            "minimum": 0,
        },
        "kind": {"enum": ["invalid", "late", "early", "duplicate"]},
        "reason": {"description": "Why, for people.", "type": "string"},
        "path": {
            "description": (
                "The place in the schema that the record breaks, as a JSON pointer; empty where "
                "it breaks none of its parts."
            ),
            "type": "string",
        },
        "raw": {
            "description": r"The whole record; a byte that is no UTF-8 is written as \xff.",
            "type": "string",
        },
    }
    return {
        "$schema": DRAFT,
        "$id": "rejected.schema.json",
        "title": "Rejected record",
        "description": "A record that was not accepted, and why.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
    }


def _text() -> Schema:
    return {"type": "string", "minLength": 1}
