"""What counts one by one: behind `per`, `older_than` and `ratio`.

Each qualifying event is an entry: an instant, an amount and a count. Entries of one value of `per`
replace each other; an event of `without` undoes those before it that carry one of its values.
Entries of no value are *loose*: nothing replaces or undoes them.

With `older_than` an entry counts once it is that old, so young ones wait beside the last old one
of their value. Without it only the last entry of a value is kept.

Exact up to 256 values, 1,000 young entries, and 1,000 loose entries inside the window. A value
beyond that stays counted as it then stood, as a loose entry; loose ones are folded as `Sums` does.

Merge: entries of both in order of time, undone by the other's events too. So what undoes is kept
for values without an entry as well, the 256 most recent; one dropped beyond that counts as an
overflow only while a late entry could still belong before it.
"""

from typing import Final, TypeAlias, final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from streamer.core.calendar import Calendar
from streamer.core.columns import Amounts, Column, Filter, Row
from streamer.core.packing import Unpacker, put, put_list, put_number
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Names, Scope, Terms
from streamer.core.state.cell import (
    MOST_EVENTS,
    MOST_VALUES,
    TIME_BYTES,
    Cell,
    Identity,
    is_among,
    overflowed,
)
from streamer.core.state.slices import SLICES, oldest_crowded
from streamer.core.state.sums import COUNT_BYTES, ENTRY_WEIGHT, SUM_BYTES, SumsState, read_sums
from streamer.core.state.times import first_after
from streamer.core.values import VALUE_BYTES, Value, weight_of
from streamer.types import FOREVER, Millis

Entry: TypeAlias = tuple[Millis, int, int]
"""An instant, the amount in ten-thousandths (a count where events are counted), the count."""
UNIT: Final = 10_000
"""What one event is where events are counted, so that a count divides a sum exactly."""
_MOST_ENTRIES: Final = MOST_EVENTS + MOST_VALUES
_MOST_LOOSE: Final = 2 * MOST_EVENTS + 2 * SLICES
"""With `older_than`: the young ones, as many old ones as a count can ask for, and slices."""


@final
@mypyc_attr(acyclic=True)
class LedgerState(State):
    """The loose entries, the entries of each value, and when each value was last undone.

    Entries of a value ascend. `steps` are the instants at which the sum over all values changes,
    with the running totals from each on; it follows from the rest and is None until it is asked.
    """

    __slots__ = ("by_value", "entries", "loose", "steps", "undone")

    def __init__(self) -> None:
        self.weight = 0
        self.loose = SumsState()
        self.by_value: dict[Value, list[Entry]] = {}
        self.undone: dict[Value, Millis] = {}
        self.entries = 0
        self.steps: list[Entry] | None = None

    def put(self, value: Value, entries: list[Entry]) -> None:
        """Put the entries of a value in place of those it has; it becomes the most recent one."""
        self.take(value)
        if entries:
            self.by_value[value] = entries
            self.entries += len(entries)
            self.weight += weight_of(value) + ENTRY_WEIGHT * len(entries)

    def take(self, value: Value) -> list[Entry]:
        """Take out the entries of a value."""
        entries = self.by_value.pop(value, None)
        if entries is None:
            return []
        self.entries -= len(entries)
        self.weight -= weight_of(value) + ENTRY_WEIGHT * len(entries)
        return entries

    def undo(self, value: Value, time: Millis) -> None:
        """Keep when a value was undone."""
        self.forget(value)
        self.undone[value] = time
        self.weight += weight_of(value) + TIME_BYTES

    def forget(self, value: Value) -> None:
        """Forget when a value was undone."""
        if self.undone.pop(value, None) is not None:
            self.weight -= weight_of(value) + TIME_BYTES

    def add(self, entry: Entry) -> None:
        """Add a loose entry."""
        before = self.loose.weight
        self.loose.add(entry[0], entry[1], entry[2])
        self.weight += self.loose.weight - before

    def empty(self) -> bool:
        """Say whether nothing is remembered."""
        return not self.by_value and not self.undone and not self.loose.times

    def timeline(self, older: Millis, within: Millis) -> list[Entry]:
        """Return from which instants on all values together amount to how much."""
        if self.steps is None:
            turns: list[Entry] = []
            for entries in self.by_value.values():
                kept = len(entries)
                for index, (time, amount, count) in enumerate(entries):
                    over = time + within if within else FOREVER
                    if index + 1 < kept:
                        over = min(over, entries[index + 1][0] + older)
                    if over > time + older:
                        turns.append((time + older, amount, count))
                        if over != FOREVER:
                            turns.append((over, -amount, -count))
            turns.sort()
            amount = count = 0
            steps: list[Entry] = []
            for at, more, number in turns:
                amount += more
                count += number
                if steps and steps[-1][0] == at:
                    steps[-1] = (at, amount, count)
                else:
                    steps.append((at, amount, count))
            self.steps = steps
        return self.steps

    def write(self, out: BytesWriter, base: Millis) -> None:
        """Append the loose entries, then values with their entries, and what was undone."""
        put_list(out, 3)
        self.loose.write(out, base)
        put_list(out, 2 * len(self.by_value))
        for value, entries in self.by_value.items():
            put(out, value)
            put_list(out, 3 * len(entries))
            before = base
            for time, amount, count in entries:
                put_number(out, time - before)
                put_number(out, amount)
                put_number(out, count)
                before = time
        put_list(out, 2 * len(self.undone))
        for value, time in self.undone.items():
            put(out, value)
            put_number(out, time - base)


@final
class Reads:
    """What a ledger reads of an event.

    `amounts` is None where events are counted, `value` None where each counts by itself. With
    `several` an event counts once for each of its values, and not at all without one; else the
    first value is its own. `undoes` reads the values that an event of `without` undoes. With a
    `calendar` the value is the day.
    """

    def __init__(
        self,
        passes: Filter | None,
        amounts: Amounts | None = None,
        value: Column | None = None,
        undoes: Column | None = None,
        calendar: Calendar | None = None,
        *,
        several: bool = False,
    ) -> None:
        self.calendar = calendar
        self.passes = passes
        self.amounts = amounts
        self.value = value
        self.undoes = undoes
        self.several = several


@final
class Ledger(Cell):
    """Entries of qualifying events.

    `what` names the property that is added up, and what tells entries apart. `each` is how many
    old entries of a value are kept.
    """

    def __init__(
        self,
        scope: Scope,
        what: tuple[str | None, str | None],
        reads: Reads,
        without: Names | None,
        terms: Terms,
        each: int = 1,
    ) -> None:
        super().__init__(scope.events)
        self.horizon = FOREVER if scope.within is None else scope.within
        self.within = scope.within or 0
        self.older = scope.older or 0
        self._where = scope.where
        self._what = what
        self._reads = reads
        self._without = without
        self._max_lateness = terms.max_lateness
        self._each = each
        self._lasting = scope.within is None and scope.since is None

    def identity(self) -> Identity:
        """Return what counts, for how much, and when."""
        added_up, per = self._what
        amounts = self._reads.amounts
        return {
            "kind": "ledger",
            "events": list(self.events),
            "where": canonical(self._where),
            "property": added_up,
            "amounts": None if amounts is None else amounts.identity(),
            "per": per,
            "several": self._reads.several,
            "without": None if self._without is None else list(self._without),
            "within": self.within or None,
            "older": self.older or None,
            "each": self._each,
            "lasting": self._lasting,
        }

    def listens(self, name: str) -> bool:
        """Listen to what counts and to what undoes."""
        return self._counts(name) or self._undoes(name)

    def _counts(self, name: str) -> bool:
        return is_among(name, self.events)

    def _undoes(self, name: str) -> bool:
        return self._without is not None and is_among(name, self._without)

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Undo what came before the event, then count it."""
        if self.within and row.time <= profile.clock - self.within:
            return state
        assert state is None or isinstance(state, LedgerState)
        changed = state
        if self._undoes(row.name) and self._reads.undoes is not None:
            for value in self._reads.undoes.values(row):
                changed = changed or LedgerState()
                self._undo(changed, value, row.time)
        if self._counts(row.name):
            changed = self._count(changed, row, profile)
        if changed is None:
            return state
        changed.steps = None
        self._trim(changed, profile)
        return None if changed.empty() else changed

    def _undo(self, state: LedgerState, value: Value, time: Millis) -> None:
        known = state.undone.get(value)
        if known is not None and known > time:
            return
        entries = state.by_value.get(value)
        if entries is not None:
            left = [entry for entry in entries if entry[0] > time]
            if len(left) < len(entries):
                state.put(value, left)
            if left and not self.older:
                return
        state.undo(value, time)

    def _count(self, state: LedgerState | None, row: Row, profile: Profile) -> LedgerState | None:
        reads, time = self._reads, row.time
        if reads.passes is not None and not reads.passes.passes(row):
            return state
        amount, count = UNIT, 1
        if reads.amounts is not None:
            amount = count = 0
            pairs = reads.amounts.pairs(row)
            for index in range(0, len(pairs), 2):
                amount += pairs[index]
                count += pairs[index + 1]
        values: list[Value] = [] if reads.value is None else reads.value.values(row)
        if reads.calendar is not None:
            values = [reads.calendar.day(time).toordinal()]
        if not values:
            if reads.several or (not amount and not count):
                return state
            state = state or LedgerState()
            state.add((time, amount, count))
            return state
        state = state or LedgerState()
        for value in values if reads.several else values[:1]:
            if state.undone.get(value, time) <= time:
                entries = [*state.by_value.get(value, ()), (time, amount, count)]
                self._place(state, value, entries, profile)
        return state

    def _place(
        self, state: LedgerState, value: Value, entries: list[Entry], profile: Profile
    ) -> None:
        """Keep of a value's entries, the new ones at the end, those that can still count."""
        if len(entries) > 1:
            entries.sort(key=_time_of)
        ripe = profile.clock - self.older
        old = 0
        while old < len(entries) and entries[old][0] <= ripe:
            old += 1
        state.put(value, entries[max(0, old - self._each) :])
        if not self.older:
            state.forget(value)

    def _trim(self, state: LedgerState, profile: Profile) -> None:
        if self.within:
            self._leave(state, profile.clock - self.within)
        while len(state.by_value) > MOST_VALUES:
            self._fall_out(state, profile)
        while len(state.undone) > MOST_VALUES:
            oldest = min(state.undone, key=state.undone.__getitem__)
            if profile.clock - state.undone[oldest] < self._max_lateness:
                overflowed(profile, self.slot)
            state.forget(oldest)
        while state.entries > _MOST_ENTRIES + MOST_VALUES * (self._each - 1):
            value = min(state.by_value, key=lambda one: state.by_value[one][0][0])
            state.put(value, state.by_value[value][1:])
            overflowed(profile, self.slot)
        self._fold_loose(state, profile)

    @staticmethod
    def _leave(state: LedgerState, gone: Millis) -> None:
        """Forget what has left the window, as far as it stands in front."""
        while state.by_value:
            value = next(iter(state.by_value))
            if state.by_value[value][-1][0] > gone:
                break
            state.take(value)
        while state.undone:
            value = next(iter(state.undone))
            if state.undone[value] > gone:
                break
            state.forget(value)

    def _fall_out(self, state: LedgerState, profile: Profile) -> None:
        """Let the least recent value go: what it has last stays counted."""
        value = min(state.by_value, key=lambda one: state.by_value[one][-1][0])
        last = state.take(value)[-1]
        if not self._reads.several and (last[1] or last[2]):
            state.add(last)
        overflowed(profile, self.slot)

    def _fold_loose(self, state: LedgerState, profile: Profile) -> None:
        loose = state.loose
        before = loose.weight
        times = loose.times
        if self.within:
            loose.drop(first_after(times, profile.clock - self.within))
        elif self._lasting:
            loose.join(0, first_after(times, profile.clock - self.older))
        most = _MOST_LOOSE if self.older else MOST_EVENTS
        while len(times) > most:
            start, end = oldest_crowded(times, self.within) if self.within else (0, 2)
            loose.join(start, end)
            overflowed(profile, self.slot)
        state.weight += loose.weight - before

    def drop_until(self, state: State, instant: Millis) -> State | None:
        """Forget what happened at or before an instant."""
        assert isinstance(state, LedgerState)
        before = state.loose.weight
        state.loose.drop(first_after(state.loose.times, instant))
        state.weight += state.loose.weight - before
        for value in [one for one, entries in state.by_value.items() if entries[0][0] <= instant]:
            state.put(value, [one for one in state.by_value[value] if one[0] > instant])
        for value in [one for one, time in state.undone.items() if time <= instant]:
            state.forget(value)
        state.steps = None
        return None if state.empty() else state

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Return the entries of both, less what the other one's history undoes."""
        assert isinstance(earlier, LedgerState)
        assert isinstance(later, LedgerState)
        merged = LedgerState()
        for entry in sorted(earlier.loose.entries() + later.loose.entries()):
            merged.add(entry)
        undone = dict(earlier.undone)
        for value, time in later.undone.items():
            undone[value] = max(time, undone.get(value, time))
        for value, time in sorted(undone.items(), key=_last_undone):
            merged.undo(value, time)
        kept: dict[Value, list[Entry]] = {}
        for value, entries in earlier.by_value.items():
            last = later.undone.get(value, 0)
            kept[value] = [entry for entry in entries if entry[0] > last]
        for value, entries in later.by_value.items():
            last = earlier.undone.get(value, 0)
            mine = kept.get(value, [])
            kept[value] = mine + [entry for entry in entries if entry[0] >= last]
        for value, entries in sorted(kept.items(), key=_last_entry):
            if entries:
                self._place(merged, value, entries, profile)
        self._trim(merged, profile)
        return None if merged.empty() else merged

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Let the less recent half of the values go, or, where there are none, of the rest."""
        assert isinstance(state, LedgerState)
        state.steps = None
        if state.by_value or state.undone:
            for _ in range((len(state.by_value) + 1) // 2):
                self._fall_out(state, profile)
            for value in list(state.undone)[: (len(state.undone) + 1) // 2]:
                state.forget(value)
                overflowed(profile, self.slot)
            return None if state.empty() else state
        loose = state.loose
        before = loose.weight
        kept = len(loose.times)
        overflowed(profile, self.slot)
        if kept == 1:
            return None
        loose.join(0, kept // 2 + 1)
        state.weight += loose.weight - before
        return state

    def read(self, reader: Unpacker, base: Millis) -> State:
        """Return the state that comes next."""
        reader.enter_list()
        state = LedgerState()
        state.loose = read_sums(reader, base)
        state.weight = state.loose.weight
        for _ in range(reader.enter_list() // 2):
            value: Value = reader.value()
            entries: list[Entry] = []
            time = base
            for _ in range(reader.enter_list() // 3):
                time += reader.number()
                amount = reader.number()
                entries.append((time, amount, reader.number()))
            state.put(value, entries)
        for _ in range(reader.enter_list() // 2):
            undone: Value = reader.value()
            state.undo(undone, base + reader.number())
        return state

    def max_bytes(self) -> int:
        """Return the bytes of the most loose entries, entries of values, and what was undone."""
        entry = TIME_BYTES + SUM_BYTES + COUNT_BYTES
        most = 12 + (_MOST_LOOSE if self.older else MOST_EVENTS) * entry
        if self._what[1] is not None:
            each = MOST_VALUES * self._each + (MOST_EVENTS if self.older else 0)
            most += MOST_VALUES * (VALUE_BYTES + 3) + each * entry
        if self._without is not None:
            most += MOST_VALUES * (VALUE_BYTES + TIME_BYTES)
        return most


def _time_of(entry: Entry) -> Millis:
    return entry[0]


def _last_undone(item: tuple[Value, Millis]) -> Millis:
    return item[1]


def _last_entry(item: tuple[Value, list[Entry]]) -> Millis:
    entries = item[1]
    return entries[-1][0] if entries else 0
