"""The first instant of an event. Merge: the smaller one."""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Filter, Row
from streamer.core.packing import Unpacker, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity
from streamer.types import Millis


@final
@mypyc_attr(acyclic=True)
class EarliestState(State):
    """The time."""

    __slots__ = ("time",)

    def __init__(self, time: Millis) -> None:
        self.weight = 0
        self.time = time

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the time as a distance."""
        put_number(out, self.time - base)


@final
class Earliest(Cell):
    """The first time of an event that passes `where`."""

    def __init__(self, events: Names, where: tuple[Clause, ...], passes: Filter | None) -> None:
        super().__init__(events)
        self._where = where
        self._filter = passes

    def identity(self) -> Identity:
        """Return what is looked for."""
        return {"kind": "earliest", "events": list(self.events), "where": canonical(self._where)}

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Keep the smaller time."""
        if self._filter is not None and not self._filter.passes(row):
            return state
        if state is None:
            return EarliestState(row.time)
        assert isinstance(state, EarliestState)
        state.time = min(state.time, row.time)
        return state

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return the smaller time."""
        assert isinstance(earlier, EarliestState)
        assert isinstance(later, EarliestState)
        return EarliestState(min(earlier.time, later.time))

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        return EarliestState(base + reader.number())

    def max_bytes(self) -> int:
        """Return the bytes of one time."""
        return TIME_BYTES
