"""What leaves about a date read of a customer, and how they say it."""

from collections.abc import Iterable
from datetime import date

from streamer.core.leaf import CellRef
from streamer.core.profile import Profile
from streamer.core.state.dates import DatesState


def days_in(ref: CellRef, profile: Profile) -> tuple[int, ...]:
    """Return the day numbers that are remembered, the earliest first."""
    state = ref.state(profile)
    if state is None:
        return ()
    assert isinstance(state, DatesState)
    return state.days


def dates_of(days: Iterable[int]) -> list[date]:
    """Return the dates of day numbers."""
    return [date.fromordinal(day) for day in days]


def shown(trait: str, dates: Iterable[date]) -> str:
    """Return the dates as a person reads them."""
    return f"{trait} {', '.join(map(str, dates)) or 'is no date'}"
