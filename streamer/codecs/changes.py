"""Segment changes, memberships and rejections as JSON: one line of bytes each, always the same.

The fields and their order are those of `change.schema.json`, `membership.schema.json` and
`rejected.schema.json`. Nothing in them comes from a clock or from chance, so what is computed again
is byte for byte the published change.
"""

from typing import Any, Final

import orjson
from librt.strings import BytesWriter

from streamer.errors import StreamerError
from streamer.hashes import change_id
from streamer.instants import parse_iso, put_iso
from streamer.types import Membership, Rejection, SegmentChange

_CHANGE_STARTS: Final = b'{"change_id":"'
_ID_STARTS: Final = len(_CHANGE_STARTS)
_ID_ENDS: Final = _ID_STARTS + 32
_json: Final = orjson.dumps


def encode_change(change: SegmentChange) -> bytes:
    """Return the change as a JSON object without a line end.

    Keys, memberships and versions are ASCII letters, digits and signs that JSON takes as they are;
    what customers and shops have written goes through the JSON writer.
    """
    # fmt: off
    (customer, segment, direction, at, sequence, born, kind, event_id,
     because, rules, holdout, replayed, ladder, origin, target) = change
    # fmt: on
    known = change_id(customer, born, segment, direction, at, sequence)
    out = BytesWriter()
    out.write(_CHANGE_STARTS)
    out.write(known.encode())
    out.write(b'","customer_id":')
    out.write(_json(customer))
    out.write(f',"segment":"{segment}","direction":"{direction}","at":"'.encode())
    put_iso(out, at)
    out.write(f'","sequence":{sequence},"born":"'.encode())
    put_iso(out, born)
    out.write(f'","cause":{{"kind":"{kind}"'.encode())
    if event_id is not None:
        out.write(b',"event_id":')
        out.write(_json(event_id))
    out.write(b'},"because":')
    out.write(_json(because))
    out.write(f',"rules":"{rules}","holdout":'.encode())
    out.write(b'true,"replayed":' if holdout else b'false,"replayed":')
    out.write(b'true,"ladder":' if replayed else b'false,"ladder":')
    if ladder is None and origin is None and target is None:
        out.write(b'null,"from":null,"to":null}')
    else:
        out.write(f'{_key(ladder)},"from":{_key(origin)},"to":{_key(target)}}}'.encode())
    return out.getvalue()


def _key(key: str | None) -> str:
    return "null" if key is None else f'"{key}"'


def change_id_in(line: bytes) -> bytes:
    """Return the change_id of what `encode_change` wrote, without making it again."""
    return line[_ID_STARTS:_ID_ENDS]


def change_line(value: bytes) -> bytes:
    """Return the own JSON of a change that `decode_change` reads, without what is around it."""
    return value if value.startswith(_CHANGE_STARTS) else _json(_data_of(orjson.loads(value)))


def _data_of(document: Any) -> Any:  # noqa: ANN401 (as JSON has it)
    """Return what is inside a structured CloudEvent, or the document itself."""
    enveloped = isinstance(document, dict) and "specversion" in document and "data" in document
    return document["data"] if enveloped else document


def decode_change(value: bytes) -> SegmentChange:
    """Return the change that `encode_change` wrote, also from within a structured CloudEvent.

    Raises `StreamerError` for anything else.
    """
    try:
        data: dict[str, Any] = _data_of(orjson.loads(value))
        change = SegmentChange(
            customer=data["customer_id"],
            segment=data["segment"],
            direction=data["direction"],
            at=parse_iso(data["at"]),
            sequence=data["sequence"],
            born=parse_iso(data["born"]),
            cause=data["cause"]["kind"],
            event_id=data["cause"].get("event_id"),
            because=tuple(data["because"]),
            rules=data["rules"],
            holdout=data["holdout"],
            replayed=data["replayed"],
            ladder=data["ladder"],
            origin=data["from"],
            target=data["to"],
        )
        known = change.change_id == data["change_id"]
    except KeyError as error:
        message = f"not a segment change: {error.args[0]} is missing"
        raise StreamerError(message) from None
    except (ValueError, TypeError, AttributeError) as error:
        message = f"not a segment change: {error}"
        raise StreamerError(message) from None
    if not known:
        raise StreamerError("not a segment change: its change_id is that of another one")
    return change


def encode_membership(membership: Membership) -> bytes | None:
    """Return where a customer stands as a JSON object, None once the profile is gone."""
    customer, sequence, born, segments = membership
    if segments is None:
        return None
    out = BytesWriter()
    out.write(b'{"customer_id":')
    out.write(_json(customer))
    out.write(f',"sequence":{sequence},"born":"'.encode())
    put_iso(out, born)
    out.write(b'","segments":[')
    between = b'{"segment":"'
    for segment, since in segments:
        out.write(between)
        out.write(segment.encode())
        out.write(b'","since":"')
        put_iso(out, since)
        between = b'"},{"segment":"'
    out.write(b'"}]}' if segments else b"]}")
    return out.getvalue()


def decode_membership(value: bytes) -> Membership:
    """Return the memberships that `encode_membership` wrote; raises `StreamerError`."""
    try:
        data = orjson.loads(value)
        inside = tuple((each["segment"], parse_iso(each["since"])) for each in data["segments"])
        return Membership(data["customer_id"], data["sequence"], parse_iso(data["born"]), inside)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"not the memberships of a customer: {error}"
        raise StreamerError(message) from None


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
