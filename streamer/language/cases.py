"""Tests in a rule file: given events, expected changes, read into absolute times."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from streamer.codecs.limits import LOCAL_TIME, TIME
from streamer.core.wording import duration as said_duration
from streamer.instants import EARLIEST, END, parse_iso
from streamer.language import kinds, names, scalars
from streamer.language.fields import Apart, Field, Group, Values
from streamer.language.given import CUSTOMER_ID, GIVEN, event_of
from streamer.language.kinds import Kind
from streamer.language.models import Model
from streamer.language.nodes import ListNode, Node, ScalarNode
from streamer.language.reading import Reading, Reference, Wrong, expected
from streamer.language.tiers import NO_TIER
from streamer.types import DAY, Event, Millis

_DEFAULT_START: Final = "2026-01-01T00:00"
_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{3})?)?)?", re.ASCII)
_EXAMPLE: Final = "{at: 0s, event: product_added, product_id: shoe-1}"


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected change, at an absolute time.

    `moves` names a ladder in `membership` and the tier in `to`, None for leaving it altogether;
    the others name a membership. `customer` is whose change it is, None if it does not matter.
    """

    at: Millis
    kind: Literal["enters", "exits", "moves"]
    membership: str
    to: str | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test of a rule file; `document` is the key of the segment or ladder that it is of.

    `events` stand in log order with absolute times, as do `start`, `until` and what is expected.
    `file`, `line` and `column` say where the test begins. `models` hold in place of those of the
    rule set with the same keys.
    """

    __test__: ClassVar[bool] = False

    document: str
    name: str
    start: Millis
    until: Millis
    events: tuple[Event, ...]
    expect: tuple[Expected, ...]
    file: str
    line: int
    column: int
    models: tuple[Model, ...] = ()


def _tier(node: Node, reading: Reading) -> str:
    """Return the tier that a move goes to; the empty text for leaving the ladder."""
    if isinstance(node, ScalarNode) and (scalars.is_null(node) or node.text == NO_TIER):
        return ""
    return names.KEY.read(node, reading)


_ONE_CHANGE: Final = "write each change as an item of its own"
EXPECTED: Final = Group(
    "an expected change",
    (
        Field("at", kinds.RELATIVE, "When, after the start of the test.", required=True),
        Field("enters", names.MEMBERSHIP, "The segment, or ladder and tier, that is entered."),
        Field("exits", names.MEMBERSHIP, "The segment, or ladder and tier, that is left."),
        Field("moves", names.KEY, "The ladder on which the customer moves; goes with `to`."),
        Field(
            "to",
            Kind(
                "target_tier",
                "key of a tier, or `none`",
                {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/key"}]},
                _tier,
                (names.KEY,),
            ),
            "The tier that the customer moves to; `none` for leaving the ladder altogether.",
        ),
        Field("customer", CUSTOMER_ID, "The id whose change it is; any of the test's if not said."),
    ),
    (
        Apart("enters", "exits", _ONE_CHANGE),
        Apart("enters", "moves", _ONE_CHANGE),
        Apart("exits", "moves", _ONE_CHANGE),
        Apart("enters", "to", '"to" goes with "moves"'),
        Apart("exits", "to", '"to" goes with "moves"'),
    ),
    ("enters", "exits", "moves"),
)


def _expected(node: Node, reading: Reading) -> Values:
    values = EXPECTED.read(node, reading)
    if "moves" in values and "to" not in values:
        raise Wrong(
            values.key_at("moves"), '"moves" goes with "to": the tier that the customer moves to'
        )
    return values


def _expectations(node: Node, reading: Reading) -> tuple[Values, ...]:
    if isinstance(node, ListNode) and node.whole and not node.items:
        return ()
    return kinds.items(node, "a list of changes, [] for none", _expected, reading)


def _givens(node: Node, reading: Reading) -> tuple[Values, ...]:
    return kinds.items(node, f"a list of events such as [{_EXAMPLE}]", GIVEN.read, reading)


def _start(node: Node, reading: Reading) -> Millis:
    value = kinds.text_of(node, "a time such as 2026-02-07 or 2026-02-07T09:30")
    try:
        at = _instant(value, reading.header.zone)
    except (ValueError, OverflowError):
        what = "a time from 1990 to 2100 such as 2026-02-07 or 2026-02-07T09:30"
        raise expected(what, node) from None
    return at


def _instant(text: str, zone: str) -> Millis:
    """Return the instant of ISO 8601 text, read in the zone if it names none itself."""
    if _LOCAL.fullmatch(text) is None:
        return parse_iso(text)
    at = round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    if not EARLIEST <= at < END:
        raise ValueError(text)
    return at


TEST: Final = Group(
    "a test",
    (
        Field("name", kinds.TEXT, "What the test shows.", required=True),
        Field(
            "start",
            Kind(
                "start",
                "date or time, in the zone of the rule set",
                {"type": "string", "pattern": f"^({LOCAL_TIME}|{TIME})$"},
                _start,
            ),
            f"The time of `0s`; {_DEFAULT_START} in the rule set's zone if not stated.",
        ),
        Field(
            "given",
            Kind(
                "given",
                "list of events",
                {"type": "array", "minItems": 1, "items": GIVEN.schema()},
                _givens,
                GIVEN.kinds(),
            ),
            "The events, in the order in which they arrive.",
            required=True,
        ),
        Field(
            "expect",
            Kind(
                "expect",
                "list of changes",
                {
                    "type": "array",
                    "items": {**EXPECTED.schema(), "dependentRequired": {"moves": ["to"]}},
                },
                _expectations,
                EXPECTED.kinds(),
            ),
            "All changes of this segment or ladder, with their times; `[]` for none.",
            required=True,
        ),
        Field(
            "until",
            kinds.RELATIVE,
            "How long the test goes on: one day past its last event or change if not stated.",
        ),
    ),
)


def _test(node: Node, reading: Reading) -> TestCase:
    values = TEST.read(node, reading)
    start: Millis = values.get("start", _instant(_DEFAULT_START, reading.header.zone))
    last = max(one["at"] for one in (*values["given"], *values["expect"]))
    until: Millis = values.get("until", last + DAY)
    if until < last:
        message = f"until is before the last event or change, at {said_duration(last)}"
        raise Wrong(values.at("until"), message)
    if start + until >= END:
        raise Wrong(values.key_at("given"), "the test goes on beyond the year 2100")
    return TestCase(
        document=reading.document or "",
        name=values["name"],
        start=start,
        until=start + until,
        events=tuple(event_of(one, start, nth) for nth, one in enumerate(values["given"], 1)),
        expect=tuple(_change(one, start, reading) for one in values["expect"]),
        file=node.at.source.name,
        line=node.at.line,
        column=node.at.column,
    )


def _change(values: Values, start: Millis, reading: Reading) -> Expected:
    at = start + values["at"]
    if "moves" in values:
        ladder, to = values["moves"], values["to"] or None
        place = values.at("moves")
        membership = ladder if to is None else f"{ladder}.{to}"
        reading.references.append(
            Reference(place, membership, reading.document, in_test=True, moves=True)
        )
        return Expected(at, "moves", ladder, to, values.get("customer"))
    kind: Literal["enters", "exits"] = "enters" if "enters" in values else "exits"
    reading.references.append(
        Reference(values.at(kind), values[kind], reading.document, in_test=True)
    )
    return Expected(at, kind, values[kind], None, values.get("customer"))


def _tests(node: Node, reading: Reading) -> tuple[TestCase, ...]:
    if isinstance(node, ListNode) and node.whole and not node.items:
        return ()
    return kinds.items(node, "a list of tests", _test, reading)


TESTS: Final = Kind(
    "tests",
    "list of tests",
    {"type": "array", "items": TEST.schema()},
    _tests,
    TEST.kinds(),
)
