"""Words that other tools and people use, and the words of this language.

Where a word is unknown and one of those that stand here for it is known there, that one is what
the error suggests; where it takes more than one word, a phrase says what to write.
"""

from collections.abc import Collection
from typing import Final

_COMBINATORS: Final = {
    "any": "or either one_of",
    "all": "and both every",
    "none": "not nor neither no",
}
_CONDITIONS: Final = {
    "performed": "count how_many number did done has_done has_performed event happened",
    "not_performed": "never did_not not_done has_not has_not_performed missing",
    "quiet": "inactive idle silent no_event",
    "sequence": "steps then funnel",
    "total": "sum sum_of amount",
    "average": "avg mean",
    "largest": "max maximum highest biggest",
    "smallest": "min minimum lowest",
    "latest": "last most_recent",
    "favours": "favors favourite favorite prefers most_frequent",
    "trait": "attribute profile user_property customer_property",
    "in_segment": "segment member_of audience is_in",
    "anniversary": "birthday",
}
_COMPARISONS: Final = {
    "is": "exactly equals equal equal_to eq",
    "is_not": "not not_equal not_equals ne isnt",
    "in": "any_of one_of",
    "not_in": "none_of",
    "exists": "has present is_set is_present",
    "above": "more_than greater_than gt over",
    "below": "less_than fewer_than lt under",
    "at_least": "gte min minimum more_than greater_than over count",
    "at_most": "lte max maximum less_than fewer_than under",
    "starts_with": "begins_with prefix",
    "contains": "includes like matches",
}
_SCOPE: Final = {
    "where": "filter with if properties",
    "within": "in_last in_the_last last during window period timeframe",
    "since": "after",
    "distinct": "unique different",
    "same": "group_by",
    "without": "but_not not",
    "of": "from event on",
}
_DOCUMENT: Final = {
    "zone": "timezone time_zone tz",
    "ruleset": "rule_set rules",
    "purpose": "description reason why",
    "title": "name label",
    "when": "condition conditions if rule",
    "tests": "examples cases",
    "at": "time",
    "event": "type name",
    "enters": "joins in",
    "exits": "leaves left out",
}
_MAPPINGS: Final = {
    "time": "timestamp date datetime occurred_at created_at",
    "user_id": "customer customer_id user userid",
    "name": "event event_name",
    "delimiter": "separator seperator sep",
    "input": "type format",
    "from": "column field path source",
    "as": "type convert cast",
    "values": "map mapping translate lookup",
    "value": "constant const literal",
    "number": "float decimal double currency money numeric price",
    "integer": "int long whole",
    "text": "string str",
    "absolute": "abs",
    "lower": "lowercase lower_case",
    "negated": "negate negative not",
    "date": "day",
}
"""Of the files that map what other systems send."""
_EVENTS: Final = {
    "order_completed": (
        "placed_order order_placed purchase purchased bought made_a_purchase checkout_completed "
        "completed_order order_created ordered"
    ),
    "product_viewed": "viewed_product view_item product_view viewed_item",
    "product_added": "added_to_cart add_to_cart cart_add cart_added item_added",
    "product_removed": "removed_from_cart remove_from_cart product_removed_from_cart",
    "cart_viewed": "viewed_cart view_cart",
    "checkout_started": "started_checkout begin_checkout checkout checkout_begun initiate_checkout",
    "page_viewed": "page_view viewed_page pageview visit visited active_on_site",
    "order_refunded": "refunded_order refund refunded returned",
    "order_cancelled": "cancelled_order canceled_order order_canceled cancel_order",
    "products_searched": "search searched search_submitted",
    "product_list_viewed": (
        "viewed_category viewed_collection category_viewed collection_viewed view_item_list"
    ),
    "product_clicked": "clicked_product select_item",
    "product_added_to_wishlist": "add_to_wishlist added_to_wishlist",
    "product_reviewed": "reviewed_product wrote_review review",
    "payment_info_entered": "add_payment_info",
    "identified": "identify",
}
_PHRASES: Final = (
    ("above more_than greater_than over gt", ("predicted",), (), 'write "at_least"'),
    ("at_most less_than fewer_than under lt", ("predicted",), (), 'write "below"'),
    (
        "at_most max maximum lte",
        ("age",),
        (),
        'write "below" with one more: at most 30 is below: 31',
    ),
    ("between range", ("at_least", "at_most"), (), 'write "at_least" and "at_most"'),
    (
        "more_than greater_than over gt",
        ("at_least",),
        ("above", "less_than"),
        'write "at_least" with one more: more than 3 is at_least: 4',
    ),
    (
        "less_than fewer_than under lt",
        ("at_most",),
        ("below",),
        'write "at_most" with one less: fewer than 3 is at_most: 2',
    ),
    ("before until", ("where",), (), "write where: {at.date: {below: 2026-12-31}}"),
    (
        "at_least at_most is above below",
        ("not_performed",),
        (),
        "a count goes with performed: fewer than 3 is {performed: …, at_most: 2}",
    ),
)
"""Words that no one word stands for: where some words are known and others not, what to write."""


def _meanings() -> dict[str, tuple[str, ...]]:
    """Return for each foreign word the words that it may stand for."""
    found: dict[str, tuple[str, ...]] = {}
    tables = (_COMBINATORS, _CONDITIONS, _COMPARISONS, _SCOPE, _DOCUMENT, _MAPPINGS, _EVENTS)
    for table in tables:
        for ours, theirs in table.items():
            for word in theirs.split():
                found[word] = (*found.get(word, ()), ours)
    return found


_MEANINGS: Final = _meanings()


def phrase(word: str, known: Collection[str]) -> str | None:
    """Return what to write for a foreign word that no known one stands for alone."""
    for words, needed, lacking, said in _PHRASES:
        fits = {*known}.issuperset(needed) and {*known}.isdisjoint(lacking)
        if fits and word in words.split():
            return said
    return None


def meaning(word: str, known: Collection[str]) -> str | None:
    """Return the known word that a foreign one, in small letters with `_`, stands for."""
    return next((ours for ours in _MEANINGS.get(word, ()) if ours in known), None)
