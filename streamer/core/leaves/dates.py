"""The dates that a trait holds: the memory behind `anniversary` and `age`."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from streamer.core.memory import TIME_BYTES, Fold
from streamer.core.profile import Profile, State
from streamer.core.values import flat
from streamer.types import Event, Millis, Scalar

MOST_DATES: Final = 16
"""How many different dates of a list are kept, the first ones."""

_DATE_BYTES: Final = 5
_WRITTEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def date_of(value: Scalar) -> date | None:
    """Return the date that a text `YYYY-MM-DD` is, years 1 to 9999; None for all else."""
    if not isinstance(value, str) or _WRITTEN.fullmatch(value) is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


class TraitDates:
    """The different dates among the latest values of a trait.

    State: [when, day numbers ascending]. A removal, or a value that is no date, is remembered as
    no days, because an older value may come late. Merge: the later of both.
    """

    def __init__(self, trait: str) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._trait = trait

    def content(self) -> str:
        """Return the trait's name."""
        return f"dates {self._trait!r}"

    def bound(self) -> int:
        """Return the bytes of an instant and `MOST_DATES` days."""
        return 4 + TIME_BYTES + MOST_DATES * _DATE_BYTES

    def fold(self, _name: str) -> Fold | None:
        """Take the dates; traits come with events of any name."""
        return self._take

    def _take(self, state: State, event: Event, profile: Profile) -> State:
        traits = event.traits
        if not traits or self._trait not in traits:
            return state
        if state is not None and event.time < state[0]:
            return state
        days = list(dict.fromkeys(_days(flat(traits[self._trait]))))
        if len(days) > MOST_DATES:
            profile.went_beyond(self.slot)
        return [event.time, sorted(days[:MOST_DATES])]


def _days(values: Iterable[Scalar]) -> Iterable[int]:
    return (found.toordinal() for value in values if (found := date_of(value)) is not None)


def days_in(profile: Profile, slot: int) -> tuple[int, ...]:
    """Return the day numbers that are remembered, the earliest first."""
    state = profile.memories[slot]
    return () if state is None else tuple(state[1])


def dates_of(days: Iterable[int]) -> list[date]:
    """Return the dates of day numbers."""
    return [date.fromordinal(day) for day in days]


def shown(trait: str, dates: Iterable[date]) -> str:
    """Return the dates as a person reads them."""
    return f"{trait} {', '.join(map(str, dates)) or 'is no date'}"
