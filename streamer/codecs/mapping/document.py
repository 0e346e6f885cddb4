"""A mapping file to a declaration: every error with its file, line and column, all at once.

The words are those of the rule language wherever they mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streamer.codecs.language.fields import Field, Group
from streamer.codecs.language.kinds import SCALAR, TEXT, Kind, items, text_of
from streamer.codecs.language.names import EVENT, KEY
from streamer.codecs.language.nodes import MappingNode, Node, ScalarNode
from streamer.codecs.language.reading import Lost, Reading, Wrong, expected
from streamer.codecs.language.words import quoted
from streamer.codecs.mapping.kinds import COLUMN, named_column, source_kind
from streamer.codecs.mapping.rows import SPACES, Layout
from streamer.codecs.mapping.sources import Column, Source
from streamer.codecs.mapping.times import ISO, FormatError, TimeReader, has_zone, time_reader

Sources: TypeAlias = Mapping[str, Source]
"""The sources of properties or traits, by their names."""

_ASCII: Final = bytes(range(128))


@dataclass(frozen=True, slots=True)
class TimeSource:
    """The column of a time, and what reads it."""

    column: Column
    read: TimeReader


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a mapping file says: the layout of rows, and a source for each field of an event."""

    layout: Layout
    id: Source
    name: Source
    time: TimeSource
    appended: TimeSource | None
    user_id: Source | None
    anonymous_id: Source | None
    properties: Sources
    traits: Sources


def declaration(root: Node, reading: Reading) -> Declaration:
    """Return what the document declares; raises `Lost` once the report holds why it cannot."""
    own = root.entries.get("events") if isinstance(root, MappingNode) else None
    if own is not None:
        names = Reading().attempt(_own_events, own.value)  # what is wrong is reported below
        reading.header = replace(reading.header, events=names or ())
    values = MAPPING.read(root, reading)
    return Declaration(
        layout=Layout(
            values.get("delimiter", ","),
            values.get("encoding", "utf-8"),
            values.get("columns", ()),
        ),
        id=values["id"],
        name=values["name"],
        time=values["time"],
        appended=values.get("appended"),
        user_id=values.get("user_id"),
        anonymous_id=values.get("anonymous_id"),
        properties=values.get("properties", {}),
        traits=values.get("traits", {}),
    )


def _own_events(node: Node, reading: Reading) -> tuple[str, ...]:
    return items(node, "a list of event names", KEY.read, reading)


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
    raise expected('one character such as "," or ";" or "\\t", or the word spaces', node)


def _encoding(node: Node, _: Reading) -> str:
    name = text_of(node, "an encoding such as utf-8 or cp1252")
    try:
        if _ASCII.decode(name) == _ASCII.decode("ascii"):
            return name
    except (LookupError, UnicodeError):
        pass
    message = "no encoding that can be used: write utf-8, cp1252 or another that extends ASCII"
    raise Wrong(node.at, message)


def _zone(node: Node, _: Reading) -> ZoneInfo:
    name = text_of(node, "a time zone such as UTC or Europe/Berlin")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f'no such time zone: "{name}"; write UTC or a name such as Europe/Berlin'
        raise Wrong(node.at, message) from None


_ZONE: Final = Kind("zone", "time zone", TEXT.schema, _zone)
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
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/key"}},
    _own_events,
    (KEY,),
)
_TIME: Final = Group(
    "a time",
    (
        Field("from", COLUMN, "The column.", required=True),
        Field("format", TEXT, "How the time is written: iso, seconds, or such as %Y-%m-%d %H:%M."),
        Field("zone", _ZONE, "The zone that is meant."),
    ),
)


def _time(node: Node, reading: Reading) -> TimeSource:
    if isinstance(node, ScalarNode):
        return TimeSource(named_column(node, reading), time_reader(ISO, None))
    values = _TIME.read(node, reading)
    form = values.get("format", ISO)
    if has_zone(form) and "zone" in values:
        raise Wrong(values.key_at("zone"), "a time of this format says its zone itself")
    if not has_zone(form) and "zone" not in values:
        raise Wrong(values.at("format"), "a time of this format needs a zone, such as zone: UTC")
    try:
        return TimeSource(values["from"], time_reader(form, values.get("zone")))
    except FormatError as error:
        raise Wrong(values.at("format"), str(error)) from None


def _sources(node: Node, reading: Reading) -> Sources:
    if not isinstance(node, MappingNode):
        raise expected("a mapping of names to sources", node)
    tried = {
        name: reading.attempt(_VALUE.read, entry.value) for name, entry in node.entries.items()
    }
    sources = {name: source for name, source in tried.items() if source is not None}
    if len(sources) < len(tried):
        raise Lost
    return sources


_VALUE: Final = source_kind(SCALAR)
_SOURCES: Final = Kind(
    "sources",
    "mapping of names to sources",
    {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{_VALUE.name}"}},
    _sources,
    (_VALUE,),
)
_TIME_KIND: Final = Kind(
    "time",
    "column or time",
    {"anyOf": [{"$ref": "#/$defs/column"}, _TIME.schema()]},
    _time,
    (COLUMN, *_TIME.kinds()),
)
MAPPING: Final = Group(
    "a mapping file",
    (
        Field("columns", _COLUMNS, "The names of the columns, if the file has no header row."),
        Field(
            "delimiter",
            _DELIMITER,
            "What stands between two cells; a comma by default. `spaces`: any number of them.",
        ),
        Field("encoding", _ENCODING, "The encoding of the file; utf-8 by default."),
        Field("events", _OWN_EVENTS, "Event names beyond the standard ones."),
        Field("id", _VALUE, "Tells the events apart.", required=True),
        Field("name", source_kind(EVENT), "What happened.", required=True),
        Field("time", _TIME_KIND, "When it happened.", required=True),
        Field("appended", _TIME_KIND, "When the log took the event in."),
        Field("user_id", _VALUE, "The customer."),
        Field("anonymous_id", _VALUE, "The customer, as long as there is no `user_id`."),
        Field("properties", _SOURCES, "What the event is about."),
        Field("traits", _SOURCES, "Attributes of the customer."),
    ),
    one_of=("user_id", "anonymous_id"),
)
