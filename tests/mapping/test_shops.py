"""What shops send becomes the events that rules read, by the shipped mappings alone."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.codecs.parsing import POSITION
from streamer.errors import InvalidEvent
from streamer.mapping import Mapping as ShopMapping
from streamer.mapping import read_mapping
from streamer.types import Event, Record
from tests.mapping import shops

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
EXAMPLES = [
    ("ga4", shops.MEASUREMENT),
    ("ga4_export", shops.EXPORTED),
    ("shopify_webhooks", shops.ORDER),
    ("shopify_orders", shops.ORDER["detail"]["payload"]),
    ("shopify_pixels", shops.PIXEL_COMPLETED),
    ("snowplow", shops.SNOWPLOW_TRANSACTION),
    ("woocommerce", shops.WOO_ORDER),
    ("woocommerce_orders", shops.WOO_ORDER["body"]),
]
MAPPINGS = Path(__file__).parents[2] / "schemas" / "mappings"
AT = 1_795_323_600_000


@cache
def shipped(name: str) -> ShopMapping:
    return read_mapping(MAPPINGS / f"{name}.yaml")


def events(name: str, line: object) -> list[Event]:
    """Return the events of one line, as a log hands them out."""
    mapping = shipped(name)
    value, count, decode = orjson.dumps(line), mapping.counter(), mapping.decoder([])
    number = count(value) if count else 1
    places = [((POSITION, b"%d" % nth),) if number > 1 else () for nth in range(1, number + 1)]
    records = [Record(0, 0, value, headers=headers, line=6) for headers in places]
    found, outline = [decode(record) for record in records], mapping.outliner([])
    outlines = [(one.customer, one.time, one.appended) for one in found]
    assert [tuple(outline(record)) for record in records] == outlines
    return found


def refused(name: str, line: object) -> str:
    with pytest.raises(InvalidEvent) as caught:
        events(name, line)
    return caught.value.reason


def changed(line: Mapping[str, Any], at: str, value: object) -> dict[str, Any]:
    """Return the line with another value at a path of keys."""
    key, _, rest = at.partition(".")
    return {**line, key: changed(line[key], rest, value) if rest else value}


def test_a_measurement_request_is_split_into_its_events() -> None:
    added, bought = events("ga4", shops.MEASUREMENT)
    assert added == Event(
        id="2034.1650-1795323600123456-1795323599000000-add_to_cart-1-shoe-1",
        name="product_added",
        customer="u-7",
        time=AT - 1_000,
        properties={
            "revenue": 59.9,
            "currency": "EUR",
            "session_id": "1795320000",
            "products": [
                {
                    "product_id": "shoe-1",
                    "name": "Runner",
                    "brand": "Acme",
                    "category": "Shoes",
                    "price": 59.9,
                    "quantity": 1,
                }
            ],
        },
        user_id="u-7",
        anonymous_id="2034.1650",
    )
    assert (bought.name, bought.time) == ("order_completed", AT + 123)
    assert bought.properties == {
        "order_id": "T-1",
        "revenue": 139.8,
        "currency": "EUR",
        "coupon": "AUTUMN",
        "products": [
            {"product_id": "shoe-1", "price": 59.9, "quantity": 2},
            {"product_id": "sock-1", "price": 20.0, "quantity": 1},
        ],
    }


def test_a_measurement_request_without_a_user_is_of_its_device() -> None:
    request = changed(shops.MEASUREMENT, "user_id", None)
    assert {event.customer for event in events("ga4", request)} == {"2034.1650"}


def test_what_is_wrong_with_a_measurement_request_is_named() -> None:
    request = shops.MEASUREMENT
    nothing = "time is missing: timestamp_micros or $.timestamp_micros is not there"
    assert refused("ga4", changed(request, "timestamp_micros", None)) == f"event 2 of 2: {nothing}"
    odd = changed(request, "events", [*request["events"][:1], {"name": "level_up"}])
    assert refused("ga4", odd) == (
        "event 2 of 2: name 'level_up' is none of the values that the mapping translates"
    )
    assert refused("ga4", changed(request, "events", [])) == "no event: events is an empty list"
    assert refused("ga4", {"client_id": "1"}) == "no event: events is not there"
    assert refused("ga4", changed(request, "events", "purchase")) == (
        "events must be a list of objects, or an object"
    )


def test_an_exported_row() -> None:
    (event,) = events("ga4_export", shops.EXPORTED)
    assert event == Event(
        id="purchase-T-1",
        name="order_completed",
        customer="2034.1650",
        time=AT + 123,
        properties={
            "order_id": "T-1",
            "revenue": 59.9,
            "currency": "EUR",
            "url": "https://shop.example/done",
            "session_id": "1795320000",
            "products": [
                {
                    "product_id": "shoe-1",
                    "name": "Runner",
                    "category": "Shoes",
                    "price": 59.9,
                    "quantity": 1,
                }
            ],
        },
        anonymous_id="2034.1650",
    )


def test_a_shopify_order() -> None:
    (event,) = events("shopify_webhooks", shops.ORDER)
    assert event == Event(
        id="orders/create-820982911946154508-2026-11-22T06:00:00+01:00",
        name="order_completed",
        customer="115310627314723954",
        time=AT,
        properties={
            "order_id": "1001",
            "cart_id": "eeafa272cebfd4b22385bc4b645e762c",
            "revenue": 119.8,
            "discount": 0.0,
            "currency": "EUR",
            "coupon": "AUTUMN",
            "channel": "store",
            "products": [
                {
                    "product_id": "788032119674292922",
                    "variant": "808950810",
                    "sku": "SHOE-1",
                    "name": "Runner",
                    "brand": "Acme",
                    "price": 59.9,
                    "quantity": 2,
                }
            ],
        },
        traits={
            "email": "kim@shop.example",
            "email_consent": True,
            "country": "AT",
            "postal_code": "1010",
        },
        user_id="115310627314723954",
        anonymous_id="eeafa272cebfd4b22385bc4b645e762c",
    )


def test_a_shopify_cart_and_its_checkout_are_of_one_visitor() -> None:
    (cart,) = events("shopify_webhooks", shops.CART)
    (checkout,) = events("shopify_webhooks", shops.CHECKOUT)
    assert (cart.name, checkout.name) == ("product_added", "checkout_started")
    assert cart.customer == checkout.customer == "eeafa272cebfd4b22385bc4b645e762c"
    assert (cart.time, checkout.time) == (AT, AT)
    assert cart.properties["currency"] == "EUR"
    assert "order_id" not in cart.properties
    assert checkout.traits == {}


def test_a_topic_of_shopify_that_no_mapping_names_is_named() -> None:
    fulfilled = changed(shops.CHECKOUT, "headers.X-Shopify-Topic", "fulfillments/create")
    assert "'fulfillments/create' is none of the values" in refused("shopify_webhooks", fulfilled)
    bare = shops.CHECKOUT["body"]
    assert refused("shopify_webhooks", bare) == "no event: detail.payload or body is not there"


def test_shopify_s_orders_of_the_past_one_on_a_line_or_a_page_of_them() -> None:
    (told,) = events("shopify_webhooks", shops.ORDER)
    order = shops.ORDER["detail"]["payload"]
    (alone,) = events("shopify_orders", order)
    assert alone == told._replace(id="order-820982911946154508")
    page = {"orders": [order, changed(order, "id", 5)]}
    assert [event.id for event in events("shopify_orders", page)] == [alone.id, "order-5"]


def test_a_pixel_s_cart_line() -> None:
    (event,) = events("shopify_pixels", shops.PIXEL_ADDED)
    assert (event.id, event.name, event.customer) == ("sh-f5b7a1c0-1", "product_added", "c-42")
    assert event.time == AT + 123
    assert event.properties == {
        "currency": "EUR",
        "url": "https://shop.example/cart",
        "products": [
            {
                "product_id": "788032119674292922",
                "variant": "808950810",
                "sku": "SHOE-1",
                "name": "Runner",
                "brand": "Acme",
                "category": "Shoes",
                "price": 59.9,
                "quantity": 1,
            }
        ],
    }


def test_a_pixel_s_product_and_order() -> None:
    (viewed,) = events("shopify_pixels", shops.PIXEL_VIEWED)
    (product,) = viewed.properties["products"]
    assert (product["product_id"], product["price"]) == ("788032119674292922", 59.9)
    (bought,) = events("shopify_pixels", shops.PIXEL_COMPLETED)
    assert (bought.name, bought.customer) == ("order_completed", "115310627")
    assert bought.properties["order_id"] == "820982911946154508"
    assert (bought.properties["revenue"], bought.properties["coupon"]) == (119.8, "AUTUMN")
    assert [one["quantity"] for one in bought.properties["products"]] == [2]
    assert bought.traits == {
        "email": "kim@shop.example",
        "email_consent": True,
        "sms_consent": False,
        "country": "AT",
        "postal_code": "1010",
    }


def test_pixels_and_webhooks_of_shopify_name_one_product_alike() -> None:
    (added,) = events("shopify_pixels", shops.PIXEL_ADDED)
    (bought,) = events("shopify_webhooks", shops.ORDER)
    for name in ("product_id", "variant"):
        assert added.properties["products"][0][name] == bought.properties["products"][0][name]


def test_a_snowplow_transaction() -> None:
    (event,) = events("snowplow", shops.SNOWPLOW_TRANSACTION)
    assert event == Event(
        id="c6ef3124-b53a-4b13-a233-0088f79dcbcb",
        name="order_completed",
        customer="u-7",
        time=AT + 123,
        properties={
            "order_id": "T-1",
            "revenue": 119.8,
            "currency": "EUR",
            "coupon": "AUTUMN",
            "discount": 10,
            "url": "https://shop.example/done",
            "session_id": "2b15e5c8-d3b1-11e4-b9d6-1681e6b88ec1",
            "products": [
                {
                    "product_id": "shoe-1",
                    "name": "Runner",
                    "brand": "Acme",
                    "category": "Shoes",
                    "price": 59.9,
                    "quantity": 2,
                }
            ],
        },
        traits={"email": "kim@shop.example"},
        user_id="u-7",
        anonymous_id="bc2e92ec6c204a14",
    )


def test_snowplow_s_pages_and_steps_of_a_checkout() -> None:
    (page,) = events("snowplow", shops.SNOWPLOW_PAGE)
    assert (page.name, page.customer) == ("page_viewed", "bc2e92ec6c204a14")
    (begun,) = events("snowplow", shops.SNOWPLOW_STEP)
    assert begun.name == "checkout_started"
    steps = "contexts_com_snowplowanalytics_snowplow_ecommerce_checkout_step_1"
    (later,) = events("snowplow", changed(shops.SNOWPLOW_STEP, steps, [{"step": 2}]))
    assert later.name == "checkout_step_completed"
    assert "'struct' is none of the values" in refused(
        "snowplow", changed(shops.SNOWPLOW_PAGE, "event", "struct")
    )


def test_a_woocommerce_order() -> None:
    (event,) = events("woocommerce", shops.WOO_ORDER)
    assert event == Event(
        id="order-727",
        name="order_completed",
        customer="26",
        time=AT,
        properties={
            "order_id": "727",
            "revenue": 119.8,
            "discount": 0.0,
            "currency": "EUR",
            "channel": "web",
            "products": [
                {
                    "product_id": "93",
                    "sku": "SHOE-1",
                    "name": "Runner",
                    "price": 59.9,
                    "total": 119.8,
                    "quantity": 2,
                }
            ],
        },
        traits={"email": "kim@shop.example", "country": "DE", "postal_code": "10115"},
        user_id="26",
        anonymous_id="kim@shop.example",
    )


def test_woocommerce_s_orders_of_the_past() -> None:
    (told,) = events("woocommerce", shops.WOO_ORDER)
    order = shops.WOO_ORDER["body"]
    assert events("woocommerce_orders", order) == [told]
    (failed,) = events("woocommerce_orders", changed(order, "status", "failed"))
    assert failed.name == "order_cancelled"
    draft = changed(order, "status", "checkout-draft")
    assert "status 'checkout-draft' is none of the values" in refused("woocommerce_orders", draft)


@pytest.mark.parametrize(
    ("topic", "status", "name"),
    [
        ("order.created", "pending", "order_updated"),
        ("order.created", "on-hold", "order_updated"),
        ("order.updated", "processing", "order_completed"),
        ("order.updated", "completed", "order_completed"),
        ("order.updated", "shipped", "order_updated"),
        ("order.updated", "cancelled", "order_cancelled"),
        ("order.updated", "failed", "order_cancelled"),
        ("order.updated", "refunded", "order_refunded"),
    ],
)
def test_what_becomes_of_a_woocommerce_order(topic: str, status: str, name: str) -> None:
    order = changed(shops.WOO_ORDER, "headers.X-WC-Webhook-Topic", topic)
    (event,) = events("woocommerce", changed(order, "body.status", status))
    assert event.name == name


def test_a_paid_woocommerce_order_is_told_once_at_the_time_of_its_payment() -> None:
    paid = changed(shops.WOO_ORDER, "body.date_paid_gmt", "2026-11-22T05:10:00")
    later = changed(paid, "body.date_modified_gmt", "2026-11-29T05:00:00")
    (first,), (second,) = events("woocommerce", paid), events("woocommerce", later)
    assert (first.id, first.time) == (second.id, second.time) == ("order-727", AT + 600_000)


def test_a_partial_refund_of_woocommerce_is_its_amount_once() -> None:
    refunds = [{"id": 731, "reason": "", "total": "-19.80"}]
    order = changed(shops.WOO_ORDER, "body.refunds", refunds)
    (event,) = events("woocommerce", changed(order, "body.status", "completed"))
    assert (event.id, event.name) == ("refund-731", "order_partially_refunded")
    assert event.properties["revenue"] == 19.8


def test_the_last_refund_of_a_woocommerce_order_counts_although_it_was_told_as_a_part() -> None:
    refunds = [{"id": 731, "reason": "", "total": "-19.80"}]
    order = changed(shops.WOO_ORDER, "body.refunds", refunds)
    (part,) = events("woocommerce", changed(order, "body.status", "completed"))
    (whole,) = events("woocommerce", changed(order, "body.status", "refunded"))
    assert (whole.id, whole.name) == ("order-727-refunded", "order_refunded")
    assert whole.properties["order_id"] == part.properties["order_id"] == "727"


def test_a_guest_is_the_same_in_any_case_of_the_address() -> None:
    guest = changed(shops.WOO_ORDER, "body.customer_id", 0)
    (event,) = events("woocommerce", changed(guest, "body.billing.email", "Kim@Shop.example"))
    assert (event.customer, event.traits) == (
        "kim@shop.example",
        {"email": "kim@shop.example", "country": "DE", "postal_code": "10115"},
    )


SHOPIFY_REFUND: dict[str, Any] = {
    "id": 509562969,
    "created_at": "2026-11-23T05:00:00Z",
    "refund_line_items": [
        {"quantity": 1, "line_item": {"product_id": 788032119674292922, "price": "59.90"}}
    ],
    "transactions": [{"amount": "59.90", "kind": "refund"}],
}


@pytest.mark.parametrize(
    ("status", "told", "name"),
    [
        ("partially_refunded", "refund-509562969", "order_partially_refunded"),
        ("refunded", "refunded-820982911946154508", "order_refunded"),
    ],
)
def test_a_refund_of_shopify_is_told_once_however_often_the_order_changes(
    status: str, told: str, name: str
) -> None:
    order = changed(shops.ORDER, "detail.metadata.X-Shopify-Topic", "orders/updated")
    order = changed(order, "detail.payload.financial_status", status)
    order = changed(order, "detail.payload.refunds", [{"id": 1}, SHOPIFY_REFUND])
    later = changed(order, "detail.payload.updated_at", "2026-12-24T05:00:00Z")
    (event,) = events("shopify_webhooks", order)
    assert events("shopify_webhooks", later) == [event]
    assert (event.id, event.name, event.time) == (
        told,
        name,
        AT + 86_400_000,
    )
    assert event.customer == "115310627314723954"
    assert event.properties["order_id"] == "1001"
    assert event.properties["revenue"] == 59.9
    assert event.properties["products"] == [
        {"product_id": "788032119674292922", "price": 59.9, "quantity": 1}
    ]


def test_a_refund_webhook_names_no_customer_unless_one_is_added() -> None:
    line = {"headers": {"X-Shopify-Topic": "refunds/create"}, "body": SHOPIFY_REFUND}
    assert refused("shopify_webhooks", line).startswith("no customer: ")
    (event,) = events("shopify_webhooks", changed(line, "body.customer", {"id": 5}))
    assert (event.id, event.customer) == ("refund-509562969", "5")
    assert event.name == "order_partially_refunded"
    assert event.properties["revenue"] == 59.9


@pytest.mark.parametrize("status", ["partially_refunded", "refunded"])
def test_a_cancelled_order_of_shopify_is_cancelled_whatever_was_given_back(status: str) -> None:
    order = changed(shops.ORDER, "detail.metadata.X-Shopify-Topic", "orders/cancelled")
    order = changed(order, "detail.payload.financial_status", status)
    order = changed(order, "detail.payload.refunds", [SHOPIFY_REFUND])
    (event,) = events(
        "shopify_webhooks", changed(order, "detail.payload.cancelled_at", "2026-11-24T05:00:00Z")
    )
    assert (event.name, event.time) == ("order_cancelled", AT + 2 * 86_400_000)
    assert event.properties["order_id"] == "1001"


def test_a_voided_order_of_shopify_is_cancelled() -> None:
    order = changed(shops.ORDER, "detail.metadata.X-Shopify-Topic", "orders/updated")
    (event,) = events(
        "shopify_webhooks", changed(order, "detail.payload.financial_status", "voided")
    )
    assert event.name == "order_cancelled"


@pytest.mark.parametrize(
    ("consent", "told"),
    [
        ({"state": "subscribed", "consent_updated_at": None}, True),
        ({"state": "unsubscribed", "consent_updated_at": "2026-01-02T10:00:00Z"}, False),
        ({"state": "not_subscribed", "consent_updated_at": "2026-01-02T10:00:00Z"}, False),
        ({"state": "not_subscribed", "consent_updated_at": None}, None),
        ({"state": "pending", "consent_updated_at": "2026-01-02T10:00:00Z"}, None),
        (None, None),
    ],
)
def test_whoever_was_never_asked_has_not_said_no(consent: object, told: object) -> None:
    path = "customer.email_marketing_consent"
    order = changed(shops.ORDER, f"detail.payload.{path}", consent)
    for name, line in (("shopify_webhooks", order), ("shopify_orders", order["detail"]["payload"])):
        (event,) = events(name, line)
        assert (event.traits or {}).get("email_consent") is told


@pytest.mark.parametrize(
    ("at", "value", "name"),
    [
        ("cancelled_at", "2026-11-23T05:00:00Z", "order_cancelled"),
        ("financial_status", "voided", "order_cancelled"),
        ("financial_status", "refunded", "order_cancelled"),
        ("financial_status", "partially_refunded", "order_completed"),
    ],
)
def test_past_orders_of_shopify_of_which_nothing_stands(at: str, value: str, name: str) -> None:
    (event,) = events("shopify_orders", changed(shops.ORDER["detail"]["payload"], at, value))
    assert event.name == name


def test_a_shopify_cart_is_a_snapshot() -> None:
    update = changed(shops.CART, "headers.x-shopify-topic", "carts/update")
    (added,) = events("shopify_webhooks", update)
    (emptied,) = events("shopify_webhooks", changed(update, "body.line_items", []))
    assert (added.name, len(added.properties["products"])) == ("product_added", 1)
    assert (emptied.name, emptied.properties["products"]) == ("product_removed", [])
    assert added.customer == emptied.customer == shops.CART["body"]["token"]


def test_a_ga4_purchase_counts_once_and_a_refund_each_time() -> None:
    _, bought = events("ga4", shops.MEASUREMENT)
    again = changed(shops.MEASUREMENT, "timestamp_micros", "1795323700000000")
    assert bought.id == events("ga4", again)[1].id == "purchase-T-1"
    refund = [{"name": "refund", "params": {"transaction_id": "T-1"}}]
    ids = [
        events("ga4", changed(line, "events", refund))[0].id for line in (shops.MEASUREMENT, again)
    ]
    assert len(set(ids)) == 2


def test_products_added_at_one_instant_of_ga4_are_told_apart() -> None:
    ids = set()
    for product in ("shoe-1", "sock-1", "hat-1"):
        hit = {"name": "add_to_cart", "params": {"items": [{"item_id": product}]}}
        ids.add(events("ga4", changed(shops.MEASUREMENT, "events", [hit]))[0].id)
    assert len(ids) == 3


def test_an_item_of_ga4_is_the_same_as_a_number_and_as_a_text() -> None:
    ids = set()
    for item in (39910, "39910"):
        hit = {"name": "view_item", "params": {"items": [{"item_id": item}]}}
        (event,) = events("ga4", changed(shops.MEASUREMENT, "events", [hit]))
        ids.add(event.properties["products"][0]["product_id"])
    assert ids == {"39910"}


def test_a_thank_you_page_opened_again_is_no_second_purchase() -> None:
    again = changed(shops.PIXEL_COMPLETED, "id", "sh-another")
    assert events("shopify_pixels", again) == events("shopify_pixels", shops.PIXEL_COMPLETED)
    assert events("shopify_pixels", again)[0].id == "checkout_completed-123123123"


def test_a_guest_of_woocommerce_is_known_by_the_address() -> None:
    (event,) = events("woocommerce", changed(shops.WOO_ORDER, "body.customer_id", 0))
    assert event.customer == "kim@shop.example"


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_shipped_mappings_are_not_mistyped(name: str, line: object) -> None:
    record = Record(0, 0, orjson.dumps(line), line=1)
    assert shipped(name).strangers([record]) == []


def places(value: object) -> Iterator[tuple[str | int, ...]]:
    """Yield every place in a JSON value, the value's own first."""
    yield ()
    inside: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, inner in inside:
        yield from ((key, *rest) for rest in places(inner))


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
@given(data=st.data())
def test_anything_in_any_place_makes_an_event_or_is_refused(
    name: str, line: Mapping[str, Any], data: st.DataObject
) -> None:
    copy: Any = orjson.loads(orjson.dumps({"line": line}))
    *way, last = ("line", *data.draw(st.sampled_from(list(places(line)))))
    target = copy
    for step in way:
        target = target[step]
    target[last] = data.draw(JSON)
    with suppress(InvalidEvent):
        assert all(event.customer and event.id for event in events(name, copy["line"]))
