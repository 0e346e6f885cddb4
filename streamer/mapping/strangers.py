"""Paths of a mapping that no line has, although a line has a word that is nearly the same.

Nearly every property is missing in some lines, so a path that leads nowhere is no mistake. But a
word that stands beside where it should be, is nearly the same, and is read by nothing, says that
the mapping was mistyped. (A header read in two ways of writing it, of which one is there, was not.)
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from streamer.codecs.parsing import parse_object
from streamer.errors import Finding, InvalidEvent
from streamer.language.reading import Reading
from streamer.language.words import quoted
from streamer.mapping.document import MappingDocument
from streamer.mapping.lines import WORDS, JsonLines
from streamer.mapping.paths import JsonRow, elements, follow, read_path
from streamer.mapping.readers import first
from streamer.mapping.sources import ColumnName, Listed, columns_of
from streamer.types import Record

_LIKENESS: Final = 0.75
"""How alike two words are of which one is probably the other, mistyped."""


def strangers(says: MappingDocument, records: Sequence[Record]) -> list[Finding]:
    """Return a warning for each path that the records do not have, but nearly."""
    reading = Reading()
    known = {step for column in says.columns(inner=True) for step in _keys(column)}
    for column, starts in _looked_up(says, records):
        if column.name not in WORDS:
            _look(column, starts, known, reading)
    return reading.report.warnings()


def _looked_up(
    says: MappingDocument, records: Sequence[Record]
) -> Iterator[tuple[ColumnName, Sequence[JsonRow]]]:
    """Yield each column of the mapping with the rows in which it is looked up."""
    lines, find = list(_lines(records)), JsonLines(says)
    rows = [row for line in lines for row in _events(find, line)]
    for column in says.each:
        yield column, lines
    for column in says.columns()[len(says.each) :]:
        yield column, rows
    for source in says.properties.values():
        if isinstance(source, Listed):
            get = first(source.columns, find)
            inside = [one for row in rows for one in _elements(row, get(row))]
            for field in source.fields.values():
                for column in columns_of(field):
                    yield column, inside


def _look(column: ColumnName, rows: Sequence[JsonRow], known: set[str], reading: Reading) -> None:
    path = read_path(column.name)
    here = [row.whole if path.whole else row.here for row in rows]
    for step in path.steps:
        there = [value for one in here if (value := follow(one, (step,))) is not None]
        if not there and isinstance(step, str):
            keys = {key for one in here if type(one) is dict for key in one}
            near = reading.nearest.word(step, keys - known, _LIKENESS)
            if near is not None and step.lower() not in map(str.lower, keys & known):
                said = f"no line so far has {quoted(column.name)}: did you mean {quoted(near)}?"
                reading.report.warning(column.at, said)
        here = there


def _lines(records: Sequence[Record]) -> Iterator[JsonRow]:
    for record in records:
        try:
            whole = parse_object(record.value)
        except InvalidEvent:
            continue
        yield JsonRow(whole, whole, record.line, 1)


def _events(find: JsonLines, line: JsonRow) -> list[JsonRow]:
    try:
        return find.rows(line.whole, line.line)
    except InvalidEvent:
        return []


def _elements(row: JsonRow, found: Any) -> list[JsonRow]:  # noqa: ANN401 (JSON)
    try:
        return [] if found is None else elements(row, found)
    except ValueError:
        return []


def _keys(column: ColumnName) -> list[str]:
    if column.name in WORDS:
        return []
    return [step for step in read_path(column.name).steps if isinstance(step, str)]
