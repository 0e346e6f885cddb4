"""The short way of reading says what the long one says, or nothing."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streamer.codecs.events import decode, decode_any
from streamer.codecs.plain import read_plain
from streamer.errors import InvalidEvent
from streamer.types import Event, Record
from tests.codecs.test_schemas import events, ids, times

PLAIN = (
    b'{"id":"e-1","name":"cart_viewed","time":1795323600123,"user_id":"u-7","anonymous_id":"a-3",'
    b'"properties":{"a":"shoe","b":59.9,"n":1,"t":true,"z":null,"l":["x",{"y":2}]},"traits":{}}'
)
GOOD: dict[str, Any] = json.loads(PLAIN)


def record(value: bytes, appended: int | None = None) -> Record:
    return Record(partition=0, offset=0, value=value, appended=appended)


def the_long_way(one: Record) -> Event | str:
    try:
        return decode_any(one)
    except InvalidEvent as error:
        return f"{error.path} {error.reason}"


def agrees(value: bytes, appended: int | None = None) -> bool:
    """Whether the short way answered; if so, with the very values of the long one."""
    event = read_plain(record(value, appended))
    if event is None:
        return False
    assert repr(event) == repr(the_long_way(record(value, appended)))
    return True


def with_field(key: str, text: bytes) -> bytes:
    """The plain event with the JSON text of one field, or of a property, replaced or added."""
    data = {**GOOD, key: "@"} if key in FIELDS else {**GOOD, "properties": {key: "@"}}
    return orjson.dumps(data).replace(b'"@"', text)


FIELDS = (
    "id",
    "name",
    "time",
    "user_id",
    "anonymous_id",
    "properties",
    "traits",
    "appended",
    "context",
)


@pytest.mark.parametrize(
    "value",
    [
        PLAIN,
        b" " + PLAIN.replace(b",", b"\r\n,\t") + b"\n",
        PLAIN.replace(b'"u-7"', b"null"),
        PLAIN.replace(b"1795323600123", b'"2026-11-22T05:00:00.1239+01:00"'),
        PLAIN.replace(b"shoe", "Größe 😀 \x7f\x85".encode()),
        PLAIN.replace(b'"u-7"', '"Käthe"'.encode()),
        PLAIN.replace(b'"traits":{}', b'"appended":1795323600124'),
        PLAIN.replace(b'"traits":{}', b'"context":{"page":{"path":"/"},"ids":[1],"none":null}'),
        PLAIN.replace(b'"traits":{}', b'"context":null'),
        PLAIN.replace(b'"e-1"', b"5").replace(b'"u-7"', b"0"),
        PLAIN.replace(b"cart_viewed", "加入购物车".encode()),
        PLAIN.replace(b'"a":"shoe"', b'"products":[{"price":1},{}]'),
        PLAIN.replace(b'"a":"shoe"', b'"products":null'),
        PLAIN.replace(b'"id":"e-1"', b'"id":"e-0","id":"e-1"'),
    ],
)
@pytest.mark.parametrize("appended", [None, 1_795_323_600_125])
def test_what_is_plain_is_read_the_short_way(value: bytes, appended: int | None) -> None:
    assert agrees(value, appended)
    assert decode(record(value, appended)) == the_long_way(record(value, appended))


NUMBERS = [
    *("0", "-0", "-0.0", "1e5", "0.1", "1e-400", "5e-324", "9007199254740993.0", "1e23"),
    *("9223372036854775807", "-9223372036854775808", "1.7976931348623157e308"),
    "1.00000000000000000000000000000000000000000000000000000001",
]
"""Numbers that both ways read."""
ODD = [
    *("9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e400", "-1e400"),
    *("9" * 5_000, "1" + "0" * 308, "NaN", "Infinity", "01", "1.", "+1", ".5", "1e", "-", "nul"),
    *("'x'", "", "[", "[[1]]", '{"a":1}', '[{"a":[]}]', "{}", '"\\u0041"', '"\\ud800"', '"a\tb"'),
]
"""What the short way leaves to the long one, as the value of a property."""


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_alike(text: str) -> None:
    assert agrees(with_field("p", text.encode()))


@pytest.mark.parametrize("text", ODD)
def test_what_could_be_read_in_two_ways_is_left_to_the_long_one(text: str) -> None:
    assert not agrees(with_field("p", text.encode()))
    assert not agrees(with_field("traits", b'{"p":' + text.encode() + b"}"))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(
            ("id", text)
            for text in ('""', "null", "5.0", '"' + "x" * 257 + '"', '"a\x7f"', '"é\x85"')
        ),
        *(("user_id", text) for text in ('""', "5.0", '"' + "x" * 257 + '"', '"a\x7f"', '"é\x85"')),
        *(("name", text) for text in ('""', '"A"', "null", "true", '"Ä"', '"' + "a" * 64 + '"')),
        *(("time", text) for text in ("true", "1.7e12", "1795323600123.0", "5", "null", '"x"')),
        *(("appended", text) for text in ("true", "5", '"x"')),
        *(
            ("properties", text)
            for text in ("[]", '"x"', "5", '{"products":5}', '{"products":[5]}')
        ),
        ("traits", "[]"),
        *((key, "1") for key in ("type", "specversion", "data", "messageId")),
        *(("context", text) for text in ("1", "[]", '{"a":[{}]}', '{"a":{"b":{"c":1}}}')),
    ],
)
def test_what_is_not_plain_is_left_to_the_long_way(key: str, text: str) -> None:
    data = {**GOOD, key: "@"}
    assert not agrees(orjson.dumps(data).replace(b'"@"', text.encode()))


@pytest.mark.parametrize("at", range(0, len(PLAIN), 7))
def test_broken_bytes_are_left_to_the_long_way(at: int) -> None:
    for byte in (b"\xff", b"\x00", b"\xed\xa0\x80", b"\\", b"\x1f"):
        assert not agrees(PLAIN[:at] + byte + PLAIN[at:]) or byte == b"\\"
    assert not agrees(PLAIN[:at])


def test_a_record_with_headers_is_left_to_the_long_way() -> None:
    assert read_plain(record(PLAIN)._replace(headers=(("ce_id", b"x"),))) is None


def test_the_longest_record_is_read_and_one_byte_more_is_not() -> None:
    longest = PLAIN + b" " * (1_048_576 - len(PLAIN))
    assert agrees(longest)
    assert not agrees(longest + b" ")


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 66), 1 << 66),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=5),
)
flat = st.dictionaries(
    st.one_of(st.sampled_from(["products", "a"]), st.text("aé\x7f\\", max_size=3)),
    st.recursive(
        scalars,
        lambda inside: st.one_of(
            st.lists(inside, max_size=3), st.dictionaries(st.text("ab"), inside, max_size=2)
        ),
        max_leaves=6,
    ),
    max_size=4,
)


@given(
    data=st.fixed_dictionaries(
        {"id": ids, "name": st.sampled_from(["a", "cart_viewed", "A"]), "time": times},
        optional={
            "user_id": ids,
            "anonymous_id": ids,
            "properties": flat,
            "traits": flat,
            "context": flat,
            "appended": times,
        },
    ),
    as_ascii=st.booleans(),
    appended=st.none() | st.just(1_795_323_600_125),
)
@example(data=GOOD, as_ascii=True, appended=None)
def test_the_short_way_says_what_the_long_one_says(
    data: dict[str, Any], appended: int | None, *, as_ascii: bool
) -> None:
    try:
        value = json.dumps(data, ensure_ascii=as_ascii).encode()
    except UnicodeEncodeError:
        return
    agrees(value, appended)


@given(events)
def test_of_good_and_broken_events_it_reads_only_good_ones(data: dict[str, Any]) -> None:
    agrees(json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(st.integers(0, len(PLAIN) - 1), st.binary(min_size=1, max_size=2))
def test_a_byte_changed_anywhere_changes_both_ways_alike(at: int, other: bytes) -> None:
    agrees(PLAIN[:at] + other + PLAIN[at + 1 :])


@given(st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_any_number_as_written_is_read_alike(text: str) -> None:
    agrees(with_field("p", text.encode()))
