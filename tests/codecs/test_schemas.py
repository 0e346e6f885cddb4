"""The published schemas: they are the checker's own, and both accept the same JSON values."""

import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

import jsonschema_rs
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streamer.codecs.calls import CALL_TIMES, is_call
from streamer.codecs.events import decode
from streamer.codecs.schemas import documents, encoded
from streamer.errors import InvalidEvent
from streamer.types import Record

SCHEMAS = Path(__file__).parents[2] / "schemas"
AT = 1_795_323_600_123


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema)


def test_the_published_files_are_the_documents() -> None:
    for name, schema in documents().items():
        assert (SCHEMAS / name).read_bytes() == encoded(schema), f"{name} is out of date"


@pytest.mark.parametrize("name", sorted(documents()))
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema_rs.meta.validate(documents()[name])
    for number, instance in enumerate(documents()[name].get("examples", [])):
        assert validator(name).is_valid(instance), number


def text(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet, max_size=8)


odd: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    text('abZ09_ .-\n\0\x7f\x85\xa0é😀"\\'),
    st.lists(st.none(), max_size=1),
    st.dictionaries(text("ab"), st.none(), max_size=1),
)
ids = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=4),
    st.integers(254, 258).map("é".__mul__),
    st.integers(254, 258).map("e".__mul__),
    *(st.integers(edge - 2, edge + 2) for edge in (-(1 << 63), 0, 1 << 53, 1 << 63, 1 << 64)),
    st.integers(-(1 << 65), 1 << 65).map(float),
    odd,
)
contexts = st.one_of(st.dictionaries(st.sampled_from(["traits", "page"]), odd, max_size=2), odd)
numbers = st.one_of(
    *(
        st.integers(edge - 2, edge + 2)
        for edge in (0, 631_152_000, 631_152_000_000, 4_133_980_800_000, 4_133_980_800_000_000)
    ),
    st.integers(631_152_000_000, 4_133_980_799_999),
)


def join(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def two_digits(first: int, last: int) -> st.SearchStrategy[str]:
    return st.integers(first, last).map("{:02d}".format)


dates = st.one_of(
    st.dates(date(1988, 1, 1), date(2102, 12, 31)).map(str),
    join(
        st.sampled_from(["1989", "1990", "1996", "2000", "2026", "2100", "2101", "0001", "٢٠٢٦"]),
        st.just("-"),
        two_digits(0, 13),
        st.just("-"),
        two_digits(0, 32),
    ),
)
fractions = st.sampled_from(["", ".1", ".123", ".123456789", ".", ",5", ".٣"])
clocks = st.one_of(
    join(
        two_digits(0, 24),
        st.just(":"),
        two_digits(0, 60),
        st.just(":"),
        two_digits(0, 60),
        fractions,
    ),
    st.sampled_from(["05:00", "05", "5:00", "0500", "05:00.5", "05:00:00", "23:59:59.999"]),
)
zones = st.one_of(
    st.sampled_from(
        ["Z", "z", "", "+00", "-00:00", "+0530", "+24:00", "+01:60", "+1", "Z\n", " Z"]
    ),
    join(st.sampled_from("+-"), two_digits(0, 24), st.sampled_from(["", ":"]), two_digits(0, 60)),
)
times = st.one_of(
    join(dates, st.sampled_from(["T", "T", "T", " ", "t", ""]), clocks, zones),
    join(dates, st.just("T05:00:00Z")),
    numbers,
    numbers.map(float),
    numbers.map(lambda number: number + 0.5),
    odd,
)
products = st.one_of(st.lists(st.one_of(st.just({}), odd), max_size=2), odd)
properties = st.one_of(
    products.map(lambda listed: {"products": listed}),
    st.dictionaries(st.sampled_from(["price", "products", ""]), products, max_size=3),
    odd,
)
names = st.one_of(
    text("abcz_09"),
    st.integers(61, 65).map("a".__mul__),
    st.integers(61, 65).map("加".__mul__),
    text("aA_ -.\n"),
    text("aäÄ加ह\u093f\u0e35ǅˇ²५_"),
    odd,
)
call_names = st.one_of(
    text("aAbB zZ09.-~"),
    *(st.integers(29, 65).map(part.__mul__) for part in ("aB", "a ", " a", "ä", "加", "1a", "")),
    st.integers(180, 260).map(lambda size: "a" + " " * size),
    text("aÄ\n\x7f ह\u093f\u0e35ǅˇ²५_"),
    odd,
)


@st.composite
def objects(
    draw: st.DrawFn, good: dict[str, Any], fields: dict[str, st.SearchStrategy[Any]]
) -> dict[str, Any]:
    """Return a good object of which some fields are left out and some are drawn anew."""
    changed = draw(st.sets(st.sampled_from(sorted(fields)), max_size=3))
    left_out = draw(st.sets(st.sampled_from(sorted(fields)), max_size=1))
    drawn = {field: draw(fields[field]) for field in sorted(changed)}
    return {key: value for key, value in (good | drawn).items() if key not in left_out}


shared = {
    "properties": properties,
    "traits": odd,
    "context": contexts,
    "appended": times,
    "extra": odd,
}
events = objects(
    {"id": "e-1", "name": "cart_viewed", "time": AT, "user_id": "u-7", "anonymous_id": "a-3"},
    {
        "id": ids,
        "name": names,
        "time": times,
        "user_id": ids,
        "anonymous_id": ids,
        "type": st.one_of(st.sampled_from(["track", "page"]), odd),
        **shared,
    },
)
calls = objects(
    {
        "type": "track",
        "messageId": "m-1",
        "timestamp": AT,
        "userId": "u-7",
        "anonymousId": "a-3",
        "event": "Cart Viewed",
    },
    {
        "type": st.sampled_from(["track", "identify", "page", "screen", "alias"]),
        "messageId": ids,
        "previousId": ids,
        "userId": ids,
        "anonymousId": ids,
        "event": call_names,
        **dict.fromkeys(CALL_TIMES, times),
        **shared,
    },
)


def resolves(pointer: str, schema: object) -> bool:
    """Tell whether a JSON pointer leads somewhere in the schema."""
    for part in pointer.split("/")[1:]:
        if isinstance(schema, dict) and part in schema:
            schema = schema[part]
        elif isinstance(schema, list) and part.isdecimal() and int(part) < len(schema):
            schema = schema[int(part)]
        else:
            return False
    return True


def rejection(value: object) -> InvalidEvent | None:
    try:
        decode(Record(partition=0, offset=0, value=json.dumps(value).encode()))
    except InvalidEvent as error:
        return error
    return None


def agree(value: object) -> None:
    """A name that is not composed is no schema's business: what stands for it is."""
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        value = {**value, "name": normalize("NFC", value["name"])}
    call = isinstance(value, dict) and "type" in value and is_call(value)
    name = "segment-call.schema.json" if call else "event.schema.json"
    error = rejection(value)
    assert validator(name).is_valid(orjson.loads(json.dumps(value))) == (error is None), error
    assert error is None or resolves(error.path, documents()[name]), error.path


@given(events)
@example({"id": "e", "name": "a", "time": AT, "user_id": "", "anonymous_id": "a"})
@example({"id": "e", "name": "a\n", "time": AT, "user_id": "u"})
@example({"id": "e\n", "name": "a", "time": AT, "user_id": "u"})
@example({"id": "e", "name": "a", "time": "2026-11-22T05:00:00Z\n", "user_id": "u"})
def test_checker_and_schema_accept_the_same_events(value: dict[str, Any]) -> None:
    agree(value)


@given(properties)
def test_checker_and_schema_accept_the_same_properties(value: object) -> None:
    agree({"id": "e-1", "name": "cart_viewed", "time": AT, "user_id": "u-7", "properties": value})


@given(calls)
@example({"type": "track", "messageId": "m", "timestamp": AT, "userId": 7.0, "event": "1st"})
@example({"type": "track", "messageId": "m", "timestamp": AT, "userId": 7.5, "event": "a"})
@example({"type": "track", "messageId": 0, "timestamp": AT, "userId": "u", "event": "[A] Ö " * 20})
@example(
    {
        "type": "track",
        "messageId": "m",
        "originalTimestamp": AT,
        "sentAt": "x",
        "userId": -0.0,
        "event": "加",
    }
)
def test_checker_and_schema_accept_the_same_calls(value: dict[str, Any]) -> None:
    agree(value)


@given(st.recursive(odd, lambda inside: st.lists(inside) | st.dictionaries(text("ab"), inside)))
def test_checker_and_schema_accept_the_same_of_anything(value: object) -> None:
    agree(value)


@given(times)
def test_checker_and_schema_accept_the_same_times(value: object) -> None:
    agree({"id": "e-1", "name": "cart_viewed", "time": value, "user_id": "u-7"})


def test_checker_and_schema_know_the_same_days() -> None:
    day = date(1989, 1, 1)
    while day < date(2102, 1, 1):
        agree({"id": "e", "name": "a", "time": f"{day}T00:00Z", "user_id": "u"})
        day += timedelta(days=1)
    for year in range(1990, 2101):
        for month, first in ((2, 29), (4, 31), (6, 31), (9, 31), (11, 31), (12, 32)):
            text = f"{year}-{month:02d}-{first}T00:00Z"
            agree({"id": "e", "name": "a", "time": text, "user_id": "u"})
