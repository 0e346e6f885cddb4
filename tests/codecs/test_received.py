"""From what was sent to what goes into the log, without a server."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.codecs.bodies import BATCH, EVENTS, Call, binary_event, parse_body, split
from streamer.codecs.events import decode
from streamer.codecs.received import Accepted, Circumstances, Refused, content_id, receive
from streamer.codecs.rights import Rights
from streamer.errors import InvalidEvent
from streamer.instants import iso
from streamer.types import DAY, Millis, Record

NOW: Millis = 1_767_225_600_000
SECRET = Circumstances(Rights("backend"), NOW, lambda agent: "bot" in agent)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = """
type event messageId userId anonymousId previousId timestamp originalTimestamp sentAt receivedAt
context traits properties id name time user_id anonymous_id specversion data writeKey
"""
FIELDS = st.sampled_from(NAMES.split())
ODD = JSON | st.sampled_from(["track", "identify", "alias", "group", "page", "u-7", iso(NOW), NOW])


def received(document: object, kind: str = EVENTS) -> list[Accepted | Refused]:
    body = parse_body(json.dumps(document).encode())
    return [receive(call, body.encode, SECRET) for call in split(kind, body.document)]


def one(document: object, kind: str = "track") -> dict[str, Any]:
    """What is written for one call that is taken."""
    (found,) = received(document, kind)
    assert isinstance(found, Accepted), found
    written: dict[str, Any] = json.loads(found.value)
    return written


@given(st.dictionaries(FIELDS, ODD, max_size=8), st.sampled_from(["track", "alias", BATCH, EVENTS]))
def test_whatever_comes_is_taken_as_a_worker_reads_it_or_refused_with_a_reason(
    document: dict[str, Any], kind: str
) -> None:
    for found in received({"batch": [document], **document} if kind == BATCH else document, kind):
        if isinstance(found, Accepted):
            assert decode(Record(0, 0, found.value)).customer == found.customer
        else:
            assert found.reason


@given(st.integers(-30 * DAY, 30 * DAY), st.integers(0, DAY), st.booleans())
def test_a_clock_that_is_wrong_makes_no_difference(wrong: Millis, ago: Millis, own: bool) -> None:  # noqa: FBT001 (drawn)
    call = {"messageId": "m", "event": "X", "userId": "u", "timestamp": iso(NOW - ago + wrong)}
    sent = {"sentAt": iso(NOW + wrong)}
    document = {"batch": [{**call, "type": "track", **(sent if own else {})}], **sent}
    assert decode(Record(0, 0, json.dumps(one(document, BATCH)).encode())).time == NOW - ago


def test_a_time_that_was_put_right_before_stays() -> None:
    call = {"messageId": "m", "event": "X", "userId": "u", "timestamp": iso(NOW - 5)}
    times = {"originalTimestamp": iso(NOW - 999), "sentAt": iso(NOW - 7)}
    assert one({**call, **times})["timestamp"] == iso(NOW - 5)


def test_a_call_without_a_time_happened_when_it_came() -> None:
    assert one({"event": "X", "userId": "u", "sentAt": iso(5)})["timestamp"] == iso(NOW)


@pytest.mark.parametrize("odd", ["yesterday", "2026-13-01T00:00:00Z", True, [], 10**30])
def test_a_time_that_cannot_be_read_is_refused_by_what_it_is(odd: object) -> None:
    (found,) = received(
        {"event": "X", "userId": "u", "timestamp": odd, "sentAt": iso(NOW)}, "track"
    )
    assert isinstance(found, Refused)
    assert "timestamp" in found.reason


def test_the_id_of_a_call_is_its_content_without_when_it_was_sent() -> None:
    encode = parse_body(b"{}").encode
    call = {"type": "track", "userId": "u", "event": "X"}
    same = {"sentAt": 1, "event": "X", "receivedAt": 2, "userId": "u", "type": "track"}
    assert content_id(call, encode) == content_id(same, encode)
    assert content_id(call, encode) != content_id({**call, "event": "Y"}, encode)


def test_what_is_refused_is_kept_as_it_came() -> None:
    document = {"event": 7, "userId": "u", "messageId": "m", "timestamp": iso(NOW), "writeKey": "k"}
    (found,) = received(document, "track")
    assert isinstance(found, Refused)
    del document["writeKey"]
    assert json.loads(found.value) == {**document, "type": "track"}


def test_the_path_decides_what_a_call_is() -> None:
    assert one({"type": "identify", "event": "X", "userId": "u"})["type"] == "track"


def test_a_document_that_is_no_batch_is_refused_as_a_whole() -> None:
    with pytest.raises(InvalidEvent, match="batch"):
        split(BATCH, [])
    with pytest.raises(InvalidEvent, match="object"):
        split("track", [])


def test_a_batch_keeps_its_order() -> None:
    calls = [{"type": "track", "n": n} for n in range(9)]
    assert split(BATCH, {"batch": calls}) == [Call(call) for call in calls]


def test_attributes_of_a_binary_cloud_event_are_read_as_http_has_them() -> None:
    """The SDK percent-encodes them: the id is to be the one of structured mode."""
    headers = [("Ce-Id", "caf%C3%A9%201 100%"), ("ce-specversion", "1.0"), ("Host", "x")]
    event = binary_event(headers, {"name": "cart_viewed"})
    assert event == {"id": "café 1 100%", "specversion": "1.0", "data": {"name": "cart_viewed"}}
