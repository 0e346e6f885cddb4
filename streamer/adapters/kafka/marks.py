"""The published mark of a partition, as the text beside the group's offset.

A JSON list of the form's version, the number of the last entry that is published, and the time and
customer of the last wake that it covers. The offset itself is the group's. Version 1 was the same
list without a version; it is still read.
"""

from typing import Final

import msgspec

from streamer.errors import AdapterError
from streamer.ports import DueWake, PublishedMark

VERSION: Final = 2

_LENGTH_OF_1: Final = 2
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(tuple[int, int, DueWake])
_DECODER_OF_1: Final = msgspec.json.Decoder(tuple[int, DueWake])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])


def encode_mark(mark: PublishedMark) -> str:
    """Return the text beside the offset."""
    return _ENCODER.encode((VERSION, mark.number, mark.fired_until)).decode()


def decode_mark(offset: int, text: str) -> PublishedMark:
    """Return the mark that `encode_mark` wrote, in this version or the one before.

    Raises `AdapterError` for a mark of another version, `ValueError` for what is no mark.
    """
    fields = _LIST.decode(text)
    if len(fields) == _LENGTH_OF_1:
        number, fired_until = _DECODER_OF_1.decode(text)
        return PublishedMark(number, offset, fired_until)
    version = msgspec.json.decode(fields[0], type=int) if fields else None
    if version != VERSION:
        raise AdapterError(
            f"it has version {version}; this program reads version {VERSION} and the one before"
        )
    _, number, fired_until = _DECODER.decode(text)
    return PublishedMark(number, offset, fired_until)
