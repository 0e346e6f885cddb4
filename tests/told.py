"""Records of a log as the oracle of partitions reads them."""

import json

import msgspec

from streamer.codecs.controls import is_control
from streamer.types import Millis, Record
from tests.oracle.partitions import Control


def for_oracle(record: Record) -> bytes | Control:
    """A record with its append time: the line of an event, or what a control record is about."""
    appended = record.appended or 0
    if not is_control(record):
        return with_append_time(record.value, appended)
    customer = (record.key or b"").decode()
    match msgspec.msgpack.decode(record.value):
        case ["link", user, time]:
            return Control("link", customer, user, appended, time)
        case ["join" | "dropped" as kind, anonymous, *_]:
            return Control(kind, customer, anonymous, appended)
        case ["erase", time]:
            return Control("erase", customer, "", appended, time)
        case ["unlink", user]:
            return Control("unlink", customer, user or "", appended)
        case ["suppress" | "release" as kind]:
            return Control(kind, customer, "", appended)
        case ["forward", key, value, at, _]:
            raw = with_append_time(value, at)
            return Control("forward", customer, key.decode(), appended, raw=raw)
    raise AssertionError(record)


def with_append_time(value: bytes, appended: Millis) -> bytes:
    """The line of an event with its append time; what is no event is left as it is."""
    try:
        event = json.loads(value)
    except (ValueError, RecursionError):  # also for numbers that are too long, and lists too deep
        return value
    if not isinstance(event, dict):
        return value
    return value.rstrip()[:-1] + b', "appended": %d}' % appended if event else value
