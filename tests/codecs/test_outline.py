"""The outline of a record is that of the event which decoding makes of it."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.codecs.events import decode
from streamer.codecs.outline import outline
from streamer.errors import InvalidEvent
from streamer.types import Record
from tests.codecs.test_schemas import calls, events

PLAIN: dict[str, Any] = {
    "id": "e-1",
    "name": "cart_viewed",
    "time": 1_795_323_600_123,
    "user_id": "u-7",
    "anonymous_id": "a-3",
}
CALL: dict[str, Any] = {
    "type": "track",
    "messageId": "m-1",
    "event": "Cart Viewed",
    "timestamp": "2026-11-22T05:00:00Z",
    "userId": "u-7",
}


def answers(value: bytes, appended: int | None = None, **more: Any) -> bool:  # noqa: ANN401
    """Whether there is an outline; if so, and if there is an event, then of that event."""
    record = Record(0, 0, value, appended, **more)
    found = outline(record)
    try:
        event = decode(record)
    except InvalidEvent:
        return found is not None
    if found is not None:
        assert tuple(found) == (event.customer, event.time, event.appended)
    return found is not None


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        CALL,
        {**PLAIN, "user_id": ""},
        {**PLAIN, "user_id": None},
        {**PLAIN, "user_id": 'Käthe "7" \n'},
        {**PLAIN, "time": "2026-11-22T05:00:00.1239+01:00"},
        {**PLAIN, "appended": "2026-11-22T05:00:01Z"},
        {**PLAIN, "type": "track"},
        {**PLAIN, "type": "track", "userId": "no", "timestamp": "no"},
        {**PLAIN, "type": 7, "properties": {"user_id": "no", "time": 1}},
        {**CALL, "timestamp": None, "sentAt": 1_795_323_600_123, "user_id": "no", "time": "no"},
        {**CALL, "id": "e-1", "anonymousId": "a-3", "userId": ""},
    ],
)
@pytest.mark.parametrize("appended", [None, 1_795_323_600_125])
def test_it_is_read_of_plain_events_and_of_calls(data: object, appended: int | None) -> None:
    assert answers(json.dumps(data).encode(), appended)
    assert answers(json.dumps(data, ensure_ascii=False).encode(), appended)


def test_of_keys_that_repeat_the_last_counts() -> None:
    for key, text in (("user_id", b'"u-8"'), ("time", b"1795323600000"), ("type", b'"track"')):
        value = orjson.dumps({**PLAIN, "type": "x"})
        assert answers(value[:-1] + b',"' + key.encode() + b'":' + text + b"}")


def test_what_an_envelope_may_complete_and_what_is_rare_is_left_to_decoding() -> None:
    assert not answers(orjson.dumps({**PLAIN, "time": 1_795_323_600_123.0}))
    assert not answers(orjson.dumps({**PLAIN, "user_id": 7.0}))
    assert answers(orjson.dumps({**PLAIN, "user_id": 7}))
    late = {"timestamp": None, "originalTimestamp": 1_795_323_600_123}
    assert not answers(orjson.dumps({**CALL, **late}))
    assert not answers(b"{")
    envelope = {"specversion": "1.0", "type": "x", "source": "x", "id": "c-1", "data": PLAIN}
    assert not answers(orjson.dumps(envelope))
    assert not answers(orjson.dumps(PLAIN), headers=(("ce_time", b"2026-11-22T05:00:00Z"),))


@given(st.one_of(events, calls), st.sampled_from([None, 1_795_323_600_125]))
def test_it_is_that_of_the_event(data: Any, appended: int | None) -> None:  # noqa: ANN401
    answers(data if isinstance(data, bytes) else json.dumps(data).encode(), appended)
