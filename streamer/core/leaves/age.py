"""Whole years since a date: `age`."""

from dataclasses import dataclass
from datetime import MAXYEAR, date
from typing import final

from streamer.core.calendar import Almanac, Calendar, anniversary_in, calendar_of
from streamer.core.leaf import NEVER, Binder, CellRef, Leaf, Until
from streamer.core.leaves.dates import dates_of, days_in, shown
from streamer.core.profile import Profile
from streamer.core.state.dates import TraitDates
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Age:
    """Whole years since the trait `name` are at least, and below, so many."""

    name: str
    at_least: int | None = None
    below: int | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "age"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        ref = binder.share(TraitDates(self.name))
        return OfAge(self, ref, calendar_of(binder.terms.zone))


@final
class OfAge(Leaf):
    """Today lies between two birthdays of one of the dates; before a date, its age is negative."""

    def __init__(self, question: Age, ref: CellRef, calendar: Calendar) -> None:
        said = [f"age by {question.name}"]
        if question.at_least is not None:
            said.append(f"at least {question.at_least}")
        if question.below is not None:
            said.append(f"below {question.below}")
        super().__init__(" ".join(said))
        self._ref = ref
        self._calendar = calendar
        self._trait = question.name
        self._low = question.at_least
        self._high = question.below
        self._almanac = Almanac(self._asked)

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the age is in the range; it flips when a birthday begins in the zone."""
        days = days_in(self._ref, profile)
        return self._almanac.answer(days, now) if days else NEVER

    def _asked(self, days: tuple[int, ...], now: Millis) -> Until:
        spans = [
            (_birthday(born, self._low), _birthday(born, self._high)) for born in dates_of(days)
        ]

        def holds(day: date) -> bool:
            return any(
                (self._low is None or (begins is not None and begins <= day))
                and (over is None or day < over)
                for begins, over in spans
            )

        today = self._calendar.day(now)
        ends = {turn for span in spans for turn in span if turn is not None and turn >= today}
        until = self._calendar.next_turn(now, holds, sorted(ends))
        return until if holds(today) else -until

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the dates and the ages."""
        dates = dates_of(days_in(self._ref, profile))
        today = self._calendar.day(now)
        ages = ", ".join(str(_age(born, today)) for born in dates)
        said = shown(self._trait, self._ref, profile)
        return f"{said}: {ages} years" if dates else said


def _birthday(born: date, years: int | None) -> date | None:
    """Return the day on which so many years are over; None without a bound or such a day."""
    if years is None or born.year + years > MAXYEAR:
        return None
    return anniversary_in(born.year + years, (born.month, born.day))


def _age(born: date, today: date) -> int:
    birthday = anniversary_in(today.year, (born.month, born.day))
    return today.year - born.year - (today < birthday)
