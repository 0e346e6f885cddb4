"""How often something was done: `performed`, `not_performed`, `quiet`."""

from dataclasses import dataclass
from typing import Literal, final

from streamer.core import wording
from streamer.core.calendar import calendar_of
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until, reset_by
from streamer.core.leaves.flow import Flow
from streamer.core.leaves.followed import Compares, Followed, MostFrequentOld
from streamer.core.profile import Profile, State
from streamer.core.rules.spec import Comparison, Names, Operator, Scope
from streamer.core.state.cell import Cell
from streamer.core.state.ledger import UNIT, Ledger, Reads
from streamer.core.state.repeated import Repeated, RepeatedState
from streamer.core.state.reset import ResetBy
from streamer.core.state.seen import Seen, SeenDays, SeenState, SeenValues
from streamer.core.state.times import Times, TimesState, first_after
from streamer.core.values import shown
from streamer.instants import iso
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Performed:
    """The number of qualifying events compares as stated.

    `counting` says what is counted: events, different values of `property` (`distinct`), calendar
    days in the zone (`days`), the events of the most frequent value of `property` (`same`), or the
    latest event of each value (`per`) that no event of `without` with that value came after.
    """

    scope: Scope
    counting: Literal["events", "distinct", "days", "same", "per"] = "events"
    property: str | None = None
    at_least: int | None = None
    at_most: int | None = None
    exactly: int | None = None
    without: Names | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "performed"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        wanted = Range(self.at_least, self.at_most, self.exactly)
        if self.counting == "same" and scope.older is not None:
            same = binder.share(reset_by(self.ledger(binder, wanted.low), scope.since))
            return MostFrequentOld(self.label(), same, scope, wanted.low)
        if self.counting == "per" or scope.older is not None:
            return Followed(self.label(), [self.flow(binder)], self._judge())
        ref = binder.share(reset_by(self._cell(wanted, binder), scope.since))
        if self.counting == "same":
            return MostFrequent(self.label(), ref, wanted.low, scope.within)
        if self.counting == "events":
            return Counted(self.label(), ref, wanted, scope.within)
        return CountedValues(self.label(), ref, wanted, scope.within)

    def _judge(self) -> Compares:
        bounds: list[tuple[Operator, int | None]] = [
            ("at_least", self.at_least),
            ("at_most", self.at_most),
            ("is", self.exactly),
        ]
        asked = [Comparison(name, UNIT * bound) for name, bound in bounds if bound is not None]
        return Compares(tuple(asked or [Comparison("at_least", UNIT)]))

    def flow(self, binder: Binder) -> Flow:
        """Return the number of events as it changes with time."""
        scope = self.scope
        ref = binder.share(reset_by(self.ledger(binder), scope.since))
        return Flow(ref, scope.within, scope.older)

    def ledger(self, binder: Binder, each: int = 1) -> Ledger:
        """Return the cell that keeps the events one by one."""
        scope, name = self.scope, self.property
        days = calendar_of(binder.terms.zone) if self.counting == "days" else None
        value = undoes = None
        if name is not None:
            value = binder.column(name, scope.where)
            undoes = None if self.without is None else binder.column(name, ())
        reads = Reads(
            binder.filter(scope.where),
            value=value,
            undoes=undoes,
            calendar=days,
            several=self.counting not in {"events", "per"},
        )
        per = binder.terms.zone if days is not None else name
        return Ledger(scope, (None, per), reads, self.without, binder.terms, each)

    def _cell(self, wanted: "Range", binder: Binder) -> Cell:
        scope = self.scope
        where, within = scope.where, scope.within
        passes = binder.filter(where)
        keep = max(wanted.keep, binder.terms.closely)
        if self.counting == "days":
            return SeenDays(scope.events, where, passes, binder.terms.zone, keep, within)
        if self.property is None:
            return Times(scope.events, where, passes, keep, within)
        column = binder.column(self.property, where)
        if self.counting == "distinct":
            return SeenValues(scope.events, where, self.property, column, keep, within)
        return Repeated(scope.events, where, self.property, column, wanted.low, within)

    def label(self) -> str:
        """Say what is counted, and how it compares."""
        said = f"performed {wording.names(self.scope.events)}"
        if self.counting == "distinct":
            said += f" with different {self.property}"
        elif self.counting == "days":
            said += " on different days"
        elif self.counting == "same":
            said += f" with the same {self.property}"
        elif self.counting == "per":
            said += wording.per(self.property, self.without)
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

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "not_performed"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        scope = self.scope
        label = f"not performed {wording.names(scope.events)}{wording.scope(scope)}"
        if scope.older is not None:
            none = Compares((Comparison("at_most", 0),))
            return Followed(label, [Performed(scope).flow(binder)], none)
        cell = Times(scope.events, scope.where, binder.filter(scope.where), 1)
        return Absent(label, binder.share(reset_by(cell, scope.since)), scope.within)


@dataclass(frozen=True, slots=True)
class Quiet:
    """No event of `events` for `duration` ms."""

    duration: Millis
    events: Names = ()

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "quiet"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        ref = binder.share(Times(self.events, (), None, 1))
        of = f" of {wording.names(self.events)}" if self.events else ""
        return Absent(f"quiet {wording.duration(self.duration)}{of}", ref, self.duration)


@final
class Range:
    """Which counts are wanted: from `low` to `high`, both included; `high` None for no end."""

    def __init__(self, at_least: int | None, at_most: int | None, exactly: int | None) -> None:
        lows = [bound for bound in (at_least, exactly) if bound is not None]
        highs = [bound for bound in (at_most, exactly) if bound is not None]
        self.high = min(highs) if highs else None
        self.low = max(lows) if lows else (0 if highs else 1)

    @property
    def keep(self) -> int:
        """How many times must be kept to know whether the count is in the range."""
        return max(self.low, 1 if self.high is None else self.high + 1)


def in_range(times: list[Millis], low: int, high: int | None, within: int, now: Millis) -> Until:
    """Answer whether the number of ascending times inside the window lies in a range.

    `within` is 0 where there is no window. The number can only fall until the next event.
    """
    kept = len(times)
    if kept < low:
        return NEVER
    if not within:
        return ALWAYS if high is None or kept <= high else NEVER
    if high is None:
        until = times[kept - low] + within
        return until if until > now else NEVER
    first = first_after(times, now - within)
    count = kept - first
    if count > high:
        left = times[kept - high - 1]
        later = kept - first_after(times, left)
        return -(left + within) if later >= low else NEVER
    if count < low:
        return NEVER
    return times[kept - low] + within if low else ALWAYS


class CountedInRange(Leaf):
    """The number of some times inside the window lies in a range."""

    def __init__(self, label: str, ref: CellRef, wanted: Range, within: Millis | None) -> None:
        super().__init__(label)
        self._ref = ref
        self._low = wanted.low
        self._high = wanted.high
        self._within = within or 0

    def _times(self, state: State) -> list[Millis]:
        """Return the times that count, in ascending order."""
        raise NotImplementedError

    def _left(self, profile: Profile, now: Millis) -> tuple[list[Millis], bool]:
        """Return the times inside the window, and whether there may be more than are kept."""
        state = self._ref.state(profile)
        if state is None:
            return [], False
        times = self._times(state)
        left = times[first_after(times, now - self._within) :] if self._within else times
        cell = self._ref.cell
        inner = cell.inner if isinstance(cell, ResetBy) else cell
        assert isinstance(inner, Times | Seen)
        return left, len(left) >= inner.keep

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the count is in the range; it can only fall until the next event."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER if self._low else ALWAYS
        return in_range(self._times(state), self._low, self._high, self._within, now)

    def detail(self, profile: Profile, now: Millis) -> str:
        """Say how many there are, or are at least, and when the last was."""
        left, more = self._left(profile, now)
        if not left:
            return "none"
        last = f"last at {iso(left[-1])}"
        if len(left) == 1:
            return last
        return f"{len(left)}{' or more' if more else ''}, {last}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say how many there are of how many, or how many of them are too many."""
        left, more = self._left(profile, now)
        if len(left) < self._low:
            return f"{len(left)} of {self._low}"
        if self._high is not None and len(left) > self._high:
            return f"{len(left) - self._high}{' or more' if more else ''} too many"
        return ""


@final
class Counted(CountedInRange):
    """The number of remembered times inside the window lies in a range."""

    def _times(self, state: State) -> list[Millis]:
        assert isinstance(state, TimesState)
        return state.times


@final
class CountedValues(CountedInRange):
    """The number of values last seen inside the window lies in a range."""

    def _times(self, state: State) -> list[Millis]:
        assert isinstance(state, SeenState)
        return state.times()

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the count is in the range; too few values need no look at their times."""
        state = self._ref.state(profile)
        if isinstance(state, SeenState) and len(state.last) < self._low:
            return NEVER
        return super().flip(profile, now)


@final
class MostFrequent(Leaf):
    """The most frequent value was carried at least so many times inside the window."""

    def __init__(self, label: str, ref: CellRef, low: int, within: Millis | None) -> None:
        super().__init__(label)
        self._ref = ref
        self._low = low
        self._within = within or 0

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether the best value has its times inside the window."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        assert isinstance(state, RepeatedState)
        if not state.best:
            return NEVER
        if not self._within:
            return ALWAYS
        until = state.best + self._within
        return until if until > now else NEVER

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Name the value that decides."""
        state = self._ref.state(profile)
        if state is not None:
            assert isinstance(state, RepeatedState)
            found = state.decisive()
            if found is not None:
                times = state.by_value[found]
                return f"{shown(found)}, {len(times)} or more, last at {iso(times[-1])}"
        return "no value so often"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say how often the value was carried that was carried most often."""
        state = self._ref.state(profile)
        most, found = 0, ""
        if state is not None:
            assert isinstance(state, RepeatedState)
            gone = now - self._within if self._within else 0
            for value, times in state.by_value.items():
                number = len(times) - first_after(times, gone)
                if number >= most:
                    most, found = number, f", most often {shown(value)}"
        return f"{most} of {self._low}{found if most else ''}"


@final
class Absent(Leaf):
    """There is no remembered time inside the window."""

    def __init__(self, label: str, ref: CellRef, within: Millis | None) -> None:
        super().__init__(label)
        self._ref = ref
        self._within = within or 0

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether there is none; with a window, one ends exactly the window after it."""
        state = self._ref.state(profile)
        if state is None:
            return ALWAYS
        assert isinstance(state, TimesState)
        if not self._within:
            return NEVER
        until = state.times[-1] + self._within
        return -until if until > now else ALWAYS

    def detail(self, profile: Profile, now: Millis) -> str:  # noqa: ARG002
        """Say when the last one was."""
        state = self._ref.state(profile)
        if state is None:
            return "none so far"
        assert isinstance(state, TimesState)
        return f"since {iso(state.times[-1])}"
