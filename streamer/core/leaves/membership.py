"""Being in another segment: `in_segment`."""

from dataclasses import dataclass
from typing import final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, Leaf, Until
from streamer.core.profile import Profile
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


@final
class Inside(Leaf):
    """The reported membership, which the profile holds: nothing else is remembered.

    Merge: memberships are decided again from the merged states.
    """

    def __init__(self, label: str, place: int, number: int, lasting: Millis) -> None:
        super().__init__(label)
        self._place = place
        self._number = number
        self._lasting = lasting

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the customer is in it, as decided earlier in this moment."""
        if profile.inside[self._place] != self._number:
            return NEVER
        ripe = profile.since[self._place] + self._lasting
        return ALWAYS if now >= ripe else -ripe

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say since when."""
        if profile.inside[self._place] != self._number:
            return "not in it"
        return f"since {iso(profile.since[self._place])}"
