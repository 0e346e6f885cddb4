"""Changes as subscribers read them, in the words of the oracle."""

from datetime import datetime, timedelta
from typing import Any

from tests.strategies.histories import EPOCH

KEYS = ("customer_id", "segment", "direction", "sequence", "ladder", "from", "to")


def plain(change: dict[str, Any]) -> dict[str, Any]:
    """Return a change in the oracle's words."""
    return {
        **{key: change[key] for key in KEYS},
        "at": millis(change["at"]),
        "born": millis(change["born"]),
        "cause": change["cause"]["kind"],
        "event": change["cause"].get("event_id"),
    }


def millis(text: str) -> int:
    """Return an instant of a change in milliseconds."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)
