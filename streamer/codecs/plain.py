"""The short way from bytes to an `Event`, for the form that nearly every record has.

A plain event of known keys, whose properties and traits hold numbers, texts and lists of flat
objects, and whose context holds numbers, texts and flat objects, is read and checked in one typed
pass. `read_plain` answers None for everything else, also for much that is good: it never decides
that a record is bad. What it does return is what the long way in `events` returns for the same
record; a property test holds them together.

What keeps the two the same:

* A backslash could hide a control character or half a surrogate pair: not read here.
* Without one, a record of ASCII without DEL has no control characters, so its ids need no look;
  other ids are looked at one by one.
* Whole numbers of more than 64 bits are read to other values by different parsers: not read here.
* Nothing here can nest deeper than four levels, and no key but these can say something.
"""

from typing import Final

import msgspec
from msgspec.structs import astuple

from streamer.codecs.fields import check_id, check_name, check_properties, check_time
from streamer.codecs.limits import MAX_BYTES
from streamer.codecs.typed import read_typed
from streamer.errors import InvalidEvent
from streamer.types import Event, Record

_BACKSLASH: Final = ord("\\")  # as numbers: a search for one byte is several times faster that way
_DELETE: Final = 0x7F
_read: Final = read_typed  # as values of their own: compiled code would look each up by its name
_astuple: Final = astuple
_new: Final = tuple.__new__


def read_plain(record: Record) -> Event | None:  # noqa: C901 (written out, as it runs for every event)
    """Return the event of a record, None where only the long way can decide."""
    value, appended = record.value, record.appended
    if record.headers or _BACKSLASH in value or len(value) > MAX_BYTES:
        return None
    try:
        # fmt: off
        (event_id, name, time, user, visitor,
         properties, traits, said, context) = _astuple(_read(value))
        # fmt: on
        if type(event_id) is int:
            event_id = str(event_id)
        if type(user) is int:
            user = str(user)
        if type(visitor) is int:
            visitor = str(visitor)
        customer = visitor if user is None else user
        if customer is None:
            return None
        if not value.isascii() or _DELETE in value:
            for one in (event_id, user, visitor):
                if one is not None:
                    check_id(one, "", "")
        name = check_name(name, "")
        if type(time) is str:
            time = check_time(time, "", "")
        properties = {} if properties is None else check_properties(properties, "")
        if said is not None:
            said = check_time(said, "", "")
            appended = said if appended is None else appended
    except (InvalidEvent, UnicodeDecodeError, msgspec.DecodeError):
        return None
    values = (event_id, name, customer, time, properties, traits, appended, user, visitor, context)
    return _new(Event, values)  # half the time of Event(*values), once per event
