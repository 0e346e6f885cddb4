"""A day that comes once, in its own year: `date`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, final

from streamer.core import wording
from streamer.core.calendar import Almanac, Calendar
from streamer.core.leaf import NEVER, Binder, CellRef, Leaf, Until
from streamer.core.leaves.dates import dates_of, days_in, shown
from streamer.core.profile import Profile
from streamer.core.state.dates import TraitDates
from streamer.types import DAY, Millis

Days: TypeAlias = tuple[date, date]
"""The first day, and the first one after them."""


@dataclass(frozen=True, slots=True)
class OnDate:
    """The day of the trait `name` is near.

    From `before` ahead of it to `after` behind it, both in ms and whole days of the zone.
    """

    name: str
    before: Millis = 0
    after: Millis = 0

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "date"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        ref = binder.share(TraitDates(self.name))
        return ComesOnce(self, ref, Calendar(binder.terms.zone))


@final
class ComesOnce(Leaf):
    """Today lies in the window of one of the days."""

    def __init__(self, question: OnDate, ref: CellRef, calendar: Calendar) -> None:
        said = [f"date {question.name}"]
        if question.before:
            said.append(f"from {wording.duration(question.before)} before")
        if question.after:
            said.append(f"until {wording.duration(question.after)} after")
        super().__init__(" ".join(said))
        self._ref = ref
        self._calendar = calendar
        self._trait = question.name
        self._before = question.before // DAY
        self._after = question.after // DAY
        self._almanac = Almanac(self._asked)

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether today is in a window; it flips when a day begins in the zone."""
        days = days_in(self._ref, profile)
        return self._almanac.answer(days, now) if days else NEVER

    def _asked(self, days: tuple[int, ...], now: Millis) -> Until:
        today = self._calendar.day(now)
        windows = list(self._windows(days))

        def holds(day: date) -> bool:
            return any(begins <= day < over for begins, over in windows)

        turns = sorted({turn for window in windows for turn in window if turn >= today})
        until = self._calendar.next_turn(now, holds, turns)
        return until if holds(today) else -until

    def _windows(self, days: tuple[int, ...]) -> Iterator[Days]:
        """Yield the windows, cut off at the ends of the calendar, which nobody reaches."""
        first, last = date.min.toordinal(), date.max.toordinal()
        for day in days:
            begins, over = day - self._before, day + self._after + 1
            yield date.fromordinal(max(begins, first)), date.fromordinal(min(over, last))

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the dates, and which day it is."""
        said = shown(self._trait, dates_of(days_in(self._ref, profile)))
        return f"{said}; today is {self._calendar.day(now)}"
