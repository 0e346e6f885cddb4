"""A day that comes round every year: `anniversary`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, final

from streamer.core.calendar import YEARS_AHEAD, anniversary_in, calendar_of
from streamer.core.leaf import ALWAYS, Binder, Leaf, Until
from streamer.core.leaves.dates import Days, NearDay, dates_of
from streamer.core.state.dates import TraitDates
from streamer.types import Millis

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
        return ComesRound(
            f"anniversary of {self.name}",
            ref,
            calendar_of(binder.terms.zone),
            name=self.name,
            before=self.before,
            after=self.after,
        )


@final
class ComesRound(NearDay):
    """Today lies in the window of the day as it comes round, in this year or a neighbouring one.

    The year of the date makes no difference, also if it is still to come.
    """

    def _asked(self, days: tuple[int, ...], now: Millis) -> Until:
        if self._before + self._after + 1 >= _LONGEST_YEAR:
            return ALWAYS
        year = self._calendar.day(now).year
        return self._answer(list(self._windows(dates_of(days), year)), now, year + YEARS_AHEAD)

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
