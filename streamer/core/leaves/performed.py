"""How often something was done: `performed`, `not_performed`, `quiet`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core import wording
from streamer.core.leaves.counting import (
    Absent,
    Counted,
    Range,
    Times,
    different_days,
    different_values,
)
from streamer.core.leaves.frequent import MostFrequent, TimesByValue
from streamer.core.memory import Binder, Cuttable, Leaf
from streamer.core.since import Recall, since_or_plain
from streamer.core.syntax import Names, Scope
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Performed:
    """The number of qualifying events compares as stated.

    `counting` says what is counted: events, different values of `property` (`distinct`), calendar
    days in the zone (`days`), or the events of the most frequent value of `property` (`same`).
    """

    scope: Scope
    counting: Literal["events", "distinct", "days", "same"] = "events"
    property: str | None = None
    at_least: int | None = None
    at_most: int | None = None
    exactly: int | None = None

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        wanted = Range(self.at_least, self.at_most, self.exactly)
        memory = self._memory(wanted, binder)
        recall = Recall(binder.share(since_or_plain(memory, scope.since)), scope.since)
        if self.counting == "same":
            return MostFrequent(self._label(), recall, scope.within)
        ascending = self.counting == "events"
        return Counted(self._label(), recall, wanted, scope.within, ascending=ascending)

    def _memory(self, wanted: Range, binder: Binder) -> Cuttable:
        scope = self.scope
        if self.counting == "days":
            return different_days(binder.terms.zone, scope, wanted.keep)
        if self.property is None:
            return Times(scope.events, scope.where, wanted.keep, scope.within)
        if self.counting == "distinct":
            return different_values(self.property, scope, wanted.keep)
        within = scope.within
        return TimesByValue(self.property, scope.events, scope.where, wanted.low, within)

    def _label(self) -> str:
        said = f"performed {wording.names(self.scope.events)}"
        if self.counting == "distinct":
            said += f" with different {self.property}"
        elif self.counting == "days":
            said += " on different days"
        elif self.counting == "same":
            said += f" with the same {self.property}"
        for word, bound in (
            ("at least", self.at_least),
            ("at most", self.at_most),
            ("exactly", self.exactly),
        ):
            if bound is not None:
                said += f" {word} {bound} time{'' if bound == 1 else 's'}"
        return said + wording.scope(self.scope)


@dataclass(frozen=True, slots=True)
class NotPerformed:
    """There is no qualifying event."""

    scope: Scope

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        memory = Times(scope.events, scope.where, 1)
        recall = Recall(binder.share(since_or_plain(memory, scope.since)), scope.since)
        label = f"not performed {wording.names(scope.events)}{wording.scope(scope)}"
        return Absent(label, recall, scope.within)


@dataclass(frozen=True, slots=True)
class Quiet:
    """No event of `events` for `duration` ms."""

    duration: Millis
    events: Names = ()

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        recall = Recall(binder.share(Times(self.events, (), 1)), None)
        of = f" of {wording.names(self.events)}" if self.events else ""
        return Absent(f"quiet {wording.duration(self.duration)}{of}", recall, self.duration)
