"""How much of what was begun is left: behind `abandoned` with `net`.

For each item the events within the window that add a quantity or take one away. Replaying them
gives what is left at any instant: events that have left the window say nothing any more. An event
that takes everything of an item away replaces all before it; one that names no item does so for
every item. What takes away is kept for items never begun, too: a beginning before it may still
come late, or be merged in.

Exact while an item has at most 64 such events, and 256 items are open; beyond that the oldest go.
Of items never begun 256 are kept; what is dropped of them counts as an overflow when something is
begun so late that it may have been taken away by what was dropped.

Merge: the events of both in order of time.
"""

from typing import Final, TypeAlias, final

from mypy_extensions import mypyc_attr

from streamer.core.columns import Row
from streamer.core.profile import Packed, Profile, State
from streamer.core.quantities import Quantities
from streamer.core.rules.identity import canonical
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.cell import MOST_VALUES, TIME_BYTES, Cell, Identity, is_among, overflowed
from streamer.core.values import SCALE, VALUE_BYTES, Value, weight_of
from streamer.types import FOREVER, Millis

ADDS: Final = 0
TAKES: Final = 1
EMPTIES: Final = 2
Step: TypeAlias = tuple[Millis, int, int]
"""When, what it does, and how much, in ten-thousandths."""
Spell: TypeAlias = tuple[Millis, Millis]
MOST_STEPS: Final = 64
_STEP_BYTES: Final = 18
_STEP_WEIGHT: Final = 12


@final
@mypyc_attr(acyclic=True)
class RemainingState(State):
    """The steps of each item in history order, and when every item was emptied, 0 for never."""

    __slots__ = ("everything", "steps")

    def __init__(self) -> None:
        self.weight = 0
        self.everything: Millis = 0
        self.steps: dict[Value, list[Step]] = {}

    def put(self, item: Value, steps: list[Step]) -> None:
        """Put the steps of an item in place of those it has; it becomes the most recent one."""
        known = self.steps.pop(item, None)
        if known is not None:
            self.weight -= weight_of(item) + _STEP_WEIGHT * len(known)
        if steps:
            self.steps[item] = steps
            self.weight += weight_of(item) + _STEP_WEIGHT * len(steps)

    def pack(self, base: Millis) -> Packed:
        """Return when everything was emptied, then items and their steps by turns."""
        packed: list[object] = []
        for item, steps in self.steps.items():
            flat: list[int] = []
            before = base
            for time, kind, quantity in steps:
                flat += (time - before, kind, quantity)
                before = time
            packed += (item, flat)
        return [self.everything - base if self.everything else None, packed]


@final
class Remaining(Cell):
    """The steps of each item: `did` adds, `without` takes away."""

    def __init__(
        self,
        did: Names,
        without: Names,
        where: tuple[Clause, ...],
        named: tuple[str | None, str],
        added: Quantities,
        taken: Quantities,
        within: Millis | None,
    ) -> None:
        super().__init__(tuple(sorted({*did, *without})) if did and without else ())
        self.horizon = FOREVER if within is None else within
        self._did = did
        self._without = without
        self._where = where
        self._named = named
        self._added = added
        self._taken = taken
        self._within = within

    def identity(self) -> Identity:
        """Return what adds, what takes away, and for how long."""
        same, net = self._named
        return {
            "kind": "remaining",
            "did": list(self._did),
            "without": list(self._without),
            "where": canonical(self._where),
            "same": same,
            "net": net,
            "within": self._within,
        }

    def listens(self, name: str) -> bool:
        """Listen to what adds and to what takes away."""
        return self._adds(name) or self._takes(name)

    def _adds(self, name: str) -> bool:
        return is_among(name, self._did)

    def _takes(self, name: str) -> bool:
        return is_among(name, self._without)

    @property
    def weighs(self) -> bool:
        """Say that what the customer does makes it grow."""
        return True

    def fold(self, state: State | None, row: Row, profile: Profile) -> State | None:
        """Add first, then take away, where the event does both."""
        if self._within is not None and row.time <= profile.clock - self._within:
            return state
        assert state is None or isinstance(state, RemainingState)
        changed = state or RemainingState()
        time = row.time
        if self._adds(row.name):
            late = time < profile.clock and len(changed.steps) >= MOST_VALUES
            for item, quantity in self._added.of(row):
                if late and item not in changed.steps and self._may_miss(changed, time):
                    overflowed(profile, self.slot)
                self._insert(changed, item, (time, ADDS, SCALE if quantity is None else quantity))
        if self._takes(row.name):
            for item, quantity in self._taken.of(row):
                step = (time, EMPTIES, 0) if quantity is None else (time, TAKES, quantity)
                self._insert(changed, item, step)
            if not self._taken.carries(row):
                self._empty(changed, time)
        self._trim(changed, profile)
        return changed if changed.steps or changed.everything else None

    @staticmethod
    def _may_miss(state: RemainingState, time: Millis) -> bool:
        """Whether what took away an item never begun, after this time, may have been dropped."""
        never = [
            steps[-1][0] for steps in state.steps.values() if all(step[1] != ADDS for step in steps)
        ]
        return len(never) >= MOST_VALUES and time <= min(never)

    def _insert(self, state: RemainingState, item: Value, step: Step) -> None:
        if step[0] < state.everything:
            return
        self._place(state, item, [*state.steps.get(item, ()), step])

    @staticmethod
    def _place(state: RemainingState, item: Value, steps: list[Step]) -> None:
        """Keep of some steps, the new ones at the end, those since the item was emptied."""
        steps.sort(key=_time_of)
        last = 0
        for index, step in enumerate(steps):
            if step[1] == EMPTIES:
                last = index
        state.put(item, steps[last:])

    @staticmethod
    def _empty(state: RemainingState, time: Millis) -> None:
        if time < state.everything:
            return
        state.everything = time
        for item in [one for one, steps in state.steps.items() if steps[0][0] <= time]:
            state.put(item, [step for step in state.steps[item] if step[0] > time])

    def _trim(self, state: RemainingState, profile: Profile) -> None:
        if self._within is not None:
            gone = profile.clock - self._within
            if state.everything <= gone:
                state.everything = 0
            while state.steps:
                item = next(iter(state.steps))
                if state.steps[item][-1][0] > gone:
                    break
                state.put(item, [])
            if state.steps:
                item = next(reversed(state.steps))
                steps = state.steps[item]
                if steps[0][0] <= gone:
                    state.put(item, [step for step in steps if step[0] > gone])
        for item in [one for one, steps in state.steps.items() if len(steps) > MOST_STEPS]:
            state.put(item, state.steps[item][-MOST_STEPS:])
            overflowed(profile, self.slot)
        if len(state.steps) > MOST_VALUES:
            self._drop(state, profile, MOST_VALUES)

    def _drop(self, state: RemainingState, profile: Profile, keep: int) -> None:
        """Keep so many open items and as many that were never begun, the most recent ones."""
        never: list[Value] = []
        begun: list[Value] = []
        for item in sorted(state.steps, key=lambda one: state.steps[one][-1][0]):
            adds = any(step[1] == ADDS for step in state.steps[item])
            (begun if adds else never).append(item)
        for item in never[: max(0, len(never) - keep)]:
            state.put(item, [])
        for item in begun[: max(0, len(begun) - keep)]:
            state.put(item, [])
            overflowed(profile, self.slot)

    def merge(self, earlier: State, later: State, profile: Profile) -> State | None:
        """Return the steps of both, less those before everything was emptied."""
        assert isinstance(earlier, RemainingState)
        assert isinstance(later, RemainingState)
        merged = RemainingState()
        merged.everything = max(earlier.everything, later.everything)
        joined: dict[Value, list[Step]] = {}
        for item, steps in earlier.steps.items():
            joined[item] = [step for step in steps if step[0] > later.everything]
        for item, steps in later.steps.items():
            left = [step for step in steps if step[0] >= earlier.everything]
            joined[item] = joined.get(item, []) + left
        for item, steps in sorted(joined.items(), key=_last_of):
            if steps:
                self._place(merged, item, steps)
        self._trim(merged, profile)
        return merged if merged.steps or merged.everything else None

    def shrink(self, state: State, profile: Profile) -> State | None:
        """Drop the half of the items that were heard of longest ago."""
        assert isinstance(state, RemainingState)
        for item in list(state.steps)[: (len(state.steps) + 1) // 2]:
            state.put(item, [])
            overflowed(profile, self.slot)
        return state if state.steps or state.everything else None

    def unpack(self, packed: Packed, base: Millis) -> State:
        """Return the state that was packed."""
        state = RemainingState()
        everything, items = packed
        state.everything = 0 if everything is None else base + everything
        for index in range(0, len(items), 2):
            flat, steps, time = items[index + 1], [], base
            for at in range(0, len(flat), 3):
                time += flat[at]
                steps.append((time, flat[at + 1], flat[at + 2]))
            state.put(items[index], steps)
        return state

    def max_bytes(self) -> int:
        """Return the bytes of 256 open items and as many that were never begun."""
        steps = 4 + MOST_STEPS * _STEP_BYTES
        if self._named[0] is None:
            return 6 + TIME_BYTES + steps
        return 6 + TIME_BYTES + 2 * MOST_VALUES * (VALUE_BYTES + steps)


def left_of(steps: list[Step], gone: Millis) -> tuple[int, list[Millis]]:
    """Return how much is left of an item, and when it was begun since nothing was left.

    Steps at or before `gone` say nothing any more.
    """
    level = 0
    begun: list[Millis] = []
    for time, kind, quantity in steps:
        if time <= gone:
            continue
        if kind == ADDS:
            level += quantity
            begun.append(time)
        else:
            level = 0 if kind == EMPTIES else level - quantity
            if level <= 0:
                begun = []
        level = max(level, 0)
    return level, begun


def _time_of(step: Step) -> Millis:
    return step[0]


def _last_of(item: tuple[Value, list[Step]]) -> Millis:
    steps = item[1]
    return steps[-1][0] if steps else 0
