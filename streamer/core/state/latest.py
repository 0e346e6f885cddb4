"""A verdict on the last or first value of a property, or on the last of a trait.

The comparisons are constants, so the values of an event are judged together when they come, and
only the verdict decides. The value that settled it stands beside it for people to read.

Merge: the later verdict, of a first value the earlier one. Of two at one instant the joined-in
history's is the earlier.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.columns import Column, Row, Tests
from streamer.core.packing import Unpacker, put, put_list, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Comparison, Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity
from streamer.core.values import VALUE_BYTES, Value, flat, remembered_of, wants_absence
from streamer.types import FOREVER, Millis

VERDICT_BYTES: Final = 2 + TIME_BYTES + VALUE_BYTES


@final
@mypyc_attr(acyclic=True)
class VerdictState(State):
    """When the value came, whether it satisfies the comparisons, and what people read of it.

    That is the value, None where a trait was removed, or, where no more than its existence is
    asked, that there is one.
    """

    __slots__ = ("holds", "time", "value")

    def __init__(self, time: Millis, holds: bool, value: Value | None) -> None:  # noqa: FBT001
        self.weight = 0
        self.time = time
        self.holds = holds
        self.value = value

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the time as a distance, the verdict and the value."""
        put_list(out, 3)
        put_number(out, self.time - base)
        put(out, self.holds)
        put(out, self.value)


def read_verdict(reader: Unpacker, base: Millis) -> VerdictState:
    """Return the verdict that comes next."""
    reader.enter_list()
    time = base + reader.number()
    holds: bool = reader.value()
    value: Value | None = reader.value()
    return VerdictState(time, holds, value)


@final
class ValueVerdict(Cell):
    """The last (or first) value of a property; `within` (ms) is how long it says something."""

    def __init__(
        self,
        events: Names,
        where: tuple[Clause, ...],
        name: str,
        column: Column,
        comparisons: tuple[Comparison, ...],
        within: Millis | None,
        *,
        last: bool,
    ) -> None:
        super().__init__(events)
        self.horizon = FOREVER if within is None else within
        self._where = where
        self._name = name
        self._column = column
        self._comparisons = comparisons
        self._last = last
        self._tests = Tests(comparisons)
        self._kept = remembered_of(comparisons)

    def identity(self) -> Identity:
        """Return what is read and judged; the window is asked, not kept."""
        return {
            "kind": "verdict",
            "which": "last" if self._last else "first",
            "property": self._name,
            "events": list(self.events),
            "where": canonical(self._where),
            "comparisons": canonical(self._comparisons),
        }

    def widen(self, other: Cell) -> None:
        """Say something for as long as either does."""
        assert isinstance(other, ValueVerdict)
        self.horizon = max(self.horizon, other.horizon)

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Replace an earlier (later) verdict."""
        time = row.time
        if state is not None:
            assert isinstance(state, VerdictState)
            if time < state.time if self._last else time >= state.time:
                return state
        values = self._column.scalars(row)
        if not values:
            return state
        return VerdictState(
            time, self._tests.hold_of(values), self._kept(self._tests.telling(values))
        )

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return the later (earlier) verdict."""
        assert isinstance(earlier, VerdictState)
        assert isinstance(later, VerdictState)
        if self._last:
            return later if later.time >= earlier.time else earlier
        return earlier if earlier.time <= later.time else later

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        return read_verdict(reader, base)

    def max_bytes(self) -> int:
        """Return the bytes of an instant, a verdict and a value."""
        return VERDICT_BYTES


@final
class TraitVerdict(Cell):
    """The latest value of a trait.

    A removal is remembered like a value, because an older value may come late.
    """

    def __init__(self, trait: str, comparisons: tuple[Comparison, ...]) -> None:
        super().__init__(())
        self._trait = trait
        self._comparisons = comparisons
        self._tests = Tests(comparisons)
        self._kept = remembered_of(comparisons)
        self._of_nothing = wants_absence(comparisons)

    def identity(self) -> Identity:
        """Return the trait's name and the comparisons."""
        return {
            "kind": "trait",
            "trait": self._trait,
            "comparisons": canonical(self._comparisons),
        }

    def listens(self, name: str) -> bool:  # noqa: ARG002 (traits come with events of any name)
        """Listen to traits alone."""
        return False

    @property
    def of_traits(self) -> bool:
        """Say that the cell remembers a trait."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:  # noqa: ARG002
        """Judge the trait, if the event carries it."""
        traits, time = row.traits, row.time
        if traits is None or self._trait not in traits:
            return state
        if state is not None:
            assert isinstance(state, VerdictState)
            if time < state.time:
                return state
        values = list(flat(traits[self._trait]))
        if not values:
            return VerdictState(time, self._of_nothing, None)
        holds = not self._of_nothing and self._tests.hold_of(values)
        return VerdictState(time, holds, self._kept(self._tests.telling(values)))

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:  # noqa: ARG002
        """Return the later verdict."""
        assert isinstance(earlier, VerdictState)
        assert isinstance(later, VerdictState)
        return later if later.time >= earlier.time else earlier

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        return read_verdict(reader, base)

    def max_bytes(self) -> int:
        """Return the bytes of an instant, a verdict and a value."""
        return VERDICT_BYTES
