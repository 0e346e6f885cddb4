"""Leaves and their cells without an engine: customers that fold events, answer, pack and merge."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple, Protocol

from librt.strings import BytesWriter

from streamer.core.columns import Amounts, Column, Filter, Row
from streamer.core.leaf import CellRef, Leaf, Until
from streamer.core.packing import Unpacker, packed
from streamer.core.profile import Packed, Profile, State
from streamer.core.quantities import Quantities
from streamer.core.rules.identity import encoded
from streamer.core.rules.spec import Clause, Terms
from streamer.core.state.cell import Cell
from streamer.types import FOREVER, Millis

START = 1_767_225_600_000
"""2026-01-01T00:00 in UTC: 0 in the tests' own time."""
COLUMNS = 64


class Happened(NamedTuple):
    """An event, in the test's own time."""

    at: Millis
    name: str
    properties: dict[str, Any]
    traits: dict[str, Any] | None = None


def on(at: Millis, name: str = "seen", **properties: Any) -> Happened:  # noqa: ANN401  as in JSON
    """An event at that time."""
    return Happened(at, name, properties)


def known(at: Millis, **traits: Any) -> Happened:  # noqa: ANN401  as in JSON
    """An event that carries nothing but traits."""
    return Happened(at, "identified", {}, traits)


class Spec(Protocol):
    """A leaf as declared."""

    def bind(self, binder: Slots, /) -> Leaf:
        """Return the leaf that asks this."""


class Slots:
    """A binder that gives each identity one slot, as compiling a program does."""

    def __init__(self, zone: str = "UTC", max_lateness: Millis = 10) -> None:
        self.terms = Terms(zone, max_lateness)
        self.cells: list[Cell] = []
        self._columns = 0
        self._by_identity: dict[bytes, int] = {}

    def share(self, cell: Cell) -> CellRef:
        slot = self._by_identity.setdefault(encoded(cell.identity()), len(self.cells))
        if slot == len(self.cells):
            cell.slot = slot
            self.cells.append(cell)
        else:
            self.cells[slot].widen(cell)
        return CellRef(self.cells[slot])

    def _column(self) -> int:
        self._columns += 1
        return self._columns - 1

    def column(self, name: str, where: tuple[Clause, ...]) -> Column:
        return Column(self._column(), name, self.filter(where))

    def amounts(
        self, name: str, where: tuple[Clause, ...], times: str | None, *, each: bool = False
    ) -> Amounts:
        return Amounts(self._column(), name, self.filter(where), times, each=each)

    def quantities(self, name: str | None, net: str, where: tuple[Clause, ...]) -> Quantities:
        return Quantities(name, net, self.filter(where))

    def filter(self, where: tuple[Clause, ...]) -> Filter | None:
        return Filter(self._column(), where) if where else None

    def membership(self, key: str) -> tuple[int, int]:
        raise KeyError(key)


def packed_and_written(state: State) -> Packed:
    """What a state is packed as, which is what it writes."""
    written = BytesWriter()
    state.write(written, START)
    plain = state.pack(START)
    assert written.getvalue() == packed(plain)
    return plain


class Asking:
    """Some leaves with the cells that they share."""

    def __init__(self, *specs: Spec, zone: str = "UTC", max_lateness: Millis = 10) -> None:
        self.slots = Slots(zone, max_lateness)
        self.leaves = [spec.bind(self.slots) for spec in specs]
        self.cells = self.slots.cells

    def customer(self, *events: Happened) -> Customer:
        """A customer to whom this has happened, in this order of arrival."""
        customer = Customer(self)
        for event in events:
            customer.does(event)
        return customer


@dataclasses.dataclass
class Customer:
    """A customer's profile, and what the leaves answer of it."""

    asking: Asking

    def __post_init__(self) -> None:
        self.profile = Profile("c", START, len(self.asking.cells), 0)

    @property
    def clock(self) -> Millis:
        return self.profile.clock - START

    def does(self, event: Happened) -> None:
        profile = self.profile
        time = START + event.at
        profile.clock = max(profile.clock, time)
        row = Row(event.name, time, event.properties, event.traits, COLUMNS)
        for cell in self.asking.cells:
            if cell.listens(event.name) or (cell.of_traits and event.traits):
                state = cell.fold(profile.states[cell.slot], row, profile)
                profile.states[cell.slot] = state

    def flip(self, at: Millis, leaf: int = 0) -> Until:
        """What a leaf answers, in the test's own time."""
        until = self.asking.leaves[leaf].flip(self.profile, START + at)
        if abs(until) == FOREVER:
            return until
        return until - START if until > 0 else until + START

    def answers(self, at: Millis) -> list[Until]:
        return [self.flip(at, leaf) for leaf in range(len(self.asking.leaves))]

    def detail(self, at: Millis, leaf: int = 0) -> str:
        return self.asking.leaves[leaf].detail(self.profile, START + at)

    def story(self, leaf: int = 0) -> str:
        """Tell the truth from the clock on as time alone changes it: `+4 -10` is true till 10."""
        now = self.clock
        told: list[str] = []
        while True:
            until = self.flip(now, leaf)
            told.append(f"{'+' if until > 0 else '-'}{now}")
            if abs(until) == FOREVER:
                return " ".join(told)
            now = abs(until)

    def packed(self) -> list[Any]:
        """All that is stored of the states."""
        return [
            None if state is None else packed_and_written(state) for state in self.profile.states
        ]

    def reread(self) -> Customer:
        """The customer as read back from what is stored."""
        other = Customer(self.asking)
        other.profile.clock = self.profile.clock
        for cell, plain in zip(self.asking.cells, self.packed(), strict=True):
            if plain is not None:
                other.profile.states[cell.slot] = cell.read(Unpacker(packed(plain)), START)
        assert other.packed() == self.packed()
        assert other.weights() == self.weights()
        return other

    def weights(self) -> list[int]:
        return [0 if state is None else state.weight for state in self.profile.states]

    def merged(self, later: Customer) -> Customer:
        """The customer with another one's history; of equal times that one's comes after."""
        joined = Customer(self.asking)
        profile = joined.profile
        profile.clock = max(self.profile.clock, later.profile.clock)
        for cell in self.asking.cells:
            one, other = self.profile.states[cell.slot], later.profile.states[cell.slot]
            if one is None or other is None:
                profile.states[cell.slot] = other if one is None else one
            else:
                profile.states[cell.slot] = cell.merge(one, other, profile)
        return joined


def story(spec: Spec, *events: Happened, leaf: int = 0) -> str:
    """What a leaf answers after these events."""
    return Asking(spec).customer(*events).reread().story(leaf)
