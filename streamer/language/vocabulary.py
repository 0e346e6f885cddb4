"""The standard event names: the Segment e-commerce specification v2 in snake case.

Beside it stand the three that come of calls which are no `track`: `page_viewed`, `screen_viewed`
and `identified`; and `order_partially_refunded`, which the specification does not tell from
`order_refunded`. A rule set's header may name more.
"""

from typing import Final

STANDARD_EVENTS: Final[dict[str, str]] = {
    "page_viewed": "A page of the site was viewed.",
    "screen_viewed": "A screen of the app was viewed.",
    "identified": "Something became known about the customer; carries traits. Not part of `any`.",
    "products_searched": "Products were searched for.",
    "product_list_viewed": "A list or category of products was viewed.",
    "product_list_filtered": "A list or category of products was filtered or sorted.",
    "promotion_viewed": "A promotion was seen.",
    "promotion_clicked": "A promotion was clicked.",
    "product_clicked": "A product was clicked in a list.",
    "product_viewed": "A product's details were viewed.",
    "product_added": "A product was put into the cart.",
    "product_removed": "A product was taken out of the cart.",
    "cart_viewed": "The cart was viewed.",
    "checkout_started": "The checkout was begun.",
    "checkout_step_viewed": "A step of the checkout was viewed.",
    "checkout_step_completed": "A step of the checkout was completed.",
    "payment_info_entered": "Payment details were entered.",
    "order_completed": "An order was placed.",
    "order_updated": "An order was changed.",
    "order_refunded": "An order was refunded; nothing of it stands.",
    "order_partially_refunded": "A part of an order was refunded; the order stands.",
    "order_cancelled": "An order was cancelled.",
    "coupon_entered": "A coupon was entered.",
    "coupon_applied": "A coupon was accepted for a cart or order.",
    "coupon_denied": "A coupon was refused for a cart or order.",
    "coupon_removed": "A coupon was taken back.",
    "product_added_to_wishlist": "A product was put on the wish list.",
    "product_removed_from_wishlist": "A product was taken off the wish list.",
    "wishlist_product_added_to_cart": "A product went from the wish list into the cart.",
    "product_shared": "A product was shared with others.",
    "cart_shared": "The cart was shared with others.",
    "product_reviewed": "A product was reviewed.",
}
"""Name to meaning, in the order of a customer's way through the shop."""
