"""How long ago something was done: `ago`."""

from dataclasses import dataclass
from typing import Literal, final

from streamer.core import wording
from streamer.core.leaf import NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.earliest import Earliest, EarliestState
from streamer.core.state.times import Times, TimesState
from streamer.instants import iso
from streamer.types import FOREVER, Millis


@dataclass(frozen=True, slots=True)
class Ago:
    """The last (or first) such event is at least, or less than, so many ms ago."""

    events: Names
    where: tuple[Clause, ...] = ()
    which: Literal["last", "first"] = "last"
    at_least: Millis | None = None
    less_than: Millis | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "ago"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        passes = binder.filter(self.where)
        if self.which == "first":
            ref = binder.share(Earliest(self.events, self.where, passes))
        else:
            ref = binder.share(Times(self.events, self.where, passes, 1))
        said = f"{self.which} {wording.names(self.events)}{wording.where(self.where)}"
        if self.at_least is not None:
            said += f" at least {wording.duration(self.at_least)} ago"
        if self.less_than is not None:
            said += f" less than {wording.duration(self.less_than)} ago"
        return Aged(said, ref, self.at_least or 0, self.less_than or FOREVER)


@final
class Aged(Leaf):
    """A remembered time is so long ago: at least `low` ms and less than `high` ms."""

    def __init__(self, label: str, ref: CellRef, low: Millis, high: Millis) -> None:
        super().__init__(label)
        self._ref = ref
        self._low = low
        self._high = high

    def _time(self, profile: Profile) -> Millis:
        """Return the time, -1 where there is none."""
        state = self._ref.state(profile)
        if state is None:
            return -1
        if isinstance(state, EarliestState):
            return state.time
        assert isinstance(state, TimesState)
        return state.times[-1]

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the age is in the range; it flips at the time plus either bound."""
        time = self._time(profile)
        if time < 0 or self._low >= self._high:
            return NEVER
        if now < time + self._low:
            return -(time + self._low)
        if self._high == FOREVER:
            return FOREVER
        until = time + self._high
        return until if now < until else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say when it was."""
        time = self._time(profile)
        return "never" if time < 0 else f"at {iso(time)}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say that it never happened, or is too long ago."""
        time = self._time(profile)
        if time < 0:
            return "it never happened"
        return "it is too long ago" if now - time >= self._high else ""
