"""What happens: the latest changes, and what was no event."""

from collections.abc import Sequence

import orjson

from streamer.instants import iso
from streamer.serve.answers.context import Context, Json
from streamer.types import HOUR


def changes(context: Context, names: Sequence[str], direction: str | None, limit: int) -> Json:
    """Return the latest changes, the latest first."""
    asked = [one for name in names for one in context.memberships(name)]
    found = context.reader.latest(asked, direction, limit)
    return context.of({"changes": [orjson.Fragment(one.line) for one in found]})


def rejected(context: Context) -> Json:
    """Return what was rejected, by reason, with an example each."""
    groups = context.reader.rejected()
    return context.of(
        {
            "total": sum(one.times for one in groups),
            "last_hour": context.reader.rejected_since(context.now - HOUR),
            "groups": [
                {
                    "kind": one.kind,
                    "reason": one.reason,
                    "path": one.path,
                    "times": one.times,
                    "last": None if one.at is None else iso(one.at),
                    "example": one.example,
                }
                for one in groups
            ],
        }
    )
