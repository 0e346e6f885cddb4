"""Being in another segment: `in_segment`."""

from dataclasses import dataclass

from streamer.core import wording
from streamer.core.memory import ALWAYS, NEVER, Answer, Binder, Leaf
from streamer.core.profile import Profile
from streamer.instants import iso
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class InSegment:
    """The customer is in the membership `key`, and was for `lasting` ms (0: however long)."""

    key: str
    lasting: Millis = 0

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        place, number = binder.membership(self.key)
        lasting = f" for {wording.duration(self.lasting)}" if self.lasting else ""
        return Inside(f"in segment {self.key}{lasting}", place, number, self.lasting)


class Inside:
    """The reported membership, which the profile holds: nothing else is remembered.

    Merge: memberships are decided anew from the merged memories.
    """

    def __init__(self, label: str, place: int, number: int, lasting: Millis) -> None:
        self.label = label
        self._place = place
        self._number = number
        self._lasting = lasting

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether the customer is in it, as decided earlier in this moment."""
        if profile.inside[self._place] != self._number:
            return NEVER
        ripe = profile.since[self._place] + self._lasting
        return ALWAYS if now >= ripe else (False, ripe)

    def detail(self, profile: Profile, _now: Millis) -> str:
        """Say since when."""
        if profile.inside[self._place] != self._number:
            return "not in it"
        return f"since {iso(profile.since[self._place])}"
