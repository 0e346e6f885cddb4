"""Being in another segment, or having left it: `in_segment`, `left_segment`."""

from dataclasses import dataclass
from typing import final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.state.exits import Exits, ExitState
from streamer.instants import iso
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class InSegment:
    """The customer is in the membership `key`, and was for `lasting` ms (0: however long)."""

    key: str
    lasting: Millis = 0

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "in_segment"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        place, number = binder.membership(self.key)
        lasting = f" for {wording.duration(self.lasting)}" if self.lasting else ""
        return Inside(f"in segment {self.key}{lasting}", place, number, self.lasting)


@dataclass(frozen=True, slots=True)
class LeftSegment:
    """The customer was in the membership `key`, is not, and left it less than `within` ms ago."""

    key: str
    within: Millis

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "left_segment"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        place, number = binder.membership(self.key)
        ref = binder.share(Exits(self.key, place, number))
        label = f"left segment {self.key} within {wording.duration(self.within)}"
        return Left(label, ref, place, number, self.within)


@final
class Inside(Leaf):
    """The reported membership, which the profile holds: nothing else is remembered.

    Merge: memberships are decided again from the merged states.
    """

    def __init__(self, label: str, place: int, number: int, lasting: Millis) -> None:
        super().__init__(label)
        self.place = place
        self.number = number
        self._lasting = lasting

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the customer is in it, as decided earlier in this moment."""
        if profile.inside[self.place] != self.number:
            return NEVER
        ripe = profile.since[self.place] + self._lasting
        return ALWAYS if now >= ripe else -ripe

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say since when."""
        if profile.inside[self.place] != self.number:
            return "not in it"
        return f"since {iso(profile.since[self.place])}"

    def lacks(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say that the customer is not in it."""
        return "" if profile.inside[self.place] == self.number else "not in it"


@final
class Left(Leaf):
    """The last reported exit is short enough ago, and the customer has not come back."""

    def __init__(self, label: str, ref: CellRef, place: int, number: int, within: Millis) -> None:
        super().__init__(label)
        self._ref = ref
        self.place = place
        self.number = number
        self._within = within

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the customer left it lately, as decided earlier in this moment."""
        state = self._ref.state(profile)
        if state is None or profile.inside[self.place] == self.number:
            return NEVER
        assert isinstance(state, ExitState)
        until = state.time + self._within
        return until if until > now else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say when that was."""
        if profile.inside[self.place] == self.number:
            return "still in it"
        state = self._ref.state(profile)
        if state is None:
            return "never left it"
        assert isinstance(state, ExitState)
        return f"left at {iso(state.time)}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say that the customer has not left it, or too long ago."""
        if self.flip(profile, now) > 0:
            return ""
        said = self.detail(profile, now)
        return "left too long ago" if said.startswith("left") else said
