"""The few names, values and durations that rule sets and histories share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]

STANDARD_EVENTS = (
    "product_viewed",
    "product_added",
    "product_removed",
    "order_completed",
    "page_viewed",
    "identified",
)
OWN_EVENT = "loyalty_card_scanned"
PROPERTIES = (
    *("product_id", "product_id", "category", "category"),
    *("price", "price", "quantity", "look.colour", "tags", "currency"),
    *("at.weekday", "at.hour", "at.date", "at.month", "context.campaign.name", "context.locale"),
)
KINDS = {
    "product_id": "text",
    "price": "number",
    "quantity": "number",
    "currency": "currency",
    "at.weekday": "weekday",
    "at.hour": "hour",
    "at.month": "month",
    "at.date": "date",
}
"""The kinds of those properties that have one."""
CURRENCIES = ("EUR", "EUR", "USD", True)
TRAITS = ("plan", "plan", "score", "home.city")
TEXTS = ("a", "b", "ab")
NUMBERS = (1, 2, 2.0, 2.5, 0.1, 3, 0)
TRUTHS = (True, False)
VALUES = ("a", "a", "a", "b", "b", *TEXTS, *NUMBERS, True, False, "1")
DURATIONS = ("1ms", "500ms", "1s", "2s", "10s", "1m", "30m", "1h", "12h", "24h", "1d", "2d")
UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w)")


@dataclass(frozen=True)
class Words:
    """What the conditions of one rule set are made of; `memberships` may be referred to."""

    events: tuple[str, ...]
    durations: tuple[str, ...]
    memberships: tuple[str, ...] = ()


def millis(text: str) -> int:
    """A duration in milliseconds."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * UNITS[match[2]]


def texts_in(data: Any) -> Iterator[str]:  # noqa: ANN401  a parsed document
    """Every text in a document, keys left out."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for part in data.values():
            yield from texts_in(part)
    elif isinstance(data, list):
        for part in data:
            yield from texts_in(part)
