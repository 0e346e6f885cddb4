"""How much an event says of each value of a property: `net` of `abandoned`.

The quantity is read from the object that the value was read from: the event or one product. Missing
or null it is left open; one that is no number, or beyond 10^11, makes that value not count.
"""

from typing import Final, TypeAlias, final

from streamer.core.columns import Filter, Row, read_with_holders
from streamer.core.values import Property, Value, remembered, ten_thousandths

Quantity: TypeAlias = int | None
"""In ten-thousandths, None where nothing is said of it."""
CUSTOMER: Final[Value] = ""
"""The one value where the customer as a whole is looked at."""


@final
class Quantities:
    """The quantity `net` of each value of `same`; None for the customer as the one value."""

    def __init__(self, same: str | None, net: str, where: Filter | None) -> None:
        self._same = None if same is None else Property(same)
        self._net = Property(net)
        self._where = where

    def of(self, row: Row) -> list[tuple[Value, Quantity]]:
        """Return each value with its quantity, in order; a value may come several times."""
        if self._where is not None and not self._where.passes(row):
            return []
        if self._same is None:
            holders = [(CUSTOMER, row.properties)]
        else:
            found = read_with_holders(self._same, self._where, row)
            holders = [(remembered(value), holder) for value, holder in found]
        said: list[tuple[Value, Quantity]] = []
        for value, holder in holders:
            quantities = self._net.at(holder)
            if quantities is None:
                said.append((value, None))
                continue
            scaled = ten_thousandths(quantities[0]) if quantities else None
            if scaled is not None:
                said.append((value, scaled))
        return said

    def carries(self, row: Row) -> bool:
        """Say whether the event is about values of its own, whatever is said of quantities."""
        return self._same is None or bool(read_with_holders(self._same, self._where, row))
