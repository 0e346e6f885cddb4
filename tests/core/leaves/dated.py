"""A customer of whom a date is told, and instants as a clock in a zone shows them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from streamer.core.memory import Answer
from streamer.core.syntax import Condition, Header
from streamer.types import FOREVER, Event
from tests.core.shopper import Shopper


def at(text: str, zone: str = "Europe/Berlin") -> int:
    """The instant at which a clock in the zone shows this."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def told(
    question: Condition,
    born: Any,  # noqa: ANN401  as in JSON
    now: str,
    zone: str = "Europe/Berlin",
) -> Answer:
    """What a leaf answers at `now` of a customer who was born then, told a day before."""
    shopper = Shopper(question, header=Header(zone=zone))
    instant = at(now, zone)
    shopper.decides(Event("", "identified", "c", instant - 86_400_000, {}, {"born": born}))
    when = shopper.rules.plans[0].rungs[0].when
    assert when is not None
    return when.test(shopper.alive, instant)


def expected(*, holds: bool, until: str | None, zone: str = "Europe/Berlin") -> Answer:
    """The answer, until a clock shows `until`; None for ever."""
    return holds, FOREVER if until is None else at(until, zone)
