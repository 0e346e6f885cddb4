"""What shops send, in the shapes that the vendors document; the pages are named in the mappings."""

from typing import Any, Final

MEASUREMENT: Final[dict[str, Any]] = {
    "client_id": "2034.1650",
    "user_id": "u-7",
    "timestamp_micros": "1795323600123456",
    "user_properties": {"tier": {"value": "gold"}},
    "events": [
        {
            "name": "add_to_cart",
            "timestamp_micros": 1795323599000000,
            "params": {
                "currency": "EUR",
                "value": 59.9,
                "session_id": "1795320000",
                "engagement_time_msec": 100,
                "items": [
                    {
                        "item_id": "shoe-1",
                        "item_name": "Runner",
                        "item_brand": "Acme",
                        "item_category": "Shoes",
                        "price": 59.9,
                        "quantity": 1,
                    }
                ],
            },
        },
        {
            "name": "purchase",
            "params": {
                "transaction_id": "T-1",
                "currency": "EUR",
                "value": "139.80",
                "coupon": "AUTUMN",
                "items": [
                    {"item_id": "shoe-1", "price": 59.9, "quantity": 2},
                    {"item_id": "sock-1", "price": "20.00", "quantity": "1"},
                ],
            },
        },
    ],
}


def _parameter(key: str, **value: object) -> dict[str, Any]:
    kinds = ("string_value", "int_value", "float_value", "double_value")
    return {"key": key, "value": {kind: value.get(kind) for kind in kinds}}


EXPORTED: Final[dict[str, Any]] = {
    "event_date": "20261122",
    "event_timestamp": "1795323600123456",
    "event_name": "purchase",
    "event_params": [
        _parameter("ga_session_id", int_value="1795320000"),
        _parameter("currency", string_value="EUR"),
        _parameter("value", double_value=59.9),
        _parameter("page_location", string_value="https://shop.example/done"),
    ],
    "event_bundle_sequence_id": "88",
    "batch_event_index": "3",
    "user_id": None,
    "user_pseudo_id": "2034.1650",
    "user_properties": [],
    "ecommerce": {"transaction_id": "T-1", "purchase_revenue": 59.9, "total_item_quantity": "1"},
    "items": [
        {
            "item_id": "shoe-1",
            "item_name": "Runner",
            "item_brand": "(not set)",
            "item_category": "Shoes",
            "price": 59.9,
            "quantity": "1",
        }
    ],
}

_CUSTOMER: Final = {
    "id": 115310627314723954,
    "email": "kim@shop.example",
    "phone": None,
    "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in"},
    "sms_marketing_consent": {"state": "not_subscribed"},
    "default_address": {"country_code": "DE", "zip": "10115"},
}
_LINE_ITEM: Final = {
    "id": 866550311766439020,
    "product_id": 788032119674292922,
    "variant_id": 808950810,
    "sku": "SHOE-1",
    "title": "Runner",
    "vendor": "Acme",
    "quantity": 2,
    "price": "59.90",
    "price_set": {"shop_money": {"amount": "59.90", "currency_code": "EUR"}},
}
ORDER: Final[dict[str, Any]] = {
    "version": "0",
    "detail-type": "shopifyWebhook",
    "source": "aws.partner/shopify.com/1/source",
    "time": "2026-11-22T05:00:01Z",
    "detail": {
        "metadata": {
            "X-Shopify-Topic": "orders/create",
            "X-Shopify-Shop-Domain": "shop.myshopify.com",
            "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        },
        "payload": {
            "id": 820982911946154508,
            "order_number": 1001,
            "cart_token": "eeafa272cebfd4b22385bc4b645e762c",
            "created_at": "2026-11-22T06:00:00+01:00",
            "updated_at": "2026-11-22T06:00:00+01:00",
            "cancelled_at": None,
            "currency": "EUR",
            "total_price": "119.80",
            "total_discounts": "0.00",
            "discount_codes": [{"code": "AUTUMN", "amount": "0.00", "type": "percentage"}],
            "source_name": "pos",
            "customer": _CUSTOMER,
            "shipping_address": {"country_code": "AT", "zip": "1010"},
            "line_items": [_LINE_ITEM],
        },
    },
}
CHECKOUT: Final[dict[str, Any]] = {
    "headers": {"X-Shopify-Topic": "checkouts/create"},
    "body": {
        "id": 981820079255243537,
        "token": "123123123",
        "cart_token": "eeafa272cebfd4b22385bc4b645e762c",
        "email": None,
        "created_at": "2026-11-22T06:00:00+01:00",
        "updated_at": "2026-11-22T06:00:00+01:00",
        "currency": "EUR",
        "total_price": "119.80",
        "source_name": "web",
        "customer": None,
        "line_items": [_LINE_ITEM],
    },
}
CART: Final[dict[str, Any]] = {
    "headers": {"x-shopify-topic": "carts/create"},
    "body": {
        "id": "eeafa272cebfd4b22385bc4b645e762c",
        "token": "eeafa272cebfd4b22385bc4b645e762c",
        "note": None,
        "created_at": "2026-11-22T05:00:00.000Z",
        "updated_at": "2026-11-22T05:00:00.000Z",
        "line_items": [_LINE_ITEM],
    },
}

_MONEY: Final = {"amount": 59.9, "currencyCode": "EUR"}
_VARIANT: Final = {
    "id": "808950810",
    "sku": "SHOE-1",
    "title": "42",
    "price": _MONEY,
    "product": {
        "id": "788032119674292922",
        "title": "Runner",
        "vendor": "Acme",
        "type": "Shoes",
        "url": "/products/runner",
    },
}
_PIXEL: Final[dict[str, Any]] = {
    "id": "sh-f5b7a1c0-1",
    "type": "standard",
    "clientId": "c-42",
    "timestamp": "2026-11-22T05:00:00.123Z",
    "context": {"document": {"location": {"href": "https://shop.example/cart"}}},
}
PIXEL_ADDED: Final[dict[str, Any]] = {
    **_PIXEL,
    "name": "product_added_to_cart",
    "data": {"cartLine": {"cost": {"totalAmount": _MONEY}, "merchandise": _VARIANT, "quantity": 1}},
}
PIXEL_VIEWED: Final[dict[str, Any]] = {
    **_PIXEL,
    "name": "product_viewed",
    "data": {"productVariant": _VARIANT},
}
PIXEL_COMPLETED: Final[dict[str, Any]] = {
    **_PIXEL,
    "name": "checkout_completed",
    "data": {
        "checkout": {
            "token": "123123123",
            "currencyCode": "EUR",
            "email": "kim@shop.example",
            "phone": None,
            "buyerAcceptsEmailMarketing": True,
            "buyerAcceptsSmsMarketing": False,
            "totalPrice": {"amount": 119.8, "currencyCode": "EUR"},
            "discountApplications": [
                {"type": "AUTOMATIC", "title": "Two for one"},
                {"type": "DISCOUNT_CODE", "title": "AUTUMN"},
            ],
            "shippingAddress": {"countryCode": "AT", "zip": "1010"},
            "order": {"id": "820982911946154508", "customer": {"id": "115310627"}},
            "lineItems": [{"id": "1", "quantity": 2, "title": "Runner", "variant": _VARIANT}],
        }
    },
}

_ECOMMERCE: Final = "contexts_com_snowplowanalytics_snowplow_ecommerce"
_ACTION: Final = (
    "unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1"
)
_ENRICHED: Final[dict[str, Any]] = {
    "app_id": "shop",
    "platform": "web",
    "event_id": "c6ef3124-b53a-4b13-a233-0088f79dcbcb",
    "collector_tstamp": "2026-11-22T05:00:01.000Z",
    "dvce_created_tstamp": "2026-11-22T05:00:00.500Z",
    "derived_tstamp": "2026-11-22T05:00:00.123Z",
    "domain_userid": "bc2e92ec6c204a14",
    "network_userid": "ecdff4d0-9175-40ac-a8bb-325c49733607",
    "domain_sessionid": "2b15e5c8-d3b1-11e4-b9d6-1681e6b88ec1",
    "page_url": "https://shop.example/done",
}
SNOWPLOW_PAGE: Final[dict[str, Any]] = {**_ENRICHED, "event": "page_view"}
SNOWPLOW_STEP: Final[dict[str, Any]] = {
    **_ENRICHED,
    "event": "unstruct",
    _ACTION: {"type": "checkout_step"},
    f"{_ECOMMERCE}_checkout_step_1": [{"step": 1, "delivery_method": "post"}],
}
SNOWPLOW_TRANSACTION: Final[dict[str, Any]] = {
    **_ENRICHED,
    "event": "unstruct",
    _ACTION: {"type": "transaction"},
    f"{_ECOMMERCE}_transaction_1": [
        {
            "transaction_id": "T-1",
            "revenue": 119.8,
            "currency": "EUR",
            "payment_method": "card",
            "total_quantity": 2,
            "discount_code": "AUTUMN",
            "discount_amount": 10,
        }
    ],
    f"{_ECOMMERCE}_product_1": [
        {
            "id": "shoe-1",
            "name": "Runner",
            "brand": "Acme",
            "category": "Shoes",
            "price": 59.9,
            "currency": "EUR",
            "quantity": 2,
        }
    ],
    f"{_ECOMMERCE}_user_1": [{"id": "u-7", "is_guest": False, "email": "kim@shop.example"}],
}

WOO_ORDER: Final[dict[str, Any]] = {
    "headers": {
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Resource": "order",
        "X-WC-Webhook-Event": "created",
        "X-WC-Webhook-Delivery-ID": "36e520ebabc2fa725092ff4a47acedf2",
    },
    "body": {
        "id": 727,
        "number": "727",
        "status": "processing",
        "currency": "EUR",
        "date_created": "2026-11-22T06:00:00",
        "date_created_gmt": "2026-11-22T05:00:00",
        "date_modified_gmt": "2026-11-22T05:00:00",
        "discount_total": "0.00",
        "total": "119.80",
        "customer_id": 26,
        "billing": {
            "email": "kim@shop.example",
            "phone": "",
            "country": "DE",
            "postcode": "10115",
        },
        "line_items": [
            {
                "id": 315,
                "name": "Runner",
                "product_id": 93,
                "variation_id": 0,
                "quantity": 2,
                "sku": "SHOE-1",
                "total": "119.80",
                "price": 59.9,
            }
        ],
        "coupon_lines": [],
    },
}
