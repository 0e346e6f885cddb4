"""An event or call as it came over HTTP to the record that goes into the log, or to its refusal.

What is accepted is what `events.decode` accepts, which workers use too, and at most `MAX_EVENT`
bytes. What is added and taken away:

* A call without a `messageId` gets one from its content without `sentAt`, so a retry is the same
  event. Two calls that say just the same are one event, too: a `timestamp` distinguishes them.
* `timestamp` becomes `receivedAt - (sentAt - originalTimestamp)`: a clock that is wrong is wrong
  for both. Where a call has `timestamp` and `originalTimestamp`, that was done before.
* `context.bot` is true for what a known crawler sent.
* Addresses of machines and write keys are dropped.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from streamer.codecs.bodies import GROUP, Call, Encode
from streamer.codecs.calls import is_call
from streamer.codecs.envelopes import is_envelope
from streamer.codecs.events import decode
from streamer.codecs.rights import PROOF, Rights, check_rights
from streamer.errors import InvalidEvent
from streamer.instants import iso, parse_iso
from streamer.types import Millis, Record

MAX_EVENT: Final = 32 << 10
"""The longest event, in bytes as it is written into the log."""

_NEVER_KEPT: Final = ("writeKey", "ip", "requestIp", "request_ip")
_NOT_CONTENT: Final = frozenset({"sentAt", "receivedAt"})


class Circumstances(NamedTuple):
    """A request beside its body: rights, time, agent. `user_agent` is the browser's, else empty."""

    rights: Rights
    received_at: Millis
    is_crawler: Callable[[str], bool]
    user_agent: str = ""


class Accepted(NamedTuple):
    """The record of an event: the customer is its key."""

    customer: str
    value: bytes


class Refused(NamedTuple):
    """What could not be an event: as it came, but without addresses and keys; and why."""

    value: bytes
    reason: str
    path: str


def receive(call: Call, encode: Encode, request: Circumstances) -> Accepted | Refused:
    """Return the event of one call as it is accepted, or its refusal."""
    data = call.data
    if type(data) is not dict:
        return Refused(encode(data), "an event must be a JSON object", "/type")
    inner = data.get("data") if is_envelope(data) else data
    proof = _clean(data, inner)
    before = {**data, "data": {**inner}} if type(inner) is dict and inner is not data else {**data}
    try:
        if type(inner) is dict:
            _complete(inner, call.sent_at, encode, request)
        value = _within(encode(data))
        event = decode(Record(0, 0, value))
        if type(inner) is dict and check_rights(event, inner, proof, request.rights):
            value = encode(data)
    except InvalidEvent as error:
        return Refused(encode(before), error.reason, error.path)
    return Accepted(event.customer, value)


def content_id(call: dict[str, Any], encode: Encode) -> str:
    """Return the id of a call that has none: 32 hexadecimal digits of its content."""
    content = {name: value for name, value in call.items() if name not in _NOT_CONTENT}
    return blake2b(encode(content), digest_size=16).hexdigest()


def correct_clock(call: dict[str, Any], sent_at: object, received_at: Millis) -> None:
    """Put the time of a call right, as far as it says when it happened and when it was sent."""
    call["receivedAt"] = iso(received_at)
    timestamp, original = call.get("timestamp"), call.get("originalTimestamp")
    if timestamp is not None and original is not None:
        return
    happened = original if timestamp is None else timestamp
    if happened is None:
        call["timestamp"] = call["receivedAt"]
        return
    sent = call.get("sentAt") or sent_at
    happened_at, sent_at_ms = _instant(happened), _instant(sent)
    if happened_at is None or sent_at_ms is None:
        return
    try:
        call["timestamp"] = iso(received_at - (sent_at_ms - happened_at))
    except (ValueError, OverflowError):
        return
    call["originalTimestamp"], call["sentAt"] = happened, sent


def _clean(data: dict[str, Any], inner: object) -> object:
    """Drop what must not be kept; return what came as the proof of who the user is."""
    proof = None
    for one in (data, inner):
        if type(one) is dict:
            for name in _NEVER_KEPT:
                one.pop(name, None)
            context = one.get("context")
            if type(context) is dict and ("ip" in context or PROOF in context):
                one["context"] = context = {**context}
                context.pop("ip", None)
                proof = context.pop(PROOF, None)
    return proof


def _within(value: bytes) -> bytes:
    if len(value) > MAX_EVENT:
        raise InvalidEvent(f"the event has {len(value)} bytes; at most {MAX_EVENT} are allowed")
    return value


def _complete(
    inner: dict[str, Any], sent_at: object, encode: Encode, request: Circumstances
) -> None:
    """Add to an event what only the collector can know."""
    kind = inner.get("type")
    if is_call(inner) or (kind == GROUP and "id" not in inner):
        if inner.get("messageId") in (None, ""):
            inner["messageId"] = content_id(inner, encode)
        if kind == GROUP:
            raise InvalidEvent("a group call tells of no customer's behaviour: it is no event")
        correct_clock(inner, sent_at, request.received_at)
    context = inner.get("context")
    agent = context.get("userAgent") if type(context) is dict else None
    agent = agent if type(agent) is str else request.user_agent
    if agent and request.is_crawler(agent) and (context is None or type(context) is dict):
        inner["context"] = {**(context or {}), "bot": True}


def _instant(value: object) -> Millis | None:
    """Return the instant that a call says, None where that cannot be read."""
    if type(value) is int:
        return value
    try:
        return parse_iso(value) if type(value) is str else None
    except ValueError:
        return None
