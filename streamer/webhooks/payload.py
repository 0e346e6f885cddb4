"""What a request says of a change, after the Standard Webhooks specification, and who signs it.

The body is made of the change alone, so every try says the same under the same `webhook-id`, which
is the change's id. What differs between tries is the time of the request, which is signed as well.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import orjson
from standardwebhooks import Webhook

from streamer.adapters.kafka.messages import CHANGE_TYPES
from streamer.instants import iso
from streamer.types import SECOND, Millis, SegmentChange
from streamer.webhooks.settings import Form

_THIN: Final = ("change_id", "customer_id", "segment", "direction", "sequence")
"""What tells a receiver that it should ask, and nothing of what the customer did."""


def body(change: SegmentChange, line: bytes, form: Form) -> bytes:
    """Return the body; `line` is the change's own JSON."""
    data: object = orjson.Fragment(line)
    if form == "thin":
        whole = orjson.loads(line)
        data = {name: whole[name] for name in _THIN}
    return orjson.dumps(
        {"type": CHANGE_TYPES[change.direction], "timestamp": iso(change.at), "data": data}
    )


class Signer:
    """Signs with each of the secrets, so that a receiver knows the old one or the new one."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._hooks = [Webhook(secret) for secret in secrets]

    def headers(self, change_id: str, content: bytes, now: Millis) -> dict[str, str]:
        """Return the three headers of a request that is sent at `now`."""
        at = datetime.fromtimestamp(now // SECOND, UTC)
        text = content.decode()
        return {
            "webhook-id": change_id,
            "webhook-timestamp": str(now // SECOND),
            "webhook-signature": " ".join(hook.sign(change_id, at, text) for hook in self._hooks),
        }
