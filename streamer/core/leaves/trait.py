"""What is known about a customer: `trait`."""

from dataclasses import dataclass

from streamer.core import wording
from streamer.core.leaf import Binder, Leaf
from streamer.core.leaves.latest import Judged
from streamer.core.rules.spec import Comparison
from streamer.core.state.latest import TraitVerdict


@dataclass(frozen=True, slots=True)
class Trait:
    """The latest value of the profile attribute `name` compares as stated."""

    name: str
    comparisons: tuple[Comparison, ...]

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "trait"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        ref = binder.share(TraitVerdict(self.name, self.comparisons))
        said = f"trait {self.name} {wording.comparisons(self.comparisons)}"
        return Judged(said, ref, None, self.comparisons)
