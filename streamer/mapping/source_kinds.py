"""The kinds of values in a mapping file that say where a field of an event comes from: sources."""

from typing import Any, Final, TypeVar

from streamer.language.fields import Apart, Field, Group, Values
from streamer.language.kinds import Kind, items
from streamer.language.nodes import ListNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.mapping.kinds import (
    CELL_TEXT,
    CELL_TEXTS,
    COLUMN,
    COLUMNS,
    CONVERSION,
    DIVISOR,
    TEMPLATE,
    named_columns,
)
from streamer.mapping.sources import Case, Cell, Choice, Constant, Listed, Source, Template
from streamer.types import Scalar

Read = TypeVar("Read")

_COMPARISONS: Final = ("is", "in", "starts_with", "contains")


def _cases(value: Kind[Any]) -> Kind[Any]:
    """Return the kind of a list of cases which give values of a kind."""
    group = Group(
        "a case",
        (
            Field("from", COLUMN, "The column that is compared.", required=True),
            *(
                Field(
                    word,
                    CELL_TEXTS if word == "in" else CELL_TEXT,
                    f"The case holds if the cell {word.replace('_', ' ')} this.",
                )
                for word in _COMPARISONS
            ),
            Field("value", value, "What the case gives.", required=True),
        ),
        one_of=_COMPARISONS,
    )

    def read(node: Node, reading: Reading) -> Case:
        values = group.read(node, reading)
        words = [word for word in _COMPARISONS if word in values]
        if len(words) > 1:
            message = f"{words[0]} and {words[1]} stand in one case: a case compares once"
            raise Wrong(values.later(words[0], words[1]), message)
        return Case(values["from"], words[0], values[words[0]], values["value"])

    return Kind(
        f"{value.name}_cases",
        "list of cases",
        {"type": "array", "minItems": 1, "items": group.schema()},
        lambda node, reading: items(node, "a list of cases", read, reading),
        group.kinds(),
    )


def _translation(value: Kind[Any]) -> Kind[Any]:
    def read(node: Node, reading: Reading) -> dict[str, Scalar]:
        if not isinstance(node, MappingNode) or not node.entries:
            raise expected("a mapping of cells to values", node)
        return _each_read(node, value, reading)

    schema = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"$ref": f"#/$defs/{value.name}"},
    }
    name = f"{value.name}_translation"
    return Kind(name, "mapping of cells to values", schema, read, (value,))


def source_kind(value: Kind[Any]) -> Kind[Source]:
    """Return the kind of a source which gives values of a kind."""
    group = Group(
        "a field's source",
        (
            Field("from", COLUMNS, "The column; of several, the first that is there."),
            Field("as", CONVERSION, "What to make of the cell."),
            Field("divided_by", DIVISOR, "What to divide the number by: 100 makes euros of cents."),
            Field("blank", CELL_TEXTS, "Texts that mean that nothing is there."),
            Field("values", _translation(value), "What each text of the cell stands for."),
            Field("value", value, "The same value in every row."),
            Field("template", TEMPLATE, "A text with columns in braces."),
            Field("when", _cases(value), "Cases; the first that holds decides."),
            Field("otherwise", value, "The value where no other is named."),
        ),
        apart=(
            *(
                Apart(one, other, "a field has one source")
                for one, other in (
                    ("from", "value"),
                    ("from", "template"),
                    ("value", "template"),
                    ("value", "when"),
                    ("template", "when"),
                )
            ),
            Apart("as", "values", "a cell is converted or translated"),
        ),
        one_of=("from", "value", "template", "when"),
    )

    def read(node: Node, reading: Reading) -> Source:
        if isinstance(node, MappingNode):
            return _source(group.read(node, reading))
        if isinstance(node, ScalarNode | ListNode):
            return Cell(named_columns(node, reading))
        raise expected("a column, or a mapping that says where the field comes from", node)

    return Kind(
        f"{value.name}_source",
        "column, columns or source",
        {"anyOf": [{"$ref": "#/$defs/columns_in_turn"}, group.schema()]},
        read,
        (COLUMNS, *group.kinds()),
    )


def list_kind(value: Kind[Source]) -> Kind[Source]:
    """Return the kind of a source which may also give a list of objects, with fields of a kind."""
    fields = sources_kind(value)
    group = Group(
        "a list of objects",
        (
            Field("each", COLUMNS, "The list: each of its objects makes one.", required=True),
            Field(
                "properties", fields, "What an object carries; paths begin in it.", required=True
            ),
        ),
    )

    def read(node: Node, reading: Reading) -> Source:
        if not isinstance(node, MappingNode) or "each" not in node.entries:
            return value.read(node, reading)
        values = group.read(node, reading)
        return Listed(values["each"], values["properties"])

    return Kind(
        "property_source",
        "column, columns, source or list",
        {"anyOf": [{"$ref": f"#/$defs/{value.name}"}, group.schema()]},
        read,
        (value, *group.kinds()),
    )


def sources_kind(value: Kind[Source], name: str = "sources") -> Kind[dict[str, Source]]:
    """Return the kind of a mapping of names to sources of a kind."""

    def read(node: Node, reading: Reading) -> dict[str, Source]:
        if not isinstance(node, MappingNode):
            raise expected("a mapping of names to sources", node)
        return _each_read(node, value, reading)

    schema = {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{value.name}"}}
    return Kind(name, "mapping of names to sources", schema, read, (value,))


def _each_read(node: MappingNode, value: Kind[Read], reading: Reading) -> dict[str, Read]:
    """Return the values of a mapping, each read as one of a kind; all that is wrong is reported."""
    tried = {key: reading.attempt(value.read, entry.value) for key, entry in node.entries.items()}
    good = {key: one for key, one in tried.items() if one is not None}
    if len(good) < len(tried):
        raise Lost
    return good


def _source(values: Values) -> Source:
    for word in ("as", "values", "blank"):
        if word in values and "from" not in values:
            raise Wrong(values.key_at(word), f"{word} goes with from")
    if "divided_by" in values and values.get("as") not in {"number", "absolute"}:
        raise Wrong(values.key_at("divided_by"), "divided_by goes with as: number or absolute")
    if "otherwise" in values and not ("values" in values or "when" in values):
        raise Wrong(values.key_at("otherwise"), "otherwise goes with values or when")
    rest = _unconditional(values)
    if "when" in values:
        return Choice(values["when"], rest)
    if rest is None:
        raise Lost
    return rest


def _unconditional(values: Values) -> Cell | Constant | Template | None:
    """Return the source without its cases, None where cases are all there is."""
    if "from" in values:
        return Cell(
            values["from"],
            values.get("as"),
            values.get("values"),
            values.get("otherwise"),
            frozenset(values.get("blank", ())),
            values.get("divided_by", 1),
        )
    if "template" in values:
        template: Template = values["template"]
        return template
    constant = values.get("value", values.get("otherwise"))
    return None if constant is None else Constant(constant)
