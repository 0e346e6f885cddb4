"""A mapping file as a decoder of rows, or of JSON lines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamer.codecs.fields import check_id, check_name, check_properties, check_time
from streamer.codecs.names import snake_case
from streamer.codecs.outline import Outline
from streamer.errors import Finding, InvalidEvent, MappingError, UsageError
from streamer.language.nodes import documents
from streamer.language.reading import Reading
from streamer.language.source import Place
from streamer.language.source import Source as Text
from streamer.mapping.document import MappingDocument, Sources, TimeSource, declaration
from streamer.mapping.lines import JsonLines
from streamer.mapping.readers import Finder, Reader, as_text, reader
from streamer.mapping.rows import Groups, RowFormat, Rows
from streamer.mapping.sources import Choice, ColumnName, ColumnValue, columns_of, names_of
from streamer.mapping.strangers import strangers
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
    says: MappingDocument

    @property
    def csv(self) -> RowFormat | None:
        """How the rows are written; None if the files hold JSON lines."""
        return self.says.layout

    def counter(self) -> Callable[[bytes], int] | None:
        """Return a function that counts the events of a line, None if it is always one."""
        return JsonLines(self.says).count if self.says.each else None

    def grouper(self) -> Callable[[bytes], Callable[[bytes], object]] | None:
        """Return a maker of keys: rows in turn with one key are one event. None if each is one."""
        says, layout = self.says, self.says.layout
        if layout is None or not says.group:
            return None

        def grouper(header: bytes) -> Callable[[bytes], object]:
            rows = Groups(layout, list(layout.columns) or layout.header(header))
            rows.check(says.group)
            return rows.key(says.group)

        return grouper

    def strangers(self, records: Sequence[Record]) -> list[Finding]:
        """Return a warning for each path which none of these records has, but nearly."""
        return [] if self.says.layout else strangers(self.says, records)

    def decoder(self, header: list[str]) -> Callable[[Record], Event]:
        """Return the decoder of rows below this header, which is empty for JSON lines.

        Raises `MappingError` for columns that the header lacks or has twice. What it returns raises
        `InvalidEvent` for a row that does not fit the header or makes no event; its `path` is the
        place in `event.schema.json` of the field that is wrong.
        """
        form = self._form(header)
        return form.decoder(_event(self.says, form))

    def outliner(self, header: list[str]) -> Callable[[Record], Outline]:
        """Return a function that reads the outline of the event that `decoder` would make.

        Raises as `decoder` does. What it returns raises `InvalidEvent` only where decoding would.
        """
        form = self._form(header)
        return form.outliner(_outline(self.says, form))

    def _form(self, header: list[str]) -> JsonLines | Rows:
        """Return what reads the rows or lines of a file with this header."""
        layout = self.says.layout
        if layout is None:
            return JsonLines(self.says)
        kind = Groups if self.says.group else Rows
        rows = kind(layout, header, self.says.decimal)
        rows.check(self.says.columns())
        return rows


def _event(says: MappingDocument, find: Finder) -> Callable[[Any, Record], Event]:
    """Return what makes an event of a row that was found in a record."""
    identity = reader(says.id, find, "/properties/id")
    name = reader(says.name, find, _NAME)
    listed = says.name.rest if isinstance(says.name, Choice) else says.name
    named = _snake_case if isinstance(listed, ColumnValue) and listed.keep else _as_it_is
    time = _time(says.time, find, _TIME)
    appended = says.appended and _time(says.appended, find, _APPENDED)
    customer = _customer(says, find)
    properties = _contents(says.properties, find, _PROPERTIES)
    traits = _contents(says.traits, find, _TRAITS) if says.traits else None

    def event(row: Any, record: Record) -> Event:  # noqa: ANN401 (a row)
        at = appended(row) if appended else None
        whose = customer(row)
        return Event(
            check_id(_text(identity(row)), "id", "/properties/id"),
            check_name(named(name(row)), _NAME),
            whose.customer,
            time(row),
            check_properties(properties(row), _PROPERTIES),
            traits(row) if traits else None,
            at if record.appended is None else record.appended,
            whose.user_id,
            whose.anonymous_id,
        )

    return event


def _outline(says: MappingDocument, find: Finder) -> Callable[[Any, Record], Outline]:
    """Return what reads the outline of a row, with the parts that make its event."""
    time = _time(says.time, find, _TIME)
    appended = says.appended and _time(says.appended, find, _APPENDED)
    customer = _customer(says, find)

    def outline(row: Any, record: Record) -> Outline:  # noqa: ANN401 (a row)
        at = appended(row) if appended else None
        appended_at = at if record.appended is None else record.appended
        return Outline(customer(row).customer, time(row), appended_at)

    return outline


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
    if len(roots) != 1 and not reading.report.has_errors():
        message = f"a mapping file holds one document, not {len(roots)}"
        reading.report.error(Place(text, 0) if not roots else roots[1].at, message)
    says = None
    if roots:
        says = reading.attempt(declaration, roots[0])
    if reading.report.has_errors() or says is None:
        raise MappingError(reading.report.findings())
    return Mapping(text.name, says)


def _time(source: TimeSource, find: Finder, path: str) -> Callable[[Any], Millis]:
    get, read, field = as_text(reader(source.source, find, path), find), source.read, path[12:]
    names = names_of(tuple(_of_time(source.source)))
    missing = f"{field} is missing: {names} {find.empty}"

    def time(row: Any) -> Millis:  # noqa: ANN401 (a row)
        cell = get(row)
        if not cell:
            raise InvalidEvent(missing, path)
        try:
            instant = read(cell)
        except ValueError as error:
            raise InvalidEvent(f"{field} {cell!r} in {names}: {error}", path) from None
        return check_time(instant, field, path)

    return time


def _of_time(source: ColumnValue | Choice) -> Iterator[ColumnName]:
    """Yield the columns in which a time may stand, without those that only decide which."""
    if isinstance(source, Choice):
        for one in (*(case.then for case in source.cases), source.rest):
            if isinstance(one, ColumnValue):
                yield from one.columns
    else:
        yield from source.columns


class _Whose(NamedTuple):
    """The ids that an event came with; `customer` is the one that counts."""

    customer: str
    user_id: str | None
    anonymous_id: str | None


def _customer(says: MappingDocument, find: Finder) -> Callable[[Any], _Whose]:
    found: list[tuple[str, str, Reader]] = [
        (field, path, reader(source, find, path))
        for field, path, source in (
            ("user_id", "/properties/user_id", says.user_id),
            ("anonymous_id", "/properties/anonymous_id", says.anonymous_id),
        )
        if source is not None
    ]
    sources = [source for source in (says.user_id, says.anonymous_id) if source is not None]
    names = [column.name for source in sources for column in columns_of(source)]
    message = f"no customer: {' and '.join(names) or 'the value'} {find.empty}"

    def customer(row: Any) -> _Whose:  # noqa: ANN401 (a row)
        ids: dict[str, str] = {}
        for field, path, read in found:
            value = _text(read(row))
            if value is None or value == "":
                continue
            try:
                ids[field] = check_id(value, field, path)
            except InvalidEvent:
                if not ids:  # beside a good id an odd one does no harm
                    raise
        if not ids:
            raise InvalidEvent(message, "/anyOf")
        return _Whose(next(iter(ids.values())), ids.get("user_id"), ids.get("anonymous_id"))

    return customer


def _contents(sources: Sources, find: Finder, path: str) -> Callable[[Any], dict[str, Any]]:
    readers = [(name, reader(source, find, path)) for name, source in sources.items()]

    def contents(row: Any) -> dict[str, Any]:  # noqa: ANN401 (a row)
        return {name: value for name, read in readers if (value := read(row)) is not None}

    return contents


def _snake_case(name: object) -> object:
    """Return a name that the mapping keeps as the name of an event, as in Segment calls."""
    return (snake_case(name) or name) if isinstance(name, str) else name


def _as_it_is(name: object) -> object:
    return name


def _text(value: object) -> object:
    """Return an id that was read as a number as the text of that number."""
    return str(value) if type(value) is int else value
