"""The largest and the smallest value: `largest`, `smallest`."""

from dataclasses import dataclass, replace
from typing import Literal, final

from streamer.core import wording
from streamer.core.columns import Tests
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until, reset_by
from streamer.core.profile import Profile
from streamer.core.rules.spec import Comparison, Scope
from streamer.core.state.extreme import Regions, RegionsState
from streamer.instants import iso
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or smallest value of `property` compares as stated.

    Each value is multiplied by `times`; with `each_event`, those of one event are added up first.
    Operands are whole numbers of ten-thousandths. In its identity a leaf is called by its `kind`.
    """

    kind: Literal["largest", "smallest"]
    property: str
    scope: Scope
    comparisons: tuple[Comparison, ...]
    times: str | None = None
    each_event: bool = False

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "extreme"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        amounts = binder.amounts(self.property, scope.where, self.times, each=self.each_event)
        thresholds = _thresholds(self.comparisons)
        cell = Regions(scope.events, scope.where, self.property, amounts, thresholds, scope.within)
        ref = binder.share(reset_by(cell, scope.since))
        said = f"{self.kind} {wording.amount(self.property, self.times, each=self.each_event)}"
        said += f" of {wording.names(scope.events)}"
        said += f"{wording.scope(scope)} {wording.comparisons(self.comparisons, scaled=True)}"
        return FarthestRegion(said, ref, self)


def _thresholds(comparisons: tuple[Comparison, ...]) -> list[int]:
    return sorted({one.operand for one in comparisons if isinstance(one.operand, int)})


def _doubled(one: Comparison) -> Comparison:
    return replace(one, operand=2 * one.operand) if isinstance(one.operand, int) else one


@final
class FarthestRegion(Leaf):
    """The farthest region with a value inside the window is one that satisfies the comparisons."""

    def __init__(self, label: str, ref: CellRef, question: Extreme) -> None:
        super().__init__(label)
        self._ref = ref
        self._within = question.scope.within or 0
        thresholds = _thresholds(question.comparisons)
        # A value of each region, all doubled, so that there is a whole number beside thresholds.
        tests = Tests(tuple(_doubled(one) for one in question.comparisons))
        values = [2 * thresholds[0] - 1]
        for threshold in thresholds:
            values += [2 * threshold, 2 * threshold + 1]
        self._satisfies = [tests.holds(value) for value in values]
        self._order = list(range(len(values)))
        if question.kind == "largest":
            self._order.reverse()

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Follow the regions as they leave the window, until the answer changes."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        assert isinstance(state, RegionsState)
        times, within = state.times, self._within
        last = now - within if within else 0
        found = held = False
        for region in self._order:
            time = times[region]
            if time > last:
                holds = self._satisfies[region]
                if not within:
                    return ALWAYS if holds else NEVER
                if found and holds is not held:
                    return last + within if held else -(last + within)
                found, held = True, holds
                last = time
        return last + within if found and held else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say when such a value was last seen."""
        state = self._ref.state(profile)
        if state is not None:
            assert isinstance(state, RegionsState)
            last = now - self._within if self._within else 0
            for region in self._order:
                if state.times[region] > last:
                    return f"at {iso(state.times[region])}"
        return "no value so far"
