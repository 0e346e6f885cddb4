"""When the customer last left a membership: behind `left_segment`.

No event tells it: the segment writes it as it moves the customer out. Merge: that of the customer
whose profile stays, since the other one's memberships were another customer's.
"""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Row
from streamer.core.packing import Unpacker, put_number
from streamer.core.profile import Profile, State
from streamer.core.state.cell import TIME_BYTES, Cell, Identity
from streamer.types import Millis


@final
@mypyc_attr(acyclic=True)
class ExitState(State):
    """The time of the last reported exit."""

    __slots__ = ("time",)

    def __init__(self, time: Millis) -> None:
        self.weight = 0
        self.time = time

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the time as a distance."""
        put_number(out, self.time - base)


@final
class Exits(Cell):
    """The last exit from a membership, which is tier `number` of the segment at `place`."""

    def __init__(self, membership: str, place: int, number: int) -> None:
        super().__init__(())
        self._membership = membership
        self.place = place
        self.number = number

    def identity(self) -> Identity:
        """Return the membership's name."""
        return {"kind": "exits", "membership": self._membership}

    def listens(self, name: str) -> bool:  # noqa: ARG002 (a segment tells it, no event)
        """Listen to nothing."""
        return False

    @property
    def of_memberships(self) -> bool:
        """Say that the cell remembers a membership."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Leave the state: an event alone is no exit."""
        return state

    def left(self, profile: Profile, now: Millis) -> None:
        """Keep the instant of an exit."""
        profile.states[self.slot] = ExitState(now)
        profile.frozen[self.slot] = None

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return what the profile that stays remembers."""
        return later

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        return ExitState(base + reader.number())

    def max_bytes(self) -> int:
        """Return the bytes of one time."""
        return TIME_BYTES
