"""A customer of whom a date is known, and instants as a clock in a zone shows them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from streamer.core.leaf import Until
from streamer.types import DAY, FOREVER
from tests.core.state.asking import START, Asking, Happened, Spec


def at(text: str, zone: str = "Europe/Berlin") -> int:
    """The instant at which a clock in the zone shows this."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def told(
    question: Spec,
    born: Any,  # noqa: ANN401  as in JSON
    now: str,
    zone: str = "Europe/Berlin",
) -> Until:
    """What a leaf answers at `now` of a customer whose date of birth came a day before."""
    instant = at(now, zone)
    came = Happened(instant - DAY - START, "identified", {}, {"born": born})
    asking = Asking(question, zone=zone)
    return asking.leaves[0].flip(asking.customer(came).reread().profile, instant)


def expected(*, holds: bool, until: str | None, zone: str = "Europe/Berlin") -> Until:
    """The answer, until a clock shows `until`; None for ever."""
    instant = FOREVER if until is None else at(until, zone)
    return instant if holds else -instant
