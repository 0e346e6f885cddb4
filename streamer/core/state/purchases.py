"""The first and last purchase, and how many there were: behind `predicted`.

A purchase is an event, or a day of the zone with any. Days are exact up to the latest 1,000
different ones; of earlier ones only the number is kept.

Merge: the smaller first time, the larger last time, the sum of the counts, the latest of all days.
"""

from bisect import bisect_left
from typing import Final, Literal, final

from mypy_extensions import mypyc_attr

from streamer.core.calendar import calendar_of
from streamer.core.columns import Row
from streamer.core.profile import Packed, Profile, State
from streamer.core.rules.spec import Names
from streamer.core.state.cell import TIME_BYTES, Cell, Identity, overflowed
from streamer.core.state.times import distances, instants
from streamer.types import Millis

MOST_DAYS: Final = 1_000
"""How many different days with a purchase are told apart, the latest ones."""

_DAY_BYTES: Final = 5
_DAY_WEIGHT: Final = 2


@final
@mypyc_attr(acyclic=True)
class PurchasesState(State):
    """First and last time, the days ascending, and how many purchases are not among the days."""

    __slots__ = ("count", "days", "first", "last")

    def __init__(self, first: Millis, last: Millis, count: int, days: list[int]) -> None:
        self.weight = _DAY_WEIGHT * len(days)
        self.first = first
        self.last = last
        self.count = count
        self.days = days

    def purchases(self) -> int:
        """Return the number of purchases, at least one."""
        return self.count + len(self.days)

    def pack(self, base: Millis) -> Packed:
        """Return both times as distances, the count, and the days, as distances, if there are."""
        packed = [self.first - base, self.last - self.first, self.count]
        return packed + distances(self.days, 0)


@final
class Purchases(Cell):
    """The first and last time of an event, and on how many events or days there was one."""

    def __init__(self, events: Names, each: Literal["event", "day"], zone: str) -> None:
        super().__init__(events)
        self._zone = zone if each == "day" else None
        self._calendar = calendar_of(zone)

    def identity(self) -> Identity:
        """Return what counts as a purchase; the zone where days do."""
        return {"kind": "purchases", "events": list(self.events), "days": self._zone}

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Count a purchase."""
        time = row.time
        if state is None:
            state = PurchasesState(time, time, 0, [])
        assert isinstance(state, PurchasesState)
        if time < state.first:
            state.first = time
        if time > state.last:
            state.last = time
        if self._zone is None:
            state.count += 1
        else:
            self._count_day(state, time, profile)
        return state

    def _count_day(self, state: PurchasesState, time: Millis, profile: Profile) -> None:
        day = self._calendar.day(time).toordinal()
        days = state.days
        place = bisect_left(days, day)
        if place < len(days) and days[place] == day:
            return
        if place or not state.count:  # else it is one of those that are only counted
            days.insert(place, day)
            state.weight += _DAY_WEIGHT
            self._trim(state, MOST_DAYS, profile)

    def _trim(self, state: PurchasesState, keep: int, profile: Profile) -> None:
        excess = len(state.days) - keep
        if excess > 0:
            del state.days[:excess]
            state.count += excess
            state.weight -= _DAY_WEIGHT * excess
            for _ in range(excess):
                overflowed(profile, self.slot)

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Return the purchases of both; a day that both have is one."""
        assert isinstance(earlier, PurchasesState)
        assert isinstance(later, PurchasesState)
        merged = PurchasesState(
            min(earlier.first, later.first),
            max(earlier.last, later.last),
            earlier.count + later.count,
            sorted({*earlier.days, *later.days}),
        )
        self._trim(merged, MOST_DAYS, profile)
        return merged

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Keep the number alone of the older half of the days."""
        assert isinstance(state, PurchasesState)
        self._trim(state, len(state.days) // 2, profile)
        return state

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state that was packed."""
        first = base + packed[0]
        return PurchasesState(first, first + packed[1], packed[2], instants(packed[3:], 0))

    def max_bytes(self) -> int:
        """Return the bytes of two instants, a count and the most days."""
        return 3 + 3 * TIME_BYTES + (MOST_DAYS * _DAY_BYTES if self._zone else 0)
