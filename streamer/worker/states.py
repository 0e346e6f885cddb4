"""The life of a partition in a worker: its states, what each allows, and the moves between them.

    ASSIGNED -> CLAIMED -> RESTORING -> MIGRATING -> RUNNING -> CLOSING -> CLOSED
    any live state -> PAUSED -> CLAIMED
    any live state -> REVOKED

RESTORING and MIGRATING are left out where there is nothing to restore or to migrate. A move that
the table does not have, and an act that the state does not allow, raise: both are bugs.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from streamer.errors import AdapterError
from streamer.types import Millis


class State(Enum):
    """Where a partition stands in its worker."""

    ASSIGNED = auto()
    """The group has assigned it to this process, which has not claimed it."""
    CLAIMED = auto()
    """This process is the owner; it publishes what the previous owner left in the outbox."""
    RESTORING = auto()
    """The store is behind the sink: records are decided again, and nothing is published."""
    MIGRATING = auto()
    """It is processed, and customers of earlier rules are decided under the present ones."""
    RUNNING = auto()
    """It is processed; every profile was decided under the present rules."""
    PAUSED = auto()
    """A failure, or new rules: nothing is done until it is claimed again."""
    CLOSING = auto()
    """The process ends: it reads no record, publishes what was committed and trims the outbox."""
    CLOSED = auto()
    """The process has ended its work on it in order."""
    REVOKED = auto()
    """The group has assigned it to another process."""


class Act(Enum):
    """What a task may do in a state."""

    READ = auto()
    COMMIT = auto()
    PUBLISH = auto()


@dataclass(frozen=True, slots=True)
class _Row:
    acts: frozenset[Act]
    moves: frozenset[State]


def _row(acts: set[Act], *moves: State) -> _Row:
    return _Row(frozenset(acts), frozenset(moves))


_STOP: Final = (State.PAUSED, State.REVOKED)
_WORK: Final = {Act.READ, Act.COMMIT, Act.PUBLISH}
TABLE: Final[dict[State, _Row]] = {
    State.ASSIGNED: _row(set(), State.CLAIMED, State.CLOSED, *_STOP),
    State.CLAIMED: _row(
        {Act.PUBLISH}, State.RESTORING, State.MIGRATING, State.RUNNING, State.CLOSING, *_STOP
    ),
    State.RESTORING: _row(
        {Act.READ, Act.COMMIT}, State.MIGRATING, State.RUNNING, State.CLOSING, *_STOP
    ),
    State.MIGRATING: _row(_WORK, State.RUNNING, State.CLOSING, *_STOP),
    State.RUNNING: _row(_WORK, State.CLOSING, *_STOP),
    State.PAUSED: _row(set(), State.CLAIMED, State.CLOSED, *_STOP),
    State.CLOSING: _row({Act.COMMIT, Act.PUBLISH}, State.CLOSED, *_STOP),
    State.CLOSED: _row(set()),
    State.REVOKED: _row(set()),
}
"""What each state allows, and the states that may follow it."""


class IllegalMove(RuntimeError):
    """A move or an act that the state of a partition does not allow."""


class Lifecycle:
    """The state of one partition from its assignment on.

    While it is paused, `reason` says why (None: for new rules) and `until` when it may be claimed
    again, in ms of the worker's steady clock.
    """

    def __init__(self) -> None:
        self.state = State.ASSIGNED
        self.reason: AdapterError | None = None
        self.until: Millis = 0

    def move(self, to: State) -> None:
        """Change the state; raises `IllegalMove` where the table has no such move."""
        if to not in TABLE[self.state].moves:
            raise IllegalMove(f"a partition cannot go from {self.state.name} to {to.name}")
        self.state = to
        if to is not State.PAUSED:
            self.reason = None

    def pause(self, reason: AdapterError | None, until: Millis) -> None:
        """Change to PAUSED until an instant."""
        self.move(State.PAUSED)
        self.reason, self.until = reason, until

    def allows(self, act: Act) -> bool:
        """Say whether the state allows an act."""
        return act in TABLE[self.state].acts

    def require(self, act: Act) -> None:
        """Raise `IllegalMove` unless the state allows an act."""
        if not self.allows(act):
            raise IllegalMove(f"a partition that is {self.state.name} must not {act.name}")

    @property
    def idle(self) -> bool:
        """Whether the partition has no task and waits to be claimed."""
        return self.state in (State.ASSIGNED, State.PAUSED)
