"""The traceparent of an event's record, in each form in which it may come."""

from typing import Any

import orjson
import pytest

from streamer.codecs.tracing import traceparent_of
from streamer.types import Record

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def record(value: bytes = b"{}", *headers: tuple[str, bytes]) -> Record:
    return Record(0, 0, value, headers=headers)


def envelope(**attributes: Any) -> bytes:  # noqa: ANN401 (as JSON takes them)
    return orjson.dumps({"specversion": "1.0", "data": {"name": "cart_viewed"}, **attributes})


@pytest.mark.parametrize("name", ["traceparent", "ce_traceparent"])
def test_it_comes_as_a_header(name: str) -> None:
    assert traceparent_of(record(b"{}", ("other", b"\xff"), (name, TRACE.encode()))) == TRACE


def test_it_comes_as_an_attribute_of_the_envelope() -> None:
    assert traceparent_of(record(envelope(traceparent=TRACE))) == TRACE


def test_the_header_decides() -> None:
    other = TRACE.replace("4bf9", "5bf9")
    assert traceparent_of(record(envelope(traceparent=other), ("traceparent", TRACE.encode()))) == (
        TRACE
    )


@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        envelope(),
        envelope(traceparent=7),
        envelope(traceparent=TRACE + "-more"),
        orjson.dumps({"name": "cart_viewed", "traceparent": TRACE}),
        b'"traceparent"',
        b'7;"traceparent"',
    ],
)
def test_elsewhere_there_is_none(value: bytes) -> None:
    assert traceparent_of(record(value)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\xff",
        b"x" * 100_000,
        TRACE.upper().encode(),
        TRACE.encode() + b"\n",
        b"ff" + TRACE[2:].encode(),
        b"00-" + b"0" * 32 + TRACE[35:].encode(),
        TRACE[:36].encode() + b"0" * 16 + b"-01",
    ],
)
def test_what_is_none_is_ignored(wrong: bytes) -> None:
    assert traceparent_of(record(b"{}", ("traceparent", wrong))) is None
