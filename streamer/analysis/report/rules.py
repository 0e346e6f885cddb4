"""What a report says of rules: read aloud, and which of them ask for each other."""

from typing import Final

from streamer.app.nodes import leaves_of
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.program import RuleSet
from streamer.core.leaves.membership import Inside, Left

_PARTS: Final = {"all": "all of", "any": "any of", "none": "none of"}


def aloud(node: Node) -> str:
    """Return a condition in words: `all of (performed product_added; quiet 30m)`."""
    if isinstance(node, LeafNode):
        return node.leaf.label
    return f"{_PARTS[node.word]} ({'; '.join(map(aloud, node.conditions))})"


def asked_by_rules(rules: RuleSet) -> set[tuple[int, int]]:
    """Return the pairs of memberships, by their numbers, of which one's rule asks for the other.

    They overlap, or do not, by construction, also where what is asked for asks for more. All tiers
    of a ladder ask for what one of them does.
    """
    first: list[int] = []
    number = 0
    for segment in rules.segments:
        first.append(number)
        number += len(segment.tiers)
    below: dict[int, set[int]] = {}
    for segment in rules.segments:
        asked: set[int] = set()
        for node in leaves_of(segment):
            leaf = node.leaf
            if isinstance(leaf, Inside | Left):
                asked |= {first[leaf.place] + leaf.number - 1, *below[leaf.place]}
        below[segment.index] = asked
    return {
        (min(own, other), max(own, other))
        for segment in rules.segments
        for own in range(first[segment.index], first[segment.index] + len(segment.tiers))
        for other in below[segment.index]
    }
