"""CloudEvents 1.0 through a real topic: in both modes in, and out as asked for."""

import re
import time
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from jsonschema_rs import validator_for

from streamer.codecs.change_schemas import change_schema
from streamer.codecs.changes import decode_change
from streamer.instants import iso
from streamer.types import MINUTE, Millis
from tests.adapters.kafka.topics import append, committed_records
from tests.live.shop import Shop
from tests.waiting import wait_until

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
Sent = tuple[bytes, list[tuple[str, bytes]]]
"""The value and the headers of a record."""


def view(who: str, at: Millis, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (as JSON takes them)
    """Return an event without an id: the envelope has it."""
    return {"name": "product_viewed", "time": at, "user_id": who, **more}


def structured(event: dict[str, Any], identity: str) -> Sent:
    envelope = {
        "specversion": "1.0",
        "id": identity,
        "source": "/shop",
        "type": "shop.event",
        "datacontenttype": "application/json",
        "data": event,
    }
    return orjson.dumps(envelope), [("content-type", b"application/cloudevents+json")]


def binary(event: dict[str, Any], identity: str, at: Millis | None = None) -> Sent:
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": identity,
        "ce_source": "/shop",
        "ce_type": "shop.event",
    }
    if at is not None:
        headers["ce_time"] = iso(at)
    return orjson.dumps(event), [(name, value.encode()) for name, value in headers.items()]


def call(who: str, at: Millis) -> dict[str, Any]:
    return {"type": "track", "event": "Product Viewed", "timestamp": iso(at), "userId": who}


def send(shop: Shop, who: str, records: Sequence[Sent]) -> None:
    """Append the records of a customer, all to one partition."""
    for value, headers in records:
        append(shop.kafka.address, shop.topics.events, [value], key=who.encode(), headers=headers)


def soon() -> Millis:
    """Return a minute from now: however slow the machine, no silence falls between two events."""
    return time.time_ns() // 1_000_000 + MINUTE


def curious(shop: Shop, who: str) -> list[Any]:
    """Return the records that say that a customer has become curious: has looked twice."""
    return [
        record
        for record in committed_records(shop.kafka.address, shop.topics.changes)
        if record.key == who.encode() and decode_change(record.value)[1:3] == ("curious", "entered")
    ]


@pytest.fixture
def working(shop: Shop) -> Shop:
    """A shop with a worker, whose rules call curious who looks twice within three seconds."""
    wait_until(shop.worker().works, "work", 60)
    return shop


def test_events_come_in_both_modes_plain_and_as_segment_calls(working: Shop) -> None:
    at = soon()
    timeless = {"name": "product_viewed", "user_id": "c-binary"}
    sent = {
        "c-structured": [
            structured(view("c-structured", at), "s-1"),
            structured(view("c-structured", at + 1), "s-2"),
        ],
        "c-binary": [binary(timeless, "b-1", at), binary(timeless, "b-2", at + 1)],
        "c-call": [structured(call("c-call", at), "k-1"), binary(call("c-call", at + 1), "k-2")],
        "c-plain": [
            (orjson.dumps(view("c-plain", at, id="p-1")), []),
            binary(view("c-plain", at + 1), "p-2"),
        ],
    }
    for who, records in sent.items():
        send(working, who, records)
    for who, last in (
        ("c-structured", "s-2"),
        ("c-binary", "b-2"),
        ("c-call", "k-2"),
        ("c-plain", "p-2"),
    ):
        wait_until(lambda: len(curious(working, who)) == 1, f"{who} is curious", 120)  # noqa: B023
        change = orjson.loads(curious(working, who)[0].value)
        assert change["at"] == iso(at + 1)
        assert change["cause"] == {"kind": "event", "event_id": last}


def test_the_same_id_is_the_same_event_in_whatever_form_it_comes(working: Shop) -> None:
    event = view("c-1", soon())
    plain = orjson.dumps(event | {"id": "e-1"})
    send(working, "c-1", [structured(event, "e-1"), binary(event, "e-1"), (plain, [])])

    def rejected() -> list[Any]:
        return committed_records(working.kafka.address, working.topics.rejected)

    wait_until(lambda: len(rejected()) == 2, "two duplicates", 60)
    assert [dict(record.headers)["rejected_kind"] for record in rejected()] == [b"duplicate"] * 2
    assert [record.value for record in rejected()] == [orjson.dumps(event), plain]


def test_an_envelope_around_no_event_is_rejected_with_its_own_headers(working: Shop) -> None:
    nameless = binary({"user_id": "c-1"}, "e-1", soon())
    timeless = binary({"name": "cart_viewed", "user_id": "c-1"}, "e-2")
    value, _ = structured({}, "e-3")
    empty: Sent = value.replace(b'"data":{}', b'"data":[]'), []
    send(working, "c-1", [nameless, timeless, empty])

    def rejected() -> list[Any]:
        return committed_records(working.kafka.address, working.topics.rejected)

    wait_until(lambda: len(rejected()) == 3, "three rejections", 60)
    for record, (value, headers), path in zip(
        rejected(),
        [nameless, timeless, empty],
        ["/properties/name", "/properties/time", "/properties/data"],
        strict=True,
    ):
        assert record.value == value
        assert record.headers[: len(headers)] == headers
        assert dict(record.headers)["rejected_path"].decode() == path


def change_of(shop: Shop) -> Any:  # noqa: ANN401 (kafka-python has no types)
    """Return the record that says of a customer, who has just looked twice, that it is curious."""
    at = soon()
    events = [view("c-1", at + number, id=f"e-{number}") for number in range(2)]
    send(shop, "c-1", [(orjson.dumps(event), []) for event in events])
    wait_until(lambda: len(curious(shop, "c-1")) == 1, "a change", 120)
    return curious(shop, "c-1")[0]


def test_a_change_has_no_header_unless_asked_for(working: Shop) -> None:
    assert change_of(working).headers == []


def test_a_change_is_a_cloud_event_in_structured_mode(shop: Shop) -> None:
    wait_until(shop.worker("--cloudevents", "structured").works, "work", 60)
    record = change_of(shop)
    assert record.headers == [("content-type", b"application/cloudevents+json")]
    envelope = orjson.loads(record.value)
    assert list(validator_for(change_schema()).iter_errors(envelope.pop("data"))) == []
    change = decode_change(record.value)
    assert envelope == {
        "specversion": "1.0",
        "id": change.change_id,
        "source": f"/streamer/{shop.group}",
        "type": "streamer.segment.entered",
        "time": iso(change.at),
        "subject": "c-1",
        "datacontenttype": "application/json",
    }


def test_a_change_is_a_cloud_event_in_binary_mode(shop: Shop) -> None:
    wait_until(shop.worker("--cloudevents", "binary").works, "work", 60)
    record = change_of(shop)
    headers = {name: value.decode() for name, value in record.headers}
    change = orjson.loads(record.value)
    assert list(validator_for(change_schema()).iter_errors(change)) == []
    assert headers == {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": change["change_id"],
        "ce_source": f"/streamer/{shop.group}",
        "ce_type": "streamer.segment.entered",
        "ce_time": change["at"],
        "ce_subject": "c-1",
    }
    assert len(headers) == len(record.headers)
    assert UTC_TIME.fullmatch(headers["ce_time"])
