"""The largest and the smallest value: `largest`, `smallest`."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Literal

from streamer.core import wording
from streamer.core.memory import NEVER, TIME_BYTES, Answer, Binder, Fold, Leaf, listens
from streamer.core.profile import Profile, State
from streamer.core.since import Recall, since_or_plain
from streamer.core.syntax import Comparison, Scope
from streamer.core.values import compile_found, compile_test, ten_thousandths
from streamer.instants import iso
from streamer.types import FOREVER, Event, Millis


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or smallest value of `property` compares as stated.

    Operands are whole numbers of ten-thousandths.
    """

    kind: Literal["largest", "smallest"]
    property: str
    scope: Scope
    comparisons: tuple[Comparison, ...]

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        memory = LastByRegion(self)
        recall = Recall(binder.share(since_or_plain(memory, scope.since)), scope.since)
        said = f"{self.kind} {self.property} of {wording.names(scope.events)}"
        said += f"{wording.scope(scope)} {wording.comparisons(self.comparisons, scaled=True)}"
        return FarthestRegion(said, recall, self)


def _thresholds(question: Extreme) -> list[int]:
    operands = {one.operand for one in question.comparisons if isinstance(one.operand, int)}
    return sorted(operands)


def _doubled(one: Comparison) -> Comparison:
    return replace(one, operand=2 * one.operand) if isinstance(one.operand, int) else one


class LastByRegion:
    """The latest time of a value in each region between the thresholds.

    The thresholds are constants, so it does not matter which value is the largest, only on which
    side of each threshold it lies: below the first, on it, between it and the second, and so on.

    State: the latest time of each region, 0 for never. Merge: the later time of each.
    """

    def __init__(self, question: Extreme) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._events = question.scope.events
        self._thresholds = _thresholds(question)
        self._found = compile_found(question.property, question.scope.where)
        self._content = (
            f"regions {question.property!r} {question.scope.events} {question.scope.where} "
            f"{self._thresholds}"
        )

    def content(self) -> str:
        """Return what is read and where the regions end."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of one time for each region."""
        return 3 + TIME_BYTES * (2 * len(self._thresholds) + 1)

    def fold(self, name: str) -> Fold | None:
        """Move the times of the regions in which the event has values."""
        return self._see if listens(self._events, name) else None

    def _see(self, state: State, event: Event, _profile: Profile) -> State:
        for value, _ in self._found(event):
            scaled = ten_thousandths(value)
            if scaled is not None:
                if state is None:
                    state = [0] * (2 * len(self._thresholds) + 1)
                region = self._region(scaled)
                state[region] = max(state[region], event.time)
        return state

    def _region(self, scaled: int) -> int:
        index = bisect_left(self._thresholds, scaled)
        on = index < len(self._thresholds) and self._thresholds[index] == scaled
        return 2 * index + on

    def cut(self, state: State, upto: Millis) -> State:
        """Forget the times at or before `upto`."""
        kept = [time if time > upto else 0 for time in state]
        return kept if any(kept) else None


class FarthestRegion:
    """The farthest region with a value inside the window is one that satisfies the comparisons."""

    def __init__(self, label: str, recall: Recall, question: Extreme) -> None:
        self.label = label
        self._recall = recall
        self._within = question.scope.within
        thresholds = _thresholds(question)
        # A value of each region, all doubled, so that there is a whole number beside thresholds.
        test = compile_test(tuple(_doubled(one) for one in question.comparisons))
        values = [2 * thresholds[0] - 1]
        for threshold in thresholds:
            values += [2 * threshold, 2 * threshold + 1]
        self._satisfies = [test(value) for value in values]
        regions = range(len(self._satisfies))
        self._order = tuple(reversed(regions) if question.kind == "largest" else regions)

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Follow the regions as they leave the window, until the answer changes."""
        state = self._recall(profile)
        if state is None:
            return NEVER
        within = self._within
        last = 0 if within is None else now - within
        holds: bool | None = None
        for region in self._order:
            time = state[region]
            if time > last:
                if holds is None:
                    holds = self._satisfies[region]
                elif holds is not self._satisfies[region]:
                    return holds, last + (within or 0)
                if within is None:
                    return holds, FOREVER
                last = time
        if holds is None:
            return NEVER
        return (True, last + (within or 0)) if holds else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say when such a value was last seen."""
        state = self._recall(profile)
        last = 0 if self._within is None else now - self._within
        for region in self._order if state else ():
            if state[region] > last:
                return f"at {iso(state[region])}"
        return "no value so far"
