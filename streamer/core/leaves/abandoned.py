"""Something begun and not finished: `abandoned`."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

from streamer.core import wording
from streamer.core.leaf import ALWAYS, NEVER, Binder, CellRef, Leaf, Until
from streamer.core.profile import Profile
from streamer.core.rules.spec import Clause, Names
from streamer.core.state.open_items import CUSTOMER, OpenItems, OpenState
from streamer.core.state.remaining import ADDS, Remaining, RemainingState, Spell, Step, left_of
from streamer.core.values import Value, shown
from streamer.instants import iso
from streamer.types import FOREVER, Millis

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Abandoned:
    """For some one value of `same`, `did` happened, `without` has not since, for `lasting` ms.

    `same` is None for the customer as the one item (`same: customer`). `where` is of the `did`s.
    With `net`, `without` takes that quantity away from what `did` has added.
    """

    did: Names
    without: Names
    lasting: Millis = 0
    same: str | None = "product_id"
    where: tuple[Clause, ...] = ()
    within: Millis | None = None
    at_least: int = 1
    net: str | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "abandoned"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        if self.net is not None:
            return self._netted(binder, self.net)
        cell = OpenItems(
            self.did,
            self.without,
            self.where,
            binder.filter(self.where),
            self.same,
            None if self.same is None else binder.column(self.same, self.where),
            None if self.same is None else binder.column(self.same, ()),
            self.at_least,
            self.within,
            binder.terms.max_lateness,
        )
        return LeftOpen(self._label(), binder.share(cell), self)

    def _netted(self, binder: Binder, net: str) -> Leaf:
        cell = Remaining(
            self.did,
            self.without,
            self.where,
            (self.same, net),
            binder.quantities(self.same, net, self.where),
            binder.quantities(self.same, net, ()),
            self.within,
        )
        return NotAllGone(self._label(), binder.share(cell), self)

    def _label(self) -> str:
        said = f"abandoned: {wording.names(self.did)}{wording.where(self.where)}"
        if self.at_least > 1:
            said += f" at least {self.at_least} times"
        said += f" without {wording.names(self.without)}"
        if self.same not in (None, "product_id"):
            said += f" of the same {self.same}"
        if self.net is not None:
            said += f" net {self.net}"
        if self.lasting:
            said += f" for {wording.duration(self.lasting)}"
        if self.within is not None:
            said += f" within {wording.duration(self.within)}"
        return said


@final
class LeftOpen(Leaf):
    """Some item was begun n times, and the last time long enough ago.

    An item is abandoned from `lasting` after its last beginning until `within` after its n-th
    last. The answer is true while any item is, so it ends where the union of these spells does.
    """

    def __init__(self, label: str, ref: CellRef, spec: Abandoned) -> None:
        super().__init__(label)
        self._ref = ref
        self._lasting = spec.lasting
        self._within = FOREVER if spec.within is None else spec.within
        self._least = spec.at_least

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether an item is abandoned; follow the spells to where none covers."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        assert isinstance(state, OpenState)
        lasts, lasting = state.lasts, self._lasting
        started = bisect_right(lasts, now - lasting)
        if self._within == FOREVER:
            if started:
                return ALWAYS
            return -(lasts[0] + lasting) if lasts else NEVER
        gone = now - self._within
        first = state.peak(0, started, gone)
        if first == gone:
            return self._next(state, started)
        while started < len(lasts):
            reached = bisect_right(lasts, first + self._within - lasting, started)
            if reached == started:
                break
            first = state.peak(started, reached, first)
            started = reached
        return first + self._within

    def _next(self, state: OpenState, started: int) -> Until:
        """Return the start of the first spell after those that have started."""
        longest = self._within - self._lasting
        if longest <= 0:
            return NEVER
        for at in range(started, len(state.lasts)):
            if state.lasts[at] - state.first(at) < longest:
                return -(state.lasts[at] + self._lasting)
        return NEVER

    def _left(self, state: OpenState, now: Millis) -> list[Value]:
        """Return the items that are abandoned now, those begun last at the end."""
        found: list[Value] = []
        for item, times in state.begun.items():
            enough = len(times) == state.keep and times[0] + self._within > now
            if enough and times[-1] + self._lasting <= now:
                found.append(item)
        return found

    def detail(self, profile: Profile, now: Millis) -> str:
        """Name the items that are abandoned."""
        state = self._ref.state(profile)
        if state is None:
            return "nothing left open"
        assert isinstance(state, OpenState)
        items = self._left(state, now)
        if not items:
            return "not long enough" if state.begun else "nothing left open"
        last = state.begun[items[-1]][-1]
        named = ", ".join(shown(item) for item in items[:_NAMED] if item != CUSTOMER)
        more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
        return f"{named}{more}{', ' if named else ''}last at {iso(last)}"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say that nothing is open, or how often it was begun of how often."""
        state = self._ref.state(profile)
        if state is None:
            return "nothing is open"
        assert isinstance(state, OpenState)
        gone = now - self._within
        most = max(
            (sum(time > gone for time in times) for times in state.begun.values()), default=0
        )
        if most < self._least:
            return f"begun {most} of {self._least} times" if most else "nothing is open"
        return ""


@final
class NotAllGone(Leaf):
    """Some item of which something is left was begun n times, and the last time long enough ago."""

    def __init__(self, label: str, ref: CellRef, spec: Abandoned) -> None:
        super().__init__(label)
        self._ref = ref
        self._lasting = spec.lasting
        self._within = 0 if spec.within is None else spec.within
        self._least = spec.at_least

    def flip(self, profile: Profile, now: Millis) -> Until:
        """Say whether an item is abandoned; follow the spells to where none covers."""
        state = self._ref.state(profile)
        if state is None:
            return NEVER
        assert isinstance(state, RemainingState)
        until = now
        for begins, over in self._spells(state, profile.clock):
            if over <= now:
                continue
            if begins > until:
                return until if until > now else -begins
            until = max(until, over)
        return until if until > now else NEVER

    def _spells(self, state: RemainingState, clock: Millis) -> list[Spell]:
        """Return, in order, from when until when each item is abandoned."""
        found: list[Spell] = []
        for steps in state.steps.values():
            turns = {clock}
            for time, kind, _ in steps:
                if kind == ADDS and time + self._lasting > clock:
                    turns.add(time + self._lasting)
                if self._within and time + self._within > clock:
                    turns.add(time + self._within)
            ordered = [*sorted(turns), FOREVER]
            found += [spell for spell in pairwise(ordered) if self._holds(steps, spell[0])]
        found.sort()
        return found

    def _holds(self, steps: list[Step], now: Millis) -> bool:
        level, begun = left_of(steps, now - self._within if self._within else 0)
        enough = level > 0 and len(begun) >= self._least
        return enough and begun[-1] + self._lasting <= now

    def detail(self, profile: Profile, now: Millis) -> str:
        """Name the items that are abandoned, and how much is left of each."""
        state = self._ref.state(profile)
        said: list[str] = []
        if state is not None:
            assert isinstance(state, RemainingState)
            gone = now - self._within if self._within else 0
            said = [
                f"{wording.decimal(left_of(steps, gone)[0])} of {shown(item) or 'all'}"
                for item, steps in state.steps.items()
                if self._holds(steps, now)
            ]
        more = f" and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
        return ", ".join(said[-_NAMED:]) + more if said else "nothing left"

    def lacks(self, profile: Profile, now: Millis) -> str:
        """Say that nothing is left."""
        return "" if self.flip(profile, now) != NEVER else "nothing is left"
