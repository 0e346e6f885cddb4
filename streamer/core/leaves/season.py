"""A time of the year: `season`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from streamer.core.memory import Answer, Binder, Leaf, Standing
from streamer.instants import iso
from streamer.types import FOREVER, SECOND, Millis

MonthDay: TypeAlias = tuple[int, int]
"""Month and day, such as (2, 7) for `02-07`."""

_YEARS_AHEAD: Final = 9
"""Two leap years are at most eight years apart, so whatever recurs does so by then."""


@dataclass(frozen=True, slots=True)
class Season:
    """The calendar day in the rule set's zone is from `begins` to `ends`, both included.

    A season whose end comes before its beginning spans New Year.
    """

    begins: MonthDay
    ends: MonthDay

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        return InSeason(self, ZoneInfo(binder.terms.zone))


class InSeason:
    """The calendar alone: nothing is remembered, and a merge has nothing to do."""

    def __init__(self, question: Season, zone: ZoneInfo) -> None:
        begins, ends = question.begins, question.ends
        self.label = f"season from {begins[0]:02}-{begins[1]:02} to {ends[0]:02}-{ends[1]:02}"
        self._begins = begins
        self._ends = ends
        self._zone = zone

    def test(self, _profile: Standing, now: Millis) -> Answer:
        """Say whether it is the season; it flips when a day begins in the zone."""
        today = datetime.fromtimestamp(now // SECOND, self._zone).date()
        holds = self._includes(today)
        for day in self._turns(today.year):
            if day > today and self._includes(day) is not holds:
                return holds, self._beginning(day)
        return holds, FOREVER

    def _includes(self, day: date) -> bool:
        month_day = (day.month, day.day)
        if self._begins <= self._ends:
            return self._begins <= month_day <= self._ends
        return month_day >= self._begins or month_day <= self._ends

    def _turns(self, year: int) -> Iterator[date]:
        """Yield, in order, the days on which a season can begin or be over."""
        for ahead in range(_YEARS_AHEAD):
            begins = _day(year + ahead, self._begins, after=0)
            yield from sorted((begins, _day(year + ahead, self._ends, after=1)))

    def _beginning(self, day: date) -> Millis:
        """Return the first instant of a day in the zone."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return round(midnight.timestamp()) * SECOND

    def detail(self, _profile: Standing, now: Millis) -> str:
        """Say which day it is."""
        return f"{iso(now)} is {datetime.fromtimestamp(now // SECOND, self._zone):%m-%d}"


def _day(year: int, month_day: MonthDay, *, after: int) -> date:
    """Return the day, or so many after it; 1 March where the year has no 29 February."""
    try:
        return date(year, *month_day) + timedelta(days=after)
    except ValueError:
        return date(year, 3, 1)
