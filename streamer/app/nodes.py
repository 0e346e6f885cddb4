"""Walking through the conditions of a compiled segment."""

from collections.abc import Iterator

from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.segment import CompiledSegment


def nodes_of(segment: CompiledSegment) -> Iterator[Node]:
    """Yield every condition of a segment, each before those inside it, in the order of the rule."""
    for tier in segment.tiers:
        if tier.when is not None:
            yield from _within(tier.when)


def leaves_of(segment: CompiledSegment) -> Iterator[LeafNode]:
    """Yield the leaves of a segment, in the order of the rule."""
    return (node for node in nodes_of(segment) if isinstance(node, LeafNode))


def _within(node: Node) -> Iterator[Node]:
    yield node
    for condition in node.conditions:
        yield from _within(condition)
