"""From the bytes of a record to an `Event`, or to the reason why it cannot be one; and back.

Recognised by content: a plain event, a call of the Segment specification (`calls`), and either of
them inside a CloudEvent (`envelopes`). The plainest of plain events are read by `plain`, which
takes about half the time and gives the same. What is accepted is exactly what the published schemas
`event.schema.json` and `segment-call.schema.json` accept, within what a schema cannot state: the
limits on bytes and depth, and that a name is composed. `InvalidEvent.path` is a JSON pointer into
that schema, empty where the record is no JSON document within those limits.

Of keys that repeat, the last wins; what it replaces is read as JSON and then forgotten.
"""

import json
from typing import Any, Final, NamedTuple

import orjson

from streamer.codecs.calls import (
    ALIAS,
    call_name,
    call_time,
    call_traits,
    is_call,
    refuse_other_calls,
)
from streamer.codecs.envelopes import complete, is_envelope, unwrap
from streamer.codecs.fields import (
    check_id,
    check_name,
    check_properties,
    check_time,
    check_traits,
    known_context,
)
from streamer.codecs.parsing import parse_object
from streamer.codecs.plain import read_plain
from streamer.errors import InvalidEvent
from streamer.types import Event, Millis, Record


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


_ALIAS: Final = _CALL._replace(
    user_path="/allOf/2/then/properties/userId",
    anonymous_id="previousId",
    anonymous_path="/allOf/2/then/properties/previousId",
)


def decode(record: Record) -> Event:
    """Return the event of a record; raises `InvalidEvent` with the reason and the schema path.

    The append time is the record's own, or the event's `appended` where the record has none.
    """
    return read_plain(record) or decode_any(record)


def decode_any(record: Record) -> Event:
    """Do what `decode` does, the long way: it reads every form and finds the reason to refuse."""
    data = parse_object(record.value)
    if "specversion" in data and is_envelope(data):
        data = unwrap(data)
    if record.headers:
        data = complete(data, record.headers)
    if "type" in data and is_call(data):
        name = call_name(data)
        form = _CALL
        if data["type"] == ALIAS:
            form = _ALIAS
            _check_alias(data)
        return _event(data, form, name, call_time(data), call_traits(data), record)
    refuse_other_calls(data)
    name = check_name(data.get("name"), "/properties/name")
    time = check_time(data.get("time"), "time", "/properties/time")
    return _event(data, _PLAIN, name, time, data.get("traits"), record)


def encode(event: Event) -> bytes:
    """Return an event as plain JSON, without its append time: `decode` returns it again."""
    known = event.user_id is not None or event.anonymous_id is not None
    written = {
        "id": event.id,
        "name": event.name,
        "time": event.time,
        "user_id": event.user_id if known else event.customer,
        "anonymous_id": event.anonymous_id,
        "properties": event.properties,
        "traits": event.traits,
        "context": event.context,
    }
    kept = {name: part for name, part in written.items() if part is not None}
    try:
        return orjson.dumps(kept)
    except orjson.JSONEncodeError:  # an id of more than 64 bits
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def _event(
    data: dict[str, Any], form: _Form, name: str, time: Millis, traits: object, record: Record
) -> Event:
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
        check_traits(traits, "/properties/traits"),
        appended if record.appended is None else record.appended,
        _given(get(form.user_id)),
        _given(get(form.anonymous_id)),
        known_context(get("context")),
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


def _check_alias(data: dict[str, Any]) -> None:
    """Raise `InvalidEvent` where an alias call does not name both who the user was and is."""
    for name, path in (
        (_ALIAS.user_id, _ALIAS.user_path),
        (_ALIAS.anonymous_id, _ALIAS.anonymous_path),
    ):
        if data.get(name) in (None, ""):
            message = f"{name} is missing: an alias call must name who the user was and is"
            raise InvalidEvent(message, path)
        check_id(data[name], name, path)


def _given(value: object) -> str | None:
    """Return an id that is there and good, whether or not it is the one that counts."""
    try:
        return None if value is None or value == "" else check_id(value, "", "")
    except InvalidEvent:
        return None
