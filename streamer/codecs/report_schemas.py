"""The JSON Schema (2020-12) of a report on segments."""

from typing import Any, Final

from streamer.codecs.change_schemas import MEMBERSHIP, UTC
from streamer.codecs.event_schemas import DRAFT, Schema

_SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}


def report_schema() -> Schema:
    """Return the schema of what `streamer report` writes as JSON."""
    properties: Schema = {
        "source": {
            "description": "What was read: events, through the rules, or changes as told.",
            "enum": ["events", "changes"],
        },
        "input": _input(),
        "ruleset": _text("The name of the rule set."),
        "rules": _text("The version of the rule set."),
        "begin": _instant("The time of the first event, or of the first change."),
        "end": _instant("The instant up to which the report goes."),
        "changes": _count("How many changes there were."),
        "unknown": {
            "description": "Changes of memberships that the rules do not have: left out.",
            "type": "object",
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
        "unusable": {
            "description": "Properties that rules read and could not: in how many events, and one.",
            "type": "object",
            "additionalProperties": _object(
                "",
                {
                    "count": {"type": "integer", "minimum": 1},
                    "example": _text("What stood there, as JSON writes it, cut if it is long."),
                },
            ),
        },
        "customers": _count("Who is known at the end; of changes: who is named in them."),
        "forgotten": _or_null(_count("Who was known and is no longer; null where nobody can say.")),
        "in_no_segment": _count("Customers who are in no membership at the end."),
        "in_rest_only": _count("Customers who are in nothing but otherwise tiers at the end."),
        "reachable": {
            "description": "The membership of those who can be reached; null where there is none.",
            "type": ["string", "null"],
        },
        "currency": {"description": "That of the sales.", "type": ["string", "null"]},
        "limits": _object("What counts as too small, too large and alike.", _limits()),
        "step_ms": _count("The length of a step; the last one ends early, with the report."),
        "steps": _list("The first instant of each step.", {"$ref": "#/$defs/utc"}),
        "segments": _list("Every membership, in the order of the rules.", _object("", _segment())),
        "models": _list("The models that rules ask.", _object("", _model())),
        "overlaps": _list("Every pair with customers in both at the end.", _object("", _overlap())),
        "missing": _list("What rules ask for and no line had.", _object("", _missing())),
    }
    return {
        "$schema": DRAFT,
        "$id": "report.schema.json",
        "title": "Report on segments",
        "description": "How large, how restless and how alike segments are. Keys may be added.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "$defs": {
            "utc": {"type": "string", "pattern": UTC},
            "membership": {"type": "string", "pattern": MEMBERSHIP},
        },
    }


def _input() -> Schema:
    counts = {
        "lines": _count("How many lines of events were read."),
        "applied": _count("How many of them were accepted."),
        "duplicate": _count("Not accepted: the customer has an event of that id."),
        "late": _count("Not accepted: they came later than max_lateness."),
        "early": _count("Not accepted: their time lies ahead of when they came."),
        "invalid": _count("Not accepted: they are no events."),
        "left_out": _count("They lie after the end of the report."),
    }
    reason = {
        "times": _count("How many lines were invalid for it."),
        "example": _text("The first of them: file, line and what is wrong."),
    }
    reasons = _list("Why lines were invalid, the most frequent first.", _object("", reason))
    said = "What became of the lines of events; null where changes were read."
    return _or_null(_object(said, {**counts, "reasons": reasons}))


def _limits() -> Schema:
    return {
        "small": {"description": "A smaller share of the customers is too small.", **_SHARE},
        "large": {"description": "A larger share of the customers is too large.", **_SHARE},
        "overlap": {"description": "From this Jaccard index on, a pair is alike.", **_SHARE},
    }


def _segment() -> Schema:
    numbers = {"type": "array", "items": {"type": "integer", "minimum": 0}}
    return {
        "segment": {"$ref": "#/$defs/membership"},
        "title": _text("The title of the segment; of a tier: that of its ladder, and its key."),
        "purpose": _text("Its purpose."),
        "definition": _text("The rule in words."),
        "held": {"description": "The settings that hold moves back.", "type": "string"},
        "ladder": {"description": "The ladder of a tier.", "type": ["string", "null"]},
        "otherwise": {"description": "It is the otherwise of its ladder.", "type": "boolean"},
        "size": _count("Members at the end."),
        "peak": _count("The largest size at the end of a step."),
        "mean_size": _measure("Members at an average instant."),
        "entered": _count("How often it was entered."),
        "exited": _count("How often it was left."),
        "customers": _count("Who was inside at least once."),
        "volatility": _measure("(entered + exited) / mean_size; null where that reads 0.0."),
        "median_stay_ms": _or_null(_count("Of the stays that ended.")),
        "sampled": {"description": "The median is of a sample of the stays.", "type": "boolean"},
        "ended": {
            "description": "How many stays each event ended, by its name, or time.",
            "type": "object",
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
        "ran_out": {
            "description": "Of the stays that time ended: which condition ran out, in words.",
            "type": "object",
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
        "sales": {"description": "What its members bought for.", "type": ["number", "null"]},
        "sales_share": {"description": "The share of all sales.", "type": ["number", "null"]},
        "unreachable": _or_null(_count("Members who are not in reachable, at the end.")),
        "never": {"description": "Nobody was ever inside.", "type": "boolean"},
        "too_small": {"type": "boolean"},
        "too_large": {"type": "boolean"},
        "entered_by_step": {"description": "One number for each step.", **numbers},
        "exited_by_step": {"description": "One number for each step.", **numbers},
        "size_by_step": {"description": "At the end of each step.", **numbers},
    }


def _model() -> Schema:
    return {
        "model": _text("The key of the model."),
        "fitted_on": {"description": "Whose purchases.", "type": ["string", "null"]},
        "segments": _list("The segments and ladders that ask it.", {"type": "string"}),
        "foreign": {"description": "It was not fitted on this shop.", "type": "boolean"},
    }


def _overlap() -> Schema:
    return {
        "segments": {
            "type": "array",
            "items": {"$ref": "#/$defs/membership"},
            "minItems": 2,
            "maxItems": 2,
        },
        "both": {"description": "Customers in both.", "type": "integer", "minimum": 1},
        "of_smaller": {"description": "Both, of those in the smaller one.", **_SHARE},
        "jaccard": {"description": "Both, of those in either.", **_SHARE},
        "alike": {"description": "Almost the same customers.", "type": "boolean"},
    }


def _missing() -> Schema:
    keys = {"type": "string"}
    return {
        "what": _text("What was never seen."),
        "segments": _list("Who asks for it and was never entered, or not in every tier.", keys),
        "entered": _list("Who asks for it and was entered by other conditions.", keys),
    }


def _object(description: str, properties: Schema) -> Schema:
    said = {"description": description} if description else {}
    return {**said, "type": "object", "required": list(properties), "properties": properties}


def _list(description: str, items: Schema) -> Schema:
    return {"description": description, "type": "array", "items": items}


def _text(description: str) -> Schema:
    return {"description": description, "type": "string", "minLength": 1}


def _count(description: str) -> Schema:
    return {"description": description, "type": "integer", "minimum": 0}


def _measure(description: str) -> Schema:
    return {"description": description, "type": ["number", "null"], "minimum": 0}


def _instant(description: str) -> Schema:
    return {
        "description": description,
        "anyOf": [{"$ref": "#/$defs/utc"}, {"type": "null"}],
    }


def _or_null(schema: dict[str, Any]) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}
