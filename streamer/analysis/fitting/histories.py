"""The purchases of each customer, gathered from a log of events.

An event that comes twice counts once, and no purchase after the instant of a question counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from streamer.analysis.fitting.gamma_gamma import Spent
from streamer.app.hints import EventNames
from streamer.app.inputs import Decoder, read_records
from streamer.app.intake import Intake, Refusals
from streamer.app.persons import Persons
from streamer.core.columns import Row, read_with_holders
from streamer.core.rules.spec import Joining
from streamer.core.standard import kinds_of
from streamer.core.values import SCALE, Property, ten_thousandths
from streamer.errors import InvalidEvent
from streamer.ports import Log
from streamer.types import MINUTE, SECOND, Millis

_CROWDED: Final = 0.01
"""A smaller share of purchases at nearly one time is chance."""

Each: TypeAlias = Literal["event", "day"]


class PurchaseSummary(NamedTuple):
    """One customer up to an instant, as the model sees it.

    `repeats` purchases after the first, the last of them `recency` ms after it, the first one
    `age` ms ago.
    """

    repeats: int
    recency: Millis
    age: Millis


@dataclass(slots=True)
class Histories:
    """The instants of purchases by customer; `each` and `zone` say what counts as one.

    With `value`, a property, `amounts` are the instants and values, in ten-thousandths, of the
    purchases that have a positive one.
    `anonymous` says how visitors become users.
    `lines` were read; `refusals` counts those that are no events, `duplicates` repeat an id.
    """

    events: frozenset[str]
    each: Each
    zone: str
    value: str | None = None
    anonymous: Joining = "none"
    amounts: dict[str, list[tuple[Millis, int]]] = field(default_factory=dict)
    times: dict[str, list[Millis]] = field(default_factory=dict)
    lines: int = 0
    refusals: Refusals = field(default_factory=Refusals)
    duplicates: int = 0
    names: EventNames = field(init=False)

    def __post_init__(self) -> None:
        """Note which of the events occur."""
        self.names = EventNames(self.events)

    def read(self, log: Log, decode: Decoder, watch: Callable[[], object]) -> None:
        """Gather the purchases of a log; `watch` is called after every batch."""
        seen: set[tuple[str, str]] = set()
        amounts = None if self.value is None else Property(self.value)
        standard = kinds_of([] if self.value is None else [self.value])
        persons = None if self.anonymous == "none" else Persons(self.anonymous)
        for record in read_records(log, watch):
            self.lines += 1
            try:
                event = decode(record)
            except InvalidEvent as error:
                self.refusals.note(record, error)
                continue
            self.names.note(event.name)
            customer = event.customer if persons is None else persons.take(event)
            if event.name not in self.events:
                continue
            if customer is None or (customer, event.id) in seen:
                self.duplicates += 1
                continue
            seen.add((customer, event.id))
            self.times.setdefault(customer, []).append(event.time)
            if amounts is not None:
                row = Row(
                    event.name, event.time, event.properties, None, 0, standard, event.context
                )
                values = read_with_holders(amounts, None, row)
                numbers = (ten_thousandths(value) for value, _ in values)
                amount = sum(number for number in numbers if number is not None)
                if amount > 0:
                    entry = (event.time, amount)
                    self.amounts.setdefault(customer, []).append(entry)
        if persons is not None:
            self.times = persons.gathered(self.times)
            self.amounts = persons.gathered(self.amounts)
        for times in self.times.values():
            times.sort()

    @property
    def intake(self) -> Intake:
        """What became of the lines."""
        invalid, applied = self.refusals.invalid, self.lines - self.refusals.invalid
        return Intake(
            self.lines,
            applied - self.duplicates,
            duplicate=self.duplicates,
            invalid=invalid,
            reasons=self.refusals.reasons(),
        )

    def crowded(self) -> str | None:
        """Say that many purchases are probably lines of one order, and what to do; None if not.

        They come less than a minute after another one of their customer. Days are never so close.
        """
        if self.each == "day":
            return None
        pairs = [pair for times in self.times.values() for pair in pairwise(times)]
        close = sum(later - earlier < MINUTE for earlier, later in pairs)
        made = len(pairs) + len(self.times)
        if close <= made * _CROWDED:
            return None
        return (
            f"{close:,} of {made:,} purchases come at the same instant as another one of their "
            "customer, or less than a minute after it, as the lines of one order do: try --each day"
        )

    @property
    def first(self) -> Millis | None:
        """The first purchase of all."""
        return min((times[0] for times in self.times.values()), default=None)

    @property
    def last(self) -> Millis | None:
        """The last purchase of all."""
        return max((times[-1] for times in self.times.values()), default=None)

    def until(self, end: Millis) -> Iterator[tuple[str, PurchaseSummary]]:
        """Yield every customer who had bought by then, with the summary at that instant."""
        for customer, times in self.times.items():
            known = [time for time in times if time <= end]
            if known:
                recency, age = known[-1] - known[0], end - known[0]
                yield customer, PurchaseSummary(self._purchases(known) - 1, recency, age)

    def spent(self, customer: str, end: Millis) -> Spent | None:
        """Return the purchases of a customer by then and their sum; None without any."""
        known = [entry for entry in self.amounts.get(customer, ()) if entry[0] <= end]
        if not known:
            return None
        total = sum(amount for _, amount in known) / SCALE
        return Spent(self._purchases([time for time, _ in known]), total)

    def between(self, customer: str, begin: Millis, end: Millis) -> int:
        """Return how many purchases a customer made after `begin` and up to `end`."""
        return self._purchases([time for time in self.times[customer] if begin < time <= end])

    def _purchases(self, times: list[Millis]) -> int:
        if self.each == "event":
            return len(times)
        zone = ZoneInfo(self.zone)
        return len({datetime.fromtimestamp(time // SECOND, zone).date() for time in times})
