"""Mappings of JSON lines: what becomes of values, and what is said of mistakes."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import orjson
import pytest

from streamer.adapters.files import FileLog
from streamer.errors import InvalidEvent, MappingError
from streamer.mapping import Mapping, read_mapping
from streamer.types import Event, Record

AT = 1_795_323_600_000
MAPPING = """
    input: json
    each: hits
    id: {template: "{$.batch}-{line}-{position}"}
    name:
      when: [{from: refund, is: true, value: order_refunded}]
      from: kind
      values: {view: product_viewed, buy: order_completed}
    time: {from: [at, $.at], format: milliseconds}
    user_id: {from: customer, blank: ["0", guest]}
    anonymous_id: $.device
    properties:
      order_id: {from: order, as: text}
      revenue: {from: cents, as: number, divided_by: 100}
      fine: {from: paid, values: {true: yes it is, false: no}}
      note: [note.long, note.short]
      tags: tags
      products:
        each: lines
        properties: {product_id: sku, price: {from: price, as: absolute}, currency: $.currency}
    """
HIT = {"kind": "buy", "at": AT, "customer": 7}

Read = Callable[[str], Mapping]
Decode = Callable[..., Event]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str) -> Mapping:
        path = tmp_path / "shop.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return read_mapping(path)

    return read


@pytest.fixture
def decode(read: Read) -> Decode:
    """Decode a line with one event that holds these values, beside those of a good one."""

    def decode(**values: object) -> Event:
        line = {"batch": 3, "device": "d-1", "currency": "EUR", "hits": [HIT | values]}
        return read(MAPPING).decoder([])(Record(0, 0, orjson.dumps(line), line=6))

    return decode


def test_a_line_becomes_an_event(decode: Decode) -> None:
    lines = [{"sku": "s-1", "price": -5}, {"price": "2.50"}]
    assert decode(order=17, cents=1999, paid=True, lines=lines) == Event(
        id="3-6-1",
        name="order_completed",
        customer="7",
        time=AT,
        properties={
            "order_id": "17",
            "revenue": 19.99,
            "fine": "yes it is",
            "products": [
                {"product_id": "s-1", "price": 5, "currency": "EUR"},
                {"price": 2.5, "currency": "EUR"},
            ],
        },
        user_id="7",
        anonymous_id="d-1",
    )


@pytest.mark.parametrize("absent", [None, ""])
def test_null_and_the_empty_text_are_absent(decode: Decode, absent: object) -> None:
    event = decode(customer=absent, order=absent, cents=absent, paid=absent, lines=absent)
    assert event.customer == "d-1"
    assert event.properties == {}


def test_values_keep_what_json_says_they_are(decode: Decode) -> None:
    assert decode(tags=["a", 5, True]).properties["tags"] == ["a", 5, True]
    assert decode(tags=0).properties["tags"] == 0
    assert decode(tags=False).properties["tags"] is False
    assert decode(cents="5 EUR").properties["revenue"] == "5 EUR"
    assert decode(cents=True).properties["revenue"] is True


def test_the_first_that_is_there_counts(decode: Decode) -> None:
    assert decode(note={"long": "", "short": "s"}).properties["note"] == "s"
    assert decode(note={"long": "l", "short": "s"}).properties["note"] == "l"


@pytest.mark.parametrize("customer", [0, "0", "guest"])
def test_blank_texts_are_absent(decode: Decode, customer: object) -> None:
    assert decode(customer=customer).customer == "d-1"


def test_cases_come_before_the_rest(decode: Decode) -> None:
    assert decode(refund=True).name == "order_refunded"
    assert decode(refund=False).name == "order_completed"


@pytest.mark.parametrize(
    ("values", "reason", "path"),
    [
        ({"kind": None}, "name is missing", "/properties/name"),
        ({"kind": "look"}, "kind 'look' is none of the values", "/properties/name"),
        ({"kind": {"a": 1}}, "kind '{\"a\":1}' is none of the values", "/properties/name"),
        ({"at": None}, "time is missing: at or $.at is not there", "/properties/time"),
        ({"at": "soon"}, "time 'soon' in at or $.at: not a number", "/properties/time"),
        ({"at": 1_795_323_600}, "it looks like seconds", "/properties/time"),
        (
            {"customer": 7.5},
            "user_id must be text or a whole number of up to 64 bits, not 7.5",
            "/properties/user_id",
        ),
        ({"lines": "all"}, "lines must be a list of objects", "/properties/properties"),
        ({"lines": [1]}, "lines must be a list of objects", "/properties/properties"),
    ],
)
def test_what_makes_no_event_is_named(
    decode: Decode, values: dict[str, object], reason: str, path: str
) -> None:
    with pytest.raises(InvalidEvent) as caught:
        decode(**values)
    assert reason in caught.value.reason
    assert caught.value.path == path


@pytest.mark.parametrize("value", [b"", b"[1]", b'{"hits": ', b'{"hits": 5}', b'{"hits": []}'])
def test_a_line_that_cannot_be_split_is_one_record_and_refused(read: Read, value: bytes) -> None:
    mapping = read(MAPPING)
    count = mapping.counter()
    assert count is not None
    assert count(value) == 1
    with pytest.raises(InvalidEvent):
        mapping.decoder([])(Record(0, 0, value))


def test_a_line_full_of_events_is_taken_apart_once(read: Read, tmp_path: Path) -> None:
    hits = [HIT | {"order": number} for number in range(10_000)]
    line = orjson.dumps({"batch": 1, "hits": hits})
    path = tmp_path / "lines.jsonl"
    path.write_bytes(line + b"\n" + line)
    mapping = read(MAPPING)
    with FileLog([path], count=mapping.counter()) as log:
        events = list(map(mapping.decoder([]), log.read(0, 0, 30_000)))
    assert [event.properties["order_id"] for event in events] == [str(n) for n in range(10_000)] * 2
    assert (events[0].id, events[-1].id) == ("1-1-1", "1-2-10000")


def test_a_mapping_that_splits_nothing_counts_nothing(read: Read) -> None:
    text = MAPPING.replace("    each: hits\n", "")
    mapping = read(text)
    assert mapping.counter() is None
    event = mapping.decoder([])(Record(0, 0, orjson.dumps(HIT | {"batch": 1}), line=2))
    assert (event.id, event.customer) == ("1-2-1", "7")


def findings(read: Read, old: str, new: str) -> list[str]:
    assert old in MAPPING
    with pytest.raises(MappingError) as caught:
        read(MAPPING.replace(old, new, 1))
    return [f"{one.line}:{one.column}: {one.message}" for one in caught.value.findings]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("input: json", "input: jsn", "2:8: expected csv or json"),
        ("input: json", "inptu: json", '2:1: unknown key "inptu" in a mapping file: did you mean'),
        ("each: hits", "each: hits[", "3:7: a path that cannot be read from '[' on"),
        ("$.device", "..device", "11:15: '..device' is no path"),
        ("{$.batch}", "{$.batch..id}", "cannot be read from '..id' on"),
        ("sku", "sku.", "cannot be read from '.' on"),
        ("each: lines", "each: lines, as: number", "YAML"),
        ("divided_by: 100", "divided_by: 1", "expected a whole number from 2 to 1000000"),
        ("as: number, divided_by", "as: text, divided_by", "divided_by goes with as: number"),
        ("{from: paid", "{template: '{paid}'", "values goes with from"),
        ("each: hits", "delimiter: ;", "3:1: JSON lines have no delimiter"),
        ("each: hits", "each: hits\n    columns: [a]", "JSON lines have no columns"),
        ("input: json", "input: csv", "each goes with input: json"),
        ("input: json", "input: csv", "a list goes with input: json"),
        ("properties: {product_id", "propertes: {product_id", "did you mean"),
        ("blank: [", "blnak: [", 'did you mean "blank"?'),
        ("format: milliseconds", "format: millisecnds", 'did you mean "milliseconds"?'),
    ],
)
def test_mistakes_name_their_place(read: Read, old: str, new: str, said: str) -> None:
    found = findings(read, old, new)
    assert any(said in message for message in found), found


def test_a_path_that_is_probably_mistyped_is_named_with_the_nearest_key(read: Read) -> None:
    line = {"batch": 1, "at": AT, "hits": [HIT | {"lines": [{"sku": "s-1", "pirce": 5}]}]}
    records = [Record(0, 0, orjson.dumps(line)), Record(0, 1, b"no JSON")]
    said = [
        f"{one.line}:{one.column}: {one.severity}: {one.message}"
        for one in read(MAPPING).strangers(records)
    ]
    assert said == [
        '20:49: warning: no line so far has "price": did you mean "pirce"?',
    ]
    hits = MAPPING.replace("each: hits", "each: htis")
    assert [one.message for one in read(hits).strangers(records)] == [
        'no line so far has "htis": did you mean "hits"?'
    ]


@pytest.mark.parametrize(
    ("order", "meant"),
    [
        (7, "7"),
        (True, "true"),
        (1.5, "1.5"),
        ([7, "a"], ["7", "a"]),
        ({"number": 7}, {"number": 7}),
        ([{"number": 7}], [{"number": 7}]),
    ],
)
def test_the_values_of_a_list_become_texts_and_objects_do_not(
    decode: Decode, order: object, meant: object
) -> None:
    assert decode(order=order).properties["order_id"] == meant


@pytest.mark.parametrize("mail", [{"address": "Kim@Shop.Example"}, ["Kim@Shop.Example"]])
def test_an_object_or_a_list_is_no_customer(read: Read, mail: object) -> None:
    change = ('{from: customer, blank: ["0", guest]}', "{from: mail, as: lower}")
    mapping = read(MAPPING.replace(*change).replace("    anonymous_id: $.device\n", ""))
    line = {"batch": 3, "hits": [HIT | {"mail": mail}]}
    with pytest.raises(InvalidEvent, match="user_id must be"):
        mapping.decoder([])(Record(0, 0, orjson.dumps(line), line=6))


def test_a_number_that_was_rounded_names_no_customer(read: Read) -> None:
    change = ('{from: customer, blank: ["0", guest]}', "{from: customer, as: text}")
    mapping = read(MAPPING.replace(*change).replace("    anonymous_id: $.device\n", ""))
    line = orjson.dumps({"batch": 3, "hits": [HIT]}).replace(b":7", b":123456789012345678901")
    with pytest.raises(InvalidEvent, match="user_id"):
        mapping.decoder([])(Record(0, 0, line, line=6))
