"""The bytes of what waits in an outbox, for stores that keep bytes.

Changes are kept as the JSON that is published, so that they are encoded once; everything else is
MessagePack of the values as they are. Reading gives back equal values, whatever the bytes of a
rejected record.

An entry begins with its version, one byte. Version 2 had no control records. Version 1 had no such
byte, and no traceparents: it begins with MessagePack's head of a list of seven. Both are still
read.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from streamer.codecs.changes import decode_change
from streamer.errors import AdapterError, Fenced, StreamerError
from streamer.ports import DueWake, FencingToken, OutboxEntry
from streamer.types import Control, Membership, Rejection

VERSION: Final = 3
_HEAD: Final = bytes([VERSION])
_HEAD_OF_2: Final = b"\x02"
_HEAD_OF_1: Final = b"\x97"

_Fields: TypeAlias = tuple[
    int, tuple[bytes, ...], tuple[Rejection, ...], tuple[Membership, ...], int, int, DueWake
]
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(tuple[_Fields, dict[int, str], tuple[Control, ...]])
_DECODER_OF_2: Final = msgspec.msgpack.Decoder(tuple[_Fields, dict[int, str]])
_DECODER_OF_1: Final = msgspec.msgpack.Decoder(_Fields)


def encode_entry(entry: OutboxEntry) -> bytes:
    """Return the entry as bytes."""
    fields = (
        entry.number,
        entry.lines,
        entry.rejections,
        entry.memberships,
        entry.partition,
        entry.offset,
        entry.fired_until,
    )
    return _HEAD + _ENCODER.encode((fields, entry.traceparents, entry.controls))


def decode_entry(value: bytes) -> OutboxEntry:
    """Return the entry that `encode_entry` wrote, in this version or one before.

    Raises `AdapterError` for other bytes.
    """
    head = value[:1]
    if head not in {_HEAD, _HEAD_OF_2, _HEAD_OF_1}:
        raise AdapterError(
            f"the outbox holds an entry of version {head[0] if head else None}; this program reads "
            f"version {VERSION} and those before: run the Streamer that wrote it"
        )
    traceparents: dict[int, str] = {}
    controls: tuple[Control, ...] = ()
    try:
        if head == _HEAD:
            fields, traceparents, controls = _DECODER.decode(memoryview(value)[1:])
        elif head == _HEAD_OF_2:
            fields, traceparents = _DECODER_OF_2.decode(memoryview(value)[1:])
        else:
            fields = _DECODER_OF_1.decode(value)
        number, lines, rejections, memberships, partition, offset, fired_until = fields
        return OutboxEntry(
            number,
            tuple(map(decode_change, lines)),
            rejections,
            memberships,
            partition,
            offset,
            fired_until,
            lines,
            traceparents,
            controls,
        )
    except (msgspec.MsgspecError, StreamerError) as error:
        raise AdapterError(f"the outbox holds an entry that cannot be read: {error}") from None


def fenced(partition: int, tenure: FencingToken) -> Fenced:
    """Return the error for an owner whose token is not the present one."""
    return Fenced(
        f"partition {partition} has another owner now, or its store went back: "
        f"it does not stand at commit {tenure.number} of epoch {tenure.epoch}"
    )


def kept_layouts(
    known: Mapping[bytes, bytes], written: Mapping[bytes, bytes | None]
) -> dict[bytes, bytes]:
    """Return the layouts that are known after a checkpoint with these."""
    both = {**known, **written}
    return {key: layout for key, layout in both.items() if layout is not None}
