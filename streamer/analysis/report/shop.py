"""What events say beside the changes: what ended a stay, and for how much who bought.

Sales are those of `order_completed`: prices times quantities, of the event or its products; where
there is no price, `revenue`, or else `total`. They are added up in one currency, the one that most
orders have. An order counts once by customer and event id. Memory grows with customers and orders.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Final, NamedTuple

from streamer.analysis.report.ran_out import RanOut
from streamer.app.books import Entered
from streamer.app.intake import watched
from streamer.core.columns import Amounts, Row, read_with_holders
from streamer.core.standard import kinds_of
from streamer.core.values import Property
from streamer.types import Event, Record, SegmentChange

ORDER: Final = "order_completed"
_MOST_NAMES: Final = 20_000
"""So many events are known by name at least, half of them: more than a replay decides at once."""
_AMOUNTS: Final = (
    Amounts(0, "price", None, "quantity"),
    Amounts(1, "revenue", None, None),
    Amounts(2, "total", None, None),
)
_STANDARD: Final = kinds_of(["price", "quantity", "revenue", "total", "currency"])
_CURRENCY: Final = Property("currency")


class Sales(NamedTuple):
    """What each customer bought for, in ten-thousandths of a currency ("" where none is named).

    `left_out` orders are in other currencies.
    """

    currency: str
    by_customer: Mapping[str, int]
    left_out: int


class Shop:
    """Watches events as they are decoded; `name_of` knows those that came last."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._orders: set[tuple[str, str]] = set()
        self._counts: Counter[str] = Counter()
        self._amounts: dict[str, dict[str, int]] = defaultdict(dict)

    def noting(self, decode: Callable[[Record], Event]) -> Callable[[Record], Event]:
        """Return a decoder that does the same, and whose events are watched here."""
        return watched(decode, self.take)

    def take(self, event: Event) -> None:
        """Watch one event."""
        mark = (event.customer, event.id)
        self._names[mark] = event.name
        if len(self._names) > _MOST_NAMES:
            self._names = dict(islice(self._names.items(), _MOST_NAMES // 2, None))
        if event.name != ORDER or mark in self._orders:
            return
        self._orders.add(mark)
        row = Row(event.name, event.time, event.properties, None, len(_AMOUNTS), _STANDARD)
        found = next((pairs for one in _AMOUNTS if (pairs := one.pairs(row))), None)
        if found is not None:
            currency = next((str(c) for c, _ in read_with_holders(_CURRENCY, None, row)), "")
            self._counts[currency] += 1
            amounts = self._amounts[currency]
            amounts[event.customer] = amounts.get(event.customer, 0) + sum(found[::2])

    def name_of(self, customer: str, event_id: str) -> str | None:
        """Return the name of an event, None if it is long past."""
        return self._names.get((customer, event_id))

    def sales(self) -> Sales | None:
        """Return the sales, None where no order has an amount."""
        if not self._counts:
            return None
        ((currency, orders),) = self._counts.most_common(1)
        return Sales(currency, self._amounts[currency], self._counts.total() - orders)


class Endings:
    """Counts what ended the stays in each membership, and hands all changes on.

    That is the name of an event where `shop` knows it, `event` where it does not, or the cause that
    the change says, such as `time`. Of those by `time`, `ran_out` counts the conditions that ran
    out.
    """

    def __init__(self, books: Entered, ran_out: RanOut, shop: Shop | None = None) -> None:
        self._books = books
        self._named = ran_out
        self._shop = shop
        self.ended: dict[str, Counter[str]] = defaultdict(Counter)
        self.ran_out: dict[str, Counter[str]] = defaultdict(Counter)

    def enter(self, changes: Iterable[SegmentChange]) -> None:
        """Take up changes; each customer's come in their order."""
        listed = list(changes)
        for change in listed:
            if change.direction == "exited":
                self._end(change)
        self._books.enter(listed)

    def _end(self, change: SegmentChange) -> None:
        self.ended[change.segment][self._cause(change)] += 1
        condition = self._named.of(change) if change.cause == "time" else None
        if condition is not None:
            self.ran_out[change.segment][condition] += 1

    def _cause(self, change: SegmentChange) -> str:
        if self._shop is None or change.event_id is None or change.cause != "event":
            return change.cause
        return self._shop.name_of(change.customer, change.event_id) or change.cause
