"""Something begun and not finished: `abandoned`."""

from bisect import bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nsmallest
from typing import TypeVar

from streamer.core import wording
from streamer.core.memory import MOST_VALUES, NEVER, TIME_BYTES, Answer, Binder, Fold, Leaf, listens
from streamer.core.profile import Profile, State
from streamer.core.syntax import Clause, Names
from streamer.core.values import VALUE_BYTES, Value, compile_reader, compile_where, shown
from streamer.instants import iso
from streamer.types import FOREVER, Event, Millis

_CUSTOMER: Value = ""
"""The one item where the whole customer is looked at."""
_NAMED = 3
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Abandoned:
    """For some one value of `same`, `did` happened, `without` has not since, for `lasting` ms.

    `same` is None for the customer as the one item (`same: customer`). `where` is of the `did`s.
    """

    did: Names
    without: Names
    lasting: Millis = 0
    same: str | None = "product_id"
    where: tuple[Clause, ...] = ()
    within: Millis | None = None
    at_least: int = 1

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        said = f"abandoned: {wording.names(self.did)}{wording.where(self.where)}"
        if self.at_least > 1:
            said += f" at least {self.at_least} times"
        said += f" without {wording.names(self.without)}"
        if self.same not in (None, "product_id"):
            said += f" of the same {self.same}"
        if self.lasting:
            said += f" for {wording.duration(self.lasting)}"
        if self.within is not None:
            said += f" within {wording.duration(self.within)}"
        slot = binder.share(OpenItems(self, binder.terms.max_lateness))
        return LeftOpen(said, slot, self)


class OpenItems:
    """For each item the last times it was begun since it was closed, and when it was closed.

    State: [when everything was closed or None, {item: times begun, ascending},
    {item: when closed}]. A closing is remembered for `max_lateness`, because a beginning that
    comes late may belong before it. Exact while at most 256 different items are open inside the
    window, and as many closed inside `max_lateness`; then the oldest are forgotten.

    Merge: the later closing of each item and of everything, the beginnings of both after those,
    the last `at_least` of each item, then the 256 most recent items.
    """

    def __init__(self, question: Abandoned, max_lateness: Millis) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._question = question
        self._keep = question.at_least
        self._within = question.within
        self._max_lateness = max_lateness
        self._qualifies = compile_where(question.where)
        self._begun: Callable[[Event], list[Value]] | None = None
        self._ended: Callable[[Event], list[Value]] | None = None
        if question.same is not None:
            self._begun = compile_reader(question.same, question.where)
            self._ended = compile_reader(question.same, ())

    def content(self) -> str:
        """Return what is begun, closed and kept; how long it lasts is asked, not kept."""
        asked = self._question
        return (
            f"open {asked.did} {asked.without} {asked.same!r} {asked.where} {asked.within} "
            f"{asked.at_least} {self._max_lateness}"
        )

    def bound(self) -> int:
        """Return the bytes of 256 open and 256 closed items (one, for the whole customer)."""
        if self._question.same is None:
            return 16 + TIME_BYTES * (self._keep + 1)
        item = 2 * VALUE_BYTES + 3 + TIME_BYTES * (self._keep + 1)
        return 12 + TIME_BYTES + MOST_VALUES * item

    def fold(self, name: str) -> Fold | None:
        """Begin, close, or for an event that is both: close, since it is not after itself."""
        if listens(self._question.without, name):
            return self._close
        return self._begin if listens(self._question.did, name) else None

    def _items(self, event: Event) -> list[Value]:
        if self._begun is not None:
            return self._begun(event)
        qualified = self._qualifies is None or self._qualifies(event) is not False
        return [_CUSTOMER] if qualified else []

    def _begin(self, state: State, event: Event, profile: Profile) -> State:
        items = self._items(event)
        if not items:
            return state
        if state is None:
            state = [None, {}, {}]
        everything, begun, closed = state
        time = event.time
        for item in items:
            if time < (everything or 0) or time < closed.get(item, 0):
                continue
            times = begun.pop(item, None)
            if times is None:
                times = [time]
            else:
                insort(times, time)
                if len(times) > self._keep:
                    del times[0]
            begun[item] = times
        self._trim(state, profile)
        return state

    def _close(self, state: State, event: Event, profile: Profile) -> State:
        if state is None:
            state = [None, {}, {}]
        time = event.time
        items = None if self._ended is None else self._ended(event)
        if items:
            for item in items:
                if time >= state[2].get(item, 0):
                    state[2].pop(item, None)
                    state[2][item] = time
                    self._cut(state[1], item, time)
        elif time >= (state[0] or 0):
            state[0] = time
            for item in list(state[1]):
                self._cut(state[1], item, time)
        self._trim(state, profile)
        return state

    @staticmethod
    def _cut(begun: dict[Value, list[Millis]], item: Value, upto: Millis) -> None:
        times = begun.get(item)
        if times is not None:
            del times[: bisect_right(times, upto)]
            if not times:
                del begun[item]

    def _trim(self, state: State, profile: Profile) -> None:
        _, begun, closed = state
        if self._within is not None:
            gone = profile.clock - self._within
            _drop_old(begun, lambda times: times[-1] <= gone)
        forgotten = profile.clock - self._max_lateness
        _drop_old(closed, lambda time: time <= forgotten)
        if len(begun) > MOST_VALUES:
            self._forget(begun, lambda item: begun[item][-1], profile)
        if len(closed) > MOST_VALUES:
            self._forget(closed, closed.__getitem__, profile)

    def _forget(
        self, items: dict[Value, Kept], when: Callable[[Value], Millis], profile: Profile
    ) -> None:
        for item in nsmallest(len(items) - MOST_VALUES, items, key=when):
            del items[item]
            profile.went_beyond(self.slot)


def _drop_old(items: dict[Value, Kept], old: Callable[[Kept], bool]) -> None:
    """Drop old items from the front; all of them where there are more than are kept."""
    while items:
        first = next(iter(items))
        if not old(items[first]):
            break
        del items[first]
    if len(items) > MOST_VALUES:
        for item in [item for item, kept in items.items() if old(kept)]:
            del items[item]


class LeftOpen:
    """Some item was begun often enough, and the last time long enough ago.

    An item is abandoned from `lasting` after its last beginning until `within` after its n-th
    last. The answer is true while any item is, so it ends where the union of these spells does.
    """

    def __init__(self, label: str, slot: int, question: Abandoned) -> None:
        self.label = label
        self._slot = slot
        self._lasting = question.lasting
        self._within = question.within
        self._keep = question.at_least

    def _spells(self, profile: Profile, now: Millis) -> list[tuple[Millis, Millis, Value]]:
        """Return from when until when each item is abandoned, those that are over left out."""
        state = profile.memories[self._slot]
        if state is None:
            return []
        spells = []
        for item, times in state[1].items():
            if len(times) == self._keep:
                start = times[-1] + self._lasting
                end = FOREVER if self._within is None else times[0] + self._within
                if start < end and end > now:
                    spells.append((start, end, item))
        return spells

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say whether an item is abandoned; follow the spells to where none covers."""
        spells = self._spells(profile, now)
        if not spells:
            return NEVER
        spells.sort(key=lambda spell: spell[:2])
        if spells[0][0] > now:
            return False, spells[0][0]
        until = now
        for start, end, _ in spells:
            if start > until:
                break
            until = max(until, end)
        return True, until

    def detail(self, profile: Profile, now: Millis) -> str:
        """Name the items that are abandoned."""
        items = [item for start, _, item in self._spells(profile, now) if start <= now]
        state = profile.memories[self._slot]
        if not items:
            return "nothing left open" if state is None or not state[1] else "not long enough"
        last = max(state[1][item][-1] for item in items)
        named = ", ".join(shown(item) for item in items[:_NAMED] if item != _CUSTOMER)
        more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
        return f"{named}{more}{', ' if named else ''}last at {iso(last)}"
