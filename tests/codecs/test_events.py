"""What makes a record an event, and what does not: the contract, line by line."""

import json
from typing import Any

import orjson
import pytest

from streamer.codecs.events import decode, encode
from streamer.errors import InvalidEvent
from streamer.types import Event, Record

AT = 1_795_323_600_123
GOOD: dict[str, Any] = {
    "id": "e-1",
    "name": "product_added",
    "time": "2026-11-22T05:00:00.123Z",
    "user_id": "u-7",
    "anonymous_id": "a-3",
    "properties": {"product_id": "shoe-1", "category": "shoes", "price": 59.9},
}
MISSING = object()


def record(value: bytes, appended: int | None = None) -> Record:
    return Record(partition=0, offset=0, value=value, appended=appended)


def read(value: object) -> Event:
    return decode(record(orjson.dumps(value)))


def but(**changes: object) -> dict[str, Any]:
    return {key: value for key, value in (GOOD | changes).items() if value is not MISSING}


def refused(value: bytes) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as caught:
        decode(record(value))
    return caught.value


def nested(levels: int) -> bytes:
    """Return a good event whose objects and lists stand `levels` deep."""
    inside = b"[" * (levels - 2) + b"]" * (levels - 2)
    return orjson.dumps(GOOD).replace(b'"shoe-1"', inside)


def test_a_plain_event_is_read() -> None:
    assert read(GOOD) == Event(
        id="e-1",
        name="product_added",
        customer="u-7",
        time=AT,
        properties={"product_id": "shoe-1", "category": "shoes", "price": 59.9},
        user_id="u-7",
        anonymous_id="a-3",
    )


@pytest.mark.parametrize(
    ("value", "reason", "path"),
    [
        (b"", "empty", ""),
        (b" \r\n", "empty", ""),
        (b'{"id": "\xff"}', "not UTF-8", ""),
        (b'{"id": "\xed\xa0\x80"}', "not UTF-8", ""),
        (b"hello", "not JSON", ""),
        (b'{"id": "e-1"', "not JSON", ""),
        (b"{} {}", "not JSON", ""),
        (b'{"price": NaN}', "not JSON", ""),
        (b'{"price": Infinity}', "not JSON", ""),
        (b'{"price": -Infinity}', "not JSON", ""),
        (b'{"price": 1e400}', "infinity", ""),
        (b'{"price": -1e400}', "infinity", ""),
        (b'{"price": ' + b"9" * 5_000 + b"}", "infinity", ""),
        (b'{"id": "\\ud800"}', "surrogate", ""),
        (b'{"id": "\\udc00"}', "surrogate", ""),
        (b'{"id": "\\ude00\\ud83d"}', "surrogate", ""),
        (b'{"\\ud800": 1}', "surrogate", ""),
        (b"[" * 100_000 + b"]" * 100_000, "deeper than 32", ""),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "deeper than 32", ""),
        (b"[" * 100_000, "deeper than 32", ""),
        (b'"' + b"x" * 2 * 1_048_576 + b'"', "at most 1048576", ""),
        (b"[]", "must be a JSON object", "/type"),
        (b"[{}, {}]", "write each of its objects on a line of its own", "/type"),
        (b'["e-1"]', "must be a JSON object", "/type"),
        (b"null", "must be a JSON object", "/type"),
        (b"5", "must be a JSON object", "/type"),
        (b'"e-1"', "must be a JSON object", "/type"),
    ],
)
def test_what_is_no_json_object_is_refused(value: bytes, reason: str, path: str) -> None:
    error = refused(value)
    assert reason in error.reason
    assert error.path == path


@pytest.mark.parametrize("value", [MISSING, None, "", "x" * 257, "x" * 1_000, "a\nb", "a\0b"])
@pytest.mark.parametrize("extra", ["", "\x7f", "é\x85"])
def test_a_bad_id_is_refused(value: object, extra: str) -> None:
    if extra:
        value = extra
    error = refused(orjson.dumps(but(id=value)))
    assert error.reason.startswith("id ")
    assert error.path == "/properties/id"


@pytest.mark.parametrize("value", [1.5, True, [], {}, ["e-1"], 2**63, -1e20, 1e300])
def test_an_id_must_be_text_or_a_whole_number(value: object) -> None:
    assert "must be text or a whole number" in refused(orjson.dumps(but(id=value))).reason


@pytest.mark.parametrize("value", ["x", "x" * 256, "ü" * 256, "😀", " ", "a b", "\xa0", "\\", "⁠"])
def test_a_good_id_is_kept(value: str) -> None:
    assert read(but(id=value)).id == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (7.0, "7"), (0, "0"), (-0.0, "0"), (-3, "-3"), (2**63 - 1, "9223372036854775807")],
)
def test_a_whole_number_is_the_id_of_its_decimal_text(value: object, text: str) -> None:
    assert read(but(id=value)).id == text
    assert read(but(user_id=value)).customer == text
    assert read(but(user_id=MISSING, anonymous_id=value)).customer == text


def test_a_name_that_is_nearly_one_gets_the_right_one() -> None:
    error = refused(orjson.dumps(but(name="Product Viewed")))
    assert error.reason.endswith("not 'Product Viewed': did you mean product_viewed?")


@pytest.mark.parametrize(
    "value",
    [MISSING, None, "", "Product Viewed", "1st", "_a", "a-b", "a.b", "Ä", "a\n", "a" * 64, 5, []],
)
def test_a_bad_name_is_refused(value: object) -> None:
    error = refused(orjson.dumps(but(name=value)))
    assert error.reason.startswith("name ")
    assert error.path == "/properties/name"


@pytest.mark.parametrize("value", ["a", "a_1", "any", "unheard_of", "a" * 63, "加入购物车"])
def test_any_good_name_is_accepted(value: str) -> None:
    assert read(but(name=value)).name == value


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (AT, AT),
        (float(AT), AT),
        (631_152_000_000, 631_152_000_000),
        (4_133_980_799_999, 4_133_980_799_999),
        ("2026-11-22 06:00:00.1239+01", AT),
        ("1990-01-01T00:00Z", 631_152_000_000),
        ("1990-01-01T00:00:00+01:00", 631_148_400_000),
        ("2100-12-31T23:59:59.999Z", 4_133_980_799_999),
    ],
)
def test_a_good_time_is_read(value: object, at: int) -> None:
    assert read(but(time=value)).time == at
    assert read(but(appended=value)).appended == at


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        0,
        -AT,
        AT + 0.5,
        AT // 1000,
        631_151_999_999,
        4_133_980_800_000,
        10**19,
        1e300,
        "",
        "1795323600123",
        "yesterday",
        "2026-11-22",
        "2026-11-22T05:00:00",
        "2026-02-30T05:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "0001-01-01T00:00:00Z",
        "1989-12-31T23:59:59.999Z",
        "1989-12-31T23:59:59.999-01:00",
        "2101-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59Z",
        [],
        {},
    ],
)
def test_a_bad_time_is_refused(value: object) -> None:
    error = refused(orjson.dumps(but(time=value)))
    assert error.reason.startswith("time ")
    assert error.path == "/properties/time"
    error = refused(orjson.dumps(but(appended=value)))
    assert error.reason.startswith("appended ")
    assert error.path == "/properties/appended"


@pytest.mark.parametrize("value", [MISSING, None])
def test_a_time_is_required_and_an_append_time_is_not(value: object) -> None:
    assert refused(orjson.dumps(but(time=value))).path == "/properties/time"
    assert read(but(appended=value)).appended is None


def test_seconds_are_named() -> None:
    assert "looks like seconds" in refused(orjson.dumps(but(time=AT // 1000))).reason


def test_the_records_own_append_time_wins() -> None:
    value = orjson.dumps(but(appended=AT + 5))
    assert decode(record(value)).appended == AT + 5
    assert decode(record(value, appended=AT + 9)).appended == AT + 9


@pytest.mark.parametrize(
    ("user", "anonymous", "customer"),
    [
        ("u-7", "a-3", "u-7"),
        ("u-7", MISSING, "u-7"),
        ("u-7", None, "u-7"),
        ("u-7", "", "u-7"),
        ("u-7", 5, "u-7"),
        ("u-7", "x" * 257, "u-7"),
        (MISSING, "a-3", "a-3"),
        (None, "a-3", "a-3"),
        ("", "a-3", "a-3"),
        (" ", "a-3", " "),
    ],
)
def test_the_customer_is_the_user_or_else_the_anonymous_one(
    user: object, anonymous: object, customer: str
) -> None:
    assert read(but(user_id=user, anonymous_id=anonymous)).customer == customer


@pytest.mark.parametrize(
    ("user", "anonymous", "path"),
    [
        (MISSING, MISSING, "/anyOf"),
        ("", None, "/anyOf"),
        (None, "", "/properties/anonymous_id"),
        (5.5, "a-3", "/properties/user_id"),
        (False, "a-3", "/properties/user_id"),
        ([], "a-3", "/properties/user_id"),
        ("x" * 257, "a-3", "/properties/user_id"),
        ("a\nb", "a-3", "/properties/user_id"),
        ("", 5.5, "/properties/anonymous_id"),
        (MISSING, "a\0", "/properties/anonymous_id"),
        (MISSING, "x" * 257, "/properties/anonymous_id"),
    ],
)
def test_no_good_customer_is_refused(user: object, anonymous: object, path: str) -> None:
    assert refused(orjson.dumps(but(user_id=user, anonymous_id=anonymous))).path == path


@pytest.mark.parametrize("value", [[], [{}], "x", 5, 0, True, False, ""])
def test_properties_and_traits_must_be_objects(value: object) -> None:
    assert refused(orjson.dumps(but(properties=value))).path == "/properties/properties"
    assert refused(orjson.dumps(but(traits=value))).path == "/properties/traits"


@pytest.mark.parametrize("value", [MISSING, None])
def test_absent_properties_and_traits(value: object) -> None:
    event = read(but(properties=value, traits=value))
    assert event.properties == {}
    assert event.traits is None


def test_traits_are_kept() -> None:
    assert read(but(traits={"city": None})).traits == {"city": None}


@pytest.mark.parametrize(
    ("products", "path"),
    [
        ({}, "/properties/properties/properties/products"),
        ("x", "/properties/properties/properties/products"),
        (0, "/properties/properties/properties/products"),
        ([5], "/properties/properties/properties/products/items"),
        ([{}, None], "/properties/properties/properties/products/items"),
        ([[{}]], "/properties/properties/properties/products/items"),
    ],
)
def test_products_must_be_a_list_of_objects(products: object, path: str) -> None:
    error = refused(orjson.dumps(but(properties={"products": products})))
    assert error.reason.startswith("properties.products must ")
    assert error.path == path


def test_good_products_are_kept_and_null_is_none() -> None:
    assert read(but(properties={"products": []})).properties == {"products": []}
    assert read(but(properties={"products": [{}]})).properties == {"products": [{}]}
    assert read(but(properties={"products": None, "a": 1})).properties == {"a": 1}


@pytest.mark.parametrize(
    "properties",
    [
        {"price": "59.9"},
        {"price": True},
        {"price": -5},
        {"price": None},
        {"price": {"amount": 5}},
        {"unknown": [[], {}]},
        {"": ""},
        {"quantity": 2**64},
    ],
)
def test_odd_properties_are_kept(properties: dict[str, Any]) -> None:
    assert decode(record(json.dumps(but(properties=properties)).encode())).properties == properties


@pytest.mark.parametrize(
    "event",
    [
        Event("e-1", "cart_viewed", "u-7", AT, {"price": 59.9, "note": "é", "tags": [{"a": None}]}),
        Event("e-1", "identified", "u-7", AT, {}, {"birthday": "1990-02-03", "city": None}),
        Event("e-1", "cart_viewed", "u-7", AT, {}, None, context={"page": {"path": "/"}}),
    ],
)
def test_an_event_that_is_written_is_read_again(event: Event) -> None:
    assert decode(record(encode(event))) == event._replace(user_id="u-7")
    visitor = event._replace(customer="a-3", anonymous_id="a-3")
    assert decode(record(encode(visitor))) == visitor


def test_the_context_is_carried_and_its_traits_are_none_of_a_plain_event() -> None:
    context = {"campaign": {"name": "spring"}, "traits": {"city": "Ulm"}, "list": [[{}]]}
    event = read(but(context=context))
    assert (event.context, event.traits) == (context, None)


def test_unknown_keys_are_not_read() -> None:
    assert read(but(version=3, type="click", sent=None, context=["ip"])) == read(GOOD)
    assert read(but(specversion="1.0", type="track", messageId=MISSING)) == read(GOOD)


def test_the_context_is_kept_and_what_is_no_object_counts_as_absent() -> None:
    contexts: list[dict[str, Any]] = [
        *({}, {"ip": []}, {"campaign": {"name": "spring"}}, {"page": {"a": {"b": 1}}})
    ]
    for context in contexts:
        event = read(but(context=context))
        assert event == read(GOOD)._replace(context=context)
        assert decode(record(encode(event))) == event
    for odd in (None, 5, "a", [{"ip": 1}], True):
        assert read(but(context=odd)) == read(GOOD)


def test_whole_numbers_beyond_64_bits_keep_their_digits_in_ids_alone() -> None:
    text = orjson.dumps(GOOD).replace(b'"shoe-1"', b"12345678901234567890123")
    text = text.replace(b"59.9", b"12345678901234567890123")
    event = decode(record(text))
    assert event.properties["product_id"] == 12345678901234567890123
    assert event.properties["price"] == float(12345678901234567890123)
    assert type(event.properties["price"]) is float
    assert decode(record(encode(event))).properties == event.properties
    text = orjson.dumps(GOOD).replace(b'"shoe-1"', b"[7, 1.2345678901234567890123e22]")
    assert decode(record(text)).properties["product_id"] == [7, 1.2345678901234567890123e22]


@pytest.mark.parametrize("number", [12345678901234567890123, -98765432109876543210, 1 << 64])
@pytest.mark.parametrize("space", ["", " ", "\t", "\r\n"])
def test_they_keep_their_digits_wherever_they_stand(number: int, space: str) -> None:
    for written, found in (
        (f"{space}{number}", number),
        (f"{space}[{space}1,{space}{number}]", [1, number]),
    ):
        text = orjson.dumps(GOOD).replace(b'"shoe-1"', written.encode())
        assert decode(record(text)).properties["product_id"] == found


def test_of_repeated_keys_the_last_wins() -> None:
    text = orjson.dumps(GOOD).replace(b'"id":"e-1"', b'"id":"e-1","id":"e-2"')
    assert decode(record(text)).id == "e-2"
    text = orjson.dumps(GOOD).replace(b'"id":"e-1"', b'"id":"e-1","id":null')
    assert refused(text).path == "/properties/id"
    text = orjson.dumps(GOOD).replace(b'"id":"e-1"', b'"id":[],"id":"e-1"')
    assert decode(record(text)).id == "e-1"


def test_the_longest_record_is_accepted_and_one_byte_more_is_not() -> None:
    value = orjson.dumps(GOOD)
    longest = value + b" " * (1_048_576 - len(value))
    assert decode(record(longest)) == read(GOOD)
    assert "at most 1048576" in refused(longest + b" ").reason


def test_the_deepest_record_is_accepted_and_one_level_more_is_not() -> None:
    assert decode(record(nested(32))).id == "e-1"
    assert refused(nested(33)).reason == "nested deeper than 32 levels"
    assert refused(nested(1_000)).reason == "nested deeper than 32 levels"
    assert refused(nested(2_000)).reason == "nested deeper than 32 levels"


def test_many_brackets_are_not_deep() -> None:
    products = [{"tags": [["a"], ["b"]]} for _ in range(100)]
    assert read(but(properties={"products": products})).properties == {"products": products}
    assert read(but(properties={"title": "[" * 100 + "{" * 100})).id == "e-1"
