"""How likely it is that a customer still is one: `predicted`, by a BG/NBD model.

The model is that of Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative
to the Pareto/NBD Model, Marketing Science 24 (2005). Of a customer with x repeat purchases, the
last of them t_x after the first purchase, and the first one T ago (in units of the model),

    P(alive) = 1 / (1 + a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x))   for x > 0

and 1 for x = 0: no customer leaves before a repeat purchase. It falls all the time, so a threshold
p is reached just once, at

    T = (alpha + t_x) * ((1 / p - 1) * (b + x - 1) / a) ** (1 / (r + x)) - alpha

The power depends on x and p alone. It is calculated in decimals to 50 digits and rounded to 40,
all else in fractions; so the instant is the same on every machine, and exact at the millisecond.
"""

from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import exp, log
from typing import Final, Literal, final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.rules.spec import FittedOn, Names
from streamer.core.state.purchases import Purchases, PurchasesState
from streamer.instants import iso
from streamer.types import FOREVER, Millis

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
    fitted: FittedOn = field(default=FittedOn(), compare=False, kw_only=True)

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "bg_nbd"

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

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "predicted"

    @property
    def events(self) -> Names:
        """The names of the events that are purchases."""
        return self.model.events

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        zone = binder.terms.zone
        return Alive(self, binder.share(Purchases(self.model.events, self.model.each, zone)))


@final
class Alive(Leaf):
    """P(alive) lies in a range. Without any purchase there is no score, and nothing holds."""

    def __init__(self, question: Predicted, ref: CellRef) -> None:
        model = question.model
        super().__init__(wording.predicted("alive", model.name, question.at_least, question.below))
        self.model = model
        self._ref = ref
        self._low = question.at_least
        self._high = question.below
        alpha = question.model.alpha * question.model.unit
        self._alpha, self._parts = alpha.as_integer_ratio()
        self._growth = lru_cache(4096)(question.model.growth)

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether it is in the range; it flips right after the instant at which it leaves."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        assert isinstance(state, PurchasesState)
        if state.purchases() == 1:
            return ALWAYS if self._high is None else NEVER
        begins = 0 if self._high is None else self._below(self._high, state)
        ends = FOREVER if self._low is None else self._below(self._low, state)
        if now < begins:
            return -begins if begins < ends else NEVER
        return ends if now < ends else NEVER

    def _below(self, share: Fraction, state: PurchasesState) -> Millis:
        """Return the first instant at which P(alive) is below the share."""
        growth, parts = self._growth(share, state.purchases() - 1).as_integer_ratio()
        recency = self._alpha + (state.last - state.first) * self._parts
        age = (recency * growth - self._alpha * parts) // (self._parts * parts)
        until = state.first + age + 1
        return until if until < FOREVER else FOREVER

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the score, and what it is found from."""
        state = self._ref.state(profile)
        if state is None:
            return "no purchase"
        assert isinstance(state, PurchasesState)
        first, last, number = state.first, state.last, state.purchases()
        alive = self._alive(state, now)
        counted = "day" if self.model.each == "day" else "purchase"
        said = f"{number} {counted}{'s' if number > 1 else ''}"
        if counted == "day":
            said += " with a purchase"
        return f"P(alive) {alive:.4f} after {said} since {iso(first)}, the last at {iso(last)}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say what the score is instead."""
        state = self._ref.state(profile)
        if state is None:
            return "there is no purchase"
        assert isinstance(state, PurchasesState)
        return "" if self.flip(profile, now) > 0 else f"it is {self._alive(state, now):.4f}"

    def _alive(self, state: PurchasesState, now: Millis) -> float:
        since_first = state.last - state.first, now - state.first
        return self.model.alive(state.purchases() - 1, *since_first)
