"""The bytes of what waits in an outbox, for stores that keep bytes.

MessagePack of the values as they are: reading gives back equal values, whatever the bytes of a
rejected record.
"""

from typing import Final

import msgspec

from streamer.errors import AdapterError
from streamer.ports import Outgoing

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Outgoing)


def encode_outgoing(outgoing: Outgoing) -> bytes:
    """Return the outgoing as bytes."""
    return _ENCODER.encode(outgoing)


def decode_outgoing(value: bytes) -> Outgoing:
    """Return the outgoing that `encode_outgoing` wrote; raises `AdapterError` for other bytes."""
    try:
        return _DECODER.decode(value)
    except msgspec.MsgspecError as error:
        raise AdapterError(
            f"the outbox holds something that this version of Streamer did not write: {error}"
        ) from None
