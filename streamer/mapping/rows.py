"""Rows of delimited text: bytes to cells, every row as wide as its header."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, TypeVar

from streamer.codecs.limits import MAX_BYTES
from streamer.errors import InvalidEvent, MappingError, UsageError
from streamer.language.reading import Reading
from streamer.language.vocabulary import STANDARD_EVENTS
from streamer.language.words import quoted
from streamer.mapping.sources import LINE, ColumnName
from streamer.types import Record

Made = TypeVar("Made")

ROWS: Final = "rows"
"""The word for the list of a group's rows."""
SPACES: Final = "spaces"
"""The word for a delimiter of any number of spaces or tabs, also before the first cell."""

_SAID: Final = {";": '";"', "\t": '"\\t"', "|": '"|"', ",": '","'}
"""Other delimiters, as a mapping file writes them."""
_QUOTE: Final = '"'
_MARK: Final = "\ufeff"
_EXCEL: Final = re.compile("sep=.")
"""A first line that tells Excel the delimiter."""


@dataclass(frozen=True, slots=True)
class RowFormat:
    """How the cells of a row are written. A cell in double quotes may hold anything.

    `columns` are their names in files without a header row, empty for files with one. With the
    delimiter `SPACES` cells are apart by any number of spaces or tabs, and there are no quotes.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()

    @property
    def sign(self) -> bytes:
        """The delimiter as it stands in the file."""
        return (" " if self.delimiter == SPACES else self.delimiter).encode(self.encoding)

    def header(self, row: bytes) -> list[str]:
        """Return the names of the columns; raises `UsageError` if the row cannot be read."""
        try:
            text = row.decode(self.encoding).removeprefix(_MARK).rstrip("\r\n")
            if "\r" in text:
                raise UsageError(
                    "the header row cannot be read: lines end with CR alone; save the file with "
                    "LF or CRLF at their ends"
                )
            if _EXCEL.fullmatch(text):
                message = f"the first line, {text}, is a note for Excel: remove it, and write "
                raise UsageError(f'{message}delimiter: "{text[-1]}" in the mapping')
            return self._cells(text)
        except UnicodeDecodeError as error:
            message = f"the header row cannot be read: {self._not_of_it(error)}"
            raise UsageError(message) from None
        except csv.Error as error:
            message = f"the header row cannot be read: {error}"
            raise UsageError(message) from None

    def splitter(self, columns: list[str]) -> Callable[[bytes], list[str]]:
        """Return a function that splits a row into as many cells as there are columns.

        It raises `InvalidEvent` for a row that is too long, cannot be read or has another width.
        """
        width = len(columns)

        def split(row: bytes) -> list[str]:
            if len(row) > MAX_BYTES:
                message = f"the row has {len(row)} bytes; at most {MAX_BYTES} are allowed"
                raise InvalidEvent(message)
            try:
                cells = self._cells(row.decode(self.encoding))
            except UnicodeDecodeError as error:
                raise InvalidEvent(self._not_of_it(error)) from None
            except csv.Error as error:
                message = f"not a row of cells: {error}"
                raise InvalidEvent(message) from None
            if len(cells) != width:
                raise InvalidEvent(_misfit(cells, columns))
            return cells

        return split

    def rows(self, group: bytes) -> list[bytes]:
        """Return the rows of a group: line ends keep them apart where no quotes are open."""
        lines = group.split(b"\n")
        if b'"' not in group or self.delimiter == SPACES:
            return lines
        rows = list[bytes]()
        for line in lines:
            if rows and rows[-1].count(b'"') % 2:
                rows[-1] += b"\n" + line
            else:
                rows.append(line)
        return rows

    def _not_of_it(self, error: UnicodeDecodeError) -> str:
        """Return what is wrong with a row that is not of this encoding, and what to do."""
        said = f"not {self.encoding}: byte {error.start + 1} cannot be read"
        instead = "; write encoding: cp1252 in the mapping, or whatever the file was saved in"
        return said + instead if self.encoding == "utf-8" else said

    def _cells(self, text: str) -> list[str]:
        text = text.rstrip("\r\n")
        if self.delimiter == SPACES:
            return text.split() or [""]
        if _QUOTE not in text:
            return text.split(self.delimiter)
        return next(csv.reader([text], delimiter=self.delimiter, strict=True))


class Rows:
    """The rows below a header: the cells of each and, last, the number of its line."""

    empty = "is empty"
    texts = True
    _list: str | None = None

    def __init__(self, layout: RowFormat, header: list[str], decimal: str = "") -> None:
        self.decimal = decimal
        self._layout = layout
        self._split = layout.splitter(header)
        self._header = header
        self._index = {name: at for at, name in enumerate([*header, LINE])}

    def getter(self, column: ColumnName) -> Callable[[list[Any]], Any]:
        """Return a function that takes a column's cell out of a row, or out of a group's first."""
        return itemgetter(self._index.get(column.name, len(self._index)))

    def check(self, columns: Iterable[ColumnName]) -> None:
        """Raise `MappingError` for columns that the header lacks or has twice."""
        reading = Reading()
        for column in columns:
            times = self._header.count(column.name)
            if column.name == LINE or times == 1 or (times == 0 and column.name == self._list):
                continue
            if times:
                message = f"the column {quoted(column.name)} stands {times} times in the header"
            elif len(self._header) == 1 and (sign := _other_sign(self._header[0])):
                said = (
                    f"it is one cell of {quoted(self._header[0])}: write delimiter: {_SAID[sign]}"
                )
                message = f"no column {quoted(column.name)} in the header: {said}"
            else:
                seen = f"the header has {', '.join(self._header[:20])}"
                hint = _constant(column.name)
                hint = hint or reading.nearest.hint(column.name, self._header, seen)
                message = f"no column {quoted(column.name)} in the header: {hint}"
            reading.report.error(column.at, message)
        if reading.report.has_errors():
            raise MappingError(reading.report.findings())

    def decoder(self, event: Callable[[list[Any], Record], Made]) -> Callable[[Record], Made]:
        """Return a function that applies `event` to the row of a record; raises `InvalidEvent`."""
        split = self._split

        def decode(record: Record) -> Made:
            row = split(record.value)
            row.append(str(record.line))
            return event(row, record)

        return decode

    def outliner(self, outline: Callable[[list[Any], Record], Made]) -> Callable[[Record], Made]:
        """Return a function that applies `outline` to as much of a record as an outline needs."""
        return self.decoder(outline)


class Groups(Rows):
    """Rows that make one event together: the cells of the first and, last, all of them."""

    _list = ROWS

    def key(self, columns: Sequence[ColumnName]) -> Callable[[bytes], object]:
        """Return a function for the cells that an event's rows share; None for a row alone."""
        getters = [self.getter(column) for column in columns]

        def key(row: bytes) -> object:
            try:
                cells = [*self._split(row), ""]
            except InvalidEvent:
                return None
            shared = [get(cells) for get in getters]
            return shared if any(shared) else None

        return key

    def decoder(self, event: Callable[[list[Any], Record], Made]) -> Callable[[Record], Made]:
        """Return a function that applies `event` to a group's rows; raises `InvalidEvent`."""
        split, separate = self._split, self._layout.rows

        def decode(record: Record) -> Made:
            rows: list[list[Any]] = [
                [*split(row), str(number)]
                for number, row in enumerate(separate(record.value), record.line)
            ]
            return event([*rows[0], rows], record)

        return decode

    def outliner(self, outline: Callable[[list[Any], Record], Made]) -> Callable[[Record], Made]:
        """Return a function that applies `outline` to the first row of a record's group."""
        split, separate = self._split, self._layout.rows

        def read(record: Record) -> Made:
            first = record.value.partition(b"\n")[0]
            if b'"' in first:
                first = separate(record.value)[0]
            return outline([*split(first), str(record.line), []], record)

        return read


def _other_sign(header: str) -> str | None:
    """Return the sign that probably stands between the names of a header read as one cell."""
    return next((sign for sign in _SAID if sign in header), None)


def _misfit(cells: list[str], columns: list[str]) -> str:
    if cells == [""]:
        return "the row is empty"
    if len(cells) > len(columns):
        return f"the row has {len(cells)} cells for {len(columns)} columns"
    missing = columns[len(cells) :]
    return (
        f"the row ends after {len(cells)} of {len(columns)} cells: "
        f"no {', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}"  # noqa: PLR2004
    )


def _constant(name: str) -> str:
    """Return what to write where a name of no column is a template, or the name of an event."""
    if re.search(r"{[^{}]+}", name):
        return f"write {{template: {quoted(name)}}}"
    return f"write {{value: {name}}}" if name in STANDARD_EVENTS else ""
