"""The bytes of what waits in an outbox, for stores that keep bytes.

Changes are kept as the JSON that is published, so that they are encoded once; everything else is
MessagePack of the values as they are, after the version of this form. Reading gives back equal
values, whatever the bytes of a rejected record.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from streamer.codecs.changes import decode_change
from streamer.errors import AdapterError, Fenced, StreamerError
from streamer.ports import DueWake, FencingToken, OutboxEntry
from streamer.types import Membership, Rejection

VERSION: Final = 1

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(
    tuple[
        Literal[1],
        int,
        tuple[bytes, ...],
        tuple[Rejection, ...],
        tuple[Membership, ...],
        int,
        int,
        DueWake,
    ]
)


def encode_outgoing(outgoing: OutboxEntry) -> bytes:
    """Return the outgoing as bytes."""
    return _ENCODER.encode(
        (
            VERSION,
            outgoing.number,
            outgoing.lines,
            outgoing.rejections,
            outgoing.memberships,
            outgoing.partition,
            outgoing.offset,
            outgoing.swept,
        )
    )


def decode_outgoing(value: bytes) -> OutboxEntry:
    """Return the outgoing that `encode_outgoing` wrote; raises `AdapterError` for other bytes."""
    try:
        _, number, lines, rejections, memberships, partition, offset, swept = _DECODER.decode(value)
        changes = tuple(map(decode_change, lines))
        return OutboxEntry(number, changes, rejections, memberships, partition, offset, swept)
    except (msgspec.MsgspecError, StreamerError) as error:
        raise AdapterError(
            f"the outbox holds something that this version of Streamer did not write: {error}"
        ) from None


def fenced(partition: int, tenure: FencingToken) -> Fenced:
    """Return the error for somebody whose tenure does not stand."""
    return Fenced(
        f"partition {partition} has another owner now, or its store went back: "
        f"it does not stand at commit {tenure.number} of epoch {tenure.epoch}"
    )


def kept_layouts(
    known: Mapping[bytes, bytes], told: Mapping[bytes, bytes | None]
) -> dict[bytes, bytes]:
    """Return the layouts that are known once a checkpoint has told of others."""
    both = {**known, **told}
    return {key: layout for key, layout in both.items() if layout is not None}
