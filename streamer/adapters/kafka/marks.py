"""The mark of what is published, as it stands beside the group's offset: a short JSON list.

The list holds the version of this form, the number of the last outbox entry that is published, and
the wake up to which time was decided. The offset itself is Kafka's.
"""

from typing import Final, Literal

import msgspec

from streamer.errors import AdapterError
from streamer.ports import DueWake, PublishedMark

VERSION: Final = 1

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(tuple[Literal[1], int, DueWake])


def encode_mark(mark: PublishedMark) -> str:
    """Return what stands beside the mark's offset."""
    return _ENCODER.encode((VERSION, mark.number, mark.swept)).decode()


def decode_mark(offset: int, metadata: str | None) -> PublishedMark:
    """Return the mark that `encode_mark` wrote; raises `AdapterError` for anything else."""
    try:
        _, number, swept = _DECODER.decode(metadata or "")
    except msgspec.MsgspecError as error:
        raise AdapterError(f"this is no mark of version {VERSION}: {error}") from None
    return PublishedMark(number, offset, swept)
