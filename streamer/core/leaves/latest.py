"""The last and the first value of a property: `latest`, `first`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core import wording
from streamer.core.memory import TIME_BYTES, Answer, Binder, Fold, Leaf, listens
from streamer.core.profile import Profile, State
from streamer.core.syntax import Clause, Comparison, Names
from streamer.core.values import (
    VALUE_BYTES,
    compile_found,
    compile_test,
    remembered_of,
    shown,
    wants_absence,
)
from streamer.instants import iso
from streamer.types import FOREVER, Event, Millis


@dataclass(frozen=True, slots=True)
class Latest:
    """The last (or first) value of `property` compares as stated; `within` (ms) for last only."""

    property: str
    events: Names
    comparisons: tuple[Comparison, ...]
    which: Literal["last", "first"] = "last"
    where: tuple[Clause, ...] = ()
    within: Millis | None = None

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        slot = binder.share(Verdict(self))
        which = "latest" if self.which == "last" else "first"
        said = f"{which} {self.property} of {wording.names(self.events)}"
        said += wording.where(self.where)
        if self.within is not None:
            said += f" within {wording.duration(self.within)}"
        said += f" {wording.comparisons(self.comparisons)}"
        return Judged(said, slot, self.within, of_nothing=wants_absence(self.comparisons))


class Verdict:
    """The last (or first) value of a property, judged when it came: comparisons are constants.

    State: [when, whether it satisfies the comparisons, the value for people to read
    (or just that there is one, where no more is asked)]. Of events
    at one instant the later in the log is the later one. Merge: the later (earlier) of both.
    """

    def __init__(self, question: Latest) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._events = question.events
        self._last = question.which == "last"
        self._found = compile_found(question.property, question.where)
        self._test = compile_test(question.comparisons)
        self._kept = remembered_of(question.comparisons)
        self._content = (
            f"verdict {question.which} {question.property!r} {question.events} {question.where} "
            f"{question.comparisons}"
        )

    def content(self) -> str:
        """Return what is read and judged; the window is asked, not kept."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of an instant, a verdict and a value."""
        return 2 + TIME_BYTES + VALUE_BYTES

    def fold(self, name: str) -> Fold | None:
        """Replace an earlier (later) verdict."""
        return self._judge if listens(self._events, name) else None

    def _judge(self, state: State, event: Event, _profile: Profile) -> State:
        time = event.time
        if state is not None and (time < state[0] if self._last else time >= state[0]):
            return state
        found = self._found(event)
        if not found:
            return state
        value = found[0][0]
        return [time, self._test(value), self._kept(value)]


class Judged:
    """The remembered verdict, while it is inside the window; without one, `exists: false` holds."""

    def __init__(self, label: str, slot: int, within: Millis | None, *, of_nothing: bool) -> None:
        self.label = label
        self._slot = slot
        self._within = within
        self._of_nothing = of_nothing

    def test(self, profile: Profile, now: Millis) -> Answer:
        """Say the verdict; it ends the window after the value came."""
        state = profile.memories[self._slot]
        if state is None:
            return self._of_nothing, FOREVER
        if self._within is None:
            return state[1], FOREVER
        until = state[0] + self._within
        if until <= now:
            return self._of_nothing, FOREVER
        return state[1], (until if state[1] is not self._of_nothing else FOREVER)

    def detail(self, profile: Profile, _now: Millis) -> str:
        """Say the value and when it came."""
        state = profile.memories[self._slot]
        return "no value" if state is None else f"{shown(state[2])} at {iso(state[0])}"
