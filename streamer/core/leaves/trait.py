"""What is known about a customer: `trait`."""

from dataclasses import dataclass

from streamer.core import wording
from streamer.core.leaves.latest import Judged
from streamer.core.memory import TIME_BYTES, Binder, Fold, Leaf
from streamer.core.profile import Profile, State
from streamer.core.syntax import Comparison
from streamer.core.values import VALUE_BYTES, compile_test, flat, remembered_of, wants_absence
from streamer.types import Event, Millis


@dataclass(frozen=True, slots=True)
class Trait:
    """The latest value of the profile attribute `name` compares as stated."""

    name: str
    comparisons: tuple[Comparison, ...]

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        slot = binder.share(TraitVerdict(self))
        said = f"trait {self.name} {wording.comparisons(self.comparisons)}"
        return Judged(said, slot, None, of_nothing=wants_absence(self.comparisons))


class TraitVerdict:
    """The latest value of a trait, judged when it came.

    State: [when, whether it satisfies the comparisons, its first value or None
    (of `exists`, just that there is one)]. A removal is
    remembered like a value, because an older value may come late. Merge: the later of both.
    """

    def __init__(self, question: Trait) -> None:
        self.slot = -1
        self.horizon: Millis | None = None
        self._name = question.name
        self._test = compile_test(question.comparisons)
        self._kept = remembered_of(question.comparisons)
        self._of_nothing = wants_absence(question.comparisons)
        self._content = f"trait {question.name!r} {question.comparisons}"

    def content(self) -> str:
        """Return the trait's name and the comparisons."""
        return self._content

    def bound(self) -> int:
        """Return the bytes of an instant, a verdict and a value."""
        return 2 + TIME_BYTES + VALUE_BYTES

    def fold(self, _name: str) -> Fold | None:
        """Judge the trait; traits come with events of any name."""
        return self._judge

    def _judge(self, state: State, event: Event, _profile: Profile) -> State:
        traits = event.traits
        if not traits or self._name not in traits:
            return state
        if state is not None and event.time < state[0]:
            return state
        values = list(flat(traits[self._name]))
        if not values:
            return [event.time, self._of_nothing, None]
        holds = not self._of_nothing and any(map(self._test, values))
        return [event.time, holds, self._kept(values[0])]
