"""Calendar days in a time zone: which day it is, and the instants at which days begin.

Guarantees, whatever the clocks of the zone do: `day` is what a calendar beside a clock there
shows, and `crossings` are all instants at which it turns to a day, exactly. Where the clocks go
forward across midnight, a day begins later than at midnight, or never; where they go back across
midnight, the day before comes back for a while.
"""

from calendar import isleap
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from streamer.core.leaf import NEVER, Until
from streamer.types import FOREVER, MINUTE, SECOND, Millis

YEARS_AHEAD: Final = 9
"""Two leap years are at most eight years apart, so whatever recurs does so by then."""

_LEAP_DAY: Final = (2, 29)
_MOST_KEPT: Final = 20_000


def anniversary_in(year: int, month_day: tuple[int, int]) -> date:
    """Return the day of a year that is month and day; 28 February for 29 in other years."""
    if month_day == _LEAP_DAY and not isleap(year):
        return date(year, 2, 28)
    return date(year, *month_day)


@lru_cache(maxsize=4096)
def crossings(zone: ZoneInfo, day: date) -> tuple[Millis, ...]:
    """Return every instant at which the calendar turns to `day` or later, or back to before it.

    That is one instant, unless the clocks go back across midnight: then it is three.
    """
    midnights = {
        round(datetime(day.year, day.month, day.day, tzinfo=zone, fold=fold).timestamp())
        for fold in (0, 1)
    }
    first, last = min(midnights), max(midnights)
    if first == last:
        return (first * SECOND,)
    if _day(zone, first) < day:  # there is no midnight: the clocks go forward across it
        return (_turn(first, last, lambda at: _day(zone, at) >= day) * SECOND,)
    if _day(zone, last - 1) >= day:  # the clocks go back to midnight, and not across it
        return (first * SECOND,)
    back = _turn(first, last - 1, lambda at: _day(zone, at) < day)
    return first * SECOND, back * SECOND, last * SECOND


def _day(zone: ZoneInfo, seconds: int) -> date:
    return datetime.fromtimestamp(seconds, zone).date()


def _turn(low: int, high: int, turned: Callable[[int], bool]) -> int:
    """Return the first second of low + 1 to high at which it has turned; at `high` it has."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if turned(middle) else (middle, high)
    return high


class Calendar:
    """The calendar of one zone. Several cells ask one for the day of an event: `calendar_of`.

    The last day is kept while it is the same minute: since 1972 no zone's clocks were changed, nor
    were they apart from UTC, by a part of a minute.
    """

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._asked: tuple[int, date] = (-1, date.min)

    def day(self, at: Millis) -> date:
        """Return the day that it is."""
        minute, day = self._asked  # one pair, so that threads may share a calendar
        if minute != at // MINUTE:
            minute = at // MINUTE
            day = _day(self._zone, at // SECOND)
            self._asked = (minute, day)
        return day

    def next_turn(
        self, now: Millis, holds: Callable[[date], bool], turns: Iterable[date]
    ) -> Millis:
        """Return the first instant after `now` at which it is a day of another truth.

        `turns` yields, in order and from today on, each day whose truth may differ from that of
        the day before it.
        """
        held = holds(self.day(now))
        for turn in turns:
            if holds(turn) is holds(turn - timedelta(days=1)):
                continue
            for at in crossings(self._zone, turn):
                if at > now and holds(self.day(at)) is not held:
                    return at
        return FOREVER


@lru_cache
def calendar_of(zone: str) -> Calendar:
    """Return the calendar that all who ask for this zone share."""
    return Calendar(zone)


class Almanac:
    """Answers of the calendar to customers with the same dates, each kept while it holds.

    Asking the calendar costs more than an event may; most customers with the same birthday, and
    every one of them a second time, get the answer that was found before.
    """

    def __init__(self, ask: Callable[[tuple[int, ...], Millis], Until]) -> None:
        self._ask = ask
        self._kept: dict[tuple[int, ...], tuple[Millis, Until]] = {}

    def answer(self, dates: tuple[int, ...], now: Millis) -> Until:
        """Return until when these dates answer the question so."""
        since, kept = self._kept.get(dates, (FOREVER, NEVER))
        if since <= now < abs(kept):
            return kept
        answer = self._ask(dates, now)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[dates] = (min(since, now) if answer == kept else now, answer)
        return answer
