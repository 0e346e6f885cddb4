"""The kinds of single values in a mapping file: columns, texts of cells, templates, divisors."""

from string import Formatter
from typing import Final
from zoneinfo import ZoneInfo

from streamer.language.kinds import TEXT, Kind, choice, items, single, text_of
from streamer.language.nodes import Node, ScalarNode
from streamer.language.reading import Reading, Wrong, expected
from streamer.language.zones import wrong_zone
from streamer.mapping.sources import (
    LINE,
    ColumnName,
    Template,
)

_LARGEST_DIVISOR: Final = 1_000_000


def named_column(node: Node, _: Reading) -> ColumnName:
    """Return the column that a text names."""
    return ColumnName(text_of(node, "the name of a column"), node.at)


def named_columns(node: Node, reading: Reading) -> tuple[ColumnName, ...]:
    """Return the columns that a text or a list of texts names."""
    if isinstance(node, ScalarNode):
        return (named_column(node, reading),)
    return items(node, "a column, or a list of columns", named_column, reading)


def _divisor(node: Node, _: Reading) -> int:
    what = f"a whole number from 2 to {_LARGEST_DIVISOR}"
    value = single(node, what)
    if type(value) is int and 2 <= value <= _LARGEST_DIVISOR:  # noqa: PLR2004 (by 1 is no division)
        return value
    raise expected(what, node)


def _template(node: Node, _: Reading) -> Template:
    text = text_of(node, "a text with columns in braces")
    texts, columns, odd = [""], list[ColumnName](), False
    try:
        for literal, column, form, conversion in Formatter().parse(text):
            texts[-1] += literal
            if column is None:
                continue
            odd = odd or not column or bool(form or conversion)
            columns.append(ColumnName(column, node.at))
            texts.append("")
    except ValueError as error:
        raise Wrong(node.at, f"a template that cannot be read: {error}") from None
    if odd:
        raise Wrong(node.at, "a column stands in braces by its name alone, as {order_id}")
    if not columns:
        message = f"a template needs a column in braces, or {{{LINE}}} for the number of the line"
        raise Wrong(node.at, message)
    return Template(tuple(texts), tuple(columns))


def _zone(node: Node, _: Reading) -> ZoneInfo:
    name = text_of(node, "a time zone such as UTC or Europe/Berlin")
    if wrong := wrong_zone(name):
        raise Wrong(node.at, wrong)
    return ZoneInfo(name)


def _texts(node: Node, reading: Reading) -> tuple[str, ...]:
    return items(node, "a list of texts", _cell_text, reading)


def _cell_text(node: Node, _: Reading) -> str:
    """Return what a cell holds: as written, so that 1.0 is not taken for 1."""
    if isinstance(node, ScalarNode):
        return node.text
    raise expected("the text of a cell", node)


COLUMN: Final = Kind("column", "name of a column, or path", TEXT.schema, named_column)
COLUMNS: Final = Kind(
    "columns_in_turn",
    "column, or list of columns of which the first that is there counts",
    {
        "anyOf": [
            {"$ref": "#/$defs/column"},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/column"}},
        ]
    },
    named_columns,
    (COLUMN,),
)
CELL_TEXT: Final = Kind(
    "cell_text",
    "text of a cell",
    {"type": ["string", "number", "boolean", "null"]},
    _cell_text,
)
CELL_TEXTS: Final = Kind(
    "cell_texts",
    "list of texts",
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/cell_text"}},
    _texts,
    (CELL_TEXT,),
)
TEMPLATE: Final = Kind(
    "template", "text with columns in braces", {"type": "string", "pattern": r"\{.+\}"}, _template
)
CONVERSION: Final = choice(
    "conversion", "text", "number", "integer", "absolute", "negated", "lower", "date"
)
ZONE: Final = Kind("zone", "time zone", TEXT.schema, _zone)
DECIMAL: Final = choice("decimal_sign", ".", ",")
KEEP: Final = choice("others", "keep")
DIVISOR: Final = Kind(
    "divisor",
    f"whole number, 2 to {_LARGEST_DIVISOR}",
    {"type": "integer", "minimum": 2, "maximum": _LARGEST_DIVISOR},
    _divisor,
)
