"""Runs one task on a log that it polls itself: in replays, the demo, and tests.

A worker passes the records of a feed to its tasks and publishes for all of them at once. A runner
reads a log and publishes after every commit, so at most one commit waits to be published.
"""

from collections.abc import Sequence

from streamer.ports import Log, OutboxEntry, Sink
from streamer.types import Millis, Record
from streamer.worker.task import PartitionTask


class LogRunner:
    """Runs a task; call `start`, then `step` until the log is at its end.

    `batch` is how many records are read at once.
    """

    def __init__(self, task: PartitionTask, log: Log, sink: Sink, batch: int) -> None:
        self.task = task
        self._log = log
        self._sink = sink
        self._batch = batch
        self._left: Sequence[Record] = ()

    def start(self) -> None:
        """Claim the partition."""
        self.task.start()
        self._left = ()

    def step(self) -> bool:
        """Process one batch; False if the log had no record."""
        task = self.task
        records = self._left or self._log.read(task.partition, task.offset, self._batch)
        if not records:
            return False
        entries, self._left = task.process(records)
        self._publish(entries)
        return True

    def fire_due(self, until: Millis) -> None:
        """Fire every wake due at or before `until`, in order of time, then customer."""
        done = False
        while not done:
            entries, done = self.task.fire_due(until)
            self._publish(entries)

    def migrate(self, limit: int) -> None:
        """Migrate about `limit` more customers."""
        self._publish(self.task.migrate(limit)[0])

    def _publish(self, entries: Sequence[OutboxEntry]) -> None:
        if entries:
            self._sink.publish(entries)
            self.task.mark_published(entries[-1])
