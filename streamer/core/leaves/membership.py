"""Being in another segment: `in_segment`."""

from dataclasses import dataclass

from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class InSegment:
    """The customer is in the membership `key`, and was for `lasting` ms (0: however long)."""

    key: str
    lasting: Millis = 0
