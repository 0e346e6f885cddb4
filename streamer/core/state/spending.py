"""The purchases of positive value, and what they add up to: behind `predicted` of a worth.

Merge: that of the purchases, and the sum of the sums.
"""

from typing import final

from mypy_extensions import mypyc_attr

from streamer.core.columns import Amounts, Row
from streamer.core.profile import Packed, Profile, State
from streamer.core.state.cell import Cell, Identity
from streamer.core.state.purchases import Purchases, PurchasesState
from streamer.core.state.sums import SUM_BYTES
from streamer.types import Millis


@final
@mypyc_attr(acyclic=True)
class SpendingState(State):
    """The purchases, and their sum in ten-thousandths."""

    __slots__ = ("amount", "made")

    def __init__(self, made: PurchasesState, amount: int) -> None:
        self.weight = made.weight
        self.made = made
        self.amount = amount

    def pack(self, base: Millis) -> Packed:
        """Return the sum and the purchases."""
        return [self.amount, self.made.pack(base)]


@final
class Spending(Cell):
    """The purchases in which the values of a property add up to more than nothing."""

    def __init__(self, purchases: Purchases, name: str, amounts: Amounts) -> None:
        super().__init__(purchases.events)
        self._purchases = purchases
        self._name = name
        self._amounts = amounts

    def identity(self) -> Identity:
        """Return what counts as a purchase, and its value."""
        return {"kind": "spending", "property": self._name, "of": self._purchases.identity()}

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Add a purchase."""
        pairs = self._amounts.pairs(row)
        amount = 0
        for index in range(0, len(pairs), 2):
            amount += pairs[index]
        if amount <= 0:
            return state
        self._purchases.slot = self.slot
        if state is None:
            return self._of(self._purchases.fold(None, row, profile), amount)
        assert isinstance(state, SpendingState)
        self._purchases.fold(state.made, row, profile)
        state.amount += amount
        state.weight = state.made.weight
        return state

    @staticmethod
    def _of(made: State | None, amount: int) -> SpendingState:
        assert isinstance(made, PurchasesState)
        return SpendingState(made, amount)

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Add both."""
        assert isinstance(earlier, SpendingState)
        assert isinstance(later, SpendingState)
        self._purchases.slot = self.slot
        made = self._purchases.merge(earlier.made, later.made, profile)
        return self._of(made, earlier.amount + later.amount)

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Keep the number alone of the older half of the days."""
        assert isinstance(state, SpendingState)
        self._purchases.slot = self.slot
        return self._of(self._purchases.shrink(state.made, profile), state.amount)

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state that was packed."""
        return self._of(self._purchases.unpack(packed[1], base), packed[0])

    def max_bytes(self) -> int:
        """Return the bytes of the purchases and a sum."""
        return 1 + self._purchases.max_bytes() + SUM_BYTES
