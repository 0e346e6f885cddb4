"""What a leaf is: one question of a cell at an instant, answered as a single number.

The answer is *until when*: a positive instant says that the condition holds and that this is the
earliest later instant at which it can stop to; a negative one says that it does not hold, and that
it cannot begin to before that instant. `FOREVER` stands for never. One number per question keeps
the compiled evaluator free of tuples. An instant may be too early, which costs a look, never late.
"""

from typing import Final, Protocol, TypeAlias

from streamer.core.columns import Amounts, Column, Filter
from streamer.core.profile import Profile, State
from streamer.core.quantities import Quantities
from streamer.core.rules.spec import Clause, Names, Terms
from streamer.core.state.cell import Cell
from streamer.core.state.reset import ResetBy, ResetState
from streamer.types import FOREVER, Millis

Until: TypeAlias = int
"""Until when a condition surely holds, or, negative, until when it surely does not."""
ALWAYS: Final[Until] = FOREVER
NEVER: Final[Until] = -FOREVER
Answer: TypeAlias = tuple[bool, Millis]
"""The same for people: whether a condition holds, and the earliest instant that changes it."""


class Leaf:
    """A question of one segment about a cell."""

    def __init__(self, label: str) -> None:
        self.label = label

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Answer at `now`, an instant not before the clock."""
        raise NotImplementedError

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say in words what the answer rests on."""
        raise NotImplementedError

    def lacks(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say in words what is missing where it does not hold: `2 of 3`; nothing if that is all.

        What time alone brings is left out: the answer says when that is.
        """
        return ""


class CellRef:
    """Finds a leaf's state in a profile, also behind a `since`."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.reset = isinstance(cell, ResetBy)

    def state(self, profile: Profile) -> State | None:
        """Return the state, None if there is nothing to look at."""
        cell = self.cell
        slot = cell.slot
        state = profile.states[slot]
        if state is None:
            if profile.frozen[slot] is None:
                return None
            state = cell.state(profile)
        if self.reset:
            assert isinstance(state, ResetState)
            return state.inner if state.mark else None
        return state


class Binder(Protocol):
    """Where a leaf gets its cell and its columns from while a program is compiled."""

    terms: Terms

    def share(self, cell: Cell) -> CellRef:
        """Return the way to the cell of this identity, adding it if it is new."""

    def column(self, name: str, where: tuple[Clause, ...]) -> Column:
        """Return the column of a property's values in events that satisfy `where`."""

    def amounts(
        self, name: str, where: tuple[Clause, ...], times: str | None, *, each: bool = False
    ) -> Amounts:
        """Return the column of a property's numbers, each multiplied by another one.

        With `each`, those of one event are added up to one.
        """

    def quantities(self, name: str | None, net: str, where: tuple[Clause, ...]) -> Quantities:
        """Return how much an event says of each value of a property."""

    def filter(self, where: tuple[Clause, ...]) -> Filter | None:
        """Return the filter of `where`, None where every event passes."""

    def membership(self, key: str) -> tuple[int, int]:
        """Return a membership's place in `inside` and the number it has there."""


def reset_by(inner: Cell, since: Names | None) -> Cell:
    """Return the cell itself, or the cell of what came after the latest event of `since`."""
    return inner if since is None else ResetBy(inner, since)
