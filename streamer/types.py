"""The values that every floor speaks of: records, events, changes and what causes them.

All instants are integer milliseconds since 1970-01-01T00:00Z, all durations integer milliseconds.
The values are immutable. The ones made once per event are named tuples, because a frozen dataclass
costs a microsecond to build and these are built for every event.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from streamer.hashes import change_id

Millis: TypeAlias = int
Scalar: TypeAlias = str | int | float | bool
Direction: TypeAlias = Literal["entered", "exited"]
Outcome: TypeAlias = Literal[
    "applied", "duplicate", "late", "early", "forwarded", "erased", "suppressed"
]
"""`forwarded`: it is a user's, and is decided where the user is. `erased`, `suppressed`: it is of a
person who was erased after it, or of whom nothing is taken; it leaves no trace."""
RejectionKind: TypeAlias = Literal["invalid", "duplicate", "late", "early"]

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
FOREVER: Final = 1 << 61
"""Later than every instant: a condition that says so cannot flip without an event. A power of two,
which a floating-point number holds exactly, and the largest that compiled code keeps in a word."""


class Record(NamedTuple):
    """What a log holds. `value` is untouched; `appended` is the broker's time, if there is one.

    `source` and `line` say for people where the record came from (a file's name and its line,
    counted from 1); logs that are no files leave them empty.
    """

    partition: int
    offset: int
    value: bytes
    appended: Millis | None = None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    source: str = ""
    line: int = 0


class Event(NamedTuple):
    """A decoded, valid storefront event.

    `properties` is the event's own mapping, `traits` the traits that it carries, or None.
    `appended` is the append time of its record, None where the log has no time of its own.
    `user_id` and `anonymous_id` are the ids that it came with; `customer` is the one that counts.
    `context` is where it happened (campaign, device, page), or None.
    """

    id: str
    name: str
    customer: str
    time: Millis
    properties: dict[str, Any]
    traits: dict[str, Any] | None = None
    appended: Millis | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    context: dict[str, Any] | None = None


class Wake(NamedTuple):
    """Look at a customer again at `at`, the earliest time at which a segment of theirs can flip."""

    at: Millis


class SegmentChange(NamedTuple):
    """One customer entered or exited one segment.

    `segment` is the membership (`cart_abandoner`, or `engagement.active` for a ladder's tier);
    `ladder`, `origin` and `target` are filled for tiers (`from` and `to` in the payload).
    `sequence` counts the customer's changes from 1; `born` is the time of the first accepted
    event of the profile; `cause` is `event`, `time`, `rules` or `merge`, `event_id` names the
    causing event. `because` says what the change rests on, as sentences.
    """

    customer: str
    segment: str
    direction: Direction
    at: Millis
    sequence: int
    born: Millis
    cause: str
    event_id: str | None
    because: tuple[str, ...]
    rules: str
    holdout: bool
    replayed: bool = False
    ladder: str | None = None
    origin: str | None = None
    target: str | None = None

    @property
    def change_id(self) -> str:
        """A hash of what makes the change this one: the same whenever it is decided again."""
        return change_id(
            self.customer, self.born, self.segment, self.direction, self.at, self.sequence
        )


class Membership(NamedTuple):
    """Where a customer stands: every membership with the instant at which it was entered.

    `sequence` is the number of the customer's last change, `born` that of the profile. `segments`
    is None once the profile is gone.
    """

    customer: str
    sequence: int
    born: Millis
    segments: tuple[tuple[str, Millis], ...] | None


class Control(NamedTuple):
    """A record that one task tells another one, through the log of events, by its key."""

    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Unusable:
    """In how many accepted events a property was there and could not be read, and an example.

    The example is the first that was found, as JSON writes it, cut if it is long.
    """

    count: int
    example: str


class Rejection(NamedTuple):
    """A record that was not accepted, and why; `path` is the place in the event's schema."""

    record: Record
    kind: RejectionKind
    reason: str
    path: str = ""
