"""Conditions: `all`, `any`, `none`, or one leaf."""

from typing import Final

from streamer.core.rules.spec import All, AnyOf, Condition, NoneOf
from streamer.language import kinds
from streamer.language.kinds import Kind
from streamer.language.nodes import ListNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.language.slips import slip
from streamer.language.table import LEAVES
from streamer.language.words import quoted

COMBINATORS: Final[dict[str, str]] = {
    "all": "True while every one of these conditions is.",
    "any": "True while at least one of these conditions is.",
    "none": "True while not one of these conditions is.",
}
_HEADS: Final = (*COMBINATORS, *LEAVES)
_PARTS: Final = frozenset(
    one.name for leaf in LEAVES.values() for one in (*leaf.scope, *leaf.comparisons)
)
_EXAMPLE: Final = "a condition such as {performed: product_viewed, within: 7d}"


def read(node: Node, reading: Reading) -> Condition:
    """Return the condition that stands there."""
    if isinstance(node, ListNode):
        raise Wrong(node.at, f"expected {_EXAMPLE}, found a list: put it under all, any or none")
    if not isinstance(node, MappingNode):
        raise expected(_EXAMPLE, node)
    heads = [entry.key for name, entry in node.entries.items() if name in _HEADS]
    if not heads:
        raise _headless(node, reading) if node.whole else Lost()
    if len(heads) > 1:
        said = " and ".join(head.text for head in heads)
        message = f"{said} are conditions of their own: write each as an item of a list under all"
        raise Wrong(heads[1].at, message)
    head = heads[0]
    if head.text in COMBINATORS:
        return _combined(head, node, reading)
    return LEAVES[head.text].read(node, reading)


def _combined(head: ScalarNode, node: MappingNode, reading: Reading) -> Condition:
    for entry in node.entries.values():
        if entry.key is not head:
            message = f"{quoted(entry.key.text)} cannot stand beside {head.text}{slip(entry.key)}"
            reading.report.error(entry.key.at, message)
    listed = kinds.items(node.entries[head.text].value, "a list of conditions", read, reading)
    match head.text:
        case "all":
            return All(listed)
        case "any":
            return AnyOf(listed)
        case _:
            return NoneOf(listed)


def _headless(node: MappingNode, reading: Reading) -> Wrong:
    """Return the error for a mapping in which no key says which condition it is."""
    negated = node.entries.get("not_in_segment")
    if negated is not None:
        shown = negated.value.text if isinstance(negated.value, ScalarNode) else "…"
        instead = f"write {{none: [{{in_segment: {shown}}}]}}"
        return Wrong(negated.key.at, f'unknown condition "not_in_segment": {instead}')
    for name, entry in node.entries.items():
        if name not in _PARTS:
            unlisted = f"expected {', '.join((*COMBINATORS, *LEAVES))}"
            return reading.unknown(entry.key, "condition", _HEADS, unlisted)
    return Wrong(node.at, f"expected {_EXAMPLE}: no key here says which condition it is")


CONDITION: Final = Kind(
    "condition",
    "condition",
    {
        "oneOf": [
            *(
                {
                    "type": "object",
                    "properties": {
                        key: {
                            "description": means,
                            "markdownDescription": means,
                            "type": "array",
                            "minItems": 1,
                            "items": {"$ref": "#/$defs/condition"},
                        }
                    },
                    "required": [key],
                    "additionalProperties": False,
                }
                for key, means in COMBINATORS.items()
            ),
            *(leaf.schema() for leaf in LEAVES.values()),
        ]
    },
    read,
    tuple(kind for leaf in LEAVES.values() for kind in leaf.group().kinds()),
)
