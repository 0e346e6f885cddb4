"""The steps of a `sequence`: one to eight events, each with conditions of its own."""

from typing import Final

from streamer.core.leaves.sequence import Step
from streamer.language import kinds, names
from streamer.language.comparisons import WHERE
from streamer.language.fields import Field, Group
from streamer.language.kinds import Kind
from streamer.language.nodes import ListNode, MappingNode, Node
from streamer.language.reading import Reading, Wrong

MAX_STEPS: Final = 8

_STEP: Final = Group(
    "a step",
    (
        Field(
            "event", names.EVENTS, "The event, or several of which one is enough.", required=True
        ),
        Field("where", WHERE, "Only an event whose properties are as stated."),
    ),
)


def _steps(node: Node, reading: Reading) -> tuple[Step, ...]:
    what = "a list of steps such as [product_viewed, product_added]"
    if isinstance(node, ListNode) and len(node.items) > MAX_STEPS:
        message = f"a sequence has at most {MAX_STEPS} steps, found {len(node.items)}"
        raise Wrong(node.items[MAX_STEPS].at, message)
    return kinds.items(node, what, _step, reading)


def _step(node: Node, reading: Reading) -> Step:
    if not isinstance(node, MappingNode):
        return Step(names.EVENTS.read(node, reading))
    values = _STEP.read(node, reading)
    return Step(values["event"], values.get("where", ()))


STEPS: Final = Kind(
    "steps",
    "list of steps: EVENT, or `{event: EVENT, where: …}`",
    {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_STEPS,
        "items": {"anyOf": [{"$ref": "#/$defs/events"}, _STEP.schema()]},
    },
    _steps,
    _STEP.kinds(),
)
