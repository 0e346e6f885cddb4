"""A partition that the group has assigned to this process, and the listener to its life."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from streamer.errors import AdapterError
from streamer.types import Millis
from streamer.worker.clock import BrokerClock
from streamer.worker.states import Act, Lifecycle
from streamer.worker.task import PartitionTask


@dataclass(frozen=True, slots=True)
class Clocks:
    """The machine's clock in ms since 1970, and a monotonic one in ms."""

    wall: Callable[[], Millis]
    steady: Callable[[], Millis]


@dataclass(slots=True)
class Assignment:
    """An assigned partition; it has a task in the states that need one.

    `epoch` is the number of the assignment, `failures` how many times in a row it was paused
    without processing anything in between. Instants are of the steady clock.
    """

    epoch: int
    clock: BrokerClock
    life: Lifecycle = field(default_factory=Lifecycle)
    task: PartitionTask | None = None
    failures: int = 0
    waiting_since: Millis | None = None
    """Since when the task has read everything and waits for a record; None if it has not."""
    timers_at: Millis = 0
    """Every wake due up to here has fired, or there was none, in ms since 1970."""
    marked_at: Millis = 0
    marked_offset: int = -1

    @property
    def reader(self) -> PartitionTask | None:
        """The task, if it may read records; None otherwise."""
        return self.task if self.life.allows(Act.READ) else None

    def timer_lag(self, task: PartitionTask) -> Millis:
        """Return for how long a wake may have been due that the task has not fired."""
        reached = max(task.fired_until[0], self.timers_at)
        return max(0, self.clock.now() - task.lateness - reached)

    def pause(self, reason: AdapterError | None, until: Millis) -> None:
        """Drop the task; another one may claim the partition from an instant on."""
        self.life.pause(reason, until)
        self.task = None


class Listener(Protocol):
    """Receives what happens to partitions."""

    def on_assigned(self, partition: int, task: PartitionTask) -> None:
        """Called when a task has claimed the partition."""

    def on_failure(self, partition: int, error: AdapterError, pause: Millis) -> None:
        """Called when the partition is paused after a failure, for `pause` ms."""

    def on_migrated(self, partition: int, task: PartitionTask) -> None:
        """Called when all customers of the partition have been migrated."""

    def on_revoked(self, partition: int) -> None:
        """Called when the group has revoked the partition."""
