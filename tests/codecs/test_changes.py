"""Segment changes and rejections as JSON."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.codecs.changes import (
    change_line,
    decode_change,
    decode_membership,
    encode_change,
    encode_membership,
    rejection_line,
)
from streamer.errors import StreamerError
from streamer.instants import iso
from streamer.types import Membership, Record, Rejection, SegmentChange

SCHEMAS = Path(__file__).parents[2] / "schemas"
AT = 1_795_323_600_123


CHANGE = SegmentChange(
    customer="u-7",
    segment="cart_abandoner",
    direction="entered",
    at=AT,
    sequence=12,
    born=AT - 1_123,
    cause="time",
    event_id=None,
    because=(f"quiet 30m: since {iso(1_795_321_800_123)}",),
    rules="sha256:abc",
    holdout=False,
)
MOVE = CHANGE._replace(
    segment="engagement.active",
    cause="event",
    event_id="e-1",
    ladder="engagement",
    origin="passive",
    target="active",
)


def valid(name: str, line: bytes) -> bool:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema).is_valid(json.loads(line))


def test_a_change_is_written_in_the_order_of_the_design() -> None:
    assert encode_change(CHANGE).decode() == (
        '{"change_id":"dacf511a0c6aeaafd6dc279d8d2047b7","customer_id":"u-7",'
        '"segment":"cart_abandoner",'
        '"direction":"entered","at":"2026-11-22T05:00:00.123Z","sequence":12,'
        '"born":"2026-11-22T04:59:59.000Z","cause":{"kind":"time"},'
        '"because":["quiet 30m: since 2026-11-22T04:30:00.123Z"],"rules":"sha256:abc",'
        '"holdout":false,"replayed":false,"ladder":null,"from":null,"to":null}'
    )


def test_a_move_names_its_event_and_its_tiers() -> None:
    written = json.loads(encode_change(MOVE))
    assert written["cause"] == {"kind": "event", "event_id": "e-1"}
    assert (written["ladder"], written["from"], written["to"]) == (
        "engagement",
        "passive",
        "active",
    )


@pytest.mark.parametrize("change", [CHANGE, MOVE, MOVE._replace(origin=None)])
def test_what_is_written_follows_the_schema(change: SegmentChange) -> None:
    assert valid("change.schema.json", encode_change(change))


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "2026-11-22T05:00:00Z"},
        {"direction": "left"},
        {"sequence": 0},
        {"cause": {"kind": "event"}},
        {"cause": {"kind": "time", "event_id": "e-1"}},
        {"segment": "engagement.active.now"},
    ],
)
def test_the_schema_refuses_what_is_no_change(wrong: dict[str, Any]) -> None:
    assert not valid(
        "change.schema.json", json.dumps(json.loads(encode_change(CHANGE)) | wrong).encode()
    )


texts = st.text(st.characters(codec="utf-8"))
keys = st.from_regex(r"[a-z][a-z0-9_.]{0,62}", fullmatch=True)
hashes = st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)


@given(
    st.builds(
        SegmentChange,
        customer=texts,
        segment=keys,
        direction=st.sampled_from(["entered", "exited"]),
        at=st.integers(0, 5_000_000_000_000),
        sequence=st.integers(1, 1 << 40),
        born=st.integers(0, 5_000_000_000_000),
        cause=st.sampled_from(["event", "time"]),
        event_id=st.none() | texts,
        because=st.lists(texts).map(tuple),
        rules=hashes,
        holdout=st.booleans(),
        replayed=st.booleans(),
        ladder=st.none() | keys,
        origin=st.none() | keys,
        target=st.none() | keys,
    )
)
def test_a_change_comes_back(change: SegmentChange) -> None:
    line = encode_change(change)
    assert decode_change(line) == change
    assert orjson.dumps(orjson.loads(line)) == line


@given(
    st.builds(
        Membership,
        customer=texts,
        sequence=st.integers(1, 1 << 40),
        born=st.integers(0, 5_000_000_000_000),
        segments=st.lists(st.tuples(keys, st.integers(0, 5_000_000_000_000))).map(tuple),
    )
)
def test_memberships_come_back(membership: Membership) -> None:
    line = encode_membership(membership)
    assert line is not None
    assert decode_membership(line) == membership
    assert orjson.dumps(orjson.loads(line)) == line


def test_a_change_with_the_id_of_another_is_no_change() -> None:
    other = encode_change(CHANGE._replace(sequence=13))
    mixed = json.loads(other) | {"change_id": CHANGE.change_id}
    with pytest.raises(StreamerError, match="change_id"):
        decode_change(json.dumps(mixed).encode())


def test_a_change_is_read_from_within_a_cloud_event() -> None:
    line = encode_change(MOVE._replace(customer="u-\u00fc\u2028"))
    envelope = {"specversion": "1.0", "id": "c", "data": json.loads(line)}
    enveloped = json.dumps(envelope).encode()
    assert decode_change(enveloped) == decode_change(line)
    assert change_line(enveloped) == change_line(line) == line


@pytest.mark.parametrize(
    "value", [b"", b"[]", b'{"specversion":"1.0","data":[]}', b"{}", b'{"change_id": "c"}', b"null"]
)
def test_anything_else_is_no_change(value: bytes) -> None:
    with pytest.raises(StreamerError, match="not a segment change"):
        decode_change(value)


def test_a_rejection_tells_where_why_and_what() -> None:
    record = Record(partition=0, offset=6, value=b'{"id": \xff"\\"}', line=7)
    line = rejection_line(Rejection(record, "invalid", "not UTF-8", "/properties/id"))
    assert valid("rejected.schema.json", line)
    assert json.loads(line) == {
        "line": 7,
        "kind": "invalid",
        "reason": "not UTF-8",
        "path": "/properties/id",
        "raw": '{"id": \\xff"\\"}',
    }
