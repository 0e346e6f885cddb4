"""Walking through the conditions of a compiled plan."""

from collections.abc import Iterator

from streamer.core.conditions import Asked, Node
from streamer.core.plan import Plan


def nodes_of(plan: Plan) -> Iterator[Node]:
    """Yield every condition of a plan, each before those inside it, in the order of the rule."""
    for rung in plan.rungs:
        if rung.when is not None:
            yield from _within(rung.when)


def leaves_of(plan: Plan) -> Iterator[Asked]:
    """Yield the leaves of a plan, in the order of the rule."""
    return (node for node in nodes_of(plan) if isinstance(node, Asked))


def _within(node: Node) -> Iterator[Node]:
    yield node
    for condition in node.conditions:
        yield from _within(condition)
