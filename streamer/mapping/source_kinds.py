"""The kinds of values in a mapping file that say where a field of an event comes from: sources."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from streamer.language.fields import Apart, Field, Group, Values
from streamer.language.kinds import FLAG, SCALAR, TEXT, Kind, items
from streamer.language.nodes import ListNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.language.scalars import is_null
from streamer.mapping.kinds import (
    CELL_TEXT,
    CELL_TEXTS,
    COLUMNS,
    CONVERSION,
    DECIMAL,
    DIVISOR,
    KEEP,
    TEMPLATE,
    ZONE,
    named_columns,
)
from streamer.mapping.sources import (
    NOTHING,
    Case,
    Choice,
    ColumnValue,
    Constant,
    Listed,
    Source,
    Template,
)
from streamer.mapping.times import ISO, FormatError, day_reader
from streamer.types import Scalar

Read = TypeVar("Read")

_OPERANDS: Final[dict[str, Kind[Any]]] = {"in": CELL_TEXTS, "exists": FLAG}
_NUMBERS: Final = ("number", "absolute", "negated")
_APART: Final = (
    *(
        Apart(one, other, "a field has one source")
        for one, other in (
            ("from", "value"),
            ("from", "template"),
            ("value", "template"),
            ("value", "when"),
        )
    ),
    Apart("as", "values", "a cell is converted or translated"),
    Apart("otherwise", "others", "others: keep says what stands for the texts not listed"),
)
_COMPARISONS: Final = ("is", "in", "starts_with", "contains", "exists")


def _or_nothing(value: Kind[Any]) -> Kind[Any]:
    """Return the kind of a value, or of null where nothing is to be there."""

    def read(node: Node, reading: Reading) -> Any:  # noqa: ANN401 (the kind says the type)
        if isinstance(node, ScalarNode) and is_null(node):
            return NOTHING
        return value.read(node, reading)

    schema = {"anyOf": [{"type": "null"}, {"$ref": f"#/$defs/{value.name}"}]}
    return Kind(f"{value.name}_or_nothing", f"{value.says}, or null", schema, read, (value,))


def _cases(value: Kind[Any], then: Kind[Any], name: str) -> Kind[Any]:
    """Return the kind of a list of cases which give values of a kind, or sources."""
    group = Group(
        "a case",
        (
            Field("from", COLUMNS, "What is compared; of several, the first that is there."),
            *(
                Field(
                    word,
                    _OPERANDS.get(word, CELL_TEXT),
                    f"The case holds if the cell {word.replace('_', ' ')} this.",
                )
                for word in _COMPARISONS
            ),
            Field("value", value, "What the case gives; null for nothing."),
            Field("then", then, "The source of what the case gives."),
        ),
        apart=(Apart("value", "then", "a case gives one thing"),),
        one_of=_COMPARISONS,
    )

    def read(node: Node, reading: Reading) -> Case:
        values = group.read(node, reading)
        words = [word for word in _COMPARISONS if word in values]
        if len(words) > 1:
            message = f"{words[0]} and {words[1]} stand in one case: a case compares once"
            raise Wrong(values.later(words[0], words[1]), message)
        for word in ("from", "value" if "then" not in values else "then"):
            if word not in values:
                raise Wrong(node.at, f'"{word}" is missing in a case')
        gives = Constant(values["value"]) if "value" in values else values["then"]
        return Case(values["from"], words[0], values[words[0]], gives)

    return Kind(
        name,
        "list of cases",
        {"type": "array", "minItems": 1, "items": group.schema()},
        lambda node, reading: items(node, "a list of cases", read, reading),
        group.kinds(),
    )


def cases_of_columns() -> Kind[Any]:
    """Return the kind of a list of cases which give columns, as they are."""
    then = Kind(
        "case_columns",
        COLUMNS.says,
        COLUMNS.schema,
        lambda node, reading: ColumnValue(named_columns(node, reading)),
        COLUMNS.parts,
    )
    return _cases(_or_nothing(SCALAR), then, "column_cases")


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
    given = _or_nothing(value)
    fields = (
        Field("from", COLUMNS, "The column; of several, the first that is there."),
        Field("as", CONVERSION, "What to make of the cell."),
        Field("divided_by", DIVISOR, "What to divide the number by: 100 makes euros of cents."),
        Field("decimal", DECIMAL, "The sign in front of the number's decimals."),
        Field("format", TEXT, "How the time is written of which `as: date` takes the day."),
        Field("zone", ZONE, "The zone of that day."),
        Field("blank", CELL_TEXTS, "Texts that mean that nothing is there."),
        Field("values", _translation(given), "What each text of the cell stands for."),
        Field("others", KEEP, "`keep`: texts that are not listed stay what they are."),
        Field("value", value, "The same value in every row."),
        Field("template", TEMPLATE, "A text with columns in braces."),
        Field("otherwise", given, "The value where no other is named."),
    )
    plain = Group("a case's source", fields, _APART, ("from", "value", "template"))
    then = Kind(
        f"{value.name}_case_source",
        "column, columns or source",
        {"anyOf": [{"$ref": "#/$defs/columns_in_turn"}, plain.schema()]},
        lambda node, reading: _plain_source(node, plain, reading),
        (COLUMNS, *plain.kinds()),
    )
    group = Group(
        "a field's source",
        (
            *fields,
            Field(
                "when",
                _cases(given, then, f"{value.name}_cases"),
                "Cases; the first that holds decides.",
            ),
        ),
        apart=_APART,
        one_of=("from", "value", "template", "when"),
    )

    def read(node: Node, reading: Reading) -> Source:
        return _plain_source(node, group, reading)

    return Kind(
        f"{value.name}_source",
        "column, columns or source",
        {"anyOf": [{"$ref": "#/$defs/columns_in_turn"}, group.schema()]},
        read,
        (COLUMNS, *group.kinds()),
    )


def _plain_source(node: Node, group: Group, reading: Reading) -> Source:
    if isinstance(node, MappingNode):
        return _source(group.read(node, reading))
    if isinstance(node, ScalarNode | ListNode):
        return ColumnValue(named_columns(node, reading))
    raise expected("a column, or a mapping that says where the field comes from", node)


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
    conversion = values.get("as")
    for words, holds, said in (
        (("as", "values", "blank"), "from" in values, "from"),
        (("divided_by", "decimal"), conversion in _NUMBERS, f"as: {', '.join(_NUMBERS)}"),
        (("format", "zone"), conversion == "date", "as: date"),
        (("others",), "values" in values, "values"),
        (("otherwise",), "values" in values or "when" in values, "values or when"),
    ):
        stray = next((word for word in words if word in values), None)
        if stray is not None and not holds:
            raise Wrong(values.key_at(stray), f"{stray} goes with {said}")
    rest = _unconditional(values)
    if "when" in values:
        return Choice(values["when"], rest)
    if rest is None:
        raise Lost
    return rest


def _day(values: Values) -> Callable[[str], str] | None:
    """Return what reads the day of a time, None where it is the one as written."""
    if "format" not in values and "zone" not in values:
        return None
    try:
        return day_reader(values.get("format", ISO), values.get("zone"))
    except FormatError as error:
        raise Wrong(values.at("format"), str(error)) from None


def _unconditional(values: Values) -> ColumnValue | Constant | Template | None:
    """Return the source without its cases, None where cases are all there is."""
    if "from" in values:
        return ColumnValue(
            values["from"],
            values.get("as"),
            values.get("values"),
            values.get("otherwise"),
            frozenset(values.get("blank", ())),
            values.get("divided_by", 1),
            values.get("decimal", ""),
            _day(values),
            "others" in values,
        )
    if "template" in values:
        template: Template = values["template"]
        return template
    constant = values.get("value", values.get("otherwise"))
    return None if constant is None else Constant(constant)
