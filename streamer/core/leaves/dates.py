"""What leaves about a date read of a customer, and how they say it."""

from collections.abc import Iterable
from datetime import MAXYEAR, date
from typing import TypeAlias

from streamer.core import wording
from streamer.core.calendar import Almanac, Calendar
from streamer.core.leaf import NEVER, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.state.dates import DatesState
from streamer.types import DAY, Millis

Days: TypeAlias = tuple[date, date]
"""The first day of a window, and the first one after it."""


class NearDay(Leaf):
    """Today lies in a window around a day of the trait `name`.

    From `before` ahead of the day to `after` behind it, both in ms and whole days of the zone.
    """

    def __init__(
        self,
        label: str,
        ref: CellRef,
        calendar: Calendar,
        *,
        name: str,
        before: Millis,
        after: Millis,
    ) -> None:
        if before:
            label += f" from {wording.duration(before)} before"
        if after:
            label += f" until {wording.duration(after)} after"
        super().__init__(label)
        self._ref = ref
        self._calendar = calendar
        self._trait = name
        self._before = before // DAY
        self._after = after // DAY
        self._almanac = Almanac(self._asked)

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether today is in a window; it flips when a day begins in the zone."""
        days = days_in(self._ref, profile)
        return self._almanac.answer(days, now) if days else NEVER

    def _asked(self, days: tuple[int, ...], now: Millis) -> Until:
        """Answer for these days."""
        raise NotImplementedError

    def _answer(self, windows: list[Days], now: Millis, last_year: int = MAXYEAR) -> Until:
        """Say whether today lies in one of these windows, which hold up to the end of a year."""
        today = self._calendar.day(now)

        def holds(day: date) -> bool:
            return any(begins <= day < over for begins, over in windows)

        turns = {turn for window in windows for turn in window if turn >= today}
        near = sorted(turn for turn in turns if turn.year <= last_year)
        until = self._calendar.next_turn(now, holds, near)
        return until if holds(today) else -until

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the dates, and which day it is."""
        said = shown(self._trait, self._ref, profile)
        return f"{said}; today is {self._calendar.day(now)}"


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


def shown(trait: str, ref: CellRef, profile: Profile) -> str:
    """Return the dates of a trait as a person reads them."""
    if ref.state(profile) is None:
        return f"there is no {trait}"
    return f"{trait} {', '.join(map(str, dates_of(days_in(ref, profile)))) or 'is no date'}"
