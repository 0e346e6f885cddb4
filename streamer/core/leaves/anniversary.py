"""A day that comes round every year: `anniversary`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias, final

from streamer.core import wording
from streamer.core.calendar import YEARS_AHEAD, Almanac, Calendar, anniversary_in
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.leaves.dates import dates_of, days_in, shown
from streamer.core.profile import Profile
from streamer.core.state.dates import TraitDates
from streamer.types import DAY, Millis

Days: TypeAlias = tuple[date, date]
"""The first day, and the first one after them."""

_LONGEST_YEAR: Final = 366


@dataclass(frozen=True, slots=True)
class Anniversary:
    """A day of the year of the trait `name` is near.

    From `before` ahead of it to `after` behind it, both in ms and whole days of the zone.
    """

    name: str
    before: Millis = 0
    after: Millis = 0

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "anniversary"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        ref = binder.share(TraitDates(self.name))
        return ComesRound(self, ref, Calendar(binder.terms.zone))


@final
class ComesRound(Leaf):
    """Today lies in the window of the day as it comes round, in this year or a neighbouring one.

    The year of the date makes no difference, also if it is still to come.
    """

    def __init__(self, question: Anniversary, ref: CellRef, calendar: Calendar) -> None:
        said = [f"anniversary of {question.name}"]
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
        if self._before + self._after + 1 >= _LONGEST_YEAR:
            return ALWAYS
        today = self._calendar.day(now)
        windows = list(self._windows(dates_of(days), today.year))

        def holds(day: date) -> bool:
            return any(begins <= day < over for begins, over in windows)

        turns = {turn for window in windows for turn in window if turn >= today}
        near = sorted(turn for turn in turns if turn.year <= today.year + YEARS_AHEAD)
        until = self._calendar.next_turn(now, holds, near)
        return until if holds(today) else -until

    def _windows(self, dates: list[date], year: int) -> Iterator[Days]:
        """Yield the windows of the last year's day, and of all that matter up to `YEARS_AHEAD`.

        A window is shorter than a year: one that holds now belongs to the day of the last, of this
        or of the next year.
        """
        for month_day in {(one.month, one.day) for one in dates}:
            for each in range(year - 1, year + YEARS_AHEAD + 2):
                day = anniversary_in(each, month_day)
                begins = day - timedelta(days=self._before)
                yield begins, day + timedelta(days=self._after + 1)

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the dates, and which day it is."""
        said = shown(self._trait, dates_of(days_in(self._ref, profile)))
        return f"{said}; today is {self._calendar.day(now)}"
