"""The dates that a trait holds: behind `anniversary` and `age`.

Merge: the dates that came later; of two lists of one instant, those of the later history.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final, final

from mypy_extensions import mypyc_attr

from streamer.core.columns import Row
from streamer.core.profile import Packed, Profile, State
from streamer.core.state.cell import TIME_BYTES, Cell, Identity, overflowed
from streamer.core.state.times import distances, instants
from streamer.core.values import flat
from streamer.types import Millis, Scalar

MOST_DATES: Final = 16
"""How many different dates of a list are kept, the first ones."""

_DATE_BYTES: Final = 5
_WRITTEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?", re.DOTALL)
_LENGTH: Final = len("YYYY-MM-DD")


def date_of(value: Scalar) -> date | None:
    """Return the date that a text begins with, years 1 to 9999; None for all else.

    The text is `YYYY-MM-DD`, alone or with `T` and anything behind it: the day as written.
    """
    if not isinstance(value, str) or _WRITTEN.fullmatch(value) is None:
        return None
    try:
        return date.fromisoformat(value[:_LENGTH])
    except ValueError:
        return None


@final
@mypyc_attr(acyclic=True)
class DatesState(State):
    """When the dates came, and their different day numbers, ascending; there may be none."""

    __slots__ = ("days", "time")

    def __init__(self, time: Millis, days: tuple[int, ...]) -> None:
        self.weight = 0
        self.time = time
        self.days = days

    def pack(self, base: Millis) -> Packed:
        """Return the time as a distance, then the days as distances."""
        return [self.time - base, *distances(list(self.days), 0)]


@final
class TraitDates(Cell):
    """The different dates among the latest values of a trait.

    A removal, or a value that is no date, is remembered as no days, because an older value may come
    late.
    """

    def __init__(self, trait: str) -> None:
        super().__init__(())
        self._trait = trait

    def identity(self) -> Identity:
        """Return the trait's name."""
        return {"kind": "dates", "trait": self._trait}

    def listens(self, name: str) -> bool:  # noqa: ARG002 (traits come with events of any name)
        """Listen to traits alone."""
        return False

    @property
    def of_traits(self) -> bool:
        """Say that the cell remembers a trait."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Take the dates, if the event carries the trait."""
        traits, time = row.traits, row.time
        if traits is None or self._trait not in traits:
            return state
        if state is not None:
            assert isinstance(state, DatesState)
            if time < state.time:
                return state
        days = _days(flat(traits[self._trait]))
        if len(days) > MOST_DATES:
            overflowed(profile, self.slot)
        return DatesState(time, tuple(sorted(days[:MOST_DATES])))

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return the dates that came later."""
        assert isinstance(earlier, DatesState)
        assert isinstance(later, DatesState)
        return later if later.time >= earlier.time else earlier

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state that was packed."""
        return DatesState(base + packed[0], tuple(instants(packed[1:], 0)))

    def max_bytes(self) -> int:
        """Return the bytes of an instant and the most days."""
        return 3 + TIME_BYTES + MOST_DATES * _DATE_BYTES


def _days(values: Iterable[Scalar]) -> list[int]:
    """Return the different day numbers of the values that are dates, in their order."""
    days: dict[int, None] = {}
    for value in values:
        found = date_of(value)
        if found is not None:
            days[found.toordinal()] = None
    return list(days)
