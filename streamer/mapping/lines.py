"""JSON lines: bytes to the object that makes an event, of a line that may hold several.

A line with several events comes as a record for each, with its place among them in the header
`POSITION`, so that a record stays as it came.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from streamer.codecs.parsing import POSITION, parse_object
from streamer.errors import InvalidEvent
from streamer.mapping.document import MappingDocument
from streamer.mapping.paths import JsonRow, elements, getter, read_path
from streamer.mapping.readers import Reader, first
from streamer.mapping.sources import LINE, ColumnName, names_of
from streamer.types import Record

Made = TypeVar("Made")

WORDS: Final[dict[str, Reader]] = {
    LINE: lambda row: row.line,
    POSITION: lambda row: row.position,
}
"""The words in place of a path that say where an event stood."""


class JsonLines:
    """The JSON lines that a mapping reads."""

    empty = "is not there"
    texts = False

    def __init__(self, says: MappingDocument) -> None:
        self.decimal = says.decimal
        self._each = first(says.each, self) if says.each else None
        self._names = names_of(says.each)

    def getter(self, column: ColumnName) -> Reader:
        """Return a function that looks a column up: a path or one of `WORDS`."""
        return WORDS.get(column.name) or getter(read_path(column.name))

    def count(self, value: bytes) -> int:
        """Return how many events a line holds: one, too, where only a closer look can decide."""
        try:
            return len(self.rows(parse_object(value), 0))
        except InvalidEvent:
            return 1

    def decoder(self, event: Callable[[JsonRow, Record], Made]) -> Callable[[Record], Made]:
        """Return a function that applies `event` to an event of a line; raises `InvalidEvent`."""
        value: bytes | None = None
        line, rows = 0, list[JsonRow]()

        def decode(record: Record) -> Made:
            nonlocal value, line, rows
            if record.value is not value or record.line != line:  # events of a line come in turn
                rows = self.rows(parse_object(record.value), record.line)
                value, line = record.value, record.line
            nth = _position(record)
            try:
                return event(rows[nth - 1], record)
            except InvalidEvent as error:
                if len(rows) == 1:
                    raise
                said = f"event {nth} of {len(rows)}: {error.reason}"
                raise InvalidEvent(said, error.path) from None

        return decode

    def outliner(self, outline: Callable[[JsonRow, Record], Made]) -> Callable[[Record], Made]:
        """Return a function that applies `outline` to an event of a line; raises `InvalidEvent`."""
        return self.decoder(outline)

    def rows(self, whole: dict[str, Any], line: int) -> list[JsonRow]:
        """Return a row for each event of a line; raises `InvalidEvent` where there is none."""
        row = JsonRow(whole, whole, line, 1)
        if self._each is None:
            return [row]
        found = self._each(row)
        try:
            rows = [] if found is None else elements(row, found)
        except ValueError as error:
            raise InvalidEvent(f"{self._names} {error}") from None
        if not rows:
            state = self.empty if found is None else "is an empty list"
            raise InvalidEvent(f"no event: {self._names} {state}")
        return rows


def _position(record: Record) -> int:
    return next((int(value) for key, value in record.headers if key == POSITION), 1)
