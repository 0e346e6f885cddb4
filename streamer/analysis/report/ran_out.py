"""Which condition ran out where time ended a stay, from what the change says it rests on.

A condition is named as rules are read aloud. What the rules at hand do not ask for is not named:
changes may have been decided by others.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streamer.analysis.report.rules import aloud
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.decide import FORGOTTEN
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment, CompiledTier
from streamer.types import SegmentChange


class _Left(NamedTuple):
    """A membership that is left: its tier, where that stands, and its conditions by label."""

    segment: CompiledSegment
    place: int
    tier: CompiledTier
    conditions: Mapping[str, str]


class RanOut:
    """Names what ended a stay when nothing happened."""

    def __init__(self, rules: RuleSet) -> None:
        self._left = {
            tier.membership: _Left(segment, place, tier, _conditions(tier.when))
            for segment in rules.segments
            for place, tier in enumerate(segment.tiers)
        }

    def of(self, change: SegmentChange) -> str | None:
        """Return the condition that an exit by time is due to, None if the change does not say.

        A move to a lower tier says what holds there: then it is the whole rule of the tier left.
        A move to a higher one is due to what holds there.
        """
        left = self._left.get(change.segment)
        if left is None:
            return None
        if change.because == FORGOTTEN:
            return "; ".join(FORGOTTEN)
        if change.target is not None:
            return _moved(left, change.target)
        found = (_label(reason, left.conditions) for reason in change.because)
        return "; ".join(left.conditions[label] for label in found if label is not None) or None


def _moved(left: _Left, target: str) -> str | None:
    places = {tier.tier: place for place, tier in enumerate(left.segment.tiers)}
    if target not in places:
        return None
    moved_down = places[target] > left.place
    rule = left.tier.when if moved_down else left.segment.tiers[places[target]].when
    if rule is None:
        return None
    return aloud(rule) if moved_down else f"{target} came true: {aloud(rule)}"


def _conditions(when: Node | None) -> dict[str, str]:
    """Return the single conditions of a rule by label, with `none of` where they must not hold."""
    if when is None:
        return {}
    return {
        node.leaf.label: aloud(node) if wanted else f"none of ({aloud(node)})"
        for node, wanted in _leaves(when, wanted=True)
    }


def _leaves(node: Node, *, wanted: bool) -> Iterator[tuple[LeafNode, bool]]:
    if isinstance(node, LeafNode):
        yield node, wanted
    for one in node.conditions:
        yield from _leaves(one, wanted=wanted is not (node.word == "none"))


def _label(reason: str, labels: Mapping[str, str]) -> str | None:
    """Return the label that a reason begins with, the longest if several do."""
    found = (label for label in labels if reason.startswith(f"{label}: "))
    return max(found, key=len, default=None)
