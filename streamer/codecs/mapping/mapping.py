"""A mapping file as a decoder of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from streamer.codecs.fields import check_id, check_name, check_properties, check_time
from streamer.codecs.language.nodes import documents
from streamer.codecs.language.reading import Reading
from streamer.codecs.language.source import Place
from streamer.codecs.language.source import Source as Text
from streamer.codecs.language.words import quoted
from streamer.codecs.mapping.document import Declaration, Sources, TimeSource, declaration
from streamer.codecs.mapping.rows import Layout
from streamer.codecs.mapping.sources import LINE, Column, Reader, Row, columns_of, reader
from streamer.errors import InvalidEvent, MappingError, UsageError
from streamer.types import Event, Millis, Record

MAX_BYTES: Final = 1_048_576
"""The longest mapping file, in bytes."""

_NAME: Final = "/properties/name"
_TIME: Final = "/properties/time"
_APPENDED: Final = "/properties/appended"
_PROPERTIES: Final = "/properties/properties"
_TRAITS: Final = "/properties/traits"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What one mapping file says. `file` is its name, for messages."""

    file: str
    says: Declaration

    @property
    def csv(self) -> Layout:
        """How the rows are written."""
        return self.says.layout

    def decoder(self, header: list[str]) -> Callable[[Record], Event]:
        """Return what decodes rows below this header.

        Raises `MappingError` for columns that the header lacks or has twice. What it returns raises
        `InvalidEvent` for a row that does not fit the header or makes no event; its `path` is the
        place in `event.schema.json` of the field that is wrong.
        """
        self._check(header)
        says, index = self.says, {name: at for at, name in enumerate([*header, LINE])}
        split = self.csv.splitter(header)
        identity = reader(says.id, index, "/properties/id")
        name = reader(says.name, index, _NAME)
        time = _time(says.time, index, _TIME)
        appended = says.appended and _time(says.appended, index, _APPENDED)
        customer = _customer(says, index)
        properties = _contents(says.properties, index, _PROPERTIES)
        traits = _contents(says.traits, index, _TRAITS) if says.traits else None

        def decode(record: Record) -> Event:
            row = split(record.value)
            row.append(str(record.line))
            at = appended(row) if appended else None
            return Event(
                check_id(_text(identity(row)), "id", "/properties/id"),
                check_name(name(row), _NAME),
                customer(row),
                time(row),
                check_properties(properties(row), _PROPERTIES),
                traits(row) if traits else None,
                at if record.appended is None else record.appended,
            )

        return decode

    def _check(self, header: list[str]) -> None:
        reading = Reading()
        for column in self._columns():
            times = header.count(column.name)
            if column.name == LINE or times == 1:
                continue
            if times:
                message = f"the column {quoted(column.name)} stands {times} times in the header"
            else:
                seen = f"the header has {', '.join(header[:20])}"
                hint = reading.nearest.hint(column.name, header, seen)
                message = f"no column {quoted(column.name)} in the header: {hint}"
            reading.report.error(column.at, message)
        if reading.report.errors():
            raise MappingError(reading.report.errors())

    def _columns(self) -> list[Column]:
        says = self.says
        sources = [says.id, says.name, says.user_id, says.anonymous_id]
        sources += [*says.properties.values(), *says.traits.values()]
        found = [column for source in sources if source for column in columns_of(source)]
        return found + [time.column for time in (says.time, says.appended) if time]


def read_mapping(path: str | Path) -> Mapping:
    """Read a mapping file.

    Raises `MappingError` with all its errors, `UsageError` for a file that cannot be read.
    """
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            message = f"{path}: a mapping file has at most {MAX_BYTES} bytes"
            raise UsageError(message)
        text = data.decode("utf-8-sig")
    except OSError as error:
        message = f"{path}: the mapping file cannot be read: {error.strerror}"
        raise UsageError(message) from None
    except UnicodeDecodeError as error:
        message = f"{path}: the mapping file is not UTF-8: byte {error.start + 1} cannot be read"
        raise UsageError(message) from None
    return _mapping(Text(str(path), text))


def _mapping(text: Text) -> Mapping:
    reading = Reading()
    roots = documents(text, reading.report)
    if len(roots) != 1 and not reading.report.errors():
        message = f"a mapping file holds one document, not {len(roots)}"
        reading.report.error(Place(text, 0) if not roots else roots[1].at, message)
    says = None
    if roots:
        says = reading.attempt(declaration, roots[0])
    errors = reading.report.errors()
    if errors or says is None:
        raise MappingError(errors)
    return Mapping(text.name, says)


def _time(source: TimeSource, index: dict[str, int], path: str) -> Callable[[Row], Millis]:
    at, name, read, field = index[source.column.name], source.column.name, source.read, path[12:]

    def time(row: Row) -> Millis:
        cell = row[at]
        if not cell:
            raise InvalidEvent(f"{field} is missing: {name} is empty", path)
        try:
            instant = read(cell)
        except ValueError as error:
            raise InvalidEvent(f"{field} {cell!r} in {name}: {error}", path) from None
        return check_time(instant, field, path)

    return time


def _customer(says: Declaration, index: dict[str, int]) -> Callable[[Row], str]:
    found: list[tuple[str, str, Reader]] = [
        (field, path, reader(source, index, path))
        for field, path, source in (
            ("user_id", "/properties/user_id", says.user_id),
            ("anonymous_id", "/properties/anonymous_id", says.anonymous_id),
        )
        if source is not None
    ]
    sources = [source for source in (says.user_id, says.anonymous_id) if source is not None]
    names = [column.name for source in sources for column in columns_of(source)]
    message = f"no customer: {' and '.join(names) or 'the value'} is empty"

    def customer(row: Row) -> str:
        for field, path, read in found:
            value = _text(read(row))
            if value:
                return check_id(value, field, path)
        raise InvalidEvent(message, "/anyOf")

    return customer


def _contents(
    sources: Sources, index: dict[str, int], path: str
) -> Callable[[Row], dict[str, Any]]:
    readers = [(name, reader(source, index, path)) for name, source in sources.items()]

    def contents(row: Row) -> dict[str, Any]:
        return {name: value for name, read in readers if (value := read(row)) is not None}

    return contents


def _text(value: object) -> object:
    """Return an id that was read as a number as the text of that number."""
    return str(value) if type(value) is int else value
