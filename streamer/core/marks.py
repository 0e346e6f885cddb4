"""Who was erased, and of whom nothing is taken: what is left of such a person, under a hash.

An erased person's events up to the erasure must not come back, wherever they come from. They can
come for `max_lateness` after it, since what is appended later is late; so a mark of an erasure ends
then, and a suppression only when it is released.
"""

from typing import Final, Literal, NamedTuple

from streamer.core.packing import packed, unpacked
from streamer.types import HOUR, MINUTE, Millis

_AHEAD: Final = 5 * MINUTE
_KEPT: Final = HOUR
"""Append times may step back a little: a mark that says nothing any more is kept for so long."""


class Mark(NamedTuple):
    """`erased` is the instant up to which events are not taken, None where only `suppressed`."""

    erased: Millis | None
    suppressed: bool

    def refuses(
        self, time: Millis, appended: Millis | None, max_lateness: Millis
    ) -> Literal["erased", "suppressed"] | None:
        """Return `erased` or `suppressed` for an event that is not taken, None for one that is."""
        if self.suppressed:
            return "suppressed"
        if self.erased is None or time > self.erased:
            return None
        over = self.erased + max_lateness + _AHEAD
        return None if appended is not None and appended > over else "erased"

    def covers(self, time: Millis) -> bool:
        """Say whether nothing of an instant is taken any more."""
        return self.suppressed or (self.erased is not None and time <= self.erased)

    def is_over(self, log_time: Millis, max_lateness: Millis) -> bool:
        """Say whether no record can come any more that the mark refuses."""
        if self.suppressed:
            return False
        return self.erased is None or log_time > self.erased + max_lateness + _AHEAD + _KEPT

    def packed(self) -> bytes:
        """Return the mark as bytes."""
        return packed((self.erased, self.suppressed))

    @classmethod
    def unpacked(cls, data: bytes) -> "Mark":
        """Return the mark that was packed."""
        return cls(*unpacked(data))
