"""A store whose commits are timed."""

from collections.abc import Callable

from streamer.ports import Checkpoint, Store
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
