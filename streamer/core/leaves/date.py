"""A day that comes once, in its own year: `date`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import final

from streamer.core.calendar import calendar_of
from streamer.core.leaf import Binder, Leaf, Until
from streamer.core.leaves.dates import Days, NearDay
from streamer.core.state.dates import TraitDates
from streamer.types import Millis


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
        return ComesOnce(
            f"date {self.name}",
            ref,
            calendar_of(binder.terms.zone),
            name=self.name,
            before=self.before,
            after=self.after,
        )


@final
class ComesOnce(NearDay):
    """Today lies in the window of one of the days."""

    def _asked(self, days: tuple[int, ...], now: Millis) -> Until:
        return self._answer(list(self._windows(days)), now)

    def _windows(self, days: tuple[int, ...]) -> Iterator[Days]:
        """Yield the windows, cut off at the ends of the calendar, which no clock reaches."""
        first, last = date.min.toordinal(), date.max.toordinal()
        for day in days:
            begins, over = day - self._before, day + self._after + 1
            yield date.fromordinal(max(begins, first)), date.fromordinal(min(over, last))
