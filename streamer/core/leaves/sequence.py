"""Things done in an order: `sequence`.

Events are read in log order, a late one as if it happened at the clock. Of all chains of events
that match steps i to j, the one that began latest is the best: whatever completes an earlier one
completes it too, and it stays inside the window and the span longest. So one instant for each
pair i <= j is enough.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from streamer.core import wording
from streamer.core.memory import (
    ALWAYS,
    MOST_VALUES,
    NEVER,
    TIME_BYTES,
    Answer,
    Binder,
    Fold,
    Leaf,
    listens,
)
from streamer.core.profile import Profile, State
from streamer.core.syntax import Clause, Names
from streamer.core.values import VALUE_BYTES, Value, compile_reader, compile_where, shown
from streamer.instants import iso
from streamer.types import Event, Millis

Chains: TypeAlias = list[Millis]
"""The latest beginnings of the chains i to j, at j * (j + 1) / 2 + i; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an event of `events` that satisfies `where`."""

    events: Names
    where: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps happened in this order, inside `within`, first to last at most `span` (ms)."""

    steps: tuple[Step, ...]
    within: Millis | None = None
    span: Millis | None = None
    same: str | None = None

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        said = " then ".join(
            wording.names(step.events) + wording.where(step.where) for step in self.steps
        )
        if self.same is not None:
            said += f" with the same {self.same}"
        if self.within is not None:
            said += f" within {wording.duration(self.within)}"
        if self.span is not None:
            said += f" in at most {wording.duration(self.span)}"
        slot = binder.share(ChainsByValue(self))
        return InOrder(said, slot, len(self.steps), self.within)


def _no_value(_event: Event) -> list[Value]:
    return [0]


class ChainsByValue:
    """The best chains of steps, for each common value (or one, where no value is asked for).

    State: {value: chains}, the most recently moved last. Exact while at most 256 different values
    have a chain inside the window; then the ones moved longest ago are forgotten.

    Merge: chains of one log after another multiply like matrices: the best chain i to j of both
    is the best of either one's own, and of a chain i to m of the first with m + 1 to j of the
    second. For merged customers the second history is read as if it happened at the merge.
    """

    def __init__(self, question: Sequence) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._question = question
        self._span = question.span
        self._within = question.within
        self._size = len(question.steps) * (len(question.steps) + 1) // 2
        self._steps = [(step.events, compile_where(step.where)) for step in question.steps]
        self._read: list[Callable[[Event], list[Value]]] = [
            _no_value if question.same is None else compile_reader(question.same, step.where)
            for step in question.steps
        ]

    def content(self) -> str:
        """Return the whole question: every part of it shapes the state."""
        return f"chains {self._question}"

    def bound(self) -> int:
        """Return the bytes of the chains of every value kept."""
        if self._question.same is None:
            return 5 + TIME_BYTES * self._size
        return 5 + MOST_VALUES * (VALUE_BYTES + 3 + TIME_BYTES * self._size)

    def fold(self, name: str) -> Fold | None:
        """Lengthen the chains by the steps that an event of that name can be, last step first."""
        steps = [
            (index, self._steps[index][1], self._read[index])
            for index in reversed(range(len(self._steps)))
            if listens(self._steps[index][0], name)
        ]
        if not steps:
            return None

        def advance(state: State, event: Event, profile: Profile) -> State:
            moved: dict[Value, Chains] = {} if state is None else state
            for index, qualifies, read in steps:
                if qualifies is None or qualifies(event) is not False:
                    for value in read(event):
                        self._lengthen(moved, value, index, profile.clock)
            self._trim(moved, profile)
            return moved or None

        return advance

    def _lengthen(self, moved: dict[Value, Chains], value: Value, step: int, clock: Millis) -> None:
        chains = moved.pop(value, None) or [0] * self._size
        row, above = step * (step + 1) // 2, (step - 1) * step // 2
        for first in range(step):
            begun = chains[above + first]
            if begun and (self._span is None or clock - begun <= self._span):
                chains[row + first] = begun
        chains[row + step] = clock
        moved[value] = chains

    def _trim(self, moved: dict[Value, Chains], profile: Profile) -> None:
        if self._within is not None:
            gone = profile.clock - self._within
            while moved:
                oldest = next(iter(moved))
                if max(moved[oldest]) > gone:
                    break
                del moved[oldest]
            if len(moved) > MOST_VALUES:
                for value in [value for value, chains in moved.items() if max(chains) <= gone]:
                    del moved[value]
        excess = len(moved) - MOST_VALUES
        if excess > 0:
            for value in list(moved)[:excess]:
                del moved[value]
                profile.went_beyond(self.slot)


class InOrder:
    """Some value has a whole chain inside the window."""

    def __init__(self, label: str, slot: int, steps: int, within: Millis | None) -> None:
        self.label = label
        self._slot = slot
        self._whole = steps * (steps - 1) // 2
        self._within = within

    def _best(self, profile: Profile) -> tuple[Millis, Value]:
        state: dict[Value, Chains] | None = profile.memories[self._slot]
        if not state:
            return 0, 0
        value = max(state, key=lambda value: state[value][self._whole])
        return state[value][self._whole], value

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether there is one; it ends the window after the best chain's beginning."""
        begun, _ = self._best(profile)
        if not begun:
            return NEVER
        if self._within is None:
            return ALWAYS
        until = begun + self._within
        return (True, until) if until > now else NEVER

    def detail(self, profile: Profile, _now: Millis) -> str:
        """Say when the best chain began, and with which value."""
        begun, value = self._best(profile)
        if not begun:
            return "not completed"
        return f"begun at {iso(begun)}" + (f" with {shown(value)}" if value != 0 else "")
