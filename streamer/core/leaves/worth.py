"""What a customer's purchases are worth on average: `predicted`, by a gamma-gamma model.

The model is that of Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013). Of a customer
with x purchases of positive value, which add up to z, the expected value of a purchase is

    E = p * (v + z) / (p * x + q - 1)

It lies between the average of all customers, p * v / (q - 1), and the customer's own, z / x, and
the nearer to the latter the more purchases there are. Time does not change it.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.rules.spec import FittedOn, Names
from streamer.core.state.purchases import Purchases
from streamer.core.state.spending import Spending, SpendingState
from streamer.core.values import SCALE
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted model; the parameters positive, q above 1.

    The value of a purchase is the sum of the values of `property` in it. What counts as a purchase
    is as for `BgNbd`.
    """

    name: str
    events: Names
    each: Literal["event", "day"]
    property: str
    p: Fraction
    q: Fraction
    v: Fraction
    fitted: FittedOn = field(default=FittedOn(), compare=False, kw_only=True)

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "gamma_gamma"

    def expected(self, purchases: int, total: Fraction) -> Fraction:
        """Return the expected value of a purchase, exactly."""
        return self.p * (self.v + total) / (self.p * purchases + self.q - 1)


@dataclass(frozen=True, slots=True)
class Worth:
    """The expected value of a purchase is at least, and below, so much."""

    model: GammaGamma
    at_least: Fraction | None = None
    below: Fraction | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "worth"

    @property
    def events(self) -> Names:
        """The names of the events that are purchases."""
        return self.model.events

    @property
    def property(self) -> str:
        """The property with the value of a purchase."""
        return self.model.property

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        model = self.model
        counted = Purchases(model.events, model.each, binder.terms.zone)
        amounts = binder.amounts(model.property, (), None)
        return Valued(self, binder.share(Spending(counted, model.property, amounts)))


@final
class Valued(Leaf):
    """The expected value lies in a range. Without a purchase of any value, nothing holds."""

    def __init__(self, question: Worth, ref: CellRef) -> None:
        model = question.model
        super().__init__(wording.predicted("value", model.name, question.at_least, question.below))
        self.model = model
        self._ref = ref
        self._low = question.at_least
        self._high = question.below

    def _expected(self, state: SpendingState) -> Fraction:
        return self.model.expected(state.made.purchases(), Fraction(state.amount, SCALE))

    def flip(self, profile: Profile, now: Millis) -> Until:  # noqa: ARG002
        """Say whether it is in the range; only a purchase changes it."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        assert isinstance(state, SpendingState)
        expected = self._expected(state)
        holds = (self._low is None or expected >= self._low) and (
            self._high is None or expected < self._high
        )
        return ALWAYS if holds else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say the expected value, and what it is found from."""
        state = self._ref.state(profile)
        if state is None:
            return "no purchase of any value"
        assert isinstance(state, SpendingState)
        purchases = state.made.purchases()
        mean = state.amount / SCALE / purchases
        plural = "s" if purchases > 1 else ""
        expected = float(self._expected(state))
        return f"expected {expected:.2f} after {purchases} purchase{plural} of {mean:.2f}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say what the expected value is instead."""
        state = self._ref.state(profile)
        if state is None:
            return "there is no purchase of any value"
        assert isinstance(state, SpendingState)
        return "" if self.flip(profile, now) > 0 else f"it is {float(self._expected(state)):.2f}"
