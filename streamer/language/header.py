"""The header of a rule set: zone, own events, identity, consents, and bounds of time.

It is read before everything else, since names and days in the rules depend on it.
"""

from typing import Final

from streamer.core.leaves.trait import Trait
from streamer.core.rules.spec import Condition, Header, Joining
from streamer.core.wording import duration as said_duration
from streamer.language import kinds, names
from streamer.language.conditions import CONDITION
from streamer.language.fields import Field, Group
from streamer.language.kinds import Kind
from streamer.language.nodes import MappingNode, Node
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.language.zones import wrong_zone


def _zone(node: Node, _: Reading) -> str:
    value = kinds.text_of(node, "a time zone such as Europe/Berlin")
    if wrong := wrong_zone(value):
        raise Wrong(node.at, wrong)
    return value


def _own_events(node: Node, reading: Reading) -> tuple[str, ...]:
    return kinds.items(node, "a list of event names", names.OWN_EVENT.read, reading)


IDENTITY: Final = Group(
    "the identity",
    (
        Field(
            "anonymous",
            kinds.choice("joining", "last", "first", "none"),
            "Whose the events of an anonymous id are, once a user has logged in with it: of the "
            "user who did so `last`, of the `first` one, or of `none`, its own.",
            required=True,
        ),
    ),
)


def _identity(node: Node, reading: Reading) -> Joining:
    if not isinstance(node, MappingNode):
        raise expected("the identity as {anonymous: last}", node)
    joining: Joining = IDENTITY.read(node, reading)["anonymous"]
    return joining


def _consents(node: Node, reading: Reading) -> tuple[tuple[str, Condition], ...]:
    what = "consents such as {marketing: {trait: marketing_consent, is: true}}"
    if not isinstance(node, MappingNode):
        raise expected(what, node)
    found = []
    for entry in node.entries.values():
        name = reading.attempt(names.KEY.read, entry.key)
        condition = reading.attempt(CONDITION.read, entry.value)
        if condition is not None and not isinstance(condition, Trait):
            message = "a consent is a trait, such as {trait: marketing_consent, is: true}"
            reading.report.error(entry.value.at, message)
        elif name is not None and condition is not None:
            found.append((name, condition))
    if len(found) < len(node.entries) or not node.whole:
        raise Lost
    return tuple(sorted(found))


HEADER: Final = Group(
    "the header",
    (
        Field("ruleset", names.KEY, "The name of the rule set.", required=True),
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
            "lateness",
            kinds.PERIOD,
            "How far time stays behind the newest event, so that events on their way still come in "
            "time; 2s if not stated. A change that only time brings is published so much "
            "later.",
        ),
        Field(
            "events",
            Kind(
                "own_events",
                "list of event names",
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {"$ref": "#/$defs/own_event"},
                },
                _own_events,
                (names.OWN_EVENT,),
            ),
            "Names of events beyond the standard ones, which rules may then use.",
        ),
        Field(
            "identity",
            Kind(
                "identity",
                "how one person comes together",
                IDENTITY.schema(),
                _identity,
                IDENTITY.kinds(),
            ),
            "How an anonymous id and the user who logs in with it become one customer; without it "
            "they are two.",
        ),
        Field(
            "consents",
            Kind(
                "consents",
                "name of each consent, and its trait",
                {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"$ref": "#/$defs/key"},
                    "additionalProperties": {"$ref": "#/$defs/condition"},
                },
                _consents,
                (names.KEY, CONDITION),
            ),
            "What customers can agree to: the trait that says whether they did. Segments ask for "
            "it by their setting `needs_consent`.",
        ),
    ),
)


def read_header(node: Node, reading: Reading) -> Header:
    """Return the header as far as it can be read; all that is wrong is reported."""
    values, _ = HEADER.take(node, reading)
    named = {one.name: values[one.name] for one in HEADER.fields if one.name in values}
    if "identity" in named:
        named["anonymous"] = named.pop("identity")
    header = Header(named.pop("ruleset", "unnamed"), **named)
    if "max_lateness" in values and header.max_lateness > header.retention:
        late, kept = said_duration(header.max_lateness), said_duration(header.retention)
        message = f"max_lateness {late} is longer than the retention {kept}"
        reading.report.error(values.at("max_lateness"), message)
    if "lateness" in values and header.lateness > header.max_lateness:
        late, latest = said_duration(header.lateness), said_duration(header.max_lateness)
        message = f"lateness {late} is longer than max_lateness {latest}"
        reading.report.error(values.at("lateness"), message)
    return header
