"""How `since` is kept: one wrapper around any memory that can be cut."""

from streamer.core.memory import Cuttable, Fold, Memory, Standing, State, listens
from streamer.core.stamps import STAMP_BYTES
from streamer.core.syntax import Names
from streamer.types import Event


class Since:
    """A memory of only what came after the latest event of `since`.

    State: [stamp of the latest such event or None, the inner state]. The inner state is kept also
    before there is such an event, because it may come late. Events at the same instant count as
    after it only if they come after it in the log: the ones before are cut when it arrives.

    Merge: take the later mark, cut both inner states at it, merge them.
    """

    def __init__(self, inner: Cuttable, since: Names) -> None:
        self._inner = inner
        self._since = since

    @property
    def slot(self) -> int:
        """The place in a profile's memories; the inner memory has the same."""
        return self._inner.slot

    @slot.setter
    def slot(self, slot: int) -> None:
        self._inner.slot = slot

    def content(self) -> str:
        """Return the inner content and the marking events."""
        return f"{self._inner.content()} since {self._since}"

    def bound(self) -> int:
        """Return the inner bound and one instant."""
        return self._inner.bound() + STAMP_BYTES + 3

    def fold(self, name: str) -> Fold | None:
        """Return the inner fold, the cut, or for an event that is both just the cut."""
        if listens(self._since, name):
            return self._mark
        inner = self._inner.fold(name)
        if inner is None:
            return None

        def count(state: State, event: Event, profile: Standing) -> State:
            if state is None:
                state = [None, None]
            mark = state[0]
            if mark is None or profile.stamp >= mark:
                state[1] = inner(state[1], event, profile)
            return state

        return count

    def _mark(self, state: State, event: Event, profile: Standing) -> State:
        if state is None:
            return [profile.stamp, None]
        mark = state[0]
        if mark is None or profile.stamp >= mark:
            state[0] = profile.stamp
            if state[1] is not None:
                state[1] = self._inner.cut(state[1], event.time)
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

    def __call__(self, profile: Standing) -> State:
        """Return the state, None if there is nothing to look at."""
        state = profile.memories[self.slot]
        if self.since and state is not None:
            return None if state[0] is None else state[1]
        return state
