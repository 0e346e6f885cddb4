"""Segment calls as storefront events."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from streamer.codecs.events import decode
from streamer.errors import InvalidEvent
from streamer.types import Event, Record

EXAMPLES = Path(__file__).parents[2] / ".." / "shared" / "data" / "segment_spec"
AT = 1_795_323_600_123
CALL: dict[str, Any] = {
    "type": "track",
    "messageId": "m-1",
    "timestamp": "2026-11-22T05:00:00.123Z",
    "userId": "u-7",
    "anonymousId": "a-3",
    "event": "Product Added",
    "properties": {"product_id": "shoe-1"},
    "context": {"campaign": {"name": "spring"}},
}
MISSING = object()
SPECIFIED = {
    "Products Searched": "products_searched",
    "Product List Viewed": "product_list_viewed",
    "Product List Filtered": "product_list_filtered",
    "Promotion Viewed": "promotion_viewed",
    "Promotion Clicked": "promotion_clicked",
    "Product Clicked": "product_clicked",
    "Product Viewed": "product_viewed",
    "Product Added": "product_added",
    "Product Removed": "product_removed",
    "Cart Viewed": "cart_viewed",
    "Checkout Started": "checkout_started",
    "Checkout Step Viewed": "checkout_step_viewed",
    "Checkout Step Completed": "checkout_step_completed",
    "Payment Info Entered": "payment_info_entered",
    "Order Updated": "order_updated",
    "Order Completed": "order_completed",
    "Order Refunded": "order_refunded",
    "Order Cancelled": "order_cancelled",
    "Coupon Entered": "coupon_entered",
    "Product Added to Wishlist": "product_added_to_wishlist",
    "Product Removed from Wishlist": "product_removed_from_wishlist",
    "Wishlist Product Added to Cart": "wishlist_product_added_to_cart",
    "Product Shared": "product_shared",
    "Cart Shared": "cart_shared",
    "Product Reviewed": "product_reviewed",
}


def read(call: object) -> Event:
    return decode(Record(partition=0, offset=0, value=orjson.dumps(call)))


def but(**changes: object) -> dict[str, Any]:
    return {key: value for key, value in (CALL | changes).items() if value is not MISSING}


def refused(call: object) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as caught:
        read(call)
    return caught.value


def test_a_track_call_is_read_with_its_context() -> None:
    event = Event("m-1", "product_added", "u-7", AT, {"product_id": "shoe-1"})
    event = event._replace(user_id="u-7", anonymous_id="a-3")
    assert read(CALL) == event._replace(context={"campaign": {"name": "spring"}})


def test_consents_in_the_context_are_traits() -> None:
    preferences = {"Advertising": True, "Analytics": False, "Odd": "yes"}
    context = {"consent": {"categoryPreferences": preferences}, "traits": {"city": "Ulm"}}
    consents = {"consent.Advertising": True, "consent.Analytics": False}
    assert read(but(context=context)).traits == {"city": "Ulm", **consents}
    assert read(but(traits={"plan": "a"}, context=context)).traits == {"plan": "a", **consents}
    odd = {"consent": {"categoryPreferences": ["Advertising"]}}
    assert read(but(context=odd)).traits is None


@pytest.mark.parametrize(
    ("top", "inner", "traits"),
    [
        (MISSING, {"city": "Ulm"}, {"city": "Ulm"}),
        (None, {"city": "Ulm"}, {"city": "Ulm"}),
        ({"city": "Bonn"}, {"city": "Ulm", "plan": "pro"}, {"city": "Bonn"}),
        ({}, {"city": "Ulm"}, {}),
        (MISSING, ["Ulm"], None),
        (MISSING, None, None),
    ],
)
def test_traits_in_the_context_stand_in_for_those_at_the_top(
    top: object, inner: object, traits: object
) -> None:
    assert read(but(type="identify", traits=top, context={"traits": inner})).traits == traits


@pytest.mark.parametrize("context", [None, 5, [], "web", MISSING])
def test_a_context_that_is_no_object_is_absent(context: object) -> None:
    event = read(but(context=context))
    assert (event.context, event.traits) == (None, None)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs ../shared/data/segment_spec")
def test_every_example_of_the_specification_is_read() -> None:
    examples = json.loads((EXAMPLES / "segment_v2_examples.json").read_text(encoding="utf-8"))
    assert [example["event"] for example in examples] == list(SPECIFIED)
    for example in examples:
        event = read(CALL | example)
        assert event.name == SPECIFIED[example["event"]]
        assert event.properties == example["properties"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("page", "page_viewed"), ("screen", "screen_viewed"), ("identify", "identified")],
)
def test_other_calls_have_names_of_their_own(kind: str, name: str) -> None:
    event = read(but(type=kind, event=MISSING, name="Home", traits={"city": "Ulm"}))
    assert (event.name, event.traits) == (name, {"city": "Ulm"})


@pytest.mark.parametrize("event", [MISSING, None, "", 5, ["Product Added"], "…", "a" * 64])
def test_a_track_call_needs_a_good_event(event: object) -> None:
    assert refused(but(event=event)).path == "/then/properties/event"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("2nd Visit", "would be the name 2nd_visit, and a name begins with a letter"),
        ("!?", "has no letter"),
        ("Seen " * 20, "at most 63 make a name"),
        ("x" * 300, "has 300 characters; at most 256 are allowed"),
    ],
)
def test_why_an_event_gives_no_name_is_said(event: str, reason: str) -> None:
    assert reason in refused(but(event=event)).reason


@pytest.mark.parametrize(
    "times",
    [
        {"timestamp": AT},
        {"timestamp": None, "originalTimestamp": AT},
        {"timestamp": MISSING, "originalTimestamp": AT, "sentAt": "bad"},
        {"timestamp": MISSING, "sentAt": AT, "receivedAt": AT + 1},
        {"timestamp": MISSING, "originalTimestamp": None, "receivedAt": AT},
    ],
)
def test_the_first_time_that_is_there_decides(times: dict[str, Any]) -> None:
    assert read(but(**times)).time == AT


SKEWED = {"timestamp": MISSING, "originalTimestamp": AT + 720_000, "sentAt": AT + 721_000}


@pytest.mark.parametrize(
    ("changes", "time"),
    [
        ({"receivedAt": AT + 1_500}, AT + 500),
        ({"receivedAt": "2026-11-22T05:00:01.623Z"}, AT + 500),
        ({"receivedAt": AT + 1_500, "timestamp": AT + 7}, AT + 7),
        ({"receivedAt": AT + 1_500, "sentAt": None}, AT + 720_000),
        ({"receivedAt": AT + 1_500, "sentAt": "bad"}, AT + 720_000),
        ({"receivedAt": None}, AT + 720_000),
        ({"receivedAt": 631_152_000_000, "sentAt": AT + 1_000_000}, AT + 720_000),
    ],
)
def test_a_devices_clock_is_judged_by_the_receivers(changes: dict[str, Any], time: int) -> None:
    assert read(but(**(SKEWED | changes))).time == time


def test_a_bad_time_is_not_passed_over() -> None:
    assert refused(but(timestamp="bad", sentAt=AT)).path == "/properties/timestamp"
    assert refused(but(timestamp=MISSING)).path == "/allOf/1"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"messageId": None}, "/properties/messageId"),
        ({"messageId": ""}, "/properties/messageId"),
        ({"messageId": MISSING}, "/properties/messageId"),
        ({"userId": 5.5}, "/properties/userId"),
        ({"userId": True}, "/properties/userId"),
        ({"userId": None, "anonymousId": ""}, "/properties/anonymousId"),
        ({"userId": "", "anonymousId": MISSING}, "/allOf/0"),
        ({"properties": []}, "/properties/properties"),
        ({"traits": []}, "/properties/traits"),
        ({"appended": 5}, "/properties/appended"),
    ],
)
def test_a_broken_call_is_refused(changes: dict[str, Any], path: str) -> None:
    assert refused(but(**changes)).path == path


def test_an_alias_call_identifies_the_user_whom_the_anonymous_id_was() -> None:
    event = read(but(type="alias", event=MISSING, anonymousId="a-9", previousId="a-1"))
    assert (event.name, event.customer) == ("identified", CALL["userId"])
    assert (event.user_id, event.anonymous_id) == (CALL["userId"], "a-1")


@pytest.mark.parametrize(
    ("ids", "missing"),
    [
        ({"previousId": MISSING}, "previousId"),
        ({"previousId": ""}, "previousId"),
        ({"previousId": ["a-1"]}, "previousId"),
        ({"userId": None, "previousId": "a-1"}, "userId"),
    ],
)
def test_an_alias_call_names_both_ids(ids: dict[str, Any], missing: str) -> None:
    error = refused(but(type="alias", **ids))
    assert error.path == f"/allOf/2/then/properties/{missing}"
    assert missing in error.reason


def test_a_call_has_the_fall_back_customer_and_the_append_time() -> None:
    event = read(but(userId="", appended=AT + 1))
    assert (event.customer, event.appended) == ("a-3", AT + 1)


def test_a_numeric_id_of_a_call_is_its_text() -> None:
    event = read(but(userId=4711, messageId=0))
    assert (event.customer, event.id) == ("4711", "0")


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (but(type="group"), "a call of type 'group': it puts a customer into a group"),
        (but(type="Group"), "a call of type 'Group'"),
        (but(type="Track"), "type 'Track' must be in lower case: 'track'"),
        (but(type="charge"), "a call of the unknown type 'charge'"),
        ({"batch": [CALL], "sentAt": AT}, "a batch of calls: write each call of it"),
    ],
)
def test_calls_that_are_no_events_are_named(call: object, reason: str) -> None:
    error = refused(call)
    assert error.path == "/properties/name"
    assert error.reason.startswith(reason)
