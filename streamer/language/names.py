"""Names: of segments, properties, traits and events; each a kind like those of `kinds`."""

import re
from typing import Final

from streamer.codecs.limits import MAX_NAME, NAME
from streamer.codecs.names import is_name, snake_case
from streamer.core.moments import PARTS
from streamer.core.rules.spec import ANY, Names
from streamer.language import moments, scalars
from streamer.language.kinds import NOT_BLANK, Kind, items, single, text_of
from streamer.language.nodes import Node, ScalarNode
from streamer.language.reading import Reading, Wrong, expected
from streamer.language.source import Place
from streamer.language.vocabulary import STANDARD_EVENTS
from streamer.language.words import quoted

MAX_PROPERTY: Final = 256


def _key(node: Node, _: Reading) -> str:
    what = "a key of at most 63 small letters, digits and _, such as cart_abandoner"
    value = single(node, what)
    if not isinstance(value, str) or re.fullmatch(scalars.KEY_PATTERN[1:-1], value) is None:
        raise expected(what, node)
    return value


def _membership(node: Node, _: Reading) -> str:
    what = "a segment's key, or a ladder's with a tier: engagement.active"
    value = single(node, what)
    if not isinstance(value, str) or re.fullmatch(scalars.MEMBERSHIP_PATTERN[1:-1], value) is None:
        raise expected(what, node)
    return value


def checked_property(name: str, at: Place) -> str:
    """Return the name if a property can have it; raise `Wrong` if not."""
    if len(name) > MAX_PROPERTY:
        raise Wrong(at, f"the name of a property has at most {MAX_PROPERTY} characters")
    if not all(part.strip() for part in name.split(".")):
        raise Wrong(at, f"the property {quoted(name)} has an empty part beside a dot")
    moments.check_name(name, at)
    return name


def warn_of_place(name: str, at: Place, reading: Reading) -> None:
    """Warn of a name that says where in the event it stands, and so names something else."""
    place, _, rest = name.partition(".")
    if place in {"properties", "products", "traits"} and rest:
        instead = f"write {rest}" if place != "traits" else f"ask for {{trait: {rest}, …}}"
        also = ", which is read from the products, too" if place == "products" else ""
        reading.report.warning(at, f"{name} is a property inside {quoted(place)}: {instead}{also}")


def _property(node: Node, reading: Reading) -> str:
    name = checked_property(text_of(node, "the name of a property"), node.at)
    warn_of_place(name, node.at, reading)
    return name


def _trait(node: Node, reading: Reading) -> str:
    value = text_of(node, "the name of a trait")
    name = value.removeprefix("context.").removeprefix("traits.")
    if name and name != value:
        reading.report.warning(node.at, f"{value} is no name of a trait: write {name}")
    if len(value) > MAX_PROPERTY:
        raise Wrong(node.at, f"the name of a trait has at most {MAX_PROPERTY} characters")
    return value


def _event(node: Node, reading: Reading) -> str:
    value = text_of(node, "the name of an event")
    if value == "any":
        raise Wrong(node.at, "any stands for every event and cannot be one of several")
    if isinstance(node, ScalarNode) and value not in reading.event_names():
        unlisted = "no standard event; a name of your own goes under events in the header"
        if scalars.duration(value) is not None:
            unlisted = f"a duration goes with within: {value}"
        elif re.fullmatch(scalars.DATE_PATTERN[1:-1], value):
            unlisted = f"a day goes into where: {{at.date: {{at_least: {value}}}}}"
        raise reading.unknown(node, "event", reading.event_names(), unlisted)
    return value


def _events(node: Node, reading: Reading) -> Names:
    if isinstance(node, ScalarNode):
        return ANY if node.text == "any" else (_event(node, reading),)
    what = "the name of an event, a list of names, or any"
    return tuple(sorted(set(items(node, what, _event, reading))))


def _own_event(node: Node, _: Reading) -> str:
    what = (
        f"a name that an event can have (small letters, digits and _, at most {MAX_NAME}), such as "
        "loyalty_card_scanned"
    )
    value = single(node, what)
    if not isinstance(value, str) or not is_name(value):
        meant = snake_case(value) if isinstance(value, str) else None
        wrong = expected(what, node)
        if meant is not None and isinstance(wrong, Wrong):
            raise Wrong(wrong.place, f"{wrong.message}: write {meant}")
        raise wrong
    if value == "any":
        raise Wrong(node.at, "any stands for every event and cannot be the name of one")
    return value


_OWN_EVENT_SCHEMA: Final = {
    "type": "string",
    "maxLength": MAX_NAME,
    "pattern": f"^{NAME}$",
    "not": {"const": "any"},
}
_EVENT_SCHEMA: Final = {
    "anyOf": [
        {
            "enum": list(STANDARD_EVENTS),
            "markdownEnumDescriptions": list(STANDARD_EVENTS.values()),
        },
        {"$ref": "#/$defs/own_event"},
    ]
}

KEY: Final = Kind("key", "key", {"type": "string", "pattern": scalars.KEY_PATTERN}, _key)
MEMBERSHIP: Final = Kind(
    "membership",
    "key of a segment, or of a ladder with its tier",
    {"type": "string", "pattern": scalars.MEMBERSHIP_PATTERN},
    _membership,
)
PROPERTY: Final = Kind(
    "property",
    "name of a property (dots descend; `at.hour`, `context.…`)",
    {
        **NOT_BLANK,
        "maxLength": MAX_PROPERTY,
        "not": {"pattern": r"(^|\.)\s*(\.|$)"},
        "anyOf": [{"not": {"pattern": r"^at\."}}, {"enum": list(PARTS)}],
    },
    _property,
)
TRAIT: Final = Kind("trait", "name of a trait", {**NOT_BLANK, "maxLength": MAX_PROPERTY}, _trait)
OWN_EVENT: Final = Kind("own_event", "name of an event", _OWN_EVENT_SCHEMA, _own_event)
EVENT: Final = Kind("event", "name of an event", _EVENT_SCHEMA, _event, (OWN_EVENT,))
EVENTS: Final = Kind(
    "events",
    "EVENT: a name, a list of names, or `any`",
    {
        "anyOf": [
            {"const": "any"},
            {"$ref": "#/$defs/event"},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/event"}},
        ]
    },
    _events,
    (EVENT,),
)
