"""A time of the year, or of one year: `season`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias, final

from streamer.core.calendar import YEARS_AHEAD, Almanac, Calendar, calendar_of
from streamer.core.leaf import Binder, Leaf, Until
from streamer.core.profile import Profile
from streamer.instants import iso
from streamer.types import Millis

MonthDay: TypeAlias = tuple[int, ...]
"""Month and day, such as (2, 7) for `02-07`; in a season with years, year, month and day."""
WITH_YEAR: Final = 3


@dataclass(frozen=True, slots=True)
class Season:
    """The calendar day in the rule set's zone is from `begins` to `ends`, both included.

    A season whose end comes before its beginning spans New Year. With years it comes once.
    """

    begins: MonthDay
    ends: MonthDay

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "season"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        return InSeason(self, calendar_of(binder.terms.zone))


@final
class InSeason(Leaf):
    """The calendar alone: nothing is remembered of a customer, and a merge has nothing to do."""

    def __init__(self, question: Season, calendar: Calendar) -> None:
        begins, ends = question.begins, question.ends
        super().__init__(f"season from {_shown(begins)} to {_shown(ends)}")
        self._begins = begins
        self._ends = ends
        self._once = len(begins) == WITH_YEAR
        self._calendar = calendar
        self._almanac = Almanac(self._asked)

    def flip(self, profile: Profile, now: Millis) -> Until:  # noqa: ARG002
        """Say whether it is the season; it flips when a day begins in the zone."""
        return self._almanac.answer((), now)

    def _asked(self, _dates: tuple[int, ...], now: Millis) -> Until:
        today = self._calendar.day(now)
        until = self._calendar.next_turn(now, self._includes, self._turns(today))
        return until if self._includes(today) else -until

    def _includes(self, day: date) -> bool:
        if self._once:
            return self._begins <= (day.year, day.month, day.day) <= self._ends
        month_day = (day.month, day.day)
        if self._begins <= self._ends:
            return self._begins <= month_day <= self._ends
        return month_day >= self._begins or month_day <= self._ends

    def _turns(self, today: date) -> Iterable[date]:
        """Return, in order, the days from today on, on which a season can begin or be over."""
        if not self._once:
            return self._every_year(today)
        turns = (_date(self._begins), _date(self._ends) + timedelta(days=1))
        return [turn for turn in turns if turn >= today]

    def _every_year(self, today: date) -> Iterator[date]:
        for year in range(today.year, today.year + YEARS_AHEAD):
            turns = (_day(year, self._begins, after=0), _day(year, self._ends, after=1))
            yield from (turn for turn in sorted(turns) if turn >= today)

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say which day it is."""
        day = self._calendar.day(now)
        return f"{iso(now)} is {day if self._once else day.strftime('%m-%d')}"


def _shown(day: MonthDay) -> str:
    return "-".join(f"{part:02}" for part in day)


def _date(day: MonthDay) -> date:
    return date(day[0], day[1], day[2])


def _day(year: int, month_day: MonthDay, *, after: int) -> date:
    """Return the day, or so many after it; 1 March where the year has no 29 February."""
    try:
        return date(year, month_day[0], month_day[1]) + timedelta(days=after)
    except ValueError:
        return date(year, 3, 1)
