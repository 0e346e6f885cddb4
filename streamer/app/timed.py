"""A store whose commits are timed, and a sink whose transactions are.

Both pass on every call and every error as they are.
"""

from collections.abc import Callable, Sequence

from streamer.ports import Checkpoint, OutboxEntry, Sink, Store
from streamer.worker import Durations


class TimedStore:
    """Passes everything on to a store; `clock` counts nanoseconds and is never set."""

    def __init__(self, store: Store, clock: Callable[[], int], commits: Durations) -> None:
        self._store = store
        self._clock = clock
        self._commits = commits
        self.claim = store.claim
        self.load = store.load
        self.scan = store.scan
        self.due = store.due
        self.outbox = store.outbox

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint, and count how long that took; what fails is not counted."""
        began = self._clock()
        self._store.commit(checkpoint)
        self._commits.add((self._clock() - began) / 1e9)


class TimedSink:
    """Passes everything on to a sink; `clock` counts nanoseconds and is never set."""

    def __init__(self, sink: Sink, clock: Callable[[], int], transactions: Durations) -> None:
        self._sink = sink
        self._clock = clock
        self._transactions = transactions
        self.mark = sink.mark

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish the entries, and count how long that took; what fails is not counted."""
        began = self._clock()
        self._sink.publish(batch)
        self._transactions.add((self._clock() - began) / 1e9)
