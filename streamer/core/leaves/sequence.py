"""Things done in an order: `sequence`."""

from dataclasses import dataclass
from typing import final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.chain import Chains, ChainState, ChainStep
from streamer.core.values import shown
from streamer.instants import iso
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an event of `events` that satisfies `where`."""

    events: Names
    where: tuple[Clause, ...] = ()

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "step"


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps happened in this order, inside `within`, first to last at most `span` (ms)."""

    steps: tuple[Step, ...]
    within: Millis | None = None
    span: Millis | None = None
    same: str | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "sequence"

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
        steps = [
            ChainStep(
                step.events,
                step.where,
                binder.filter(step.where),
                None if self.same is None else binder.column(self.same, step.where),
            )
            for step in self.steps
        ]
        lateness = binder.terms.max_lateness
        ref = binder.share(Chains(steps, self.same, self.span, self.within, lateness))
        return InOrder(said, ref, len(steps), self.within, of_value=self.same is not None)


@final
class InOrder(Leaf):
    """Some value has a whole chain inside the window."""

    def __init__(
        self, label: str, ref: CellRef, steps: int, within: Millis | None, *, of_value: bool
    ) -> None:
        super().__init__(label)
        self._ref = ref
        self._steps = steps
        self._within = within or 0
        self._of_value = of_value

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether there is one; it ends the window after the best chain's beginning."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        assert isinstance(state, ChainState)
        if not state.best:
            return NEVER
        if not self._within:
            return ALWAYS
        until = state.best + self._within
        return until if until > now else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say when the best chain began, and with which value."""
        state = self._ref.state(profile)
        if state is not None:
            assert isinstance(state, ChainState)
            found = state.decisive()
            if found is not None:
                named = f" with {shown(found)}" if self._of_value else ""
                return f"begun at {iso(state.best)}{named}"
        return "not completed"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say how many steps are done, of the value that has most."""
        state = self._ref.state(profile)
        most, found = 0, ""
        if state is not None:
            assert isinstance(state, ChainState)
            gone = now - self._within if self._within else 0
            for value, chain in state.begun.items():
                done = sum(begun > gone for begun in chain.begun)
                if done >= most:
                    most, found = done, f" with {shown(value)}" if self._of_value else ""
        return f"{most} of {self._steps} steps{found if most else ''}"
