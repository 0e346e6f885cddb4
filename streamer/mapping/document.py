"""A mapping file to a declaration: every error with its file, line and column, all at once.

The words are those of the rule language wherever they mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from streamer.language.fields import Field, Group, Values
from streamer.language.kinds import SCALAR, TEXT, Kind, choice, items, text_of
from streamer.language.names import EVENT, OWN_EVENT
from streamer.language.nodes import ListNode, MappingNode, Node, ScalarNode
from streamer.language.reading import Reading, Wrong, expected
from streamer.language.words import listed, quoted
from streamer.mapping.kinds import COLUMN, COLUMNS, DECIMAL, ZONE, named_column, named_columns
from streamer.mapping.paths import PathError, read_path
from streamer.mapping.rows import ROWS, SPACES, RowFormat
from streamer.mapping.source_kinds import (
    cases_of_columns,
    list_kind,
    source_kind,
    sources_kind,
)
from streamer.mapping.sources import Choice, ColumnName, ColumnValue, Listed, Source, columns_of
from streamer.mapping.times import (
    ISO,
    NUMBERS,
    FormatError,
    TimeReader,
    has_zone,
    time_reader,
)

Sources: TypeAlias = Mapping[str, Source]
"""The sources of properties or traits, by their names."""

CSV: Final = "csv"
JSON: Final = "json"

_ASCII: Final = bytes(range(128))


@dataclass(frozen=True, slots=True)
class TimeSource:
    """Where a time stands: its columns, or those of the first case that holds; what reads it."""

    source: ColumnValue | Choice
    read: TimeReader


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """What a mapping file says: the form of its input, and a source for each field of an event.

    `layout` is that of rows, None for JSON lines; `each` is the list in a line that is split.
    """

    layout: RowFormat | None
    each: tuple[ColumnName, ...]
    id: Source
    name: Source
    time: TimeSource
    appended: TimeSource | None
    user_id: Source | None
    anonymous_id: Source | None
    properties: Sources
    traits: Sources
    decimal: str = ""
    group: tuple[ColumnName, ...] = ()

    def columns(self, *, inner: bool = False) -> list[ColumnName]:
        """Return the columns that are read; `inner` adds those in the objects of lists."""
        sources = [self.id, self.name, self.user_id, self.anonymous_id]
        sources += [*self.properties.values(), *self.traits.values()]
        if inner or self.group:
            lists = [source for source in sources if isinstance(source, Listed)]
            sources += [field for one in lists for field in one.fields.values()]
        found = [column for source in sources if source for column in columns_of(source)]
        times = [time for time in (self.time, self.appended) if time]
        return [
            *self.each,
            *found,
            *(column for time in times for column in columns_of(time.source)),
        ]


def declaration(root: Node, reading: Reading) -> MappingDocument:
    """Return the declared mapping; raises `Lost` once the report holds why there is none."""
    own = root.entries.get("events") if isinstance(root, MappingNode) else None
    if own is not None:
        names = Reading().attempt(_own_events, own.value)  # what is wrong is reported below
        reading.header = replace(reading.header, events=names or ())
    values = MAPPING.read(root, reading)
    of_json = values.get("input") == JSON
    declared = MappingDocument(
        layout=None
        if of_json
        else RowFormat(
            values.get("delimiter", ","),
            values.get("encoding", "utf-8"),
            values.get("columns", ()),
        ),
        each=values.get("each", ()),
        id=values["id"],
        name=values["name"],
        time=values["time"],
        appended=values.get("appended"),
        user_id=values.get("user_id"),
        anonymous_id=values.get("anonymous_id"),
        properties=values.get("properties", {}),
        traits=values.get("traits", {}),
        decimal=values.get("decimal", ""),
        group=values.get("group", ()),
    )
    if of_json:
        _check_json(declared, values, reading)
    else:
        _check_rows(declared, values, reading)
    return declared


def _check_json(declared: MappingDocument, values: Values, reading: Reading) -> None:
    """Report what rows alone have, and what is no path."""
    for word in ("columns", "delimiter", "encoding", "group"):
        if word in values:
            reading.report.error(values.key_at(word), f"JSON lines have no {word}")
    for column in declared.columns(inner=True):
        try:
            read_path(column.name)  # also line and position, which are words of their own
        except PathError as error:
            reading.report.error(column.at, str(error))


def _check_rows(declared: MappingDocument, values: Values, reading: Reading) -> None:
    """Report what JSON lines alone have."""
    if declared.each:
        message = f"each goes with input: {JSON}: a row makes one event"
        reading.report.error(values.key_at("each"), message)
    for source in declared.properties.values():
        if not isinstance(source, Listed):
            continue
        if not declared.group:
            message = f"a list goes with input: {JSON}, or with group: a cell holds none"
            reading.report.error(source.columns[0].at, message)
        elif [column.name for column in source.columns] != [ROWS]:
            message = f"with group, each: {ROWS} makes an object of each row of the group"
            reading.report.error(source.columns[0].at, message)


def _own_events(node: Node, reading: Reading) -> tuple[str, ...]:
    return items(node, "a list of event names", OWN_EVENT.read, reading)


def _columns(node: Node, reading: Reading) -> tuple[str, ...]:
    found = items(node, "a list of column names", named_column, reading)
    names = [one.name for one in found]
    for column in found:
        if names.count(column.name) > 1:
            raise Wrong(column.at, f"the column {quoted(column.name)} is named twice")
    return tuple(names)


def _delimiter(node: Node, _: Reading) -> str:
    if isinstance(node, ScalarNode) and node.text == SPACES:
        return SPACES
    if isinstance(node, ScalarNode) and len(node.text) == 1:
        sign = node.text
        if sign.isascii() and sign not in '"\r\n\0':
            return sign
    tab = isinstance(node, ScalarNode) and node.text.lower() in {"tab", "tabs", "\\t"}
    what = 'one character such as "," or ";" or "\\t", or the word spaces'
    raise expected(what, node, '"\\t" in double quotes' if tab else "")


def _encoding(node: Node, _: Reading) -> str:
    name = text_of(node, "an encoding such as utf-8 or cp1252")
    try:
        if _ASCII.decode(name) == _ASCII.decode("ascii"):
            return name
    except (LookupError, UnicodeError):
        pass
    message = "no encoding that can be used: write utf-8, cp1252 or another that extends ASCII"
    raise Wrong(node.at, message)


_DELIMITER: Final = Kind(
    "delimiter",
    "character, or `spaces`",
    {"type": "string", "pattern": f"^(.|{SPACES})$"},
    _delimiter,
)
_COLUMNS: Final = Kind(
    "columns",
    "list of column names",
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/column"}},
    _columns,
    (COLUMN,),
)
_ENCODING: Final = Kind("encoding", "encoding", TEXT.schema, _encoding)
_OWN_EVENTS: Final = Kind(
    "own_events",
    "list of event names",
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/own_event"}},
    _own_events,
    (OWN_EVENT,),
)
_TIME: Final = Group(
    "a time",
    (
        Field("from", COLUMNS, "The column; of several, the first that is there.", required=True),
        Field("format", TEXT, "How the time is written: iso, seconds, or such as %Y-%m-%d %H:%M."),
        Field("zone", ZONE, "The zone that is meant."),
        Field("when", cases_of_columns(), "Cases in which the time stands elsewhere."),
    ),
)


def _time(node: Node, reading: Reading) -> TimeSource:
    if isinstance(node, ScalarNode | ListNode):
        return TimeSource(ColumnValue(named_columns(node, reading)), time_reader(ISO, None))
    values = _TIME.read(node, reading)
    form = values.get("format", ISO)
    words = (ISO, *NUMBERS)
    if "%" not in form and form not in words:
        otherwise = f"write {listed(words)}, or signs such as %Y-%m-%d %H:%M"
        hint = reading.nearest.hint(form, words, otherwise)
        raise Wrong(values.at("format"), f"unknown format {quoted(form)}: {hint}")
    if has_zone(form) and "zone" in values:
        raise Wrong(values.key_at("zone"), "a time of this format says its zone itself")
    if not has_zone(form) and "zone" not in values:
        raise Wrong(values.at("format"), "a time of this format needs a zone, such as zone: UTC")
    try:
        cell = ColumnValue(values["from"])
        source = Choice(values["when"], cell) if "when" in values else cell
        return TimeSource(source, time_reader(form, values.get("zone")))
    except FormatError as error:
        raise Wrong(values.at("format"), str(error)) from None


_VALUE: Final = source_kind(SCALAR)
_SOURCES: Final = sources_kind(_VALUE)
_PROPERTIES: Final = sources_kind(list_kind(_VALUE), "property_sources")
_TIME_KIND: Final = Kind(
    "time",
    "column or time",
    {"anyOf": [{"$ref": "#/$defs/columns_in_turn"}, _TIME.schema()]},
    _time,
    (COLUMNS, *_TIME.kinds()),
)
MAPPING: Final = Group(
    "a mapping file",
    (
        Field(
            "input", choice("input", CSV, JSON), "What the files hold: rows (`csv`) or JSON lines."
        ),
        Field("columns", _COLUMNS, "The names of the columns, if the file has no header row."),
        Field(
            "delimiter",
            _DELIMITER,
            "What stands between two cells; a comma by default. `spaces`: any number of them.",
        ),
        Field(
            "decimal", DECIMAL, "The sign in front of decimals in texts, where others group digits."
        ),
        Field("encoding", _ENCODING, "The encoding of the file; utf-8 by default."),
        Field("each", COLUMNS, "The list in a JSON line of which each object makes one event."),
        Field(
            "group",
            COLUMNS,
            "Rows in turn with the same cell here make one event: the lines of an order.",
        ),
        Field("events", _OWN_EVENTS, "Event names beyond the standard ones."),
        Field("id", _VALUE, "Tells the events apart.", required=True),
        Field("name", source_kind(EVENT), "What happened.", required=True),
        Field("time", _TIME_KIND, "When it happened.", required=True),
        Field("appended", _TIME_KIND, "When the log took the event in."),
        Field("user_id", _VALUE, "The customer."),
        Field("anonymous_id", _VALUE, "The customer, as long as there is no `user_id`."),
        Field("properties", _PROPERTIES, "What the event is about."),
        Field("traits", _SOURCES, "Attributes of the customer."),
    ),
    one_of=("user_id", "anonymous_id"),
)
