"""The documents of a rule file: a segment, a ladder, or the header of the rule set."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import available_timezones

from streamer.codecs.language import kinds
from streamer.codecs.language.cases import TESTS, TestCase
from streamer.codecs.language.conditions import CONDITION
from streamer.codecs.language.fields import Field, Group, Values
from streamer.codecs.language.kinds import Kind
from streamer.codecs.language.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from streamer.codecs.language.reading import Lost, Reading, Wrong, expected
from streamer.codecs.language.source import Place
from streamer.core.syntax import Header, Ladder, Segment, Settings, Tier
from streamer.core.wording import duration as said_duration

OTHERWISE: Final = "otherwise"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A segment or ladder as far as it could be read.

    `tiers` are a ladder's keys, None for a segment; `declared` is None if anything is wrong.
    """

    key: str
    at: Place
    enabled: bool
    tiers: tuple[str, ...] | None
    declared: Segment | Ladder | None
    tests: tuple[TestCase, ...]


def _settings(name: str, group: Group) -> Kind[Settings]:
    def read(node: Node, reading: Reading) -> Settings:
        values = group.read(node, reading)
        named = (one.name for one in group.fields if one.name in values)
        return Settings(**{key: values[key] for key in named})

    return Kind(name, "settings", group.schema(), read, group.kinds())


def _tags(node: Node, reading: Reading) -> tuple[str, ...]:
    return kinds.items(node, "a list of texts", kinds.TEXT.read, reading)


def _zone(node: Node, reading: Reading) -> str:
    value = kinds.text_of(node, "a time zone such as Europe/Berlin")
    known = available_timezones()
    if isinstance(node, ScalarNode) and value not in known:
        raise reading.unknown(node, "time zone", sorted(known), "expected one like Europe/Berlin")
    return value


def _own_event(node: Node, reading: Reading) -> str:
    name = kinds.KEY.read(node, reading)
    if name == "any":
        raise Wrong(node.at, "any stands for every event and cannot be the name of one")
    return name


def _own_events(node: Node, reading: Reading) -> tuple[str, ...]:
    return kinds.items(node, "a list of event names", _own_event, reading)


def _tiers(node: Node, reading: Reading) -> tuple[Tier, ...]:
    what = "a list of tiers such as [{active: {performed: any, within: 7d}}, {passive: otherwise}]"
    complaints = list(_disorder(node))
    for place, message in complaints:
        reading.report.error(place, message)
    tiers = kinds.items(node, what, _tier, reading)
    if complaints:
        raise Lost
    return tiers


def _disorder(node: Node) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with the order of tiers."""
    seen: set[str] = set()
    last: str | None = None
    for entry in _tier_entries(node):
        key = entry.key.text
        if key in seen:
            yield entry.key.at, f'duplicate tier "{key}"'
        if last is not None:
            yield entry.key.at, f'the tier "{key}" is never reached: "{last}" is {OTHERWISE}'
        seen.add(key)
        if isinstance(entry.value, ScalarNode) and entry.value.text == OTHERWISE:
            last = last or key


def _tier_entries(node: Node) -> list[Entry]:
    items = node.items if isinstance(node, ListNode) else ()
    return [entry for item in items if isinstance(item, MappingNode) for entry in _only(item)]


def _only(node: MappingNode) -> tuple[Entry, ...]:
    entries = tuple(node.entries.values())
    return entries if len(entries) == 1 else ()


def _tier(node: Node, reading: Reading) -> Tier:
    what = "a tier such as {active: {performed: any, within: 7d}}"
    if not isinstance(node, MappingNode):
        raise expected(what, node)
    if len(node.entries) > 1:
        second = tuple(node.entries.values())[1].key
        raise Wrong(second.at, f"expected {what}: write each tier as an item of its own")
    if not node.entries:
        raise expected(what, node) if node.whole else Lost()
    entry = next(iter(node.entries.values()))
    key = reading.attempt(kinds.KEY.read, entry.key)
    otherwise = isinstance(entry.value, ScalarNode) and entry.value.text == OTHERWISE
    when = None if otherwise else reading.attempt(CONDITION.read, entry.value)
    if key is None or (when is None and not otherwise):
        raise Lost
    return Tier(key, when)


_MIN_DWELL: Final = Field(
    "min_dwell",
    kinds.DURATION,
    "After an entry or exit, the next one comes no earlier than that.",
)
_COOLDOWN: Final = Field(
    "cooldown", kinds.DURATION, "After an exit, the next entry comes no earlier than that."
)
_REST: Final = (
    Field(
        "holdout",
        kinds.SHARE,
        "The share of customers whose changes are flagged `holdout`, to measure the effect.",
    ),
    Field("enabled", kinds.FLAG, "`false`: the rule is checked, but not evaluated."),
    Field("owner", kinds.TEXT, "Who answers for the rule."),
    Field(
        "tags",
        Kind(
            "tags",
            "list of texts",
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}},
            _tags,
            (kinds.TEXT,),
        ),
        "Words to find the rule by.",
    ),
)
SEGMENT_SETTINGS: Final = Group("the settings", (_MIN_DWELL, _COOLDOWN, *_REST))
LADDER_SETTINGS: Final = Group(
    "the settings",
    (_MIN_DWELL, *_REST),
    belongs={"cooldown": "a ladder has none, its customers only move between tiers"},
)

_NAMES: Final = (
    Field("title", kinds.TEXT, "A short name for people; the key if not stated."),
    Field(
        "purpose",
        kinds.TEXT,
        "The reason for keeping the data; the privacy inventory prints it.",
        required=True,
    ),
)
_TESTS: Final = Field("tests", TESTS, "Given events and the changes that must come of them.")
_SETTING_NAMES: Final = {
    one.name: "it goes under settings"
    for one in (*SEGMENT_SETTINGS.fields, *LADDER_SETTINGS.fields)
}

SEGMENT: Final = Group(
    "a segment",
    (
        Field("segment", kinds.KEY, "The key: never changes, is never reused.", required=True),
        *_NAMES,
        Field("when", CONDITION, "The condition on one customer.", required=True),
        Field(
            "settings",
            _settings("segment_settings", SEGMENT_SETTINGS),
            "How the membership follows the condition.",
        ),
        _TESTS,
    ),
    belongs=_SETTING_NAMES,
)
LADDER: Final = Group(
    "a ladder",
    (
        Field("ladder", kinds.KEY, "The key: never changes, is never reused.", required=True),
        *_NAMES,
        Field(
            "tiers",
            Kind(
                "tiers",
                "list of tiers: `key: condition`, the last one may be `key: otherwise`",
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "minProperties": 1,
                        "maxProperties": 1,
                        "propertyNames": {"$ref": "#/$defs/key"},
                        "additionalProperties": {
                            "anyOf": [{"const": OTHERWISE}, {"$ref": "#/$defs/condition"}]
                        },
                    },
                },
                _tiers,
                (kinds.KEY, CONDITION),
            ),
            "The tiers in their order: the first whose condition holds is the customer's.",
            required=True,
        ),
        Field(
            "settings",
            _settings("ladder_settings", LADDER_SETTINGS),
            "How the membership follows the conditions.",
        ),
        _TESTS,
    ),
    belongs=_SETTING_NAMES,
)
HEADER: Final = Group(
    "the header",
    (
        Field("ruleset", kinds.KEY, "The name of the rule set.", required=True),
        Field(
            "zone",
            Kind("zone", "time zone", {"type": "string", "pattern": r"\S"}, _zone),
            "The time zone of calendar days; UTC if not stated.",
        ),
        Field(
            "retention",
            kinds.PERIOD,
            "How long after the last event a customer is forgotten; 400d if not stated.",
        ),
        Field(
            "max_lateness",
            kinds.PERIOD,
            "How much later than its customer's clock an event may come; 24h if not stated.",
        ),
        Field(
            "events",
            Kind(
                "own_events",
                "list of event names",
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {"$ref": "#/$defs/key"},
                },
                _own_events,
                (kinds.KEY,),
            ),
            "Names of events beyond the standard ones, which rules may then use.",
        ),
    ),
)
DOCUMENTS: Final = {"segment": SEGMENT, "ladder": LADDER, "ruleset": HEADER}
"""The documents by the key that says what a document is."""


def kind_of(node: Node, reading: Reading) -> str:
    """Return which of `DOCUMENTS` a document is."""
    what = f"a document with one of the keys {', '.join(DOCUMENTS)}"
    if not isinstance(node, MappingNode):
        raise expected(what, node)
    heads = [entry.key for name, entry in node.entries.items() if name in DOCUMENTS]
    if len(heads) > 1:
        message = f"{heads[0].text} and {heads[1].text} are documents of their own: put --- between"
        raise Wrong(heads[1].at, message)
    if heads:
        return heads[0].text
    for entry in node.entries.values():
        if reading.nearest.word(entry.key.text, DOCUMENTS) is not None:
            raise reading.unknown(entry.key, "document", DOCUMENTS, "")
    raise Wrong(node.at, f"expected {what}") if node.whole else Lost()


def read_header(node: Node, reading: Reading) -> Header:
    """Return the header as far as it can be read; all that is wrong is reported."""
    values, _ = HEADER.take(node, reading)
    named = {one.name: values[one.name] for one in HEADER.fields if one.name in values}
    header = Header(named.pop("ruleset", "unnamed"), **named)
    if header.max_lateness > header.retention:
        late, kept = said_duration(header.max_lateness), said_duration(header.retention)
        message = f"max_lateness {late} is longer than the retention {kept}"
        key = "max_lateness" if "max_lateness" in values else "retention"
        reading.report.error(values.at(key), message)
    return header


def read_declaration(node: Node, kind: str, reading: Reading) -> Declaration | None:
    """Return the segment or ladder as far as it can be read; all that is wrong is reported."""
    named = node.entries[kind].value if isinstance(node, MappingNode) else node
    reading.document = named.text if isinstance(named, ScalarNode) else None
    values, sound = DOCUMENTS[kind].take(node, reading)
    if kind not in values:
        return None
    key: str = values[kind]
    settings: Settings = values.get("settings", Settings())
    declared = _declared(kind, values, settings) if sound else None
    return Declaration(
        key,
        values.at(kind),
        settings.enabled,
        _tier_keys(values) if kind == "ladder" else None,
        declared,
        values.get("tests", ()),
    )


def _declared(kind: str, values: Values, settings: Settings) -> Segment | Ladder:
    key: str = values[kind]
    title, purpose = values.get("title", key), values["purpose"]
    if kind == "segment":
        return Segment(key, title, purpose, values["when"], settings)
    return Ladder(key, title, purpose, values["tiers"], settings)


def _tier_keys(values: Values) -> tuple[str, ...]:
    entry = values.node.entries.get("tiers")
    return () if entry is None else tuple(one.key.text for one in _tier_entries(entry.value))
