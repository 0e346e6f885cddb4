"""The JSON Schemas of the answers, by the names that routes give them.

A change in them is that of `change.schema.json`. Keys may be added in time.
"""

from typing import Any, Final

from streamer.codecs.change_schemas import MEMBERSHIP, UTC
from streamer.codecs.event_schemas import Schema

_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_NUMBER: Final[Schema] = {"type": "integer"}
_TEXT: Final[Schema] = {"type": "string"}
_REAL: Final[Schema] = {"type": "number"}
_ANY: Final[Schema] = {"type": "object"}
_FLAG: Final[Schema] = {"type": "boolean"}
_AT: Final[Schema] = {"type": "string", "pattern": UTC}
_MEMBERSHIP: Final[Schema] = {"type": "string", "pattern": MEMBERSHIP}
_CHANGE: Final[Schema] = {"$ref": "#/components/schemas/Change"}
_CONDITION: Final[Schema] = {"$ref": "#/components/schemas/Condition"}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": schema} | (
        {"description": description} if description else {}
    )


def _object(**properties: Schema) -> Schema:
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    return {"type": "object", "required": list(named), "properties": named}


def _answer(**properties: Schema) -> Schema:
    return _object(
        as_of={
            "type": "object",
            "description": "The event time that each partition has reached.",
            "additionalProperties": _AT,
        },
        state={
            "enum": ["current", "migrating", "rebuilding"],
            "description": "`migrating`: other rules decided last than the files have.",
        },
        **properties,
    )


_FLOW: Final = {"size": _COUNT, "entered": _COUNT, "exited": _COUNT}
_ENTRY: Final = {
    "segment": _MEMBERSHIP,
    "kind": _TEXT,
    "title": _TEXT,
    "purpose": _TEXT,
    "owner": _maybe(_TEXT),
    "tags": _list(_TEXT),
    "enabled": _FLAG,
    "ladder": _FLAG,
    "memberships": _list(_MEMBERSHIP),
}
_DETAILS: Final = {
    **_ENTRY,
    "definition": {"type": "string", "description": "The rule as its file has it, in YAML."},
    "reads": _list(
        _object(tier=_maybe(_TEXT), when=_maybe({"$ref": "#/components/schemas/Aloud"}))
    ),
    "events": _list(_TEXT),
    "properties": _list(_TEXT),
    "traits": _list(_TEXT),
    "bytes": _maybe(_COUNT),
    "limits": _list(_TEXT),
    "min_dwell": _maybe(_TEXT),
    "cooldown": _maybe(_TEXT),
    "holdout": {"type": "number", "minimum": 0, "maximum": 1},
}
_TIERS: Final = _list(_object(segment=_MEMBERSHIP, **_FLOW))
_NEXT: Final = _object(
    segment=_MEMBERSHIP,
    direction={"enum": ["entered", "exited"]},
    at=_AT,
    from_=_maybe(_TEXT),
    to=_maybe(_TEXT),
)
_GROUP: Final = _object(customers=_COUNT, converted=_COUNT, share=_REAL, interval=_list(_REAL))
_ENDPOINT: Final = {
    "endpoint": _TEXT,
    "off": _FLAG,
    "breaker": {"enum": ["closed", "open", "half-open", "off"]},
    **dict.fromkeys(
        (
            *("lag", "in_hand", "waiting", "delivered", "superseded", "given_up"),
            *("failed_tries", "lost"),
        ),
        _COUNT,
    ),
    "last_failure": _maybe(
        _object(at=_AT, status=_maybe(_NUMBER), reason=_TEXT, next_try=_maybe(_AT))
    ),
}
_PLACE: Final = {
    "segment": _MEMBERSHIP,
    "title": _TEXT,
    "membership": _maybe(_MEMBERSHIP),
    "since": _maybe(_AT),
    "missing": _list(_CONDITION, "The conditions that keep the customer out of it."),
    "next": _maybe({**_NEXT, "description": "What happens first if nothing happens."}),
}


def answer_schemas() -> dict[str, Schema]:
    """Return the schemas by name."""
    return {
        "Condition": _object(
            text=_TEXT,
            detail=_TEXT,
            missing={"type": "string", "description": "What it lacks to hold, such as `2 of 3`."},
            holds=_FLAG,
            until={**_maybe(_AT), "description": "When it changes if nothing happens."},
            conditions=_list(_CONDITION),
        ),
        "Aloud": _object(text=_TEXT, conditions=_list({"$ref": "#/components/schemas/Aloud"})),
        "Segments": _answer(
            customers=_COUNT,
            since={**_AT, "description": "From when `entered` and `exited` are counted."},
            segments=_list(_object(**_ENTRY, **_FLOW, tiers=_TIERS)),
        ),
        "Segment": _answer(
            **_DETAILS,
            **_FLOW,
            tiers=_TIERS,
            stays={
                "type": "object",
                "description": "The median of the latest stays that ended, by membership.",
                "additionalProperties": _object(median_ms=_maybe(_COUNT), of=_COUNT),
            },
        ),
        "Members": _answer(
            segment=_MEMBERSHIP,
            size=_COUNT,
            members=_list(_object(customer_id=_TEXT, since=_AT)),
            next=_maybe(_TEXT),
        ),
        "Sizes": _answer(
            **{
                "from": _AT,
                "to": _AT,
                "bucket_ms": _COUNT,
                "counted_since": _maybe(_AT),
                "at": _list(_AT, "The beginning of each bucket."),
                "series": _list(
                    _object(
                        segment=_MEMBERSHIP,
                        size=_list(_NUMBER, "At the end of each bucket."),
                        entered=_list(_COUNT),
                        exited=_list(_COUNT),
                        net=_list(_NUMBER),
                    )
                ),
            }
        ),
        "Overlaps": _answer(
            segment=_MEMBERSHIP,
            size=_COUNT,
            overlaps=_list(
                _object(segment=_MEMBERSHIP, customers=_COUNT, share={"type": "number"})
            ),
        ),
        "Customer": _answer(
            customer_id=_TEXT,
            born=_maybe(_AT),
            sequence=_COUNT,
            segments=_list(_object(segment=_MEMBERSHIP, since=_AT, title=_TEXT)),
        ),
        "Outlook": _answer(
            customer_id=_TEXT,
            at=_AT,
            coming=_list(_object(**_PLACE), "What changes first, the soonest first."),
            inside=_list(_object(**_PLACE)),
            near=_list(_object(**_PLACE), "Segments of which the fewest conditions are missing."),
        ),
        "Why": _answer(
            customer_id=_TEXT,
            at=_AT,
            **_PLACE,
            tiers=_list(_object(tier=_maybe(_TEXT), condition=_maybe(_CONDITION))),
        ),
        "Story": _answer(
            customer_id=_TEXT,
            changes=_list(_CHANGE),
            events={
                **_maybe(
                    _list(_object(id=_TEXT, name=_TEXT, at=_AT, properties=_ANY, traits=_ANY))
                ),
                "description": "null where they cannot be read.",
            },
            events_since={
                **_maybe(_AT),
                "description": "What was appended before was not looked through for events.",
            },
        ),
        "Effect": _answer(
            segment=_MEMBERSHIP,
            conversions=_list(_TEXT),
            within_ms=_COUNT,
            confidence=_REAL,
            not_held_out=_GROUP,
            held_out=_GROUP,
            left_out={**_COUNT, "description": "They entered too late to count."},
            difference=_REAL,
            interval=_list(_REAL),
            verdict={"enum": ["more", "fewer", "alike", "unclear"]},
            sentence=_TEXT,
        ),
        "Deliveries": _answer(
            asked=_list(_TEXT, "The addresses of `streamer serve --deliveries`."),
            processes=_list(
                _object(
                    address=_TEXT,
                    does=_maybe({"enum": ["webhooks", "reactions"]}),
                    reason={**_maybe(_TEXT), "description": "Why it is not ready."},
                )
            ),
            endpoints=_list(_object(**_ENDPOINT)),
            reactions=_list(
                _object(
                    address=_TEXT,
                    functions=_list(_TEXT),
                    **dict.fromkeys(
                        ("lag", "waiting", "dead", "handled", "failed_tries", "undone"), _COUNT
                    ),
                )
            ),
        ),
        "Sent": _object(id=_TEXT, customer_id=_TEXT, at=_AT, decided=_FLAG),
        "Changes": _answer(changes=_list(_CHANGE)),
        "Rejected": _answer(
            total=_COUNT,
            last_hour=_COUNT,
            groups=_list(
                _object(
                    kind=_TEXT,
                    reason=_TEXT,
                    path=_TEXT,
                    times=_COUNT,
                    last=_maybe(_AT),
                    example=_TEXT,
                    instead={"type": "string", "description": "What to do instead."},
                    write={"type": "string", "description": "What to write instead, as JSON."},
                )
            ),
        ),
        "Rules": _answer(
            files={**_maybe(_TEXT), "description": "The version of the rules in the files."},
            files_error={**_maybe(_TEXT), "description": "Why the files hold no rules."},
            read={"type": "string", "description": "The version that answers are made by."},
            running={
                "type": "object",
                "description": "The version that decided last, by partition.",
                "additionalProperties": _TEXT,
            },
            pending=_FLAG,
            differences=_list(
                _object(segment=_MEMBERSHIP, running=_maybe(_TEXT), files=_maybe(_TEXT)),
                "What the files declare otherwise than the rules that answers are made by.",
            ),
            only_running=_list(_MEMBERSHIP),
            segments=_list(_object(**_DETAILS)),
        ),
        "Health": _answer(
            healthy=_FLAG,
            sentence=_TEXT,
            failure=_maybe(_TEXT),
            progress=_object(read=_COUNT, total=_COUNT, share=_maybe({"type": "number"})),
            delay_ms=_maybe(_COUNT),
            delay_of=_COUNT,
            rejected_last_hour=_COUNT,
            unreadable=_COUNT,
            customers=_COUNT,
            test_events={**_FLAG, "description": "Whether test events can be sent here."},
        ),
        "Problem": _problem(),
    }


def _problem() -> Schema:
    properties: dict[str, Any] = {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "progress": _object(read=_COUNT, total=_COUNT),
        "path": {"type": "string", "description": "The place in the schema of events."},
        "instead": {"type": "string", "description": "What to do instead."},
        "write": {"type": "string", "description": "What to write instead, as JSON."},
    }
    required = ["type", "title", "status", "detail"]
    return {"type": "object", "required": required, "properties": properties}
