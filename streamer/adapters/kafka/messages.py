"""What stands in the key, the value and the headers of what the sink publishes.

A change is the value of its record, without any header. For those who want CloudEvents 1.0 it is
written after their Kafka protocol binding: in binary mode the value is the change alone and the
attributes are headers, in structured mode the value is the envelope and the change its `data`.

Where the event that caused a change had a `traceparent`, the record has it too, as the header of
that name, which tracing libraries read; a CloudEvent has it also as an attribute.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

import orjson

from streamer.codecs.changes import change_id_in
from streamer.codecs.received import Refused
from streamer.instants import iso
from streamer.types import Record, Rejection, SegmentChange

Headers: TypeAlias = list[tuple[str, str | bytes | None]]
CloudEvents: TypeAlias = Literal["binary", "structured"]
ChangeWriter: TypeAlias = Callable[[SegmentChange, bytes, str | None], tuple[bytes, Headers | None]]
"""Given a change, its JSON and its traceparent (None without one): returns value and headers."""

CHANGE_TYPES: Final = {
    "entered": "streamer.segment.entered",
    "exited": "streamer.segment.exited",
}

_WHOLE: Final = 4 << 20
"""The most bytes of a rejected record that is kept whole. More comes compressed only: the limit of
a topic counts the compressed bytes."""
_BEGINNING: Final = 1 << 20
"""How many bytes are kept of the value, and of the key, of a larger one."""
_REFUSED: Final = 512 << 10
"""The most bytes of a refused event that are kept: any topic takes them."""
_BESIDE: Final = 16 << 10
"""What a record has beside its own bytes: why it was rejected, and where it was."""


def change_writer(form: CloudEvents | None, group: str) -> ChangeWriter:
    """Return a function that writes changes in that form; a CloudEvent's source has `group`."""
    source = f"/streamer/{group}"
    if form == "binary":
        return _binary(source)
    if form == "structured":
        return _structured(source)
    return _plain


def _plain(_: SegmentChange, line: bytes, traceparent: str | None) -> tuple[bytes, Headers | None]:
    return line, None if traceparent is None else [("traceparent", traceparent)]


def _binary(source: str) -> ChangeWriter:
    constant: Headers = [
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_source", source),
    ]

    def write(change: SegmentChange, line: bytes, traceparent: str | None) -> tuple[bytes, Headers]:
        headers: Headers = [
            *constant,
            ("ce_id", change_id_in(line)),
            ("ce_type", CHANGE_TYPES[change.direction]),
            ("ce_time", iso(change.at)),
            ("ce_subject", change.customer),
        ]
        if traceparent is not None:
            headers += [("ce_traceparent", traceparent), ("traceparent", traceparent)]
        return line, headers

    return write


def _structured(source: str) -> ChangeWriter:
    constant: Headers = [("content-type", "application/cloudevents+json")]

    def write(change: SegmentChange, line: bytes, traceparent: str | None) -> tuple[bytes, Headers]:
        attributes = {
            "specversion": "1.0",
            "id": change_id_in(line).decode(),
            "source": source,
            "type": CHANGE_TYPES[change.direction],
            "time": iso(change.at),
            "subject": change.customer,
            "datacontenttype": "application/json",
        }
        headers = constant
        if traceparent is not None:
            attributes["traceparent"] = traceparent
            headers = [*constant, ("traceparent", traceparent)]
        return orjson.dumps({**attributes, "data": orjson.Fragment(line)}), headers

    return write


def rejected_record(
    rejection: Rejection, topic: str, largest: int
) -> tuple[bytes | None, bytes, Headers]:
    """Return key, value and headers of a rejected record: its own, then why and where that was.

    `largest` is how many bytes the topic of rejected records takes at once. What is larger, or
    larger than anybody can write again, is cut, and loses its own headers; the header
    `rejected_size` says how large it was. The place where it was still has it whole.
    """
    record = rejection.record
    key, value, own = record.key, record.value, record.headers
    why: Headers = [
        ("rejected_kind", rejection.kind),
        ("rejected_reason", rejection.reason),
        ("rejected_path", rejection.path),
        ("rejected_topic", topic),
        ("rejected_partition", str(record.partition)),
        ("rejected_offset", str(record.offset)),
    ]
    size = len(value) + len(key or b"") + sum(len(name) + len(text) for name, text in own)
    whole = min(_WHOLE, largest - _BESIDE)
    if size > whole:
        kept = max(0, min(_BEGINNING, whole // 4))
        key, value, own = key and key[:kept], value[:kept], ()
        why.append(("rejected_size", str(size)))
    return key, value, [*own, *why]


class RejectedFrom(NamedTuple):
    """Where a rejected record was, and why it was rejected."""

    partition: int
    offset: int
    reason: str


def rejected_from(record: Record, topic: str) -> RejectedFrom | None:
    """Return where a rejected record was in `topic`; None where it was in another, or in none."""
    headers = dict(record.headers)  # ours are the last of their names
    if headers.get("rejected_topic") != topic.encode():
        return None
    return RejectedFrom(
        int(headers["rejected_partition"]),
        int(headers["rejected_offset"]),
        headers["rejected_reason"].decode(errors="replace"),
    )


def refused_record(refused: Refused, key: str, path: str) -> tuple[None, bytes, Headers]:
    """Return key, value and headers of what was refused on its way into the log.

    `key` is the name of the write key it came under, `path` where it was sent to. What is larger
    than any topic takes is cut, and the header `rejected_size` says how large it was.
    """
    value = refused.value
    why: Headers = [
        ("rejected_kind", "invalid"),
        ("rejected_reason", refused.reason),
        ("rejected_path", refused.path),
        ("rejected_sender", key),
        ("rejected_endpoint", path),
    ]
    if len(value) > _REFUSED:
        why.append(("rejected_size", str(len(value))))
        value = value[:_REFUSED]
    return None, value, why
