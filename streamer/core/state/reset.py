"""How `since` is kept: a cell around any cell whose state can be cut.

State: the time of the latest event of `since` (0: none yet) and the inner state of what came after
it in history order. The inner state is kept also before there is such an event, because it may come
late. Events at the same instant count as after it only if they come after it in the log: the ones
before are cut when it arrives.

Merge: the later mark cuts both inner states, which are then merged. Of marks at one instant that of
the later history comes last, so it also cuts what the earlier history has at that instant.
"""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Row
from streamer.core.packing import Unpacker, put, put_list
from streamer.core.profile import Profile, State
from streamer.core.rules.spec import Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity, is_among
from streamer.types import Millis


@final
@mypyc_attr(acyclic=True)
class ResetState(State):
    """The mark and what came after it."""

    __slots__ = ("inner", "mark")

    def __init__(self, mark: Millis, inner: State | None) -> None:
        self.weight = 0 if inner is None else inner.weight
        self.mark = mark
        self.inner = inner

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the mark as a distance, None for none, and the inner state."""
        put_list(out, 2)
        put(out, self.mark - base if self.mark else None)
        if self.inner is None:
            put(out, None)
        else:
            self.inner.write(out, base)


@final
class ResetBy(Cell):
    """A cell of only what came after the latest event of `since`."""

    def __init__(self, inner: Cell, since: Names) -> None:
        super().__init__(inner.events)
        self.inner = inner
        self._since = since

    def identity(self) -> Identity:
        """Return the inner identity and the resetting events."""
        return {"kind": "reset", "by": list(self._since), "cell": self.inner.identity()}

    def widen(self, other: Cell) -> None:
        """Let the inner cell keep what both inner ones would."""
        assert isinstance(other, ResetBy)
        self.inner.widen(other.inner)

    def listens(self, name: str) -> bool:
        """Listen to what resets, too."""
        return self._resets(name) or self.inner.listens(name)

    @property
    def weighs(self) -> bool:
        """Say what the inner cell says."""
        return self.inner.weighs

    def _resets(self, name: str) -> bool:
        return is_among(name, self._since)

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Cut at an event of `since`, fold any other; an event that is both just cuts."""
        assert state is None or isinstance(state, ResetState)
        self.inner.slot = self.slot
        if self._resets(row.name):
            return self._mark(state, row.time)
        if state is None:
            inner = self.inner.fold(None, row, profile)
            return None if inner is None else ResetState(0, inner)
        if row.time >= state.mark:
            state.inner = self.inner.fold(state.inner, row, profile)
            state.weight = 0 if state.inner is None else state.inner.weight
        return state

    def _mark(self, state: ResetState | None, time: Millis) -> State:
        if state is None:
            return ResetState(time, None)
        if time >= state.mark:
            inner = None if state.inner is None else self.inner.drop_until(state.inner, time)
            return ResetState(time, inner)
        return state

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Cut both at the later mark, then merge what is left."""
        assert isinstance(earlier, ResetState)
        assert isinstance(later, ResetState)
        self.inner.slot = self.slot
        mark = max(earlier.mark, later.mark)
        one, other = earlier.inner, later.inner
        if one is not None and later.mark >= earlier.mark and mark:
            one = self.inner.drop_until(one, mark)
        if other is not None and earlier.mark > later.mark:
            other = self.inner.drop_until(other, mark - 1)
        if one is None or other is None:
            merged = other if one is None else one
        else:
            merged = self.inner.merge(one, other, profile)
        return ResetState(mark, merged) if mark or merged is not None else None

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Shrink the inner state."""
        assert isinstance(state, ResetState)
        self.inner.slot = self.slot
        inner = None if state.inner is None else self.inner.shrink(state.inner, profile)
        return ResetState(state.mark, inner) if state.mark or inner is not None else None

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        reader.enter_list()
        mark = 0 if reader.none() else base + reader.number()
        return ResetState(mark, None if reader.none() else self.inner.read(reader, base))

    def max_bytes(self) -> int:
        """Return the inner bound and one instant."""
        return self.inner.max_bytes() + TIME_BYTES + 1
