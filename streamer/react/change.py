"""A segment change as a reaction gets it: the fields of `change.schema.json`, with types."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from streamer.codecs.changes import change_line, decode_change

ERASURE: Final = "erasure"
"""The kind of cause after which nothing of the customer is to be kept."""


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """What caused a change: an event, with its id, or the passing of time, or something else."""

    kind: Literal["event", "time", "rules", "merge", "erasure"]
    event_id: str | None = None


class Change(msgspec.Struct, frozen=True, rename={"origin": "from"}):
    """One customer entered or exited one segment.

    `segment` is a segment or `ladder.tier`. `at` is when it became true, `sequence` numbers the
    customer's changes from 1. `change_id` is the same however often the change comes. For a tier,
    `ladder`, `origin` (`from` in JSON) and `to` say which, what before and what now.
    """

    change_id: str
    customer_id: str
    segment: str
    direction: Literal["entered", "exited"]
    at: datetime
    sequence: int
    born: datetime
    cause: Cause
    because: list[str]
    rules: str
    holdout: bool
    replayed: bool
    ladder: str | None = None
    origin: str | None = None
    to: str | None = None


_DECODER = msgspec.json.Decoder(Change)


def read_change(value: bytes) -> Change:
    """Return the change of a record; raises `StreamerError` for anything else."""
    decode_change(value)
    return _DECODER.decode(change_line(value))
