"""The largest and the smallest value: `largest`, `smallest`."""

from dataclasses import dataclass, replace
from typing import Literal, final

from streamer.core import wording
from streamer.core.columns import Tests
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until, reset_by
from streamer.core.profile import Profile
from streamer.core.rules.spec import Comparison, Scope
from streamer.core.state.extreme import Regions, RegionsState
from streamer.core.state.seen import SeenAmounts, SeenState
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
        exact = None
        if binder.terms.closely:
            kept = SeenAmounts(
                scope.events,
                scope.where,
                self.property,
                amounts,
                binder.terms.closely,
                scope.within,
            )
            exact = binder.share(reset_by(kept, scope.since))
        return FarthestRegion(said, ref, exact, self)


def _thresholds(comparisons: tuple[Comparison, ...]) -> list[int]:
    return sorted({one.operand for one in comparisons if isinstance(one.operand, int)})


def _regions(thresholds: list[int]) -> list[str]:
    """Return in words where the values of each region lie."""
    said = [wording.decimal(one) for one in thresholds]
    named = [f"below {said[0]}"]
    for index, one in enumerate(said):
        above = said[index + 1 : index + 2]
        named += [one, f"between {one} and {above[0]}" if above else f"above {one}"]
    return named


def _doubled(one: Comparison) -> Comparison:
    return replace(one, operand=2 * one.operand) if isinstance(one.operand, int) else one


@final
class FarthestRegion(Leaf):
    """The farthest region with a value inside the window is one that satisfies the comparisons.

    `amounts` are the values themselves, where an explanation shows them.
    """

    def __init__(
        self, label: str, ref: CellRef, amounts: CellRef | None, question: Extreme
    ) -> None:
        super().__init__(label)
        self._ref = ref
        self._amounts = amounts
        self._within = question.scope.within or 0
        thresholds = _thresholds(question.comparisons)
        # A value of each region, all doubled, so that there is a whole number beside thresholds.
        tests = Tests(tuple(_doubled(one) for one in question.comparisons))
        values = [2 * thresholds[0] - 1]
        for threshold in thresholds:
            values += [2 * threshold, 2 * threshold + 1]
        self._named = _regions(thresholds)
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
        """Say which value it is, or between which thresholds, and when such a one came last."""
        found = self._farthest(profile, now)
        return "no value so far" if found is None else f"{found[0]}, last at {iso(found[1])}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say which value it is instead."""
        found = self._farthest(profile, now)
        if found is None:
            return "there is no value"
        return "" if self.flip(profile, now) > 0 else f"it is {found[0]}"

    def _farthest(self, profile: Profile, now: Millis) -> tuple[str, Millis] | None:
        """Return the value, or its region where only that is kept, and when it came last."""
        state = self._ref.state(profile)
        if state is None:
            return None
        assert isinstance(state, RegionsState)
        gone = now - self._within if self._within else 0
        region = next((one for one in self._order if state.times[one] > gone), None)
        if region is None:
            return None
        seen = None if self._amounts is None else self._amounts.state(profile)
        if seen is None:
            return self._named[region], state.times[region]
        assert isinstance(seen, SeenState)
        pick = max if self._order[0] else min
        value = pick(one for one, time in seen.last.items() if time > gone)
        assert isinstance(value, int)
        return wording.decimal(value), seen.last[value]
