"""Segment calls as storefront events."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from streamer.codecs.calls import snake_case
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
    "context": {"traits": {"city": "Ulm"}},
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
    said = read(CALL)
    assert said == event._replace(
        user_id=said.user_id, anonymous_id=said.anonymous_id, context=CALL["context"]
    )


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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Product List Viewed", "product_list_viewed"),
        ("product list viewed", "product_list_viewed"),
        ("productListViewed", "product_list_viewed"),
        ("ProductListViewed", "product_list_viewed"),
        ("product.list.viewed", "product_list_viewed"),
        ("product_list_viewed", "product_list_viewed"),
        ("Product-List / Viewed!", "product_list_viewed"),
        ("PRODUCT LIST VIEWED", "product_list_viewed"),
        ("HTMLPageViewed", "html_page_viewed"),
        ("Step2Viewed", "step2_viewed"),
        ("A", "a"),
        ("a" * 63, "a" * 63),
        ("aB" * 31, "ab" * 31),
        ("Cart Viewed" + " " * 52, "cart_viewed"),
        ("", None),
        (" Cart Viewed", None),
        ("2nd Visit", None),
        ("Café Visited", None),
        ("Cart\nViewed", None),
        ("a" * 64, None),
    ],
)
def test_names_in_snake_case(text: str, name: str | None) -> None:
    assert snake_case(text) == name


@pytest.mark.parametrize("event", [MISSING, None, "", 5, ["Product Added"], "Ä", "a" * 64])
def test_a_track_call_needs_a_good_event(event: object) -> None:
    assert refused(but(event=event)).path == "/then/properties/event"


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


def test_a_bad_time_is_not_passed_over() -> None:
    assert refused(but(timestamp="bad", sentAt=AT)).path == "/properties/timestamp"
    assert refused(but(timestamp=MISSING)).path == "/allOf/1"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"messageId": None}, "/properties/messageId"),
        ({"messageId": ""}, "/properties/messageId"),
        ({"messageId": MISSING}, "/properties/messageId"),
        ({"userId": 5}, "/properties/userId"),
        ({"userId": None, "anonymousId": ""}, "/properties/anonymousId"),
        ({"userId": "", "anonymousId": MISSING}, "/allOf/0"),
        ({"properties": []}, "/properties/properties"),
        ({"traits": []}, "/properties/traits"),
        ({"appended": 5}, "/properties/appended"),
    ],
)
def test_a_broken_call_is_refused(changes: dict[str, Any], path: str) -> None:
    assert refused(but(**changes)).path == path


def test_a_call_has_the_fall_back_customer_and_the_append_time() -> None:
    event = read(but(userId="", appended=AT + 1))
    assert (event.customer, event.appended) == ("a-3", AT + 1)


def test_calls_of_other_kinds_are_no_events() -> None:
    assert refused(but(type="group")).path == "/properties/name"
