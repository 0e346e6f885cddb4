"""Sums and averages: `total`, `average`."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final, Literal, final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until, reset_by
from streamer.core.profile import Profile
from streamer.core.rules.spec import Comparison, Scope
from streamer.core.state.cell import Cell
from streamer.core.state.sums import Sums, SumsState, Total, TotalState
from streamer.core.state.times import first_after
from streamer.core.values import SCALE
from streamer.types import Millis

MOST_STEPS: Final = 128
"""How many leaving entries one question follows where the sum can rise again; then the answer
holds until the next one leaves, when it is asked again."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The total or average of `property`, each value multiplied by `times`, compares as stated.

    With `each_event`, what one event carries is added up first and is one value.
    Operands are whole numbers of ten-thousandths. In its identity a leaf is called by its `kind`.
    """

    kind: Literal["total", "average"]
    property: str
    scope: Scope
    comparisons: tuple[Comparison, ...]
    times: str | None = None
    each_event: bool = False

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "aggregate"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        ref = binder.share(reset_by(self._cell(binder), scope.since))
        said = f"{self.kind} {wording.amount(self.property, self.times, each=self.each_event)}"
        said += f" of {wording.names(scope.events)}"
        said += f"{wording.scope(scope)} {wording.comparisons(self.comparisons, scaled=True)}"
        return Compared(said, ref, self)

    def _cell(self, binder: Binder) -> Cell:
        scope, name, times = self.scope, self.property, self.times
        amounts = binder.amounts(name, scope.where, times, each=self.each_event)
        if scope.within is None and scope.since is None:
            return Total(scope.events, scope.where, name, times, amounts)
        return Sums(scope.events, scope.where, name, times, amounts, scope.within)


@final
class Between:
    """Which totals are wanted: from `low` to `high`; each end None for none.

    Of an end that is not included the 1 is left out which makes it one that is, so that ends can be
    multiplied by a count to compare averages without a quotient.
    """

    def __init__(self, comparisons: tuple[Comparison, ...]) -> None:
        self.low: int | None = None
        self.high: int | None = None
        self.low_open = 0
        self.high_open = 0
        for one in comparisons:
            operand = one.operand
            if isinstance(operand, int):
                if one.operator not in {"at_most", "below"}:
                    self._at_least(operand, 1 if one.operator == "above" else 0)
                if one.operator not in {"at_least", "above"}:
                    self._at_most(operand, 1 if one.operator == "below" else 0)

    def _at_least(self, operand: int, left_out: int) -> None:
        if self.low is None or (operand, left_out) > (self.low, self.low_open):
            self.low, self.low_open = operand, left_out

    def _at_most(self, operand: int, left_out: int) -> None:
        if self.high is None or (operand, -left_out) < (self.high, -self.high_open):
            self.high, self.high_open = operand, left_out

    def includes(self, amount: int, count: int) -> bool:
        """Say whether a sum of so many values lies between so many times the ends."""
        low, high = self.low, self.high
        if low is not None and amount < low * count + self.low_open:
            return False
        return high is None or amount <= high * count - self.high_open


@final
class Compared(Leaf):
    """A total or average compares as stated; it changes as events leave the window.

    An average divides by the weights, `unit` of which are one value.
    """

    def __init__(self, label: str, ref: CellRef, question: Aggregate) -> None:
        super().__init__(label)
        self._ref = ref
        self._within = question.scope.within or 0
        self._average = question.kind == "average"
        weighted = question.times is not None and not question.each_event
        self._unit = SCALE if weighted else 1
        self._wanted = Between(question.comparisons)

    def _holds(self, amount: int, count: int) -> bool:
        if not self._average:
            return self._wanted.includes(amount, 1)
        return count > 0 and self._wanted.includes(amount * self._unit, count)

    def _for_good(self, amount: int, count: int) -> Until:
        return ALWAYS if self._holds(amount, count) else NEVER

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether it compares so, and find the first event whose leaving changes that."""
        state = self._ref.state(profile)
        if state is None:
            return self._for_good(0, 0)
        if isinstance(state, TotalState):
            return self._for_good(state.amount, state.count)
        assert isinstance(state, SumsState)
        left = first_after(state.times, now - self._within) if self._within else 0
        amount = state.amounts[-1] - state.before(left)
        if not self._within or left == len(state.times):
            return self._for_good(amount, state.counts[-1] - state.counted_before(left))
        if self._average or state.negative:
            return self._followed(state, left)
        return self._falling(state, left, amount)

    def _falling(self, state: SumsState, left: int, amount: int) -> Until:
        """Answer where the total only falls until the next event."""
        low, high = self._wanted.low, self._wanted.high
        total = state.amounts[-1]
        if low is not None:
            low += self._wanted.low_open
            if amount < low:
                return NEVER
        if high is not None:
            high -= self._wanted.high_open
            if amount > high:
                index = bisect_left(state.amounts, total - high, left)
                if index == len(state.amounts):
                    return NEVER
                if low is not None and total - state.amounts[index] < low:
                    return NEVER
                return -(state.times[index] + self._within)
        if low is None:
            return ALWAYS
        index = bisect_right(state.amounts, total - low, left)
        return ALWAYS if index == len(state.amounts) else state.times[index] + self._within

    def _followed(self, state: SumsState, left: int) -> Until:
        """Answer by following the entries as they leave."""
        amounts, counts = state.amounts, state.counts
        total, counted = amounts[-1], counts[-1]
        held = self._holds(total - state.before(left), counted - state.counted_before(left))
        kept = len(amounts)
        last = left + MOST_STEPS
        for index in range(left, min(last, kept)):
            if self._holds(total - amounts[index], counted - counts[index]) is not held:
                until = state.times[index] + self._within
                return until if held else -until
        if last >= kept:
            return ALWAYS if held else NEVER
        until = state.times[last] + self._within
        return until if held else -until

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the sum or average and of how many values."""
        amount = count = 0
        state = self._ref.state(profile)
        if isinstance(state, TotalState):
            amount, count = state.amount, state.count
        elif state is not None:
            assert isinstance(state, SumsState)
            left = first_after(state.times, now - self._within) if self._within else 0
            amount = state.amounts[-1] - state.before(left)
            count = state.counts[-1] - state.counted_before(left)
        if not count and not amount:
            return "nothing so far"
        if not self._average:
            return wording.decimal(amount)
        weight = wording.decimal(count * SCALE // self._unit)
        if count <= 0:
            return f"{wording.decimal(amount)} of {weight}, which divides nothing"
        return f"{wording.decimal(round(amount * self._unit / count))} of {weight}"
