"""What the best customers have: a rule cannot compare customers, so its threshold must be known.

A measure is a total or a number over the events of each customer in a window up to the end of the
events. An event counts once, by customer and id. Properties are read as rules read them, each by
its kind, and of one product where the condition holds of a product.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

import orjson

from streamer.app.hints import EventNames, PropertyNames
from streamer.app.inputs import EventReading, read_events
from streamer.app.intake import Intake, Refusals
from streamer.app.persons import Persons
from streamer.core.columns import Amounts, Filter, Row
from streamer.core.rules.spec import Clause, Comparison, Joining
from streamer.core.standard import kinds_of
from streamer.errors import UsageError
from streamer.language.scalars import duration
from streamer.types import Event, Millis, Scalar

SHARES: Final = (0.05, 0.1, 0.2)
_ASKED: Final = re.compile(
    r"(?:total (?P<property>[\w.]+)(?: times (?P<times>[\w.]+))?|number) "
    r"of (?P<events>\w+(?: or \w+)*)"
    r"(?: where (?P<where>[\w.]+) is (?P<value>\S+))?(?: within (?P<within>\w+))?"
)


class Measure(NamedTuple):
    """A total of `property`, or with None the number of events; `within` ms, None for all.

    `times` names the number beside the property that it is multiplied by, if any.
    """

    property: str | None
    times: str | None
    events: frozenset[str]
    where: tuple[Clause, ...]
    within: Millis | None


class Threshold(NamedTuple):
    """The best `share` of the customers, which are so many, have `least` or more."""

    share: float
    customers: int
    least: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the best of `customers` customers with a value have; of totals in ten-thousandths.

    `never_seen` says of each event and property that is asked for and never occurred what there is
    instead, and where nobody has a value, what the compared property held.
    """

    customers: int
    until: Millis | None
    found: tuple[Threshold, ...]
    intake: Intake
    never_seen: tuple[str, ...] = ()


def measure(text: str) -> Measure:
    """Read a measure such as `total price of order_completed within 365d`."""
    found = _ASKED.fullmatch(" ".join(text.split()))
    within = duration(found["within"]) if found and found["within"] else None
    if found is None or (found["within"] and not within):
        raise UsageError(
            f"{text!r} is no measure: expected one such as "
            "'total price times quantity of order_completed where currency is EUR within 365d' or "
            "'number of order_completed within 90d'"
        )
    if found["where"] == "currency" and found["value"] != found["value"].upper():
        raise UsageError(f"a currency is read in upper case: write {found['value'].upper()}")
    meant = (Comparison("in", _meanings(found["value"])),) if found["where"] else ()
    where = (Clause(found["where"], meant),) if found["where"] else ()
    events = frozenset(found["events"].split(" or "))
    return Measure(found["property"], found["times"], events, where, within)


def _meanings(word: str) -> tuple[Scalar, ...]:
    """Return the values that a word can stand for: 7 the number and the text, "7" only the text."""
    try:
        value = orjson.loads(word)
    except orjson.JSONDecodeError:
        return (word,)
    if isinstance(value, str):
        return (value,)
    return (value, word) if isinstance(value, bool | int | float) else (word,)


def thresholds(
    reading: EventReading,
    asked: Measure,
    anonymous: Joining = "none",
    shares: Sequence[float] = SHARES,
) -> Thresholds:
    """Measure every customer, and return what the best have. Memory grows with events counted.

    `anonymous` says how visitors become users; with it, memory grows with customers, too.
    """
    refusals, events, duplicates = Refusals(), 0, 0
    amount_of = _Amount(asked)
    amounts: dict[tuple[str, str], tuple[Millis, int | None]] = {}
    until: Millis | None = None
    names, properties = EventNames(asked.events), PropertyNames(*_asked(asked))
    persons = None if anonymous == "none" else Persons(anonymous)
    for event in read_events(reading._replace(decode=refusals.noting(reading.decode))):
        events += 1
        names.note(event.name)
        until = event.time if until is None else max(until, event.time)
        customer = event.customer if persons is None else persons.take(event)
        if event.name not in asked.events:
            continue
        properties.note(event.properties)
        if customer is None or (customer, event.id) in amounts:
            duplicates += 1
            continue
        amounts[customer, event.id] = (event.time, amount_of(event))
    totals: dict[str, int] = {}
    begin = 0 if until is None or asked.within is None else until - asked.within
    for (customer, _), (time, amount) in amounts.items():
        if amount is not None and time > begin:
            person = customer if persons is None else persons.person(customer)
            totals[person] = totals.get(person, 0) + amount
    best = sorted(totals.values(), reverse=True)
    counts = [(share, ceil(share * len(best))) for share in shares] if best else []
    return Thresholds(
        customers=len(best),
        until=until,
        found=tuple(Threshold(share, count, best[count - 1]) for share, count in counts),
        intake=Intake(
            events + refusals.invalid,
            events - duplicates,
            duplicate=duplicates,
            invalid=refusals.invalid,
            reasons=refusals.reasons(),
        ),
        never_seen=(
            *names.never_seen(),
            *properties.never_seen(" or ".join(sorted(asked.events))),
            *([properties.held()] if not best and properties.held() else ()),
        ),
    )


def _asked(asked: Measure) -> tuple[list[str], str | None]:
    """Return the properties that a measure reads, and the one that it compares."""
    compared = asked.where[0].property if asked.where else None
    amounts = (asked.property,)  # a quantity that is not there is 1
    return [name for name in (*amounts, compared) if name is not None], compared


class _Amount:
    """What an event adds to a measure, None where it does not count."""

    def __init__(self, asked: Measure) -> None:
        read = [clause.property for clause in asked.where]
        read += [name for name in (asked.property, asked.times) if name is not None]
        self._standard = kinds_of(read)
        self._where = Filter(0, asked.where)
        self._amounts = None
        if asked.property is not None:
            self._amounts = Amounts(1, asked.property, self._where, asked.times)

    def __call__(self, event: Event) -> int | None:
        row = Row(event.name, event.time, event.properties, None, 2, self._standard, event.context)
        if self._amounts is None:
            return 1 if self._where.passes(row) else None
        amounts = self._amounts.pairs(row)[::2]
        return sum(amounts) if amounts else None
