"""How likely it is that a customer still is one: `predicted`, by a BG/NBD model.

The model is that of Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative
to the Pareto/NBD Model, Marketing Science 24 (2005). Of a customer with x repeat purchases, the
last of them t_x after the first purchase, and the first one T ago (in units of the model),

    P(alive) = 1 / (1 + a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x))   for x > 0

and 1 for x = 0: nobody leaves before a repeat purchase. It falls all the time, so a threshold p is
reached just once, at

    T = (alpha + t_x) * ((1 / p - 1) * (b + x - 1) / a) ** (1 / (r + x)) - alpha

The power depends on x and p alone. It is calculated in decimals to 50 digits and rounded to 40,
all else in fractions; so the instant is the same on every machine, and exact at the millisecond.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import exp, log
from typing import Final, Literal
from zoneinfo import ZoneInfo

from streamer.core.memory import NEVER, TIME_BYTES, Answer, Binder, Fold, Leaf, listens
from streamer.core.profile import Profile, State
from streamer.core.syntax import Names
from streamer.instants import iso
from streamer.types import FOREVER, SECOND, Event, Millis

MOST_DAYS: Final = 1_000
"""How many different days with a purchase are told apart, the latest ones."""

_DAY_BYTES: Final = 5
_HOPELESS: Final = 700.0
"""The logarithm of odds beyond which a double has no room."""
_CALCULATED: Final = Context(prec=50)
_ROUNDED: Final = Context(prec=40)


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted model; `unit` in ms, the parameters positive.

    A purchase is each of `events`, or each day of the rule set's zone on which there is any.
    """

    name: str
    events: Names
    each: Literal["event", "day"]
    unit: Millis
    r: Fraction
    alpha: Fraction
    a: Fraction
    b: Fraction

    def alive(self, repeats: int, recency: Millis, age: Millis) -> float:
        """Return P(alive) as people read it; recency and age in ms since the first purchase."""
        if not repeats:
            return 1.0
        grown = (self.alpha * self.unit + age) / (self.alpha * self.unit + recency)
        odds = log(self.a / (self.b + repeats - 1)) + float(self.r + repeats) * log(grown)
        return 1 / (1 + exp(min(odds, _HOPELESS)))

    def growth(self, share: Fraction, repeats: int) -> Fraction:
        """Return how many times alpha + t_x alpha + T is when P(alive) is that share.

        `repeats` is at least 1, `share` from 0 to 1 and not 0. For 1 it is 0: it never is.
        """
        odds = (1 / share - 1) * (self.b + repeats - 1) / self.a
        if not odds:
            return Fraction(0)
        logarithm = _CALCULATED.ln(_CALCULATED.divide(*map(Decimal, odds.as_integer_ratio())))
        upper, lower = map(Decimal, (self.r + repeats).as_integer_ratio())
        power = _CALCULATED.divide(_CALCULATED.multiply(logarithm, lower), upper)
        return Fraction(_ROUNDED.plus(_CALCULATED.exp(power)))


@dataclass(frozen=True, slots=True)
class Predicted:
    """The model's P(alive) is at least, and below, so much; shares from 0 to 1."""

    model: BgNbd
    at_least: Fraction | None = None
    below: Fraction | None = None

    @property
    def events(self) -> Names:
        """The names of the events that are purchases."""
        return self.model.events

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        zone = binder.terms.zone
        return Alive(self, binder.share(Purchases(self.model.events, self.model.each, zone)))


class Purchases:
    """The first and last purchase, and how many there were.

    State: [first time, last time, count, days]: with `each` event, `count` counts them and there
    are no days; with `each` day, `days` are the numbers of the latest different days, ascending,
    and `count` is how many earlier ones were forgotten. Merge: the smaller first time, the larger
    last time, the sum of the counts, the latest of all days.
    """

    def __init__(self, events: Names, each: Literal["event", "day"], zone: str) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._events = events
        self._days = each == "day"
        self._zone = ZoneInfo(zone)
        self._content = f"purchases {events} {f'days {zone}' if self._days else 'events'}"

    def content(self) -> str:
        """Return what counts as a purchase."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of two instants, a count and `MOST_DAYS` days."""
        return 1 + 3 * TIME_BYTES + 3 + (MOST_DAYS * _DAY_BYTES if self._days else 0)

    def fold(self, name: str) -> Fold | None:
        """Count a purchase."""
        if not listens(self._events, name):
            return None
        return self._count_day if self._days else self._count

    def _count(self, state: State, event: Event, _profile: Profile) -> State:
        time = event.time
        if state is None:
            return [time, time, 1, []]
        state[2] += 1
        return _spanned(state, time)

    def _count_day(self, state: State, event: Event, profile: Profile) -> State:
        time = event.time
        day = datetime.fromtimestamp(time // SECOND, self._zone).toordinal()
        if state is None:
            return [time, time, 0, [day]]
        days = state[3]
        place = bisect_left(days, day)
        if (place == len(days) or days[place] != day) and (place or not state[2]):
            days.insert(place, day)
            if len(days) > MOST_DAYS:
                del days[0]
                state[2] += 1
                profile.went_beyond(self.slot)
        return _spanned(state, time)


def _spanned(state: State, time: Millis) -> State:
    if time < state[0]:
        state[0] = time
    elif time > state[1]:
        state[1] = time
    return state


def repeats(state: State) -> int:
    """Return the number of purchases after the first, of a state that is there."""
    return int(state[2]) + len(state[3]) - 1


class Alive:
    """P(alive) lies in a range. Without any purchase there is no score, and nothing holds."""

    def __init__(self, question: Predicted, slot: int) -> None:
        self._model = question.model
        self._slot = slot
        self._low = question.at_least
        self._high = question.below
        self.label = f"predicted {question.model.name}"
        if question.at_least is not None:
            self.label += f" at least {float(question.at_least):g}"
        if question.below is not None:
            self.label += f" below {float(question.below):g}"
        alpha = question.model.alpha * question.model.unit
        self._alpha, self._parts = alpha.as_integer_ratio()
        self._growth = lru_cache(4096)(question.model.growth)

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether it is in the range; it flips right after the instant at which it leaves."""
        state = profile.memories[self._slot]
        if state is None:
            return NEVER
        if not repeats(state):
            return self._high is None, FOREVER
        begins = 0 if self._high is None else self._below(self._high, state)
        ends = FOREVER if self._low is None else self._below(self._low, state)
        if now < begins:
            return (False, begins) if begins < ends else NEVER
        return (True, ends) if now < ends else NEVER

    def _below(self, share: Fraction, state: State) -> Millis:
        """Return the first instant at which P(alive) is below the share."""
        growth, parts = self._growth(share, repeats(state)).as_integer_ratio()
        recency = self._alpha + (state[1] - state[0]) * self._parts
        age = (recency * growth - self._alpha * parts) // (self._parts * parts)
        return min(int(state[0] + age + 1), FOREVER)

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the score, and what it is found from."""
        state = profile.memories[self._slot]
        if state is None:
            return "no purchase"
        first, last = state[0], state[1]
        alive = self._model.alive(repeats(state), last - first, now - first)
        counted = "day" if self._model.each == "day" else "purchase"
        number = repeats(state) + 1
        said = f"{number} {counted}{'s' if number > 1 else ''}"
        if counted == "day":
            said += " with a purchase"
        return f"P(alive) {alive:.4f} after {said} since {iso(first)}, the last at {iso(last)}"
