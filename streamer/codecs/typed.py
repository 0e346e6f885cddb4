"""The types of events as they are written, read and checked in one pass by msgspec.

A module of its own, because compiled code keeps no annotations that msgspec could read.
"""

from typing import Annotated, Any, Final, TypeAlias

import msgspec

from streamer.codecs.limits import MAX_ID
from streamer.instants import EARLIEST, END

_Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
_Scalar: TypeAlias = str | _Whole | float | bool | None
_Flat: TypeAlias = dict[str, _Scalar | list[_Scalar | dict[str, _Scalar]]]
_Deep: TypeAlias = dict[str, _Scalar | list[_Scalar] | dict[str, _Scalar | list[_Scalar]]]
_Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)] | _Whole
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
    appended: _Time | None = None
    context: _Deep | None = None


class TypedOutline(msgspec.Struct, gc=False):
    """Of a plain event or a call, the fields for customer and time; all others are skipped."""

    time: _Time | None = None
    user_id: str | _Whole | None = None
    anonymous_id: str | _Whole | None = None
    appended: _Time | None = None
    userId: str | _Whole | None = None  # noqa: N815 (the field's own name, as in the rest of a call)
    anonymousId: str | _Whole | None = None  # noqa: N815
    timestamp: _Time | None = None
    originalTimestamp: _Time | None = None  # noqa: N815
    sentAt: _Time | None = None  # noqa: N815
    receivedAt: _Time | None = None  # noqa: N815
    id: Any = msgspec.UNSET
    messageId: Any = msgspec.UNSET  # noqa: N815
    type: Any = msgspec.UNSET
    specversion: Any = msgspec.UNSET


read_typed: Final = msgspec.json.Decoder(TypedEvent).decode
"""Return a `TypedEvent`; raises `UnicodeDecodeError` or `msgspec.DecodeError`."""
read_outline: Final = msgspec.json.Decoder(TypedOutline).decode
"""Return a `TypedOutline`; raises as `read_typed` does."""
