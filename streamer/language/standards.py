"""Values that a property can never have, or hardly: errors and warnings where rules ask for them.

What an SDK sends is read by the property's kind (a price of `"19.90"` is a number), so a rule that
compares it with a value of another kind is false of everybody. Of other properties whose name says
that they hold an id, a number is only suspicious.
"""

import re
from typing import Final

from streamer.language.fields import Values
from streamer.language.nodes import ListNode, Node, ScalarNode
from streamer.language.reading import Reading
from streamer.language.scalars import resolve
from streamer.language.vocabulary import STANDARD_PROPERTIES
from streamer.language.words import quoted

_COMPARED: Final = frozenset(
    ("is", "is_not", "in", "not_in", "at_least", "at_most", "above", "below")
)
_ID: Final = re.compile(r"(^|[._])(id|sku|ean|gtin)$")


def check_value(name: str, node: Node, reading: Reading) -> None:
    """Report what the property, compared with this value or list of values, can never be."""
    for item in node.items if isinstance(node, ListNode) else (node,):
        if isinstance(item, ScalarNode):
            fault = _fault(name, item)
            if fault is not None:
                reading.report.error(item.at, fault)
            elif _ID.search(name) is not None and isinstance(resolve(item), int):
                message = (
                    f'{item.text} is a number: write "{item.text}" if {name} is sent as a text'
                )
                reading.report.warning(item.at, message)


def check_values(name: str, values: Values, reading: Reading) -> None:
    """Report each comparison among the values that the property cannot satisfy."""
    for operator in values.node.entries.keys() & _COMPARED & values.names():
        check_value(name, values.node.entries[operator].value, reading)


def _fault(name: str, node: ScalarNode) -> str | None:
    kind, value = STANDARD_PROPERTIES.get(name), resolve(node)
    if kind is None or value is None:
        return None
    if kind == "number":
        if isinstance(value, str):
            return f"{name} is a number, never the text {quoted(value)}: write it without quotes"
        return f"{name} is a number, never {node.text}" if isinstance(value, bool) else None
    if not isinstance(value, str):
        return f'{name} is a text, never {node.text}: write "{node.text}"'
    if kind == "currency" and value != value.upper():
        return f"a currency is in capitals: write {value.upper()}"
    return None
