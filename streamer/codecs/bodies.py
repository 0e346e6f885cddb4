"""The body of a request to the events and calls in it.

One bad event must not cost the others of its batch, so a body that only orjson refuses (half a
surrogate pair of a text that was cut, bytes that are no UTF-8, a NaN of Python's `json`, a number
of thousands of digits) is read by Python's parser. Then each event is written by Python again, and
the decoder refuses just those that have such a thing.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote

import orjson

from streamer.codecs.calls import CALL_TYPES
from streamer.errors import InvalidEvent

Encode: TypeAlias = Callable[[object], bytes]
"""Writes a value as JSON with sorted keys."""

BATCH: Final = "batch"
EVENTS: Final = "events"
"""What a body holds beside single calls: a batch of calls, or events in any other form."""
GROUP: Final = "group"
SINGLE_CALLS: Final = (*CALL_TYPES, GROUP)

_BINARY: Final = "ce-"
_SHARED: Final = ("context", "integrations")
"""What a batch may say once for all of its calls."""


class Body(NamedTuple):
    """A JSON document, and what writes its parts so that they are read as they were."""

    document: Any
    encode: Encode


class Call(NamedTuple):
    """One event or call as it was sent; `data` is whatever JSON holds. `sent_at` is the batch's."""

    data: Any
    sent_at: Any = None


def parse_body(value: bytes) -> Body:
    """Return the document of a body; raises `InvalidEvent` where it is no JSON."""
    try:
        return Body(orjson.loads(value), encode_sorted)
    except orjson.JSONDecodeError as error:
        refused = error
    try:
        text = value.decode(json.detect_encoding(value), "surrogateescape")
        return Body(json.loads(text, parse_int=_whole), _encode_all)
    except (ValueError, RecursionError):
        raise InvalidEvent(f"the body is not JSON: {refused.msg}") from None


def _whole(digits: str) -> int | float:
    """Return a whole number; infinity, which no event may have, for one that Python refuses."""
    return int(digits) if len(digits) < sys.int_info.default_max_str_digits else float(digits)


def split(kind: str, document: Any) -> list[Call]:  # noqa: ANN401 (any JSON)
    """Return the calls or events of a document, in order.

    `kind` is one of `SINGLE_CALLS`, `BATCH` or `EVENTS`. Raises `InvalidEvent` where the document
    as a whole has not the form of its kind.
    """
    match kind, document:
        case ("events", list()):
            return [Call(item) for item in document]
        case ("events", dict()):
            return [Call(document)]
        case ("batch", {"batch": list() as calls}):
            shared = {name: document[name] for name in _SHARED if _is_object(document.get(name))}
            sent_at = document.get("sentAt")
            return [Call(_shared_with(call, shared), sent_at) for call in calls]
        case ("batch", _):
            raise InvalidEvent("a batch must be an object with a list of calls in batch")
        case (_, dict()):
            return [Call({**document, "type": kind})]
        case _:
            raise InvalidEvent("the body must be a JSON object")


def binary_event(headers: list[tuple[str, str]], data: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a CloudEvent in binary mode (attributes in HTTP headers) in structured mode.

    Headers are percent-encoded, as the HTTP binding has it, so an id is the same in both modes.
    """
    attributes = {
        name[len(_BINARY) :].lower(): unquote(text)
        for name, text in headers
        if name.lower().startswith(_BINARY)
    }
    return {**attributes, "data": data}


def encode_sorted(value: object) -> bytes:
    """Write what orjson has read, also what is too deep for it to write again."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return _encode_all(value)


def _encode_all(value: object) -> bytes:
    """Write what Python's parser has read: also what orjson refuses to read again."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    except RecursionError:
        return b""  # hundreds of levels: no decoder reads it, and no encoder can write it


def _shared_with(call: object, shared: dict[str, dict[str, Any]]) -> object:
    """Return a call of a batch with what the batch says for all; its own words go before."""
    if not shared or type(call) is not dict:
        return call
    merged = {
        name: {**common, **call[name]} if _is_object(call.get(name)) else common
        for name, common in shared.items()
        if call.get(name) is None or _is_object(call[name])
    }
    return {**call, **merged}


def _is_object(value: object) -> bool:
    return type(value) is dict
