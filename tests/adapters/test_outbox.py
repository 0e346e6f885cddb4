"""The bytes of an outbox entry: pinned in each version that is read, and refused in any other."""

from dataclasses import replace

import pytest

from streamer.adapters.outbox import decode_entry, encode_entry
from streamer.errors import AdapterError
from tests.contracts.examples import TRACEPARENT, outbox_entry

LINE = (
    b'{"change_id":"98ae7825882a9f8f885c2b63262eab21","customer_id":"u-7",'
    b'"segment":"cart_abandoner","direction":"exited","at":"2023-11-14T22:13:20.010Z",'
    b'"sequence":10,"born":"2023-11-14T22:13:20.000Z","cause":{"kind":"event",'
    b'"event_id":"e-10"},"because":["performed product_added within 7d: last at '
    b'2023-11-14T22:13:20.000Z"],"rules":"sha256:00","holdout":false,"replayed":false,'
    b'"ladder":null,"from":null,"to":null}'
)
FIELDS = (
    b"\x97\x01\x91\xc5\x01\x9a" + LINE + b"\x91\x94\x98\x00\n\xc4\nnot \xff JSON\xc0\xc0\x90"
    b"\xacevents.jsonl\x0b\xa7invalid\xa9reason 10\xab/properties"
    b"\x91\x94\xa3u-7\x01\xcf\x00\x00\x01\x8b\xcf\xe5h\x00"
    b"\x91\x92\xaecart_abandoner\xcf\x00\x00\x01\x8b\xcf\xe5h\x00"
    b"\x00d\x92\xcf\x00\x00\x01\x8b\xcf\xe5h\x01\xa3u-7"
)
VERSION_1 = FIELDS
TRACEPARENTS = b"\x81\x00\xd97" + TRACEPARENT.encode()
VERSION_2 = b"\x02\x92" + FIELDS + TRACEPARENTS
VERSION_3 = b"\x03\x93" + FIELDS + TRACEPARENTS + b"\x90"
ENTRY = outbox_entry(1, changes=1, rejections=1)
TRACED = replace(ENTRY, traceparents={0: TRACEPARENT})


def test_the_bytes_of_an_entry() -> None:
    assert encode_entry(TRACED) == VERSION_3
    assert decode_entry(VERSION_3) == TRACED


def test_the_versions_before_are_read() -> None:
    assert decode_entry(VERSION_2) == TRACED
    assert decode_entry(VERSION_1) == ENTRY


def test_what_was_committed_is_published_byte_for_byte() -> None:
    other = VERSION_3.replace(b'"sequence":10', b'"sequence": 9')
    with pytest.raises(AdapterError, match="change_id"):
        decode_entry(other)
    spaced = LINE[:-1] + b" }"
    assert decode_entry(VERSION_3.replace(LINE, spaced).replace(b"\x9a{", b"\x9b{")).lines == (
        spaced,
    )


@pytest.mark.parametrize(
    ("value", "version"), [(b"\x04" + VERSION_3[1:], "4"), (b"\x01", "1"), (b"", "None")]
)
def test_another_version_is_refused(value: bytes, version: str) -> None:
    refused = f"an entry of version {version}; this program reads version 3 and those before"
    with pytest.raises(AdapterError, match=refused):
        decode_entry(value)


@pytest.mark.parametrize(
    "value", [VERSION_1[:-1], VERSION_2[:-1], VERSION_3[:-1], b"\x03", b"\x97"]
)
def test_an_entry_that_is_cut_is_refused(value: bytes) -> None:
    with pytest.raises(AdapterError, match="the outbox holds an entry that cannot be read"):
        decode_entry(value)
