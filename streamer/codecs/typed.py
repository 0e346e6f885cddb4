"""The types of a plain event as it is written, read and checked in one pass by msgspec.

A module of its own, because compiled code keeps no annotations that msgspec could read.
"""

from typing import Annotated, Final, TypeAlias

import msgspec

from streamer.codecs.limits import MAX_ID
from streamer.instants import EARLIEST, END

_Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
_Scalar: TypeAlias = str | _Whole | float | bool | None
_Flat: TypeAlias = dict[str, _Scalar | list[_Scalar | dict[str, _Scalar]]]
_Context: TypeAlias = dict[
    str, _Scalar | list[_Scalar | dict[str, _Scalar]] | dict[str, _Scalar | list[_Scalar]]
]
_Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]
_Time: TypeAlias = Annotated[int, msgspec.Meta(ge=EARLIEST, lt=END)] | str


class TypedEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain event as it is written."""

    id: _Id
    name: str
    time: _Time
    user_id: _Id | None = None
    anonymous_id: _Id | None = None
    properties: _Flat | None = None
    traits: _Flat | None = None
    context: _Context | None = None
    appended: _Time | None = None


read_typed: Final = msgspec.json.Decoder(TypedEvent).decode
"""Return a `TypedEvent`; raises `UnicodeDecodeError` or `msgspec.DecodeError`."""
