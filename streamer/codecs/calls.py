"""Calls of the Segment specification: what they mean as storefront events.

`track` gives the event of its name, `page` gives `page_viewed`, `screen` gives `screen_viewed`,
`identify` gives `identified`. Names are turned into snake case: `Product List Viewed`,
`productListViewed` and `product.list.viewed` are all `product_list_viewed`. Properties, traits
and `context` are kept as they come.
"""

import re
from functools import lru_cache
from typing import Any, Final

from streamer.codecs.limits import CALL_NAME, MAX_NAME
from streamer.errors import InvalidEvent

CALL_TIMES: Final = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
"""Where a call says when it happened; the first that is there decides."""
CALL_TYPES: Final = {
    "track": None,
    "identify": "identified",
    "page": "page_viewed",
    "screen": "screen_viewed",
}
"""The calls that are events, with the name of those that carry none of their own."""
NAME_PATH: Final = "/then/properties/event"

_CALL_NAME: Final = re.compile(CALL_NAME)
_WORD_ENDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN: Final = re.compile(r"[^A-Za-z0-9]+")


def is_call(data: dict[str, Any]) -> bool:
    """Tell a call from a plain event that happens to carry a `type` of its own."""
    kind = data.get("type")
    return type(kind) is str and kind in CALL_TYPES and ("messageId" in data or "id" not in data)


def call_name(data: dict[str, Any]) -> str:
    """Return a call's event name; raises `InvalidEvent` where a track call has no good one."""
    name = CALL_TYPES[data["type"]]
    if name is not None:
        return name
    event = data.get("event")
    if type(event) is str:
        name = snake_case(event)
        if name is not None:
            return name
        message = (
            f"event must be up to {MAX_NAME} printable ASCII characters that begin with a letter"
        )
    elif event is None:
        message = "event is missing: a track call must name what happened"
    else:
        message = "event must be text"
    raise InvalidEvent(message, NAME_PATH)


@lru_cache(maxsize=4096)
def snake_case(text: str) -> str | None:
    """Return the text as an event name, None if it cannot be one.

    A name that would grow over the limit because of its many inner capitals keeps them unsplit.
    """
    if len(text) > MAX_NAME or _CALL_NAME.fullmatch(text) is None:
        return None
    split = _joined(_WORD_ENDS.sub("_", text))
    return split if len(split) <= MAX_NAME else _joined(text)


def _joined(text: str) -> str:
    return _BETWEEN.sub("_", text).strip("_").lower()
