"""What a customer's purchases are worth on average: `predicted`, by a gamma-gamma model.

The model is that of Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013). Of a customer
with x purchases of positive value, which add up to z, the expected value of a purchase is

    E = p * (v + z) / (p * x + q - 1)

It lies between the average of all customers, p * v / (q - 1), and the customer's own, z / x, and
the nearer to the latter the more purchases there are. Time does not change it.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from streamer.core.leaves.predicted import Purchases, repeats
from streamer.core.memory import NEVER, Answer, Binder, Fold, Leaf
from streamer.core.profile import Profile, State
from streamer.core.syntax import Names
from streamer.core.values import SCALE, compile_found, ten_thousandths
from streamer.types import FOREVER, Event, Millis

_SUM_BYTES: Final = 18


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

    def expected(self, purchases: int, total: Fraction) -> Fraction:
        """Return the expected value of a purchase, exactly."""
        return self.p * (self.v + total) / (self.p * purchases + self.q - 1)


@dataclass(frozen=True, slots=True)
class Worth:
    """The expected value of a purchase is at least, and below, so much."""

    model: GammaGamma
    at_least: Fraction | None = None
    below: Fraction | None = None

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
        return Valued(self, binder.share(Spending(counted, model.property)))


class Spending:
    """The purchases of positive value, and what they add up to.

    State: [purchases, sum in ten-thousandths], the purchases as `Purchases` keeps them. Merge:
    that of the purchases, and the sum of the sums.
    """

    def __init__(self, purchases: Purchases, name: str) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._purchases = purchases
        self._content = f"spending {name!r} {purchases.content()}"
        self._found = compile_found(name, ())

    def content(self) -> str:
        """Return what counts as a purchase, and its value."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of the purchases and a sum."""
        return 1 + self._purchases.bound() + _SUM_BYTES

    def fold(self, name: str) -> Fold | None:
        """Add a purchase."""
        count = self._purchases.fold(name)
        if count is None:
            return None
        self._purchases.slot = self.slot  # what goes beyond there, goes beyond here

        def add(state: State, event: Event, profile: Profile) -> State:
            numbers = (ten_thousandths(value) for value, _ in self._found(event))
            value = sum(number for number in numbers if number is not None)
            if value <= 0:
                return state
            if state is None:
                return [count(None, event, profile), value]
            state[0] = count(state[0], event, profile)
            state[1] += value
            return state

        return add


class Valued:
    """The expected value lies in a range. Without a purchase of any value, nothing holds."""

    def __init__(self, question: Worth, slot: int) -> None:
        self._model = question.model
        self._slot = slot
        self._low = question.at_least
        self._high = question.below
        self.label = f"predicted {question.model.name}"
        if question.at_least is not None:
            self.label += f" at least {float(question.at_least):g}"
        if question.below is not None:
            self.label += f" below {float(question.below):g}"

    def _expected(self, state: State) -> tuple[int, Fraction]:
        purchases = repeats(state[0]) + 1
        return purchases, self._model.expected(purchases, Fraction(state[1], SCALE))

    def test(self, profile: Profile, _now: Millis) -> Answer:
        """Say whether it is in the range; only a purchase changes it."""
        state = profile.memories[self._slot]
        if state is None:
            return NEVER
        _, expected = self._expected(state)
        holds = (self._low is None or expected >= self._low) and (
            self._high is None or expected < self._high
        )
        return holds, FOREVER

    def detail(self, profile: Profile, _now: Millis) -> str:
        """Say the expected value, and what it is found from."""
        state = profile.memories[self._slot]
        if state is None:
            return "no purchase of any value"
        purchases, expected = self._expected(state)
        mean = state[1] / SCALE / purchases
        plural = "s" if purchases > 1 else ""
        return f"expected {float(expected):.2f} after {purchases} purchase{plural} of {mean:.2f}"
