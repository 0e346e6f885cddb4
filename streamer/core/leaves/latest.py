"""The last and the first value of a property: `latest`, `first`."""

from dataclasses import dataclass
from typing import Literal, final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.rules.spec import Clause, Comparison, Names
from streamer.core.state.latest import ValueVerdict, VerdictState
from streamer.core.values import shown_beside, wants_absence
from streamer.instants import iso
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Latest:
    """The last (or first) value of `property` compares as stated; `within` (ms) for last only."""

    property: str
    events: Names
    comparisons: tuple[Comparison, ...]
    which: Literal["last", "first"] = "last"
    where: tuple[Clause, ...] = ()
    within: Millis | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "latest"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        cell = ValueVerdict(
            self.events,
            self.where,
            self.property,
            binder.column(self.property, self.where),
            self.comparisons,
            self.within,
            last=self.which == "last",
        )
        which = "latest" if self.which == "last" else "first"
        said = f"{which} {self.property} of {wording.names(self.events)}"
        said += wording.where(self.where)
        if self.within is not None:
            said += f" within {wording.duration(self.within)}"
        said += f" {wording.comparisons(self.comparisons)}"
        return Judged(said, binder.share(cell), self.within, self.comparisons)


@final
class Judged(Leaf):
    """The remembered verdict, while it is inside the window; without one, `exists: false` holds."""

    def __init__(
        self,
        label: str,
        ref: CellRef,
        within: Millis | None,
        comparisons: tuple[Comparison, ...],
    ) -> None:
        super().__init__(label)
        self._ref = ref
        self._within = within or 0
        self._comparisons = comparisons
        self._of_nothing = wants_absence(comparisons)

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say the verdict; it ends the window after the value came."""
        holds = self._of_nothing
        state = self._ref.state(profile)
        if state is not None:
            assert isinstance(state, VerdictState)
            until = state.time + self._within
            if not self._within:
                holds = state.holds
            elif until > now and state.holds is not holds:
                return until if state.holds else -until
        return ALWAYS if holds else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say the value and when it came, if that is inside the window."""
        state = self._ref.state(profile)
        if state is None:
            return "no value"
        assert isinstance(state, VerdictState)
        if self._within and state.time + self._within <= now:
            return "no value"
        return f"{shown_beside(state.value, self._comparisons)} at {iso(state.time)}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say which value there is instead."""
        state = self._ref.state(profile)
        if state is None:
            return "there is no value"
        assert isinstance(state, VerdictState)
        if self._within and state.time + self._within <= now:
            return "there is no value so late"
        return "" if state.holds else f"it is {shown_beside(state.value, self._comparisons)}"
