"""What a rule may ask of a standard property: a number of a number, a text of a text.

A comparison that no value can satisfy because of the property's kind is refused where it stands. So
is a currency in lower case, since currencies are read in upper case.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from streamer.core.standard import CURRENCY, KINDS, NUMBER, TEXT, number_of
from streamer.language import moments
from streamer.language.fields import Apart, Field, Group
from streamer.language.kinds import SCALAR, SCALARS, Kind
from streamer.language.nodes import Entry, ListNode, Node, ScalarNode
from streamer.language.reading import Reading, Wrong
from streamer.language.scalars import DATE_PATTERN, resolve
from streamer.language.words import quoted

_OF_TEXTS: Final = ("starts_with", "ends_with", "contains")
_ORDERS: Final = ("at_least", "at_most", "above", "below")
_ID: Final = re.compile(r"(^|[._])(id|sku|ean|gtin)$")
"""Names of other properties that say that they hold an id."""
_EQUALS: Final = ("is", "is_not", "in", "not_in")
_VALUES: Final[dict[str, dict[str, Any]]] = {
    NUMBER: {"type": ["number", "boolean"]},
    TEXT: {"type": ["string", "boolean"]},
    CURRENCY: {"type": ["string", "boolean"], "pattern": "^[^a-z]*$"},
}
MEANS: Final = {
    NUMBER: "A number; a text that is a decimal is read as one.",
    TEXT: "A text; a whole number is read as its digits.",
    CURRENCY: "A currency such as EUR, read in upper case.",
}


def check(name: str, entries: dict[str, Entry], reading: Reading) -> None:
    """Raise `Wrong` at the first comparison that cannot be meant of the property."""
    for operator, entry in entries.items():
        if operator in (*_OF_TEXTS, *_ORDERS, *_EQUALS):
            for node in _values(entry.value):
                check_one(name, operator, node, reading)


def check_one(name: str, operator: str, node: Node, reading: Reading) -> None:
    """Raise `Wrong` if a property cannot be meant to be compared so with one value."""
    if moments.is_moment(name):
        moments.check_value(name, operator, node, reading)
        return
    if operator in _ORDERS:
        check_order(node)
    check_value(name, node, reading)


def check_order(node: Node) -> None:
    """Raise `Wrong` for a text as a threshold: just dates of `at.date` have an order besides."""
    if isinstance(node, ScalarNode):
        value = resolve(node)
        if isinstance(value, str):
            said = f"expected a number, found the text {quoted(value)}: only numbers have an order"
            if re.fullmatch(DATE_PATTERN[1:-1], value):
                said += "; dates have it in at.date, and traits with age, anniversary and date"
            raise Wrong(node.at, said)


def check_value(name: str, node: Node, reading: Reading) -> None:
    """Raise `Wrong` if a value cannot be meant of the property; warn where it hardly can."""
    kind = KINDS.get(name)
    if not isinstance(node, ScalarNode):
        return
    value = resolve(node)
    if isinstance(value, bool):
        return
    if kind is None:
        _warn_of_numeric_id(name, node, reading)
        return
    if isinstance(value, str):
        if kind == NUMBER:
            number = number_of(value)
            hint = "expected a number" if number is None else f"write {value.strip()}"
            message = f"{name} is a number, and {quoted(value)} is a text: {hint}"
            raise Wrong(node.at, message)
        if kind == CURRENCY and value != value.upper():
            message = f"a currency is read in upper case: write {value.upper()}"
            raise Wrong(node.at, message)
    elif kind != NUMBER:
        hint = "expected one like EUR" if kind == CURRENCY else f'write "{node.text}"'
        raise Wrong(node.at, f"{name} is a text, and {node.text} is a number: {hint}")


def warn_of_numeric_ids(name: str, entries: dict[str, Entry], reading: Reading) -> None:
    """Warn where a trait that is named as an id is to be a number."""
    for operator in _EQUALS:
        if operator in entries:
            for node in _values(entries[operator].value):
                _warn_of_numeric_id(name, node, reading)


def _warn_of_numeric_id(name: str, node: Node, reading: Reading) -> None:
    if not isinstance(node, ScalarNode) or _ID.search(name) is None:
        return
    value = resolve(node)
    if isinstance(value, int) and not isinstance(value, bool):
        message = f'{node.text} is a number: write "{node.text}" if {name} is sent as a text'
        reading.report.warning(node.at, message)


def warn_if_no_number(name: str, node: Node, reading: Reading) -> None:
    """Warn where a standard text is to be added up."""
    if KINDS.get(name, NUMBER) != NUMBER:
        reading.report.warning(node.at, f"{name} is a text, so there is nothing to add up")


def clauses(fields: tuple[Field, ...], apart: tuple[Apart, ...]) -> dict[str, Kind[Any]]:
    """Return the schemas of the standard properties and parts of the time in a `where`.

    `fields` are of any property. These kinds serve the schema: what the reader accepts is said by
    `check`.
    """

    def of_values(name: str, schema: dict[str, Any], never: tuple[str, ...]) -> Kind[Any]:
        left = tuple(one for one in fields if one.name not in never)
        return _clause(name, schema, left, tuple(one for one in apart if one.other not in never))

    by_kind = {
        kind: of_values(kind, schema, _OF_TEXTS if kind == NUMBER else _ORDERS)
        for kind, schema in _VALUES.items()
    }
    of_moments = {
        name: of_values(name.removeprefix(moments.PREFIX), schema, moments.never(name))
        for name, schema in moments.SCHEMAS.items()
    }
    return {name: by_kind[kind] for name, kind in KINDS.items()} | of_moments


def compared(key: str, operators: Collection[str]) -> list[dict[str, Any]]:
    """Return the JSON Schema of the operators beside a key that names the property."""
    names: dict[str, list[str]] = {}
    for name, kind in KINDS.items():
        names.setdefault(kind, []).append(name)
    never: dict[str, tuple[str, ...]] = {
        kind: _OF_TEXTS if kind == NUMBER else _ORDERS for kind in names
    }
    for name in moments.SCHEMAS:
        kind = name.removeprefix(moments.PREFIX)
        names[kind], never[kind] = [name], moments.never(name)
    return [
        {
            "if": {"properties": {key: {"enum": of_kind}}},
            "then": {
                "properties": {
                    one: False if one in never[kind] else {"$ref": f"#/$defs/{_operand(kind, one)}"}
                    for one in operators
                    if one in never[kind] or one in _EQUALS
                }
            },
        }
        for kind, of_kind in names.items()
    ]


def _operand(kind: str, operator: str) -> str:
    """Return the name of what the operator compares a property of the kind with."""
    return f"{kind}_values" if operator in ("in", "not_in") else f"{kind}_value"


def clause_schemas(kinds_by_name: dict[str, Kind[Any]]) -> dict[str, Any]:
    """Return the JSON Schemas of those properties, with hover texts."""
    means = {name: MEANS[kind] for name, kind in KINDS.items()} | moments.MEANS
    return {name: Field(name, kind, means[name]).schema() for name, kind in kinds_by_name.items()}


def _clause(
    kind: str, schema: dict[str, Any], fields: tuple[Field, ...], apart: tuple[Apart, ...]
) -> Kind[Any]:
    """Return what may stand at a property whose values are as the schema says."""
    value = Kind(f"{kind}_value", SCALAR.says, schema, SCALAR.read)
    listed = {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{value.name}"}}
    values = Kind(f"{kind}_values", SCALARS.says, listed, SCALARS.read, (value,))
    own: dict[str, Kind[Any]] = {"is": value, "is_not": value, "in": values, "not_in": values}
    own |= dict.fromkeys(_ORDERS, value) if kind not in _VALUES else {}
    group = Group(
        "a comparison",
        tuple(Field(one.name, own.get(one.name, one.kind), one.means) for one in fields),
        apart,
    )
    either = {
        "anyOf": [{"$ref": f"#/$defs/{value.name}"}, {**group.schema(), "minProperties": 1}],
    }
    return Kind(
        f"{kind}_clause", "value or comparisons", either, group.read, (value, *group.kinds())
    )


def _values(node: Node) -> Iterator[Node]:
    if isinstance(node, ListNode):
        yield from node.items
    else:
        yield node
