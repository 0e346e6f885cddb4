"""A source as a function of a row, given a `Finder`: what finds the value of a column in a row.

A value is the text of a cell, or what JSON holds there; a reader gives None for what is absent, and
an empty text is absent. What compares and translates takes the text of a value: numbers as JSON
writes them, `true` and `false`.
"""

import re
from collections.abc import Callable
from math import isfinite
from typing import Any, Final, Protocol, TypeAlias

import orjson

from streamer.errors import InvalidEvent
from streamer.mapping.paths import elements
from streamer.mapping.sources import (
    NOTHING,
    Choice,
    ColumnName,
    ColumnValue,
    Constant,
    Listed,
    Source,
    Template,
    names_of,
)
from streamer.types import Scalar

Reader: TypeAlias = Callable[[Any], Any]
"""A function of a row."""

_LARGEST_EXACT: Final = 18
"""Whole numbers of more digits do not fit into 64 bits and are read as JSON readers do."""
_ROUNDED: Final = 2.0**63
_GROUPS: Final = {sign: rf"[{other} '\u00a0\u202f\u2019]" for sign, other in (",.", ".,")}
"""By the sign in front of decimals, those that group the digits before it."""
_GROUPED: Final = {
    sign: re.compile(rf"[+-]?([0-9]+|[0-9]{{1,3}}({group}[0-9]{{3}})+)([{sign}][0-9]*)?")
    for sign, group in _GROUPS.items()
}
_COIN: Final = r"[$\u00a2-\u00a5\u20a0-\u20cf\uffe5]"
_MONEY: Final = re.compile(rf"([+-]?){_COIN}\s?(.*)|(.*?)\s?{_COIN}")
"""A number with the sign of a currency before or behind it."""
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?=$|[T ])")
_WHOLE: Final = re.compile(r"[+-]?[0-9]+(\.0*)?")


class Finder(Protocol):
    """Knows the rows of one kind of file."""

    empty: str
    """What to say of a value that is absent: `is empty`, `is not there`."""
    texts: bool
    """Whether all values are texts, as cells are."""
    decimal: str
    """The sign in front of the decimals of a number that is a text; empty if it is not stated."""

    def getter(self, column: ColumnName, /) -> Reader:
        """Return a function that takes the column's value out of a row."""


def reader(source: Source, find: Finder, path: str) -> Reader:
    """Return the reader of a source; `path` is the field's place in the event's schema."""
    match source:
        case Constant(value):
            return lambda _: None if value == NOTHING else value
        case Template(texts, columns):
            return _template(texts, [as_text(find.getter(column), find) for column in columns])
        case Choice():
            return _choice(source, find, path)
        case ColumnValue():
            return _cell(source, find, path)
        case Listed():
            return _listed(source, find, path)


def first(
    columns: tuple[ColumnName, ...], find: Finder, blank: frozenset[str] = frozenset()
) -> Reader:
    """Return a reader of the first column that is not absent."""
    getters = [_without(blank, find.getter(column)) for column in columns]
    if len(getters) == 1:
        return getters[0]

    def first(row: Any) -> Any:  # noqa: ANN401 (a row, a value)
        for get in getters:
            value = get(row)
            if value is not None and value != "":
                return value
        return None

    return first


def as_text(get: Reader, find: Finder) -> Callable[[Any], str]:
    """Return a reader of a value as text, to be compared, translated, put into templates."""
    return get if find.texts else lambda row: text_of(get(row))


def text_of(value: object) -> str:
    """Return a value as JSON writes it, a text as it is, and what is absent as the empty text."""
    if type(value) is str:
        return value
    return "" if value is None else orjson.dumps(value).decode()


def _as_texts(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 (a value)
    """Return a value as a changed text, or a list of such texts.

    What is no single value stays as it is, and so does a number of more than 64 bits: it was
    rounded when it was read, so its digits could be those of another one.
    """
    if type(value) is list:
        return [_as_texts(one, change) for one in value]
    if type(value) is dict or (type(value) is float and abs(value) >= _ROUNDED):
        return value
    return change(text_of(value)) or None


def _cell(source: ColumnValue, find: Finder, path: str) -> Reader:
    get = first(source.columns, find, source.blank)
    if source.values is not None:
        return _translated(source, get, path)
    sign = source.decimal or find.decimal
    number = _signed_number(sign) if sign else _number
    match source.conversion:
        case "number":
            return _divided(lambda row: number(get(row)), source.divisor)
        case "absolute":
            return _divided(lambda row: _absolute(number(get(row))), source.divisor)
        case "negated":
            return _divided(lambda row: _negated(number(get(row))), source.divisor)
        case "lower":
            return lambda row: _as_texts(get(row), str.lower)
        case "date":
            return _day(source.day or as_written, get)
        case "integer":
            return _integer(source.said, get, path)
        case "text":
            return lambda row: _as_texts(get(row), str)
        case _ if find.texts:
            return lambda row: get(row) or None
        case _:
            return lambda row: None if (value := get(row)) == "" else value


def _without(blank: frozenset[str], get: Reader) -> Reader:
    if not blank:
        return get
    return lambda row: None if text_of(value := get(row)) in blank else value


def _divided(get: Reader, divisor: int) -> Reader:
    if divisor == 1:
        return get

    def divided(row: Any) -> Any:  # noqa: ANN401 (a row, a value)
        value = get(row)
        return value / divisor if type(value) in {int, float} else value

    return divided


def _integer(name: str, get: Reader, path: str) -> Reader:
    def integer(row: Any) -> int | None:  # noqa: ANN401 (a row)
        cell = text_of(get(row))
        if _WHOLE.fullmatch(cell) and len(cell) <= _LARGEST_EXACT:
            return int(cell.partition(".")[0])
        if not cell:
            return None
        message = f"{name} must be a whole number, not {cell!r}"
        raise InvalidEvent(message, path)

    return integer


def _translated(source: ColumnValue, get: Reader, path: str) -> Reader:
    values, otherwise, name = dict(source.values or {}), source.otherwise, source.said
    keep = source.keep

    def translated(row: Any) -> Scalar | None:  # noqa: ANN401 (a row)
        found = get(row)
        if found is None:
            return None
        cell = text_of(found)
        value = values.get(cell, otherwise)
        if value == NOTHING:
            return None
        if value is None and cell:
            if keep:
                return cell
            message = f"{name} {cell!r} is none of the values that the mapping translates"
            raise InvalidEvent(message, path)
        return value

    return translated


def _template(texts: tuple[str, ...], getters: list[Callable[[Any], str]]) -> Reader:
    pattern = "%s".join(text.replace("%", "%%") for text in texts)
    return lambda row: pattern % tuple([get(row) for get in getters])


def _choice(source: Choice, find: Finder, path: str) -> Reader:
    tests = [
        (
            as_text(first(case.columns, find), find),
            _TESTS[case.comparison],
            case.operand,
            reader(case.then, find, path),
        )
        for case in source.cases
    ]
    rest = None if source.rest is None else reader(source.rest, find, path)

    def choice(row: Any) -> Scalar | None:  # noqa: ANN401 (a row)
        for get, holds, operand, then in tests:
            if holds(get(row) or "", operand):
                value: Scalar | None = then(row)
                return value
        if rest is None:
            message = "none of the mapping's cases holds, and there is no otherwise"
            raise InvalidEvent(message, path)
        found: Scalar | None = rest(row)
        return found

    return choice


def _listed(source: Listed, find: Finder, path: str) -> Reader:
    get = first(source.columns, find)
    name = names_of(source.columns)
    readers = [(key, reader(field, find, path)) for key, field in source.fields.items()]

    def listed(row: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 (a row)
        found = get(row)
        if found is None or found == "":
            return None
        try:
            rows = found if find.texts else elements(row, found)
        except ValueError as error:
            raise InvalidEvent(f"{name} {error}", path) from None
        return [
            {key: value for key, read in readers if (value := read(one)) is not None}
            for one in rows
        ]

    return listed


_TESTS: Final[dict[str, Callable[[str, Any], bool]]] = {
    "is": lambda cell, operand: cell == operand,
    "exists": lambda cell, operand: (cell != "") is operand,
    "in": lambda cell, operand: cell in operand,
    "starts_with": lambda cell, operand: cell.startswith(operand),
    "contains": lambda cell, operand: operand in cell,
}


def _number(cell: Any) -> Any:  # noqa: ANN401 (a value)
    """Return the cell as a number; what is none stays what it is, and does not count."""
    if type(cell) is not str:
        return cell
    if not cell:
        return None
    if not cell.isascii():  # Python would read the digits of every script
        return cell
    try:
        if cell.isdecimal() and len(cell) <= _LARGEST_EXACT:
            return int(cell)
        number = float(cell)
    except ValueError:
        return cell
    return number if isfinite(number) and "_" not in cell else cell


def _negated(number: Any) -> Any:  # noqa: ANN401 (a value)
    """Return a number with the other sign, true for false; what is neither does not count."""
    if type(number) is bool:
        return not number
    return -number if type(number) in {int, float} else number


def _signed_number(sign: str) -> Callable[[Any], Any]:
    """Return what does as `_number` with a text whose decimals that sign stands before."""
    grouped, groups = _GROUPED[sign], re.compile(_GROUPS[sign])

    def number(cell: Any) -> Any:  # noqa: ANN401 (a value)
        if type(cell) is not str or not cell:
            return _number(cell)
        text = cell.strip()
        money = _MONEY.fullmatch(text)
        if money is not None:
            text = money[3] if money[3] is not None else money[1] + money[2]
        if grouped.fullmatch(text) is None:
            return cell
        return _number(groups.sub("", text).replace(sign, "."))

    return number


def _day(read: Callable[[str], str], get: Reader) -> Reader:
    """Return what gives a day as `YYYY-MM-DD`; a text that names none stays what it is."""

    def day(row: Any) -> str | None:  # noqa: ANN401 (a row)
        cell = text_of(get(row))
        try:
            return read(cell) if cell else None
        except ValueError:
            return cell

    return day


def as_written(text: str) -> str:
    """Return the day with which a time in ISO 8601 begins."""
    return text[:10] if _DAY.match(text) is not None else text


def _absolute(number: Any) -> Any:  # noqa: ANN401 (a value)
    return abs(number) if type(number) in {int, float} else number
