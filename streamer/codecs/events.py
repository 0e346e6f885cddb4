"""From the bytes of a record to an `Event`, or to the reason why it cannot be one.

Told apart by content: a plain event, a call of the Segment specification (`calls`), and either of
them inside a CloudEvent (`envelopes`). The plainest of plain events are read by `plain`, which
takes about half the time and gives the same. What is accepted is exactly what the published schemas
`event.schema.json` and `segment-call.schema.json` accept, within the limits on bytes and depth that
a schema cannot state; `InvalidEvent.path` is a JSON pointer into that schema, empty where the
record is no JSON document within those limits.

Of keys that repeat, the last wins; what it replaces is read as JSON and then forgotten.
"""

from typing import Any, Final, NamedTuple

import orjson

from streamer.codecs.calls import CALL_TIMES, call_name, is_call
from streamer.codecs.envelopes import complete, is_envelope, unwrap
from streamer.codecs.fields import (
    check_id,
    check_name,
    check_properties,
    check_time,
    check_traits,
)
from streamer.codecs.limits import MAX_BYTES, MAX_DEPTH
from streamer.codecs.plain import read_plain
from streamer.errors import InvalidEvent
from streamer.types import Event, Millis, Record

_OBJECT: Final = ord("{")  # as numbers: a search for one byte is several times faster that way
_LIST: Final = ord("[")


class _Form(NamedTuple):
    """What the fields that both forms share are called in one of them, and their paths."""

    id: str
    id_path: str
    user_id: str
    user_path: str
    anonymous_id: str
    anonymous_path: str
    no_customer: str


_PLAIN: Final = _Form(
    id="id",
    id_path="/properties/id",
    user_id="user_id",
    user_path="/properties/user_id",
    anonymous_id="anonymous_id",
    anonymous_path="/properties/anonymous_id",
    no_customer="/anyOf",
)
_CALL: Final = _Form(
    id="messageId",
    id_path="/properties/messageId",
    user_id="userId",
    user_path="/properties/userId",
    anonymous_id="anonymousId",
    anonymous_path="/properties/anonymousId",
    no_customer="/allOf/0",
)


def decode(record: Record) -> Event:
    """Return the event of a record; raises `InvalidEvent` with the reason and the schema path.

    The append time is the record's own, or the event's `appended` where the record has none.
    """
    return read_plain(record) or decode_any(record)


def decode_any(record: Record) -> Event:
    """Do what `decode` does, the long way: it reads every form and finds the reason to refuse."""
    data = _parsed(record.value)
    if "specversion" in data and is_envelope(data):
        data = unwrap(data)
    if record.headers:
        data = complete(data, record.headers)
    if "type" in data and is_call(data):
        return _event(data, _CALL, call_name(data), _call_time(data), record)
    name = check_name(data.get("name"), "/properties/name")
    time = check_time(data.get("time"), "time", "/properties/time")
    return _event(data, _PLAIN, name, time, record)


def _event(data: dict[str, Any], form: _Form, name: str, time: Millis, record: Record) -> Event:
    get = data.get
    appended = get("appended")
    if appended is not None:
        appended = check_time(appended, "appended", "/properties/appended")
    return Event(
        check_id(get(form.id), form.id, form.id_path),
        name,
        _customer(data, form),
        time,
        check_properties(get("properties"), "/properties/properties"),
        check_traits(get("traits"), "/properties/traits"),
        appended if record.appended is None else record.appended,
    )


def _customer(data: dict[str, Any], form: _Form) -> str:
    user = data.get(form.user_id)
    if user or (user is not None and user != ""):
        return check_id(user, form.user_id, form.user_path)
    anonymous = data.get(form.anonymous_id)
    if anonymous is None:
        message = f"no customer: neither {form.user_id} nor {form.anonymous_id} is there"
        raise InvalidEvent(message, form.no_customer)
    return check_id(anonymous, form.anonymous_id, form.anonymous_path)


def _call_time(data: dict[str, Any]) -> Millis:
    for field in CALL_TIMES:
        value = data.get(field)
        if value is not None:
            return check_time(value, field, f"/properties/{field}")
    message = f"{CALL_TIMES[0]} is missing"
    raise InvalidEvent(message, "/allOf/1")


def _parsed(value: bytes) -> dict[str, Any]:
    if len(value) > MAX_BYTES:
        message = f"the record has {len(value)} bytes; at most {MAX_BYTES} are allowed"
        raise InvalidEvent(message)
    try:
        data = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise _unreadable(value, error) from None
    if _may_nest(value) and _deeper(data, MAX_DEPTH):
        raise _too_deep()
    if type(data) is not dict:
        message = "an event must be a JSON object"
        raise InvalidEvent(message, "/type")
    return data


def _may_nest(value: bytes) -> bool:
    """Tell quickly that a record cannot be too deep: nearly every one has two objects, no list."""
    if _LIST not in value and value.find(_OBJECT, 1) == value.rfind(_OBJECT):
        return False
    return value.count(_OBJECT) + value.count(_LIST) > MAX_DEPTH


def _deeper(value: object, levels: int) -> bool:
    """Tell whether objects and lists stand inside each other more than `levels` deep."""
    if type(value) is dict:
        return levels == 0 or any(_deeper(item, levels - 1) for item in value.values())
    if type(value) is list:
        return levels == 0 or any(_deeper(item, levels - 1) for item in value)
    return False


def _too_deep() -> InvalidEvent:
    return InvalidEvent(f"nested deeper than {MAX_DEPTH} levels")


def _unreadable(value: bytes, error: orjson.JSONDecodeError) -> InvalidEvent:
    if not value.strip():
        return InvalidEvent("empty: no JSON at all")
    try:
        value.decode()
    except UnicodeDecodeError as undecodable:
        return InvalidEvent(f"not UTF-8: byte {undecodable.start + 1} cannot be read")
    if error.msg.startswith("depth limit"):
        return _too_deep()
    return InvalidEvent(f"not JSON with finite numbers and whole characters: {error.msg}")
