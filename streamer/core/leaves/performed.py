"""How often something was done: `performed`, `not_performed`, `quiet`."""

from dataclasses import dataclass
from typing import Literal

from streamer.core.syntax import Names, Scope
from streamer.types import Millis


@dataclass(frozen=True, slots=True)
class Performed:
    """The number of qualifying events compares as stated.

    `counting` says what is counted: events, different values of `property` (`distinct`), calendar
    days in the zone (`days`), or the events of the most frequent value of `property` (`same`).
    """

    scope: Scope
    counting: Literal["events", "distinct", "days", "same"] = "events"
    property: str | None = None
    at_least: int | None = None
    at_most: int | None = None
    exactly: int | None = None


@dataclass(frozen=True, slots=True)
class NotPerformed:
    """There is no qualifying event."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class Quiet:
    """No event of `events` for `duration` ms."""

    duration: Millis
    events: Names = ()
