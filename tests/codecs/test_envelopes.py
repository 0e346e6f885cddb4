"""CloudEvents around events and calls."""

from typing import Any

import orjson
import pytest

from streamer.codecs.events import decode
from streamer.errors import InvalidEvent
from streamer.types import Event, Record

AT = 1_795_323_600_123
PLAIN: dict[str, Any] = {"id": "e-1", "name": "cart_viewed", "time": AT, "user_id": "u-7"}
CALL: dict[str, Any] = {"type": "page", "messageId": "m-1", "timestamp": AT, "userId": "u-7"}
ENVELOPE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "c-1",
    "source": "/shop",
    "type": "shop.event",
    "time": "2026-11-22T05:00:00.999Z",
}
HEADERS = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"c-1"),
    ("ce_time", b"2026-11-22T05:00:00.999Z"),
    ("content-type", b"application/json"),
)


def read(value: object, headers: tuple[tuple[str, bytes], ...] = ()) -> Event:
    return decode(Record(partition=0, offset=0, value=orjson.dumps(value), headers=headers))


def without(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in keys}


@pytest.mark.parametrize("data", [PLAIN, CALL])
def test_the_payload_decides(data: dict[str, Any]) -> None:
    assert read(ENVELOPE | {"data": data}) == read(data)
    assert read(data, HEADERS) == read(data)


@pytest.mark.parametrize(
    "data", [without(PLAIN, "id", "time"), without(CALL, "messageId", "timestamp")]
)
def test_the_envelope_stands_in(data: dict[str, Any]) -> None:
    for event in (read(ENVELOPE | {"data": data}), read(data, HEADERS)):
        assert (event.id, event.time, event.customer) == ("c-1", AT + 876, "u-7")


def test_null_counts_as_absent() -> None:
    event = read(ENVELOPE | {"data": PLAIN | {"id": None, "time": None}})
    assert (event.id, event.time) == ("c-1", AT + 876)


def test_a_later_time_of_a_call_goes_before_the_envelopes() -> None:
    data = without(CALL, "timestamp") | {"sentAt": AT}
    assert read(ENVELOPE | {"data": data}).time == AT


def test_the_append_time_may_stand_outside_or_inside() -> None:
    assert read(ENVELOPE | {"data": PLAIN, "appended": AT + 1}).appended == AT + 1
    assert read(ENVELOPE | {"data": PLAIN | {"appended": AT + 2}}).appended == AT + 2


def test_what_the_payload_has_and_is_bad_is_not_replaced() -> None:
    with pytest.raises(InvalidEvent, match="id is empty"):
        read(ENVELOPE | {"data": PLAIN | {"id": ""}})


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_an_envelope_needs_an_event(data: object) -> None:
    with pytest.raises(InvalidEvent, match="must carry an event in data"):
        read(ENVELOPE | {"data": data})
    with pytest.raises(InvalidEvent, match="must carry an event in data"):
        read(ENVELOPE)


def test_other_headers_and_unreadable_ones_say_nothing() -> None:
    assert read(PLAIN, (("trace", b"\xff"),)) == read(PLAIN)
    with pytest.raises(InvalidEvent, match="id is missing"):
        read(without(PLAIN, "id"), (("ce_id", b"\xff"),))
