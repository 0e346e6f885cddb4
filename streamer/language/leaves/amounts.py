"""Leaves of totals, averages, extremes and ratios."""

from typing import Final

from streamer.language import builders, kinds, names
from streamer.language.comparisons import DECIMAL_COMPARISON
from streamer.language.fields import Field, Group, Values
from streamer.language.kinds import Kind
from streamer.language.leaves import scope
from streamer.language.leaves.leaf import LeafKind
from streamer.language.nodes import MappingNode, Node, ScalarNode
from streamer.language.reading import Reading, expected

_MINUS_PARTS: Final = Group(
    "minus",
    (
        Field("total", names.PROPERTY, "What is taken off.", required=True),
        scope.OF,
        scope.WHERE,
        scope.TIMES,
    ),
)
_MINUS: Final = Field(
    "minus",
    _MINUS_PARTS.kind("`{total: PROPERTY, of: EVENT}`"),
    "Take this total off, over the same time: what was refunded.",
)
_TOTAL: Final = LeafKind(
    "total",
    names.PROPERTY,
    "The sum of this property is as stated; 0 of nothing.",
    "{total: price, times: quantity, of: order_completed, where: {currency: EUR}, at_least: 150}",
    builders.aggregate("total"),
    (scope.OF, *scope.AGED, *scope.AMOUNTS, *scope.ONCE, _MINUS),
    DECIMAL_COMPARISON,
    needs=True,
)
_AVERAGE: Final = LeafKind(
    "average",
    names.PROPERTY,
    "The average of this property is as stated, weighted by `times`; false of nothing.",
    "{average: price, of: product_viewed, where: {currency: EUR}, within: 30d, above: 99.95}",
    builders.aggregate("average"),
    (scope.OF, *scope.AGED, *scope.AMOUNTS, *scope.ONCE),
    DECIMAL_COMPARISON,
    needs=True,
)
_LARGEST: Final = LeafKind(
    "largest",
    names.PROPERTY,
    "The largest value of this property is as stated; false of nothing.",
    "{largest: price, times: quantity, each: event, of: order_completed, at_least: 500}",
    builders.extreme("largest"),
    (scope.OF, *scope.SCOPE, *scope.AMOUNTS),
    DECIMAL_COMPARISON,
    needs=True,
)
_SMALLEST: Final = LeafKind(
    "smallest",
    names.PROPERTY,
    "The smallest value of this property is as stated; false of nothing.",
    "{smallest: rating, of: product_reviewed, within: 90d, at_most: 2}",
    builders.extreme("smallest"),
    (scope.OF, *scope.SCOPE, *scope.AMOUNTS),
    DECIMAL_COMPARISON,
    needs=True,
)
_BESIDE: Final = {
    **dict.fromkeys(
        ("within", "older_than", "since"), "it stands beside ratio, and holds for part and whole"
    ),
    **dict.fromkeys(
        ("at_least", "at_most", "above", "below", "is"), "a comparison stands beside ratio"
    ),
    "same": "part and whole are counts of events, of different values, or totals",
}
_COUNT_PART: Final = Group(
    "a part of ratio",
    (
        Field("performed", names.EVENTS, "Count these events.", required=True),
        scope.WHERE,
        scope.DISTINCT,
        *scope.ONCE,
    ),
    (scope.PER_OR_DISTINCT,),
    belongs=_BESIDE,
)
_TOTAL_PART: Final = Group(
    "a part of ratio",
    (
        Field("total", names.PROPERTY, "Add up this property.", required=True),
        scope.OF,
        scope.WHERE,
        *scope.AMOUNTS,
        *scope.ONCE,
        _MINUS,
    ),
    belongs=_BESIDE,
)


def _part(node: Node, reading: Reading) -> Values:
    """Read one of the two forms of a part."""
    if isinstance(node, ScalarNode):
        raise expected("a part such as {performed: order_completed}", node)
    total = isinstance(node, MappingNode) and "total" in node.entries
    return (_TOTAL_PART if total else _COUNT_PART).read(node, reading)


_PART: Final = Kind(
    "part",
    "`performed` or `total` with its own scope",
    {"anyOf": [_COUNT_PART.schema(), _TOTAL_PART.schema()]},
    _part,
    (*_COUNT_PART.kinds(), *_TOTAL_PART.kinds()),
)
_RATIO_PARTS: Final = Group(
    "ratio",
    (
        Field("part", _PART, "What is divided.", required=True),
        Field("whole", _PART, "What it is divided by.", required=True),
    ),
)
_RATIO: Final = LeafKind(
    "ratio",
    _RATIO_PARTS.kind("`{part: LEAF, whole: LEAF}`"),
    "One count or total divided by another is as stated; false while the whole is not above 0.",
    "{ratio: {part: {performed: order_refunded}, whole: {performed: order_completed}}, "
    "within: 365d, of_at_least: 3, at_least: 50%}",
    builders.ratio,
    (
        scope.WITHIN,
        scope.OLDER_THAN,
        scope.SINCE,
        Field("of_at_least", kinds.POSITIVE, "The whole is at least so much, else it is false."),
    ),
    (
        Field("at_least", kinds.QUOTIENT, "That or more."),
        Field("at_most", kinds.QUOTIENT, "That or less."),
        Field("above", kinds.QUOTIENT, "More than that."),
        Field("below", kinds.QUOTIENT, "Less than that."),
    ),
    needs=True,
    inner=_RATIO_PARTS,
)

LEAVES: Final = (_TOTAL, _AVERAGE, _LARGEST, _SMALLEST, _RATIO)
