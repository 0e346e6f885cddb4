"""Whose event a record holds and when it happened, read without the rest of it.

For commands that follow one customer and ask of all others only when they did something: an outline
takes a sixth of the time of decoding. It says nothing about whether the record is a good event. If
it is one, the outline says of it what decoding does; a property test holds the two together.

* Only the fields of the outline are read, by their types; what stands twice counts the last time.
* A CloudEvent gets no outline, since its envelope may stand in for fields of its event; nor does
  a record with headers.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from streamer.codecs.calls import CALL_TYPES
from streamer.codecs.fields import check_time
from streamer.codecs.typed import TypedOutline, read_outline
from streamer.errors import InvalidEvent
from streamer.types import Millis, Record


class Outline(NamedTuple):
    """What decoding says of an event, if the record holds one."""

    customer: str
    time: Millis
    appended: Millis | None


Outliner: TypeAlias = Callable[[Record], Outline | None]
"""Returns None where only decoding can find it; may raise `InvalidEvent` where decoding would."""

_new: Final = tuple.__new__
_UNSET: Final = msgspec.UNSET


def outline(record: Record) -> Outline | None:
    """Return the outline of a plain event or of a call of the Segment specification."""
    if record.headers:
        return None
    try:
        read = read_outline(record.value)
        if read.specversion is not _UNSET:
            return None
        if read.type is not _UNSET and _is_call(read):
            user, visitor = read.userId, read.anonymousId
            if read.timestamp is None and read.originalTimestamp is not None:
                return None  # the receiver's clock may correct it
            times = (read.timestamp, read.originalTimestamp, read.sentAt, read.receivedAt)
            time = next((time for time in times if time is not None), None)
        else:
            user, visitor, time = read.user_id, read.anonymous_id, read.time
        customer = user if user is not None and user != "" else visitor
        if customer is None:
            return None
        if type(customer) is int:
            customer = str(customer)
        appended = read.appended if record.appended is None else record.appended
        if type(time) is not int:
            time = check_time(time, "", "")
        if type(appended) is str:
            appended = check_time(appended, "", "")
        return _new(Outline, (customer, time, appended))
    except (InvalidEvent, UnicodeDecodeError, msgspec.DecodeError):
        return None


def no_outline(_record: Record) -> None:
    """Leave every record to decoding."""


def _is_call(read: TypedOutline) -> bool:
    """Return whether this is a call, as `calls` does."""
    is_kind = type(read.type) is str and read.type in CALL_TYPES
    return is_kind and (read.messageId is not _UNSET or read.id is _UNSET)
