"""The JSON Schemas (2020-12) of plain events and of Segment calls, made from the limits.

Patterns stand in for formats, so that every validator agrees.
"""

from typing import Any, Final, TypeAlias

from streamer.codecs.calls import ALIAS, CALL_TIMES, CALL_TYPES
from streamer.codecs.limits import (
    CALL_NAME,
    END_ID,
    ID,
    LEAST_ID,
    MAX_BYTES,
    MAX_CALL_NAME,
    MAX_DEPTH,
    MAX_ID,
    MAX_NAME,
    NAME,
    TIME,
)
from streamer.instants import EARLIEST, END

Schema: TypeAlias = dict[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_WHEN: Final = "When it happened: the first that is there of {}."
_RECORD: Final = (
    f"A record has at most {MAX_BYTES} bytes of UTF-8, is at most {MAX_DEPTH} levels deep, and its "
    "numbers are finite. Of keys that repeat, the last wins."
)


def event_schema() -> Schema:
    """Return the schema of a plain event."""
    return {
        "$schema": DRAFT,
        "$id": "event.schema.json",
        "title": "Storefront event",
        "description": f"What a customer did. {_RECORD} Keys not named here are not read.",
        "type": "object",
        "required": ["id", "name", "time"],
        "anyOf": _customer("user_id", "anonymous_id"),
        "properties": {
            "id": _ref("id", "Tells this event from all others; a repeated id is a duplicate."),
            "name": _name(),
            "time": _ref("time", "When it happened."),
            "user_id": _ref("maybe_id", "The customer, once known."),
            "anonymous_id": {
                "description": "The customer, as long as there is no user_id; not read beside one."
            },
            **_contents(),
            "appended": _ref("maybe_time", "The time at which the log took the event in."),
        },
        "$defs": _definitions(),
        "examples": [
            {
                "id": "e-1",
                "name": "product_added",
                "time": "2026-11-22T05:00:00.123Z",
                "user_id": "u-7",
                "anonymous_id": "a-3",
                "properties": {"product_id": "shoe-1", "price": 59.9, "quantity": 1},
            }
        ],
    }


def call_schema() -> Schema:
    """Return the schema of a call of the Segment specification."""
    return {
        "$schema": DRAFT,
        "$id": "segment-call.schema.json",
        "title": "Segment call",
        "description": (
            "A track, identify, page, screen or alias call of the Segment specification. "
            f"{_RECORD} Keys not named here are not read."
        ),
        "type": "object",
        "required": ["type", "messageId"],
        "allOf": [
            {"anyOf": _customer("userId", "anonymousId")},
            {"anyOf": _first_time()},
            _names_both(),
        ],
        "if": {"properties": {"type": {"const": "track"}}},
        "then": {
            "required": ["event"],
            "properties": {
                "event": {
                    "description": (
                        "What happened; in snake case it is the event's name: "
                        "Product List Viewed is product_list_viewed. Each run of other characters "
                        f"counts as one; the name has at most {MAX_NAME} characters."
                    ),
                    "type": "string",
                    "maxLength": MAX_CALL_NAME,
                    "pattern": f"^{CALL_NAME}$",
                }
            },
        },
        "properties": {
            "type": {
                "description": "identify and alias are identified, page page_viewed, screen "
                "screen_viewed.",
                "enum": list(CALL_TYPES),
            },
            "messageId": _ref("id", "Tells this call from all others."),
            **{field: {"description": _WHEN.format(", ".join(CALL_TIMES))} for field in CALL_TIMES},
            "userId": _ref("maybe_id", "The customer, once known."),
            "anonymousId": {
                "description": "The customer, as long as there is no userId; not read beside one."
            },
            **_contents(),
            "appended": _ref("maybe_time", "The time at which the log took the call in."),
        },
        "$defs": _definitions(),
        "examples": [
            {
                "type": "track",
                "messageId": "m-1",
                "timestamp": "2026-11-22T05:00:00.123Z",
                "userId": "u-7",
                "anonymousId": "a-3",
                "event": "Product Added",
                "properties": {"product_id": "shoe-1", "price": 59.9, "quantity": 1},
            }
        ],
    }


def id_schema() -> Schema:
    """Return the schema of an id of an event or a customer, as it is kept and written."""
    return {"type": "string", "minLength": 1, "maxLength": MAX_ID, "pattern": f"^{ID}$"}


def _definitions() -> Schema:
    """Return the parts that events and calls share."""
    time = [
        {
            "description": "ISO 8601 with a zone.",
            "type": "string",
            "pattern": f"^{TIME}$",
        },
        {
            "description": "Milliseconds since 1970 in UTC.",
            "type": "integer",
            "minimum": EARLIEST,
            "exclusiveMaximum": END,
        },
    ]
    return {
        "id": {
            **id_schema(),
            "description": "Text, or a whole number, which is its decimal text: 7.0 is 7.",
            "type": ["string", "integer"],
            "minimum": LEAST_ID,
            "exclusiveMaximum": END_ID,
        },
        "maybe_id": {"anyOf": [{"enum": [None, ""]}, {"$ref": "#/$defs/id"}]},
        "time": {"anyOf": time},
        "maybe_time": {"anyOf": [{"type": "null"}, *time]},
    }


def _contents() -> Schema:
    """Return what events and calls carry alike; null counts as absent."""
    return {
        "properties": {
            "description": "What the event is about.",
            "type": ["object", "null"],
            "properties": {
                "products": {
                    "description": "The products of an order, a cart or a list.",
                    "type": ["array", "null"],
                    "items": {"type": "object"},
                },
            },
        },
        "traits": {
            "description": "Attributes of the customer; null removes one.",
            "type": ["object", "null"],
        },
        "context": {
            "description": (
                "Where it happened: campaign, device, page. What is no object counts as absent."
            ),
        },
    }


def _customer(user: str, anonymous: str) -> list[Schema]:
    """Return the two ways of naming the customer."""
    known = {"$ref": "#/$defs/id"}
    return [{"required": [field], "properties": {field: known}} for field in (user, anonymous)]


def _names_both() -> Schema:
    """Return what an alias call must say: who the user is, and who the user was."""
    known = {"$ref": "#/$defs/id"}
    return {
        "if": {"properties": {"type": {"const": ALIAS}}},
        "then": {
            "required": ["userId", "previousId"],
            "properties": {
                "userId": known,
                "previousId": {"description": "The anonymous id of an alias call.", **known},
            },
        },
    }


def _first_time() -> list[Schema]:
    """Return the ways of saying when a call happened: the first field that is there decides."""
    return [
        {
            "required": [field],
            "properties": {
                **{before: {"type": "null"} for before in CALL_TIMES[:index]},
                field: {"$ref": "#/$defs/time"},
            },
        }
        for index, field in enumerate(CALL_TIMES)
    ]


def _ref(definition: str, description: str) -> Schema:
    return {"description": description, "$ref": f"#/$defs/{definition}"}


def _name() -> Schema:
    return {
        "description": (
            "What happened, in snake case: product_viewed. Letters of any script, composed (NFC)."
        ),
        "type": "string",
        "maxLength": MAX_NAME,
        "pattern": f"^{NAME}$",
    }
