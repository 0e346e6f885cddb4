"""The worker of a process: it runs the tasks of all partitions that the group assigns to it.

Theory of operation.

1. One pass (`run_once`) polls the feed, passes each partition's records to its task, fires the
   wakes that are due where the log has ended (below), and publishes the output of all tasks in one
   step. At its end it claims the partitions that have no task.
2. `states` defines the life of a partition. Every failure pauses it: of the feed, the store or the
   sink, fencing by another owner, a bug. Every failure has one answer: drop the task, pause, and
   claim the partition again as long as it is assigned. A claim finds out what was committed and
   what was published, so it does not matter what had been done before the failure. The pause
   doubles with each attempt; for a failure that cannot pass by itself it is the longest one from
   the start.
3. While all partitions are paused the feed is still polled, so that the process stays in its group.
   A server that hangs takes long to time out, so a pass that has waited for long enough tries
   nothing more.
4. After new rules one partition after the other migrates its customers, a slice in each pass. In
   passes that have records the slice is small, so that records wait little.
5. Publishing also moves the mark of partitions without output now and then, so that the group's
   offsets show their progress.

Theory of time. A wake at w may be fired before the log says so only if every record that was not
read yet has an append time of w + lateness or more: then the log alone would have fired it first,
and the changes are those of the log alone. So time moves to an instant before which the log is
*known* to have ended, in this order:

1. *Look.* If the feed is caught up, as far as the broker has said, ask the store whether a wake is
   due. A partition without one costs this question in each pass, and its log is not asked.
2. *Read the broker's clock*, c. `BrokerClock` is never ahead of it once a record has arrived.
3. *Ask the log*: is there nothing at or after our offset? A round trip to the partition's leader.
   What it appends after it has answered gets c or more as append time, since c was read before.
4. *Fire* what is due at or before c - lateness, less the time that a record may take between its
   append time and the log's end.

Between any two of these steps the process may stall for any time: c does not grow by it. An end
that was true once does not count: after a stall, in a rebalance or while a fetch waits, records are
in the log that the feed has not delivered, and the log's answer counts them. It also counts those
of open transactions, which have their append time and cannot be read yet.

What remains is the window between a record's append time and the moment from which the leader
counts it: replication, or a disk that is slow. `_SETTLES` covers it where replicas keep up. Where
they do not, and where a new leader's clock is behind the old one's, lateness covers it in part: a
wake that fired too early by d changes nothing for an event that was appended within lateness - d of
its own time, since that event's time is after the wake.

If every partition is paused for a failure that cannot pass by itself (a log that does not reach
back far enough, a profile that cannot be read), the worker raises one of these failures.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from streamer.errors import AdapterError, Fenced, StreamerError, Unavailable
from streamer.ports import Feed, OutboxEntry, Sink
from streamer.types import SECOND, Millis, Record
from streamer.worker.assignment import Assignment, Clocks, Listener
from streamer.worker.bugs import describe
from streamer.worker.clock import BrokerClock
from streamer.worker.durations import Durations
from streamer.worker.engine import Batching
from streamer.worker.states import Act, State
from streamer.worker.stopwatch import Stopwatch
from streamer.worker.task import PartitionTask

T = TypeVar("T")

_WAIT: Final = 0.05
"""How long a pass waits for the first record, in seconds."""
_FIRST_PAUSE: Final[Millis] = 100
_LONGEST_PAUSE: Final[Millis] = 10 * SECOND
_WAITS: Final[Millis] = 8 * SECOND
"""A pass that has waited so long for calls that failed tries nothing more."""
_TIRED: Final = Unavailable("other partitions have kept the worker waiting for too long")
_SETTLES: Final[Millis] = 100
"""A record has its append time before the log's end has moved past it: so long at most, where the
replicas keep up."""
_MARK_EVERY: Final[Millis] = 5 * SECOND
_BUSY_SHARE: Final = 10
"""How many times smaller a slice of a migration is in a pass that has records."""


@dataclass(slots=True)
class Worker:
    """Processes the partitions that are assigned to it; call `run_once` in a loop, then `close`.

    `task_factory` makes the task of a partition.
    """

    feed: Feed
    sink: Sink
    task_factory: Callable[[int], PartitionTask]
    batching: Batching
    clocks: Clocks
    listener: Listener
    watch: Stopwatch
    assignments: dict[int, Assignment] = field(default_factory=dict)
    delays: Durations = field(default_factory=Durations)
    """From the append time of the oldest record of its batch until a change is published."""
    timer_delays: Durations = field(default_factory=Durations)
    """From the earliest instant at which a wake may fire until its change is published."""
    _oldest: dict[int, Millis | None] = field(default_factory=dict)
    _busy: bool = False
    _waited: Millis = 0

    def run_once(self) -> int:
        """Poll, decide, commit and publish once; return how many records came."""
        self.watch.lap("rest")
        self._waited = 0
        wait = 0.0 if self._busy else _WAIT
        assigned = list(self.assignments)
        records = self._try(assigned, lambda: self.feed.poll(self.batching.batch, wait)) or ()
        self.watch.lap("poll")
        self._busy = False
        self._follow()
        for partition, error in self.feed.failed().items():
            if partition in self.assignments:
                self._pause([partition], error)
        entries: list[OutboxEntry] = []
        self._oldest.clear()
        for partition, those in _by_partition(records).items():
            self._oldest[partition] = those[0].appended
            entries += self._process(partition, those)
        entries += self._fire_due()
        self.watch.lap("timers")
        entries += self._migrate(max(1, self.batching.renewals // (_BUSY_SHARE if records else 1)))
        entries += self._progress({entry.partition for entry in entries})
        self._publish(entries)
        for partition in sorted(self.assignments, key=lambda one: self.assignments[one].life.until):
            self._claim(partition)
        self._raise_lasting()
        return len(records)

    @property
    def ready(self) -> bool:
        """Whether every assigned partition has a task."""
        return all(assignment.task is not None for assignment in self.assignments.values())

    def claim_all_again(self) -> None:
        """Claim every partition again, with new tasks of the factory."""
        for partition, assignment in self.assignments.items():
            self.feed.pause(partition)
            assignment.pause(None, 0)

    def close(self) -> None:
        """Publish the positions of all tasks, and end them."""
        closing = {one: it.task for one, it in self.assignments.items() if it.task is not None}
        for assignment in self.assignments.values():
            assignment.life.move(State.CLOSED if assignment.task is None else State.CLOSING)
        self._publish([one for task in closing.values() if (one := task.progress()) is not None])
        for partition, task in closing.items():
            if self.assignments[partition].task is task:
                self._try([partition], task.close)
        self.assignments.clear()

    def _follow(self) -> None:
        """Follow the group: drop revoked partitions, add assigned ones."""
        assigned = self.feed.assigned()
        for partition, assignment in list(self.assignments.items()):
            if assigned.get(partition) != assignment.epoch:
                assignment.life.move(State.REVOKED)
                del self.assignments[partition]
                self.listener.on_revoked(partition)
        for partition, epoch in assigned.items():
            if partition not in self.assignments:
                clock = BrokerClock(self.clocks.wall, self.clocks.steady)
                self.assignments[partition] = Assignment(epoch, clock)

    def _claim(self, partition: int) -> None:
        """Start a task for a partition that has none, if its pause is over."""
        assignment = self.assignments[partition]
        not_yet = self.clocks.steady() < assignment.life.until or self._waited >= _WAITS
        if assignment.life.idle and not not_yet:
            self._try([partition], lambda: self._start(partition, assignment))

    def _start(self, partition: int, assignment: Assignment) -> None:
        task = self.task_factory(partition)
        task.start(assignment.life)
        self.feed.start_at(partition, self._first_offset(task))
        assignment.task, assignment.waiting_since = task, None
        self.listener.on_assigned(partition, task)

    def _first_offset(self, task: PartitionTask) -> int:
        """Return the first offset to read; raises `AdapterError` if the log does not hold it."""
        held = self.feed.offset_range(task.partition)
        if task.offset > held.end:
            raise AdapterError(
                f"partition {task.partition} is to be read from offset {task.offset} on, but "
                f"the log ends at {held.end}: if the topic was created again, begin again as well, "
                f"under another group name"
            )
        if task.offset >= held.start or task.new:
            return max(task.offset, held.start)
        raise AdapterError(
            f"partition {task.partition} is to be read from offset {task.offset} on, but the "
            f"log begins at {held.start}: restore a backup of the store that stands at "
            f"{held.start} or later, or begin again under another group name"
        )

    def _process(self, partition: int, records: Sequence[Record]) -> list[OutboxEntry]:
        """Process a partition's records; without a task they are delivered again later."""
        assignment = self.assignments.get(partition)
        task = None if assignment is None else assignment.reader
        if assignment is None or task is None:
            return []
        appended = records[-1].appended
        if assignment.waiting_since is not None and appended is not None:
            assignment.clock.arrived(appended, self.clocks.steady() - assignment.waiting_since)
        entries: list[OutboxEntry] = []
        left: Sequence[Record] = records
        while left:
            processed = self._try([partition], partial(task.process, left))
            if processed is None:
                return []
            entries += processed[0]
            left = processed[1]
        assignment.failures = 0
        return entries

    def _fire_due(self) -> list[OutboxEntry]:
        """Fire wakes that are due where the log has ended (theory of time, above)."""
        due: dict[int, Millis] = {}
        for partition, assignment in self.assignments.items():
            until = self._due(partition, assignment)
            if until is not None:
                due[partition] = until
        entries: list[OutboxEntry] = []
        for partition in self._at_end(due):
            entries += self._fire(partition, due[partition])
        return entries

    def _due(self, partition: int, assignment: Assignment) -> Millis | None:
        """Return the instant up to which wakes fire once the log has ended; None if none is due."""
        task = assignment.reader
        if task is None:
            return None
        assignment.waiting_since = None
        if not self.feed.caught_up(partition, task.offset):
            return None
        assignment.waiting_since = self.clocks.steady()
        until = assignment.clock.now() - task.lateness - _SETTLES
        some = self._try([partition], lambda: task.has_due(until))
        if some is None:
            return None
        assignment.failures = 0
        if not some:
            assignment.timers_at = until
        return until if some else None

    def _at_end(self, partitions: Iterable[int]) -> list[int]:
        """Ask the log which of these partitions have ended; the clock has been read before."""
        offsets = {
            one: task.offset
            for one in partitions
            if (task := self.assignments[one].reader) is not None
        }
        found = self._try(list(offsets), lambda: self.feed.at_end(offsets)) if offsets else None
        return sorted(found or ())

    def _fire(self, partition: int, until: Millis) -> Sequence[OutboxEntry]:
        task = self.assignments[partition].reader
        if task is None:
            return ()
        fired = self._try([partition], lambda: task.fire_due(until))
        if fired is None:
            return ()
        entries, done = fired
        if done:
            self.assignments[partition].timers_at = until
        self._busy |= not done
        return entries

    def _migrate(self, limit: int) -> Sequence[OutboxEntry]:
        """Let the first task that needs it migrate some more customers."""
        tasks = [it.reader for it in self.assignments.values()]
        task = next((task for task in tasks if task is not None and task.needs_migration), None)
        if task is None:
            return ()
        partition = task.partition
        entries, done = self._try([partition], partial(task.migrate, limit)) or ((), False)
        if done:
            self.listener.on_migrated(partition, task)
        self._busy = True
        return entries

    def _progress(self, with_output: set[int]) -> Iterator[OutboxEntry]:
        """Yield entries that move the marks of tasks without output for a while."""
        now = self.clocks.steady()
        for partition, assignment in self.assignments.items():
            task = assignment.reader
            if task is None:
                continue
            waited = now >= assignment.marked_at + _MARK_EVERY
            if partition in with_output:
                assignment.marked_at, assignment.marked_offset = now, task.offset
            elif waited and task.offset != assignment.marked_offset:
                assignment.marked_at, assignment.marked_offset = now, task.offset
                progress = task.progress()
                if progress is not None:
                    yield progress

    def _publish(self, entries: Sequence[OutboxEntry]) -> None:
        """Publish in one step, without partitions that were paused since their commit."""
        batch = [one for one in entries if self._may_publish(one.partition)]
        if batch:
            self._try(list({one.partition for one in batch}), lambda: self._publish_all(batch))
        self.watch.lap("publish")

    def _may_publish(self, partition: int) -> bool:
        return self.assignments[partition].life.allows(Act.PUBLISH)

    def _publish_all(self, batch: Sequence[OutboxEntry]) -> None:
        self.sink.publish(batch)
        for entry in batch:
            assignment = self.assignments[entry.partition]
            task = assignment.task
            if task is not None:
                task.mark_published(entry)
                if entry.erases:
                    task.trim()
                if entry.changes:
                    self._measure(entry, assignment.clock.now(), task.lateness)

    def _measure(self, entry: OutboxEntry, now: Millis, lateness: Millis) -> None:
        """Count how long its changes took; those of new rules have no start."""
        oldest = self._oldest.get(entry.partition)
        caused = 0
        for change in entry.changes:
            if change.cause == "time":
                self.timer_delays.add(max(0, now - change.at - lateness) / SECOND)
            elif change.cause == "event":
                caused += 1
        if caused and oldest is not None:
            self.delays.add(max(0, now - oldest) / SECOND, caused)

    def _try(self, partitions: Sequence[int], act: Callable[[], T]) -> T | None:
        """Call `act`; if it fails pause these partitions and return None."""
        began = self.clocks.steady()
        failure: AdapterError = _TIRED
        if self._waited < _WAITS:
            try:
                return act()
            except AdapterError as error:
                failure = error
            except StreamerError:  # no partition can be processed
                raise
            except Exception as error:  # noqa: BLE001 (a bug in one partition stops no other)
                failure = AdapterError(f"a bug was met: {describe(error)}")
        self._waited += self.clocks.steady() - began
        if len(partitions) > 1 and not _passes(failure):
            failure = Unavailable(
                str(failure)
            )  # which one it concerns shows when they are claimed again
        elif not partitions:
            raise failure
        self._pause(partitions, failure)
        return None

    def _pause(self, partitions: Iterable[int], error: AdapterError) -> None:
        """Pause these partitions until it is time to try again."""
        for partition in partitions:
            assignment = self.assignments[partition]
            pause = _LONGEST_PAUSE
            if _passes(error):
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE << min(assignment.failures, 10))
            assignment.failures += 1
            assignment.pause(error, self.clocks.steady() + pause)
            self.feed.pause(partition)
            self.listener.on_failure(partition, error, pause)

    def _raise_lasting(self) -> None:
        """Raise a failure if every partition has one that cannot pass by itself."""
        reasons = [assignment.life.reason for assignment in self.assignments.values()]
        lasting = [one for one in reasons if one is not None and not _passes(one)]
        if lasting and len(lasting) == len(reasons):
            raise lasting[0]


def _passes(error: AdapterError) -> bool:
    """Say whether the failure may pass when tried again."""
    return isinstance(error, Fenced | Unavailable)


def _by_partition(records: Sequence[Record]) -> dict[int, list[Record]]:
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record)
    return found
