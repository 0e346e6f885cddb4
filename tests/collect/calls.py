"""Calls and events for the tests, each with an id that nothing else has."""

import uuid
from typing import Any

NOW = "2026-01-01T00:00:10.000Z"


def fresh() -> str:
    return uuid.uuid4().hex


def track(message_id: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON)
    call = {"type": "track", "event": "Product Viewed", "userId": "u-7", "timestamp": NOW, **more}
    return call if message_id is None else {**call, "messageId": message_id}
