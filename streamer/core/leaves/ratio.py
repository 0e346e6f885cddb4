"""One count or sum divided by another: `ratio`."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from streamer.core import wording
from streamer.core.leaf import Binder, Leaf
from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.flow import Flow
from streamer.core.leaves.followed import Divides, Followed
from streamer.core.leaves.performed import Performed
from streamer.core.rules.spec import Names, Scope
from streamer.types import Millis

Part: TypeAlias = Performed | Aggregate
"""A count, or a total; its own scope has no `within`, `since` and `older`."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """`part` divided by `whole` compares as stated, and the whole is at least `of_at_least`.

    `within`, `since` and `older` hold for both. The whole is more than 0 in any case.
    """

    part: Part
    whole: Part
    within: Millis | None = None
    since: Names | None = None
    older: Millis | None = None
    at_least: Fraction | None = None
    at_most: Fraction | None = None
    above: Fraction | None = None
    below: Fraction | None = None
    of_at_least: Fraction | None = None

    def spec_kind(self) -> str:
        """What the leaf is called in its identity."""
        return "ratio"

    def bind(self, binder: Binder) -> Leaf:
        """Return the leaf that asks this."""
        parts, wholes = self._flows(self.part, binder), self._flows(self.whole, binder)
        low, high = (self.at_least, self.above), (self.at_most, self.below)
        judge = Divides(len(parts), low, high, self.of_at_least)
        return Followed(self._label(), [*parts, *wholes], judge)

    def _flows(self, part: Part, binder: Binder) -> list[Flow]:
        scope = replace(part.scope, within=self.within, since=self.since, older=self.older)
        if isinstance(part, Performed):
            return [replace(part, scope=scope).flow(binder)]
        return replace(part, scope=scope).flows(binder)

    def _label(self) -> str:
        said = f"{self.part.label()} by {self.whole.label()}"
        said += wording.scope(Scope((), (), self.within, self.since, self.older))
        for word, bound in (
            ("at least", self.at_least),
            ("at most", self.at_most),
            ("above", self.above),
            ("below", self.below),
            ("of at least", self.of_at_least),
        ):
            if bound is not None:
                said += f" {word} {float(bound):g}"
        return said
