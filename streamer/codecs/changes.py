"""Segment changes, memberships and rejections as JSON: one line of bytes each, always the same.

The fields and their order are those of `change.schema.json`, `membership.schema.json` and
`rejected.schema.json`. Nothing in them comes from a clock or from chance, so what is computed again
is byte for byte what was said.
"""

from typing import Any, Final

import orjson

from streamer.errors import StreamerError
from streamer.hashes import change_id
from streamer.instants import iso, parse_iso
from streamer.types import Membership, Rejection, SegmentChange, told

_ID_STARTS: Final = len('{"change_id":"')
_ID_ENDS: Final = _ID_STARTS + 32


def encode_change(change: SegmentChange) -> bytes:
    """Return the change as a JSON object without a line end."""
    # fmt: off
    (customer, segment, direction, at, sequence, born, kind, event_id,
     reasons, rules, holdout, replayed, ladder, origin, target) = change
    # fmt: on
    return orjson.dumps(
        {
            "change_id": change_id(customer, born, segment, direction, at, sequence),
            "customer_id": customer,
            "segment": segment,
            "direction": direction,
            "at": iso(at),
            "sequence": sequence,
            "born": iso(born),
            "cause": {"kind": kind} if event_id is None else {"kind": kind, "event_id": event_id},
            "because": [told(reason) for reason in reasons],
            "rules": rules,
            "holdout": holdout,
            "replayed": replayed,
            "ladder": ladder,
            "from": origin,
            "to": target,
        }
    )


def change_id_in(line: bytes) -> bytes:
    """Return the change_id of what `encode_change` wrote, without making it again."""
    return line[_ID_STARTS:_ID_ENDS]


def decode_change(value: bytes) -> SegmentChange:
    """Return the change that `encode_change` wrote; raises `StreamerError` for anything else."""
    try:
        data: dict[str, Any] = orjson.loads(value)
        change = SegmentChange(
            customer=data["customer_id"],
            segment=data["segment"],
            direction=data["direction"],
            at=parse_iso(data["at"]),
            sequence=data["sequence"],
            born=parse_iso(data["born"]),
            cause=data["cause"]["kind"],
            event_id=data["cause"].get("event_id"),
            reasons=tuple((text, "") for text in data["because"]),
            rules=data["rules"],
            holdout=data["holdout"],
            replayed=data["replayed"],
            ladder=data["ladder"],
            origin=data["from"],
            target=data["to"],
        )
        known = change.change_id == data["change_id"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"not a segment change: {error}"
        raise StreamerError(message) from None
    if not known:
        raise StreamerError("not a segment change: its change_id is that of another one")
    return change


def encode_membership(membership: Membership) -> bytes | None:
    """Return where a customer stands as a JSON object, None once the profile is gone."""
    if membership.segments is None:
        return None
    return orjson.dumps(
        {
            "customer_id": membership.customer,
            "sequence": membership.sequence,
            "born": iso(membership.born),
            "segments": [
                {"segment": segment, "since": iso(since)} for segment, since in membership.segments
            ],
        }
    )


def rejection_line(rejection: Rejection) -> bytes:
    r"""Return the rejection as a JSON object without a line end.

    `raw` is the whole record as text; a byte that is no UTF-8 is written as `\xff`.
    """
    record = rejection.record
    return orjson.dumps(
        {
            "line": record.line,
            "kind": rejection.kind,
            "reason": rejection.reason,
            "path": rejection.path,
            "raw": record.value.decode("utf-8", "backslashreplace"),
        }
    )
