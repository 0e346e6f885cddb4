"""What happens: the latest changes, and what was no event."""

from collections.abc import Sequence

import orjson

from streamer.instants import iso
from streamer.serve.answers.advice import instead_of
from streamer.serve.answers.context import Context, Json
from streamer.types import HOUR


def changes(context: Context, names: Sequence[str], direction: str | None, limit: int) -> Json:
    """Return the latest changes, the latest first."""
    asked = [one for name in names for one in context.memberships(name)]
    found = context.reader.latest(asked, direction, limit)
    return context.of({"changes": [orjson.Fragment(one.line) for one in found]})


def rejected(context: Context) -> Json:
    """Return the rejected records by reason, with an example each."""
    groups = [(one, instead_of(one.kind, one.path)) for one in context.reader.rejected()]
    return context.of(
        {
            "total": sum(one.times for one, _ in groups),
            "last_hour": context.reader.rejected_since(context.present - HOUR),
            "groups": [
                {
                    "kind": one.kind,
                    "reason": one.reason,
                    "path": one.path,
                    "times": one.times,
                    "last": None if one.at is None else iso(one.at),
                    "example": one.example,
                    "instead": advice.said,
                    "write": advice.write,
                }
                for one, advice in groups
            ],
        }
    )
