"""What a cell of a program is: one bounded state per customer, with its whole contract.

A *cell* is what one or more leaves need to remember of a customer. It is a fold over the customer's
accepted events and lives under the hash of its meaning, so that rules which need the same cell
share it and editing one rule never resets another.

The rules that every kind of cell keeps:

1. The state is the one that the history in order of time gives, whatever the order of arrival
   within `max_lateness`.
2. Merge of the parts is the whole: for any history split into two, the merged states of the parts
   answer every question as the state of the whole does, up to the stated bounds. So what closes or
   resets something is kept for as long as something that it could close may still be merged in.
3. Nothing is forgotten by looking: only a fold forgets, and only behind the customer's clock.
4. A state has a bound. Beyond it the least recent goes first and is counted as an overflow.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from streamer.core.columns import Row
from streamer.core.packing import Unpacker
from streamer.core.profile import Packed, Profile, State
from streamer.core.rules.spec import Names
from streamer.types import FOREVER, Millis

TIME_BYTES: Final = 9
"""The most bytes that one instant or count takes when encoded."""
MOST_VALUES: Final = 256
"""How many different values a cell keeps at least, the most recent ones."""
MOST_EVENTS: Final = 1_000
"""How many single events a window keeps before it folds the oldest into slices."""

Identity: TypeAlias = Mapping[str, object]
"""What a cell means, in plain JSON values; what is left out is the default."""


def is_among(name: str, events: Names) -> bool:
    """Say whether an event name is one of these; none stands for any but `identified`."""
    return name in events if events else name != "identified"


class Cell:
    """One cell of a program.

    `slot` is its place in a profile's states, given when the program is compiled. `horizon` (ms) is
    the silence after which its state says nothing any more, `FOREVER` where it always does. `reads`
    are the properties that its leaves read; `zone` is that of the rules, where it reads the time of
    events.
    """

    def __init__(self, events: Names) -> None:
        self.slot = -1
        self.events = events
        self.horizon: Millis = FOREVER
        self.reads: frozenset[str] = frozenset()
        self.zone: str | None = None

    def identity(self) -> Identity:
        """Return what the cell remembers, as plain JSON values.

        How much it must keep is no part of it: a program that asks for more or for less finds what
        an earlier one kept.
        """
        raise NotImplementedError

    def meaning(self) -> Identity:
        """Return the identity, with the zone where the times of events are read in it."""
        if self.zone is None:
            return self.identity()
        return {"kind": "zoned", "zone": self.zone, "cell": self.identity()}

    def widen(self, other: "Cell") -> None:
        """Keep what this cell and another one of the same identity would."""

    def listens(self, name: str) -> bool:
        """Say whether an event of that name may change the state, traits aside."""
        return is_among(name, self.events)

    @property
    def of_traits(self) -> bool:
        """Say whether the cell remembers traits, which come with events of any name."""
        return False

    @property
    def of_memberships(self) -> bool:
        """Say whether the cell remembers a membership, which a merge does not join."""
        return False

    @property
    def weighs(self) -> bool:
        """Say whether its states have weight: whether what the customer does makes them grow."""
        return False

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Return the state after an accepted event; the profile's clock has been moved.

        Changes the state in place. An event that says nothing leaves the state as it is.
        """
        raise NotImplementedError

    def drop_until(self, state: State, instant: Millis) -> State | None:
        """Forget what happened at or before an instant; cells behind `since` are asked to."""
        raise NotImplementedError

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Return the state of both histories together; of equal times `earlier` comes first.

        Takes both states over. `profile` is the merged one: its clock stands.
        """
        raise NotImplementedError

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Drop the less recent half of what has weight, and count that as an overflow."""
        raise NotImplementedError

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state of plain values; what a kind defines beside `pack`."""
        raise NotImplementedError

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next; what a kind defines beside `write`."""
        return self.unpack(reader.value(), base)

    def max_bytes(self) -> int:
        """Return the most bytes that the encoded state takes."""
        raise NotImplementedError

    def state(self, profile: Profile) -> State | None:
        """Return the customer's state, decoding it if nothing has asked for it yet."""
        state = profile.states[self.slot]
        if state is None:
            raw = profile.frozen[self.slot]
            if raw is not None:
                state = self.read(Unpacker(raw), profile.base)
                profile.states[self.slot] = state
        return state


def overflowed(profile: Profile, slot: int) -> None:
    """Count that the cell in `slot` went beyond its bound."""
    profile.overflows.append(slot)
