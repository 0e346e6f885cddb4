"""The most recently seen different values, each with its last time.

Merge: the later time of each value, then the most recent ones that are kept.
"""

from typing import final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.calendar import calendar_of
from streamer.core.columns import Amounts, Column, Filter, Row
from streamer.core.packing import Unpacker, put, put_list, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity
from streamer.core.values import VALUE_BYTES, Value
from streamer.types import FOREVER, Millis


@final
@mypyc_attr(acyclic=True)
class SeenState(State):
    """The last time of each value."""

    __slots__ = ("last",)

    def __init__(self, last: dict[Value, Millis]) -> None:
        self.weight = 0
        self.last = last

    def times(self) -> list[Millis]:
        """Return the times, ascending."""
        return sorted(self.last.values())

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append values and their times, as distances, by turns."""
        put_list(out, 2 * len(self.last))
        for value, time in self.last.items():
            put(out, value)
            put_number(out, time - base)


class Seen(Cell):
    """The `keep` most recently seen different values; `within` (ms) is how long one says so."""

    def __init__(
        self, events: Names, where: tuple[Clause, ...], keep: int, within: Millis | None
    ) -> None:
        super().__init__(events)
        self.horizon = FOREVER if within is None else within
        self.keep = keep
        self._where = where

    def values(self, row: Row) -> list[Value]:
        """Return the values of an event."""
        raise NotImplementedError

    def widen(self, other: Cell) -> None:
        """Keep as many values, for as long, as either does."""
        assert isinstance(other, Seen)
        self.keep = max(self.keep, other.keep)
        self.horizon = max(self.horizon, other.horizon)

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Move the values' last times."""
        values = self.values(row)
        if not values:
            return state
        if state is None:
            state = SeenState({})
        assert isinstance(state, SeenState)
        last, time = state.last, row.time
        # Values seen at one instant are equals: more of them than are kept make no difference.
        for value in values[: self.keep]:
            before = last.get(value)
            if before is None or before < time:
                last[value] = time
                if len(last) > self.keep:
                    del last[min(last, key=last.__getitem__)]
        return state

    def drop_until(self, state: State, instant: Millis) -> State | None:
        """Forget the values last seen at or before an instant."""
        assert isinstance(state, SeenState)
        left = {value: time for value, time in state.last.items() if time > instant}
        return SeenState(left) if left else None

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return the most recent values of both."""
        assert isinstance(earlier, SeenState)
        assert isinstance(later, SeenState)
        last = dict(earlier.last)
        for value, time in later.last.items():
            last[value] = max(time, last.get(value, time))
        recent = sorted(last, key=last.__getitem__)[-self.keep :]
        return SeenState({value: last[value] for value in recent})

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        last: dict[Value, Millis] = {}
        for _ in range(reader.enter_list() // 2):
            value: Value = reader.value()
            last[value] = base + reader.number()
        while len(last) > self.keep:
            del last[min(last, key=last.__getitem__)]
        return SeenState(last)

    def max_bytes(self) -> int:
        """Return the bytes of `keep` values with their times."""
        return 5 + (VALUE_BYTES + TIME_BYTES) * self.keep


@final
class SeenValues(Seen):
    """Different values of a property."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        column: Column,
        keep: int,
        within: Millis | None,
    ) -> None:
        super().__init__(events, where, keep, within)
        self._name = name
        self._column = column

    def identity(self) -> Identity:
        """Return which values are kept."""
        return {
            "kind": "seen",
            "property": self._name,
            "events": list(self.events),
            "where": canonical(self._where),
        }

    def values(self, row: Row) -> list[Value]:
        """Return the values of an event."""
        return self._column.values(row)


@final
class SeenAmounts(Seen):
    """Different amounts of a property, in ten-thousandths."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        amounts: Amounts,
        keep: int,
        within: Millis | None,
    ) -> None:
        super().__init__(events, where, keep, within)
        self._name = name
        self._amounts = amounts

    def identity(self) -> Identity:
        """Return which amounts are kept."""
        return {
            "kind": "seen_amounts",
            "property": self._name,
            "events": list(self.events),
            "where": canonical(self._where),
            **self._amounts.identity(),
        }

    def values(self, row: Row) -> list[Value]:
        """Return the amounts of an event."""
        return list(self._amounts.pairs(row)[::2])


@final
class SeenDays(Seen):
    """Different calendar days in a zone, as ordinals."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        passes: Filter | None,
        zone: str,
        keep: int,
        within: Millis | None,
    ) -> None:
        super().__init__(events, where, keep, within)
        self._filter = passes
        self._zone = zone
        self._calendar = calendar_of(zone)

    def identity(self) -> Identity:
        """Return which days are kept."""
        return {
            "kind": "seen_days",
            "zone": self._zone,
            "events": list(self.events),
            "where": canonical(self._where),
        }

    def values(self, row: Row) -> list[Value]:
        """Return the day of an event."""
        if self._filter is not None and not self._filter.passes(row):
            return []
        return [self._calendar.day(row.time).toordinal()]
