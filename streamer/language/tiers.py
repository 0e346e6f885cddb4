"""The tiers of a ladder.

Every tier can be reached: their keys differ, and none stands behind `otherwise`.
"""

from collections.abc import Iterator
from typing import Final

from streamer.core.rules.spec import Tier
from streamer.language import kinds, names
from streamer.language.conditions import CONDITION
from streamer.language.kinds import Kind
from streamer.language.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.language.source import Place

OTHERWISE: Final = "otherwise"
_ELSE: Final = frozenset(("else", "default", "rest", "others", "everyone", "true"))
"""Other words for the tier of all who are on none before."""
NO_TIER: Final = "none"
"""`to: none` in a test: the customer leaves the ladder altogether; so no tier has that name."""


def _tiers(node: Node, reading: Reading) -> tuple[Tier, ...]:
    what = "a list of tiers such as [{active: {performed: any, within: 7d}}, {passive: otherwise}]"
    complaints = list(_disorder(node))
    for place, message in complaints:
        reading.report.error(place, message)
    tiers = kinds.items(node, what, _tier, reading)
    if complaints:
        raise Lost
    return tiers


def _disorder(node: Node) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with the order of tiers."""
    seen: set[str] = set()
    last: str | None = None
    for entry in tier_entries(node):
        key = entry.key.text
        if key in seen:
            yield entry.key.at, f'duplicate tier "{key}"'
        if last is not None:
            yield entry.key.at, f'the tier "{key}" is never reached: "{last}" is {OTHERWISE}'
        seen.add(key)
        if isinstance(entry.value, ScalarNode) and entry.value.text == OTHERWISE:
            last = last or key


def tier_entries(node: Node) -> list[Entry]:
    """Return key and value of each item of a list of tiers that has just one key."""
    items = node.items if isinstance(node, ListNode) else ()
    return [entry for item in items if isinstance(item, MappingNode) for entry in _only(item)]


def _only(node: MappingNode) -> tuple[Entry, ...]:
    entries = tuple(node.entries.values())
    return entries if len(entries) == 1 else ()


def _key(node: Node, reading: Reading) -> str:
    key = names.KEY.read(node, reading)
    if key == NO_TIER:
        raise Wrong(node.at, f'"{NO_TIER}" says that a customer is on no tier: name it otherwise')
    return key


def _tier(node: Node, reading: Reading) -> Tier:
    what = "a tier such as {active: {performed: any, within: 7d}}"
    if not isinstance(node, MappingNode):
        raise expected(what, node)
    if len(node.entries) > 1:
        second = tuple(node.entries.values())[1].key
        raise Wrong(second.at, f"expected {what}: write each tier as an item of its own")
    if not node.entries:
        raise expected(what, node) if node.whole else Lost()
    entry = next(iter(node.entries.values()))
    key = reading.attempt(_key, entry.key)
    otherwise = isinstance(entry.value, ScalarNode) and entry.value.text == OTHERWISE
    if isinstance(entry.value, ScalarNode) and entry.value.text.lower() in _ELSE:
        raise expected(f"a condition, or {OTHERWISE}", entry.value, OTHERWISE)
    when = None if otherwise else reading.attempt(CONDITION.read, entry.value)
    if key is None or (when is None and not otherwise):
        raise Lost
    return Tier(key, when)


TIERS: Final = Kind(
    "tiers",
    "list of tiers: `key: condition`, the last one may be `key: otherwise`",
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"$ref": "#/$defs/key", "not": {"const": NO_TIER}},
            "additionalProperties": {
                "anyOf": [{"const": OTHERWISE}, {"$ref": "#/$defs/condition"}]
            },
        },
    },
    _tiers,
    (names.KEY, CONDITION),
)
