"""How often each value is carried, the favourite known without looking through all of them.

The favourite is the value carried most often, of equals the one carried most recently.
"""

from typing import final

from mypy_extensions import mypyc_attr

from streamer.core.profile import Profile
from streamer.core.state.cell import MOST_VALUES, overflowed
from streamer.core.values import Value, weight_of


@final
@mypyc_attr(acyclic=True)
class Tally:
    """The count of each value, the most recently carried last.

    `best` is carried `most` times, every other value at most `second` times. `most` is 0 while the
    favourite must be looked for, and while there is none.
    """

    __slots__ = ("best", "carried", "counts", "most", "second", "weight")

    def __init__(self) -> None:
        self.counts: dict[Value, int] = {}
        self.carried = 0
        self.best: Value | None = None
        self.most = 0
        self.second = 0
        self.weight = 0

    def add(self, value: Value, count: int) -> None:
        """Count a value that is now the most recently carried one."""
        counts = self.counts
        known = self.most > 0 or not counts
        before = counts.pop(value, 0)
        if not before:
            self.weight += weight_of(value)
        now = before + count
        counts[value] = now
        self.carried += count
        if known:
            if now < self.most:
                if now > self.second and value != self.best:
                    self.second = now
            else:
                if value != self.best:
                    self.second = self.most
                    self.best = value
                self.most = now

    def take(self, value: Value, count: int) -> None:
        """Take a value's least recent occurrences away; its recency stays."""
        now = self.counts[value] - count
        self.carried -= count
        if now:
            self.counts[value] = now
        else:
            del self.counts[value]
            self.weight -= weight_of(value)
        if value == self.best and self.most:
            self.most = now if now > self.second else 0

    def settle(self) -> None:
        """Look for the favourite, if it is not known."""
        if not self.most:
            self.best = None
            self.second = 0
            for value, count in self.counts.items():
                if count >= self.most:
                    self.second = self.most
                    self.best, self.most = value, count
                elif count > self.second:
                    self.second = count

    def oldest(self) -> Value:
        """Return the value that was carried longest ago."""
        return next(iter(self.counts))


def most_of(values: list[Value], slot: int, profile: Profile) -> list[Value]:
    """Return as many values of one event as are kept at all, the first in the list."""
    if len(values) > MOST_VALUES:
        overflowed(profile, slot)
        return values[:MOST_VALUES]
    return values
