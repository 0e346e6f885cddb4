"""The OpenAPI 3.1 document: made from the routes, the schemas of answers and that of a change."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamer import __version__
from streamer.codecs.change_schemas import MEMBERSHIP, change_schema
from streamer.codecs.event_schemas import Schema, event_schema, id_schema
from streamer.serve.answer_schemas import answer_schemas
from streamer.serve.problems import PROBLEM_JSON
from streamer.serve.routes import SEGMENTS, Parameter, Route

_JSON: Final = "application/json"
_PROBLEMS: Final = {
    "400": "The question cannot be read.",
    "401": "A token is needed.",
    "403": "This is not allowed.",
    "404": "There is no such thing.",
    "429": "Too many questions; `Retry-After` says when to ask again.",
    "503": "Not now; `Retry-After` says when to ask again.",
}
_OF_SENDING: Final = {
    "409": "The file was decided by other rules than these.",
    "413": "The body is too large.",
}
_NAMES: Final = {
    "segment": (
        "The key of a segment or ladder, or `ladder.tier`.",
        {"type": "string", "pattern": MEMBERSHIP},
    ),
    "customer": ("The id of a customer.", id_schema()),
}


def openapi(routes: Sequence[Route]) -> dict[str, Any]:
    """Return the document."""
    schemas = answer_schemas()
    schemas["Change"] = _component(change_schema(), "Change")
    schemas["Event"] = _component(event_schema(), "Event")
    paths: dict[str, Any] = {route.path: {"get": _operation(route)} for route in routes}
    paths["/v1/changes/stream"] = {"get": _stream()}
    paths["/v1/events"] = {"post": _sending()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Streamer",
            "version": __version__,
            "description": (
                "Who is in which segment, and why. Read-only, but for test events of the demo."
            ),
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _operation(route: Route) -> dict[str, Any]:
    names = [part[1:-1] for part in route.parts if part.startswith("{")]
    return {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [*map(_in_path, names), *map(_in_query, route.query)],
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {_JSON: {"schema": _ref(route.answer)}},
            },
            **_problems(),
        },
    }


def _stream() -> dict[str, Any]:
    return {
        "operationId": "stream",
        "summary": "Changes as they come, as server-sent events",
        "description": (
            "Events are `start`, `change` (the data is a Change), `reset` (ask for the present "
            "state again), `dropped` and `closing`. The id of an event is the position of every "
            "partition: send it as Last-Event-ID to get what came since, from any instance."
        ),
        "parameters": [
            _in_query(SEGMENTS),
            {
                "name": "Last-Event-ID",
                "in": "header",
                "description": "The id of the last event that was seen.",
                "schema": {"type": "string"},
            },
        ],
        "responses": {
            "200": {
                "description": "The stream, which has no end.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **_problems(),
        },
    }


def _sending() -> dict[str, Any]:
    return {
        "operationId": "send",
        "summary": "A test event, on the embedded default only",
        "description": "An event without a time is of now, and one without an id gets one.",
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref("Event")}}},
        "responses": {
            "202": {
                "description": "The event is in the log; `decided` says that it is decided, too.",
                "content": {_JSON: {"schema": _ref("Sent")}},
            },
            **_problems(),
            **_problems(_OF_SENDING),
        },
    }


def _in_path(name: str) -> dict[str, Any]:
    description, schema = _NAMES[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }


def _in_query(one: Parameter) -> dict[str, Any]:
    schema = {"type": "array", "items": one.schema} if one.many else one.schema
    return {"name": one.name, "in": "query", "description": one.description, "schema": schema}


def _problems(texts: Mapping[str, str] = _PROBLEMS) -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": _ref("Problem")}}
    return {status: {"description": text, "content": content} for status, text in texts.items()}


def _component(schema: Schema, name: str) -> Schema:
    """Return a schema of its own as a component: its definitions are found below its name."""
    kept = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    moved: Schema = _moved(kept, f"#/components/schemas/{name}/$defs/")
    return moved


def _moved(value: Any, place: str) -> Any:  # noqa: ANN401 (any JSON)
    match value:
        case dict():
            return {
                key: one.replace("#/$defs/", place)
                if key == "$ref" and isinstance(one, str)
                else _moved(one, place)
                for key, one in value.items()
            }
        case list():
            return [_moved(one, place) for one in value]
        case _:
            return value


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
