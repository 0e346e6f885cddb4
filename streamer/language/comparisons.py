"""Comparisons, and `where`: what a value must be."""

from typing import Final, get_args

from streamer.core.rules.spec import Clause, Comparison, Operator
from streamer.language import kinds, names, standard
from streamer.language.fields import Apart, Field, Group, Values
from streamer.language.kinds import Kind
from streamer.language.nodes import ListNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected

OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)

ANY_COMPARISON: Final = (
    Field("is", kinds.SCALAR, 'Equal to this value. Types never mix: `5` is not `"5"`.'),
    Field(
        "is_not",
        kinds.SCALAR,
        "Different from this value, all values if there are several; also true of a value of "
        "another type.",
    ),
    Field("in", kinds.SCALARS, "Equal to one of these values."),
    Field("not_in", kinds.SCALARS, "Equal to none of these values, whichever value there is."),
    Field("exists", kinds.FLAG, "There is a value (`true`), or none (`false`). Stands alone."),
    Field("at_least", kinds.THRESHOLD, "A number (of `at.date` a date) that is this or more."),
    Field("at_most", kinds.THRESHOLD, "A number (of `at.date` a date) that is this or less."),
    Field("above", kinds.THRESHOLD, "A number (of `at.date` a date) that is more than this."),
    Field("below", kinds.THRESHOLD, "A number (of `at.date` a date) that is less than this."),
    Field("starts_with", kinds.ANY_TEXT, "A text that begins with this one."),
    Field("ends_with", kinds.ANY_TEXT, "A text that ends with this one."),
    Field("contains", kinds.ANY_TEXT, "A text that has this one somewhere in it."),
)
DECIMAL_COMPARISON: Final = tuple(
    Field(name, kinds.DECIMAL, means)
    for name, means in (
        ("at_least", "This or more."),
        ("at_most", "This or less."),
        ("above", "More than this."),
        ("below", "Less than this."),
        ("is", "Exactly this."),
    )
)
EXISTS_ALONE: Final = tuple(
    Apart("exists", one.name, "exists stands alone")
    for one in ANY_COMPARISON
    if one.name != "exists"
)

_CLAUSE: Final = Group("a comparison", ANY_COMPARISON, EXISTS_ALONE)


def comparisons(values: Values) -> tuple[Comparison, ...]:
    """Return the comparisons among the values, in the order of the language."""
    return tuple(Comparison(name, values[name]) for name in OPERATORS if name in values)


def warn_if_impossible(values: Values, reading: Reading) -> None:
    """Warn if no number can satisfy all the order comparisons among the values."""
    lows = [name for name in ("at_least", "above", "is") if name in values]
    highs = [name for name in ("at_most", "below", "is") if name in values]
    for low, high in ((low, high) for low in lows for high in highs if low != high):
        least, most = values[low], values[high]
        if isinstance(least, str | bool) or isinstance(most, str | bool):
            continue
        if least > most or (least == most and (low == "above" or high == "below")):
            message = f"can never be true: no number satisfies both {low} and {high}"
            reading.report.warning(values.later(low, high), message)
            return


def _where(node: Node, reading: Reading) -> tuple[Clause, ...]:
    what = "a mapping of properties to values, such as {category: shoes}"
    if not isinstance(node, MappingNode):
        raise expected(what, node)
    if not node.entries and node.whole:
        raise Wrong(node.at, f"expected {what}, found an empty one")
    clauses = [
        (reading.attempt(_name, entry.key), reading.attempt(_clause, entry.value, name))
        for name, entry in node.entries.items()
    ]
    good = tuple(Clause(name, said) for name, said in clauses if name and said)
    if len(good) < len(clauses):
        raise Lost
    return good


def _name(node: Node, reading: Reading) -> str:
    if not isinstance(node, ScalarNode):
        raise expected("the name of a property", node)
    name = names.checked_property(node.text, node.at)
    names.warn_of_place(name, node.at, reading)
    return name


def _clause(node: Node, reading: Reading, name: str) -> tuple[Comparison, ...]:
    if isinstance(node, ListNode):
        raise Wrong(node.at, "expected one value or comparisons, found a list: write {in: [...]}")
    if isinstance(node, ScalarNode):
        value = kinds.SCALAR.read(node, reading)
        standard.check_one(name, "is", node, reading)
        return (Comparison("is", value),)
    if isinstance(node, MappingNode) and not node.entries and node.whole:
        raise Wrong(node.at, "expected a value or comparisons, found an empty mapping")
    values = _CLAUSE.read(node, reading)
    standard.check(name, values.node.entries, reading)
    warn_if_impossible(values, reading)
    return comparisons(values)


CLAUSE: Final = Kind(
    "clause",
    "comparisons",
    {**_CLAUSE.schema(), "minProperties": 1},
    _CLAUSE.read,
    tuple(one.kind for one in ANY_COMPARISON),
)
_STANDARD: Final = standard.clauses(ANY_COMPARISON, EXISTS_ALONE)
WHERE: Final = Kind(
    "where",
    "properties and what they must be",
    {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"$ref": "#/$defs/property"},
        "properties": standard.clause_schemas(_STANDARD),
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/value"}, {"$ref": "#/$defs/clause"}]},
    },
    _where,
    (names.PROPERTY, kinds.SCALAR, CLAUSE, *_STANDARD.values()),
)
