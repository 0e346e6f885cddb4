"""Sums and averages: `total`, `average`."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import Final, Literal, final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until, reset_by
from streamer.core.leaves.between import Between
from streamer.core.leaves.flow import Flow
from streamer.core.leaves.followed import Compares, Followed
from streamer.core.profile import Profile
from streamer.core.rules.spec import Clause, Comparison, Names, Scope
from streamer.core.state.cell import Cell
from streamer.core.state.ledger import Ledger, Reads
from streamer.core.state.sums import Sums, SumsState, Total, TotalState
from streamer.core.state.times import first_after
from streamer.core.values import SCALE
from streamer.types import Millis

MOST_STEPS: Final = 128
"""How many leaving entries one question follows where the sum can rise again; then the answer
holds until the next one leaves, when it is asked again."""


@dataclass(frozen=True, slots=True)
class Minus:
    """A total that is taken off another one, over the same time."""

    property: str
    events: Names
    where: tuple[Clause, ...] = ()
    times: str | None = None

    def spec_kind(self) -> str:
        """What the class is called in its identity."""
        return "minus"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The total or average of `property`, each value multiplied by `times`, compares as stated.

    Of the events with one value of `per` only the latest counts, if no event of `without` with that
    value came after it. With `each_event`, what one event carries is added up first and is one
    value. Operands are whole numbers of ten-thousandths. In its identity a leaf is called by its
    `kind`.
    """

    kind: Literal["total", "average"]
    property: str
    scope: Scope
    comparisons: tuple[Comparison, ...]
    times: str | None = None
    each_event: bool = False
    per: str | None = None
    without: Names | None = None
    minus: Minus | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "aggregate"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        said = f"{self.label()} {wording.comparisons(self.comparisons, scaled=True)}"
        if self.per is not None or scope.older is not None or self.minus is not None:
            unit = self.unit() if self.kind == "average" else 0
            judge = Compares(self.comparisons, unit, wording.currency(scope.where))
            return Followed(said, self.flows(binder), judge)
        ref = binder.share(reset_by(self._cell(binder), scope.since))
        return Compared(said, ref, self)

    def unit(self) -> int:
        """Return how much of the weights of an average is one value."""
        return SCALE if self.times is not None and not self.each_event else 1

    def label(self) -> str:
        """Say what is added up."""
        scope = self.scope
        said = f"{self.kind} {wording.amount(self.property, self.times, each=self.each_event)}"
        said += f" of {wording.names(scope.events)}"
        said += wording.per(self.per, self.without) + wording.scope(scope)
        minus = self.minus
        if minus is not None:
            said += f" minus {wording.amount(minus.property, minus.times, each=False)}"
            said += f" of {wording.names(minus.events)}{wording.where(minus.where)}"
        return said

    def flows(self, binder: Binder) -> list[Flow]:
        """Return the sum as it changes with time, and what is taken off it."""
        scope = self.scope
        ref = binder.share(reset_by(self._cell(binder), scope.since))
        flows = [Flow(ref, scope.within, scope.older)]
        minus = self.minus
        if minus is not None:
            taken = replace(scope, events=minus.events, where=minus.where)
            flows += Aggregate("total", minus.property, taken, (), minus.times).flows(binder)
        return flows

    def _cell(self, binder: Binder) -> Cell:
        scope, name, times = self.scope, self.property, self.times
        amounts = binder.amounts(name, scope.where, times, each=self.each_event)
        if self.per is not None or scope.older is not None:
            value = undoes = None
            if self.per is not None:
                value = binder.column(self.per, scope.where)
                undoes = None if self.without is None else binder.column(self.per, ())
            reads = Reads(binder.filter(scope.where), amounts, value, undoes)
            return Ledger(scope, (name, self.per), reads, self.without, binder.terms)
        if scope.within is None and scope.since is None:
            return Total(scope.events, scope.where, name, times, amounts)
        return Sums(scope.events, scope.where, name, times, amounts, scope.within)


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
        self._unit = question.unit()
        self._wanted = Between(question.comparisons)
        self._currency = wording.currency(question.scope.where)

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
        amount, count = self._found(profile, now)
        if not count and not amount:
            return "nothing so far"
        if not self._average:
            return wording.decimal(amount)
        weight = wording.decimal(count * SCALE // self._unit)
        if count <= 0:
            return f"{wording.decimal(amount)} of {weight}, which divides nothing"
        return f"{wording.decimal(round(amount * self._unit / count))} of {weight}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say how much there is of how much, with the currency of the condition."""
        amount, count = self._found(profile, now)
        if self._holds(amount, count):
            return ""
        if self._average:
            if count <= 0:
                return "nothing to average"
            amount = round(amount * self._unit / count)
        return self._wanted.lacks(amount) + self._currency

    def _found(self, profile: Profile, now: Millis) -> tuple[int, int]:
        """Return the sum inside the window, and of how many values."""
        state = self._ref.state(profile)
        if state is None:
            return 0, 0
        if isinstance(state, TotalState):
            return state.amount, state.count
        assert isinstance(state, SumsState)
        left = first_after(state.times, now - self._within) if self._within else 0
        amount = state.amounts[-1] - state.before(left)
        return amount, state.counts[-1] - state.counted_before(left)
