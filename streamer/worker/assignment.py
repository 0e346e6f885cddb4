"""A partition that the group has assigned to this process, and who hears of its life."""

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
    """This machine's clock in ms since 1970, and one in ms that is never set."""

    wall: Callable[[], Millis]
    steady: Callable[[], Millis]


@dataclass(slots=True)
class Assignment:
    """An assigned partition; it has a task while its state lets it work.

    `epoch` is the number of the assignment, `failures` how often it was paused without having
    worked in between. Instants are of the steady clock.
    """

    epoch: int
    clock: BrokerClock
    life: Lifecycle = field(default_factory=Lifecycle)
    task: PartitionTask | None = None
    failures: int = 0
    waiting_since: Millis | None = None
    """When the task was last seen to have read to the end; None if it had not."""
    marked_at: Millis = 0
    marked_offset: int = -1

    @property
    def reader(self) -> PartitionTask | None:
        """The task, if it may read records; None otherwise."""
        return self.task if self.life.allows(Act.READ) else None

    def pause(self, reason: AdapterError | None, until: Millis) -> None:
        """Forget the task; another one may claim the partition from then on."""
        self.life.pause(reason, until)
        self.task = None


class Listener(Protocol):
    """Who hears what happens to partitions."""

    def on_assigned(self, partition: int, task: PartitionTask) -> None:
        """Hear that the partition has a task, which has claimed it."""

    def on_failure(self, partition: int, error: AdapterError, pause: Millis) -> None:
        """Hear what went wrong, and how long it is until the next attempt."""

    def on_migrated(self, partition: int, task: PartitionTask) -> None:
        """Hear that all of the partition's customers have been decided under the new rules."""

    def on_revoked(self, partition: int) -> None:
        """Hear that the group gave the partition to another process."""
