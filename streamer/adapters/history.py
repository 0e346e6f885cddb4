"""A customer's events as they are looked at from outside: read from the log, and kept nowhere."""

from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from streamer.errors import StreamerError
from streamer.ports import Log
from streamer.types import Event, Millis


class RecentEvents(NamedTuple):
    """The latest events of a customer, the latest in the log first.

    What was appended before `since` (ms since 1970) was not looked through; None where all was.
    """

    events: list[Event]
    since: Millis | None


class TooLong(StreamerError):
    """A log holds more events than are read for one answer."""


class EventHistory(Protocol):
    """A log in which a customer's events are looked for, by several threads."""

    def events_of(self, customer: str, partition: int, limit: int) -> RecentEvents:
        """Return the latest events of a customer of this partition; raises `Unavailable`."""

    def whole(self) -> AbstractContextManager[Log]:
        """Open every record in the order of time, as one partition.

        Raises `TooLong` where there are too many for an answer, and `Unavailable`.
        """


def may_name(value: bytes, customer: bytes) -> bool:
    """Say whether a record can be of a customer: it has the id, or something that is escaped."""
    return customer in value or b"\\" in value
