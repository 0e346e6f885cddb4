"""Where a field of an event comes from: a column, a constant, several columns, a choice.

A source knows nothing of files; `reader` turns it into a function of a row, given where each
column is found. A row is the list of its cells and, last, the number of its line. A reader gives
None for what is absent; an empty cell is absent.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from operator import itemgetter
from typing import Any, Final, TypeAlias

from streamer.codecs.language.source import Place
from streamer.errors import InvalidEvent
from streamer.types import Scalar

Row: TypeAlias = list[str]
Reader: TypeAlias = Callable[[Row], Any]

LINE: Final = "line"
"""The word in a template for the number of the row's line."""

_LARGEST_EXACT: Final = 18
"""Whole numbers of more digits do not fit into 64 bits and are read as JSON readers do."""
_WHOLE: Final = re.compile(r"[+-]?[0-9]+(\.0*)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and where the mapping names it."""

    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class Cell:
    """The content of a column, as it is or converted, then translated."""

    column: Column
    conversion: str = "text"
    values: Mapping[str, Scalar] | None = None
    otherwise: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every row."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Template:
    """A text made of columns: literal texts and columns in turn, beginning with a text."""

    texts: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A value for the rows in which a column compares as stated."""

    column: Column
    comparison: str
    operand: str | tuple[str, ...]
    value: Scalar


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of the first case that holds."""

    cases: tuple[Case, ...]
    otherwise: Scalar | None


Source: TypeAlias = Cell | Constant | Template | Choice


def columns_of(source: Source) -> Iterator[Column]:
    """Yield the columns that a source reads."""
    match source:
        case Cell():
            yield source.column
        case Template():
            yield from source.columns
        case Choice():
            yield from (case.column for case in source.cases)


def reader(source: Source, index: Mapping[str, int], path: str) -> Reader:
    """Return the reader of a source; `path` is the field's place in the event's schema."""
    match source:
        case Constant(value):
            return lambda _: value
        case Template(texts, columns):
            return _template(texts, [index[column.name] for column in columns])
        case Choice(cases, otherwise):
            return _choice(cases, otherwise, index, path)
        case Cell(column):
            return _cell(source, index[column.name], path)


def _cell(source: Cell, at: int, path: str) -> Reader:
    get = itemgetter(at)
    if source.values is not None:
        return _translated(source, get, path)
    match source.conversion:
        case "number":
            return lambda row: _number(get(row))
        case "absolute":
            return lambda row: _absolute(_number(get(row)))
        case "integer":
            name = source.column.name

            def integer(row: Row) -> int | None:
                cell = get(row)
                if _WHOLE.fullmatch(cell) and len(cell) <= _LARGEST_EXACT:
                    return int(cell.partition(".")[0])
                if not cell:
                    return None
                message = f"{name} must be a whole number, not {cell!r}"
                raise InvalidEvent(message, path)

            return integer
        case _:
            return lambda row: get(row) or None


def _translated(source: Cell, get: Callable[[Row], str], path: str) -> Reader:
    values, otherwise, name = dict(source.values or {}), source.otherwise, source.column.name

    def translated(row: Row) -> Scalar | None:
        cell = get(row)
        value = values.get(cell, otherwise)
        if value is None and cell:
            message = f"{name} {cell!r} is none of the values that the mapping translates"
            raise InvalidEvent(message, path)
        return value

    return translated


def _template(texts: tuple[str, ...], indices: list[int]) -> Reader:
    pattern = "%s".join(text.replace("%", "%%") for text in texts)
    if len(indices) == 1:
        get = itemgetter(indices[0])
        return lambda row: pattern % (get(row),)
    get_all = itemgetter(*indices)
    return lambda row: pattern % get_all(row)


def _choice(
    cases: tuple[Case, ...], otherwise: Scalar | None, index: Mapping[str, int], path: str
) -> Reader:
    tests = [
        (index[case.column.name], _TESTS[case.comparison], case.operand, case.value)
        for case in cases
    ]

    def choice(row: Row) -> Scalar:
        for at, holds, operand, value in tests:
            if holds(row[at], operand):
                return value
        if otherwise is None:
            message = "none of the mapping's cases holds, and there is no otherwise"
            raise InvalidEvent(message, path)
        return otherwise

    return choice


_TESTS: Final[dict[str, Callable[[str, Any], bool]]] = {
    "is": lambda cell, operand: cell == operand,
    "in": lambda cell, operand: cell in operand,
    "starts_with": lambda cell, operand: cell.startswith(operand),
    "contains": lambda cell, operand: operand in cell,
}


def _number(cell: str) -> int | float | str | None:
    """Return the cell as a number; what is none stays the text it is, and does not count."""
    if not cell:
        return None
    try:
        if cell.isdecimal() and len(cell) <= _LARGEST_EXACT:
            return int(cell)
        number = float(cell)
    except ValueError:
        return cell
    return number if isfinite(number) and "_" not in cell else cell


def _absolute(number: float | str | None) -> float | str | None:
    return abs(number) if isinstance(number, (int, float)) else number
