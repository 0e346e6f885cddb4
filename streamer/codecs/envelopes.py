"""CloudEvents 1.0 around an event: structured (all in the value) and binary (in the headers).

An event may come in an envelope; what it carries itself, decides. Only where the payload has no id,
no time or no append time of its own, the envelope's stands in.
"""

from typing import Any, Final

from streamer.codecs.calls import CALL_TIMES, is_call
from streamer.errors import InvalidEvent

_FACTS: Final = ("id", "time", "appended")
_HEADER: Final = "ce_"


def is_envelope(data: dict[str, Any]) -> bool:
    """Return whether this is a structured CloudEvent, and no plain event with a `specversion`."""
    return "specversion" in data and ("data" in data or "name" not in data)


def unwrap(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return the event or call inside a structured CloudEvent, completed from the envelope."""
    data = envelope.get("data")
    if type(data) is not dict:
        message = "a CloudEvent must carry an event in data, as an object"
        raise InvalidEvent(message, "/properties/data")
    return _completed(data, {fact: envelope.get(fact) for fact in _FACTS})


def complete(data: dict[str, Any], headers: tuple[tuple[str, bytes], ...]) -> dict[str, Any]:
    """Return the event or call of a binary CloudEvent, completed from the record's headers."""
    facts = dict(headers)
    return _completed(data, {fact: _text(facts.get(_HEADER + fact)) for fact in _FACTS})


def _completed(data: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    call = is_call(data)
    present = {
        "id": data.get("messageId" if call else "id"),
        "time": next((data[key] for key in CALL_TIMES if data.get(key) is not None), None)
        if call
        else data.get("time"),
        "appended": data.get("appended"),
    }
    names = {"id": "messageId", "time": CALL_TIMES[0]} if call else {}
    for fact, value in facts.items():
        if value is not None and present[fact] is None:
            data[names.get(fact, fact)] = value
    return data


def _text(value: bytes | None) -> str | None:
    """Return a header as text; one that is no UTF-8 says nothing."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None
