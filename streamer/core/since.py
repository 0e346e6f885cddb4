"""How `since` is kept: one wrapper around any memory that can be cut."""

from streamer.core.memory import Cuttable, Fold, Memory, Widening, listens
from streamer.core.profile import Profile, State
from streamer.core.stamps import STAMP_BYTES
from streamer.core.syntax import Names
from streamer.types import Event, Millis


class Since:
    """A memory of only what came after the latest event of `since`.

    State: [stamp of the latest such event or None, the inner state]. The inner state is kept also
    before there is such an event, because it may come late. Events at the same instant count as
    after it only if they come after it in the log: the ones before are cut when it arrives.

    Merge: take the later mark, cut both inner states at it, merge them.
    """

    def __init__(self, inner: Cuttable, since: Names) -> None:
        self.inner = inner
        self._since = since
        self.horizon: Millis | None = None  # the mark always says something

    @property
    def slot(self) -> int:
        """The place in a profile's memories; the inner memory has the same."""
        return self.inner.slot

    @slot.setter
    def slot(self, slot: int) -> None:
        self.inner.slot = slot

    def widen(self, other: "Since") -> None:
        """Let the inner memory keep what both inner ones would."""
        if isinstance(self.inner, Widening):
            self.inner.widen(other.inner)

    def content(self) -> str:
        """Return the inner content and the marking events."""
        return f"{self.inner.content()} since {self._since}"

    def bound(self) -> int:
        """Return the inner bound and one instant."""
        return self.inner.bound() + STAMP_BYTES + 3

    def fold(self, name: str) -> Fold | None:
        """Return the inner fold, the cut, or for an event that is both just the cut."""
        if listens(self._since, name):
            return self._mark
        inner = self.inner.fold(name)
        if inner is None:
            return None

        def count(state: State, event: Event, profile: Profile) -> State:
            if state is None:
                state = [None, None]
            mark = state[0]
            if mark is None or profile.stamp >= mark:
                state[1] = inner(state[1], event, profile)
            return state

        return count

    def _mark(self, state: State, event: Event, profile: Profile) -> State:
        if state is None:
            return [profile.stamp, None]
        mark = state[0]
        if mark is None or profile.stamp >= mark:
            state[0] = profile.stamp
            if state[1] is not None:
                state[1] = self.inner.cut(state[1], event.time)
        return state


def since_or_plain(inner: Cuttable, since: Names | None) -> Memory:
    """Return the memory itself, or the memory of what came after `since`."""
    return inner if since is None else Since(inner, since)


class Recall:
    """Finds a leaf's state in a profile, also behind a `since`."""

    __slots__ = ("since", "slot")

    def __init__(self, slot: int, since: Names | None) -> None:
        self.slot = slot
        self.since = since is not None

    def __call__(self, profile: Profile) -> State:
        """Return the state, None if there is nothing to look at."""
        state = profile.memories[self.slot]
        if self.since and state is not None:
            return None if state[0] is None else state[1]
        return state
