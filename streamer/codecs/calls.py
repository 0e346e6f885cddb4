"""Calls of the Segment specification: what they mean as storefront events.

`track` gives the event of its name, `page` gives `page_viewed`, `screen` gives `screen_viewed`,
`identify` gives `identified`, and so does `alias`, whose `previousId` is the anonymous id. Names
are turned into snake case: `Product List Viewed`, `productListViewed` and `product.list.viewed` are
all `product_list_viewed` (`names`). Properties, traits and context are kept as they come. Calls of
other kinds, and batches, are no events of one customer.
"""

from typing import Any, Final

from streamer.codecs.fields import check_time
from streamer.codecs.names import no_name, snake_case
from streamer.errors import InvalidEvent
from streamer.instants import EARLIEST, END
from streamer.types import Millis

ALIAS: Final = "alias"
CALL_TIMES: Final = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
"""Where a call says when it happened; the first that is there decides."""
CALL_TYPES: Final = {
    "track": None,
    "identify": "identified",
    "page": "page_viewed",
    "screen": "screen_viewed",
    ALIAS: "identified",
}
"""The calls that are events, with the name of those that carry none of their own."""
NAME_PATH: Final = "/then/properties/event"

_OTHER_TYPES: Final = {
    "group": "it puts a customer into a group, and says nothing of what the customer did",
}
_EVENTS: Final = "; track, identify, page, screen and alias calls are events"


def is_call(data: dict[str, Any]) -> bool:
    """Return whether this is a call, and no plain event with a `type` of its own."""
    kind = data.get("type")
    return type(kind) is str and kind in CALL_TYPES and ("messageId" in data or "id" not in data)


def call_name(data: dict[str, Any]) -> str:
    """Return a call's event name; raises `InvalidEvent` where a track call has no good one."""
    name = CALL_TYPES[data["type"]]
    if name is not None:
        return name
    event = data.get("event")
    if type(event) is str:
        name = snake_case(event)
        if name is not None:
            return name
        message = f"event {event[:60]!r} {no_name(event)}" if event else "event is empty"
    elif event is None:
        message = "event is missing: a track call must name what happened"
    else:
        message = "event must be text"
    raise InvalidEvent(message, NAME_PATH)


def call_time(data: dict[str, Any]) -> Millis:
    """Return when a call happened; raises `InvalidEvent` where it does not say so.

    `timestamp` is already in the receiver's time. Without it, the device's clock is judged by the
    receiver's: `receivedAt - (sentAt - originalTimestamp)`, where these three are good times.
    """
    for field in CALL_TIMES:
        value = data.get(field)
        if value is not None:
            time = check_time(value, field, f"/properties/{field}")
            return _corrected(time, data) if field == "originalTimestamp" else time
    message = f"{CALL_TIMES[0]} is missing"
    raise InvalidEvent(message, "/allOf/1")


def call_traits(data: dict[str, Any]) -> object:
    """Return the traits of a call: those at its top, else those in its context, if an object.

    Consents in the context are traits, too: `consent.CATEGORY`, true or false.
    """
    traits, context = data.get("traits"), data.get("context")
    if type(context) is not dict:
        return traits
    if traits is None:
        inner = context.get("traits")
        traits = inner if type(inner) is dict else None
    consents = _consents(context)
    if consents and (traits is None or type(traits) is dict):
        return {**(traits or {}), **consents}
    return traits


def _consents(context: dict[str, Any]) -> dict[str, bool]:
    """Return what `context.consent.categoryPreferences` says, by the names of its traits."""
    consent = context.get("consent")
    preferences = consent.get("categoryPreferences") if type(consent) is dict else None
    if type(preferences) is not dict:
        return {}
    return {f"consent.{name}": said for name, said in preferences.items() if type(said) is bool}


def refuse_other_calls(data: dict[str, Any]) -> None:
    """Raise `InvalidEvent` for what is a call, but none that is an event; `is_call` is false."""
    if "id" in data:
        return
    path = "/properties/name"
    if type(data.get("batch")) is list:
        raise InvalidEvent("a batch of calls: write each call of it as a record of its own", path)
    kind = data.get("type")
    if type(kind) is not str or "messageId" not in data:
        return
    if kind.lower() in CALL_TYPES:
        raise InvalidEvent(f"type {kind!r} must be in lower case: {kind.lower()!r}", path)
    if kind.lower() in _OTHER_TYPES:
        message = f"a call of type {kind[:60]!r}: {_OTHER_TYPES[kind.lower()]}"
    else:
        message = f"a call of the unknown type {kind[:60]!r}"
    raise InvalidEvent(message + _EVENTS, path)


def _corrected(original: Millis, data: dict[str, Any]) -> Millis:
    """Return the time on a device's clock in the receiver's time, where the call has both."""
    try:
        sent = check_time(data.get("sentAt"), "sentAt", "")
        received = check_time(data.get("receivedAt"), "receivedAt", "")
    except InvalidEvent:
        return original
    corrected = received - (sent - original)
    return corrected if EARLIEST <= corrected < END else original
