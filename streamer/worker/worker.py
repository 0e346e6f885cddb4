"""The workers of all partitions that a feed gives to this process.

Theory of operation.

1. One turn polls the feed, lets each partition's task take its records, fires the wakes that are
   due where the log has ended (below), and publishes the output of all tasks in one step. At its
   end it takes over what is held.
2. A partition is either *held* or has a worker. It is held when it is newly given, and again after
   anything went wrong with it: the feed, the store or the sink failed, another owner fenced it, we
   have a bug. Every such trouble has one answer: forget the worker, hold the partition, take it
   over anew as long as it is given, after a pause. Taking over finds out what was committed and
   what was published, so nothing needs to be known of how far the trouble let things come. The
   pause doubles with each attempt; what does not pass by itself has the longest one from the start.
3. While everything is held the feed is still polled: the process stays in its group. Waiting for
   what hangs takes long, so a turn that has waited for long enough tries nothing more.
4. After new rules one partition after the other looks through its customers, a slice in each turn:
   a small one in turns that have records, so that these take most of the time, and wait little.
5. Publishing also moves the mark now and then where nothing is to be told, so that the group's
   offsets show how far it is.

Theory of time. A wake at w may be fired before the log says so only if every record that was not
read yet has an append time of w + lateness or more: then the log alone would have fired it first,
and the changes are those of the log alone. So time moves to an instant before which the log is
*known* to have ended, in this order:

1. *Look.* Where the feed is caught up, as far as was heard, the store says whether a wake is due.
   Partitions where none is cost one look in each turn, and their log is not asked.
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

Where every partition has a trouble that cannot pass by itself (a log that does not reach back far
enough, a profile that cannot be read) nothing is left to do, and one of them is raised.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

from streamer.errors import AdapterError, Fenced, StreamerError, Unavailable
from streamer.ports import Feed, OutboxEntry, Sink
from streamer.types import SECOND, Millis, Record
from streamer.worker.bugs import told_of
from streamer.worker.clock import BrokerClock
from streamer.worker.cycle import Pace
from streamer.worker.stopwatch import Stopwatch
from streamer.worker.task import PartitionTask

T = TypeVar("T")

_WAIT: Final = 0.05
"""How long a turn waits for the first record, in seconds."""
_FIRST_PAUSE: Final[Millis] = 100
_LONGEST_PAUSE: Final[Millis] = 10 * SECOND
_WAITS: Final[Millis] = 8 * SECOND
"""After waiting so long for what failed in the end, a turn tries nothing more."""
_TIRED: Final = Unavailable("other partitions have kept this turn waiting for too long")
_SETTLES: Final[Millis] = 100
"""A record has its append time before the log's end has moved past it: so long at most, where the
replicas keep up."""
_MARK_EVERY: Final[Millis] = 5 * SECOND
_BUSY_SHARE: Final = 10
"""In a turn that has records, a slice is so many times smaller than in one without."""


class Listener(Protocol):
    """Who hears what happens to partitions."""

    def on_assigned(self, partition: int, task: PartitionTask) -> None:
        """Hear that the partition has a task."""

    def on_failure(self, partition: int, error: AdapterError, pause: Millis) -> None:
        """Hear what went wrong, and how long it is until the next attempt."""

    def on_migrated(self, partition: int, task: PartitionTask) -> None:
        """Hear that all of the partition's customers have been decided under the new rules."""

    def on_revoked(self, partition: int) -> None:
        """Hear that the partition was given to somebody else."""


@dataclass(slots=True)
class Assignment:
    """A partition given to this process; `task` is None while it is held, `trouble` says why.

    `assignment_epoch` is the number under which it was given. Instants are of the steady clock.
    """

    assignment_epoch: int
    clock: BrokerClock
    task: PartitionTask | None = None
    trouble: AdapterError | None = None
    failures: int = 0
    retry_at: Millis = 0
    waiting_since: Millis | None = None
    """When the worker was last seen to have read to the end; None if it had not."""
    marked_at: Millis = 0
    marked_offset: int = -1


@dataclass(frozen=True, slots=True)
class Clocks:
    """This machine's clock in ms since 1970, and one in ms that is never set."""

    wall: Callable[[], Millis]
    steady: Callable[[], Millis]


@dataclass(slots=True)
class Worker:
    """Works on the partitions that the feed gives; call `run_once` for ever, then `close`.

    `task_factory` makes the task of a partition.
    """

    feed: Feed
    sink: Sink
    task_factory: Callable[[int], PartitionTask]
    pace: Pace
    clocks: Clocks
    listener: Listener
    watch: Stopwatch
    assignments: dict[int, Assignment] = field(default_factory=dict)
    _busy: bool = False
    _waited: Millis = 0

    def run_once(self) -> int:
        """Poll, decide, commit and publish once; return how many records came."""
        self.watch.lap("rest")
        self._waited = 0
        wait = 0.0 if self._busy else _WAIT
        records = (
            self._try(list(self.assignments), lambda: self.feed.poll(self.pace.batch, wait)) or ()
        )
        self.watch.lap("poll")
        self._busy = False
        self._follow()
        for partition, error in self.feed.failed().items():
            if partition in self.assignments:
                self._hold([partition], error)
        told: list[OutboxEntry] = []
        for partition, those in _by_partition(records).items():
            told += self._take(partition, those)
        told += self._fire_due()
        told += self._renew(max(1, self.pace.renewals // (_BUSY_SHARE if records else 1)))
        told += self._marks({outgoing.partition for outgoing in told})
        self._publish(told)
        for partition in sorted(self.assignments, key=lambda one: self.assignments[one].retry_at):
            self._take_over(partition)
        self._raise_what_lasts()
        return len(records)

    @property
    def ready(self) -> bool:
        """Whether every given partition has a worker."""
        return all(assignment.task is not None for assignment in self.assignments.values())

    def take_over_all(self) -> None:
        """Let every partition be taken over anew, as by a process that has just begun."""
        for partition, assignment in self.assignments.items():
            self.feed.pause(partition)
            assignment.task, assignment.retry_at = None, 0

    def close(self) -> None:
        """Say how far everything is; nothing else is left to do between two turns."""
        tasks = [
            assignment.task
            for assignment in self.assignments.values()
            if assignment.task is not None
        ]
        self._publish([one for task in tasks if (one := task.standing()) is not None])
        for partition, assignment in self.assignments.items():
            if assignment.task is not None:
                self._try([partition], assignment.task.close)
        self.assignments.clear()

    def _follow(self) -> None:
        """Bring the assignments in line with what is given."""
        given = self.feed.assigned()
        for partition, assignment in list(self.assignments.items()):
            if given.get(partition) != assignment.assignment_epoch:
                del self.assignments[partition]
                self.listener.on_revoked(partition)
        for partition, assignment_epoch in given.items():
            if partition not in self.assignments:
                clock = BrokerClock(self.clocks.wall, self.clocks.steady)
                self.assignments[partition] = Assignment(assignment_epoch, clock)

    def _take_over(self, partition: int) -> None:
        """Give a held partition a worker, if it is time to try."""
        assignment = self.assignments[partition]
        not_yet = self.clocks.steady() < assignment.retry_at or self._waited >= _WAITS
        if assignment.task is not None or not_yet:
            return
        self._try([partition], lambda: self._start(partition, assignment))

    def _start(self, partition: int, assignment: Assignment) -> None:
        task = self.task_factory(partition)
        task.start()
        self.feed.start_at(partition, self._first_offset(task))
        assignment.task, assignment.trouble, assignment.waiting_since = task, None, None
        self.listener.on_assigned(partition, task)

    def _first_offset(self, task: PartitionTask) -> int:
        """Return where to read on; raises `AdapterError` if the log has not kept all of that."""
        reach = self.feed.offset_range(task.partition)
        if task.offset > reach.end:
            raise AdapterError(
                f"partition {task.partition} is to be read from offset {task.offset} on, but "
                f"the log ends at {reach.end}: if the topic was made anew, begin anew as well, "
                f"under another group name"
            )
        if task.offset >= reach.start or task.new:
            return max(task.offset, reach.start)
        raise AdapterError(
            f"partition {task.partition} is to be read from offset {task.offset} on, but the "
            f"log begins at {reach.start}: restore a backup of the store that stands at "
            f"{reach.start} or later, or begin anew under another group name"
        )

    def _take(self, partition: int, records: Sequence[Record]) -> Sequence[OutboxEntry]:
        assignment = self.assignments.get(partition)
        if assignment is None or assignment.task is None:
            return ()
        task = assignment.task
        appended = records[-1].appended
        if assignment.waiting_since is not None and appended is not None:
            assignment.clock.arrived(appended, self.clocks.steady() - assignment.waiting_since)
        told = self._try([partition], lambda: task.take(records))
        if told is None:
            return ()
        assignment.failures = 0
        return told

    def _fire_due(self) -> list[OutboxEntry]:
        """Fire wakes that are due although no record says so (theory of time, above)."""
        due: dict[int, Millis] = {}
        for partition, assignment in self.assignments.items():
            until = self._due(partition, assignment)
            if until is not None:
                due[partition] = until
        told: list[OutboxEntry] = []
        for partition in self._at_end(due):
            told += self._sweep(partition, due[partition])
        return told

    def _due(self, partition: int, assignment: Assignment) -> Millis | None:
        """Return up to when wakes may be fired once the log has ended; None if none is due."""
        task = assignment.task
        if task is None:
            return None
        assignment.waiting_since = None
        if not self.feed.caught_up(partition, task.offset):
            return None
        assignment.waiting_since = self.clocks.steady()
        until = assignment.clock.now() - self.pace.lateness - _SETTLES
        some = self._try([partition], lambda: task.has_due(until))
        if some is None:
            return None
        assignment.failures = 0
        return until if some else None

    def _at_end(self, partitions: Iterable[int]) -> list[int]:
        """Ask the log which of these partitions have ended; the clock was read before."""
        offsets = {
            one: task.offset
            for one in partitions
            if (task := self.assignments[one].task) is not None
        }
        found = self._try(list(offsets), lambda: self.feed.at_end(offsets)) if offsets else None
        return sorted(found or ())

    def _sweep(self, partition: int, until: Millis) -> Sequence[OutboxEntry]:
        task = self.assignments[partition].task
        if task is None:
            return ()
        told, done = self._try([partition], lambda: task.sweep_once(until)) or ((), True)
        self._busy |= not done
        return told

    def _renew(self, limit: int) -> Sequence[OutboxEntry]:
        """Let the first worker that has to decide some more of its customers under new rules."""
        tasks = [
            assignment.task
            for assignment in self.assignments.values()
            if assignment.task is not None
        ]
        task = next((task for task in tasks if task.renewing), None)
        if task is None:
            return ()
        partition = task.partition
        told, done = self._try([partition], partial(task.renew_once, limit)) or ((), False)
        if done:
            self.listener.on_migrated(partition, task)
        self._busy = True
        return told

    def _marks(self, besides: set[int]) -> Iterator[OutboxEntry]:
        """Yield what moves the marks of those that have had nothing to tell for a while."""
        now = self.clocks.steady()
        for partition, assignment in self.assignments.items():
            task = assignment.task
            if task is None:
                continue
            if partition in besides:
                assignment.marked_at, assignment.marked_offset = now, task.offset
            elif (
                now >= assignment.marked_at + _MARK_EVERY
                and task.offset != assignment.marked_offset
            ):
                assignment.marked_at, assignment.marked_offset = now, task.offset
                standing = task.standing()
                if standing is not None:
                    yield standing

    def _publish(self, told: Sequence[OutboxEntry]) -> None:
        """Tell everything in one step; those whose worker is gone were taken over meanwhile."""
        batch = [one for one in told if self.assignments[one.partition].task is not None]
        if batch:
            self._try(list({one.partition for one in batch}), lambda: self._tell(batch))
        self.watch.lap("publish")

    def _tell(self, batch: Sequence[OutboxEntry]) -> None:
        self.sink.publish(batch)
        for outgoing in batch:
            task = self.assignments[outgoing.partition].task
            if task is not None:
                task.told(outgoing)

    def _try(self, partitions: Sequence[int], act: Callable[[], T]) -> T | None:
        """Act; where that fails hold these partitions and return None."""
        began = self.clocks.steady()
        trouble: AdapterError = _TIRED
        if self._waited < _WAITS:
            try:
                return act()
            except AdapterError as error:
                trouble = error
            except StreamerError:  # it cannot be right for any partition
                raise
            except Exception as error:  # noqa: BLE001 (a bug in one partition stops no other)
                trouble = AdapterError(f"a bug was met: {told_of(error)}")
        self._waited += self.clocks.steady() - began
        if len(partitions) > 1 and not _passes(trouble):
            trouble = Unavailable(str(trouble))  # whose it is shows when they are taken over
        elif not partitions:
            raise trouble
        self._hold(partitions, trouble)
        return None

    def _hold(self, partitions: Iterable[int], error: AdapterError) -> None:
        """Hold these partitions until it is time to try again."""
        for partition in partitions:
            assignment = self.assignments[partition]
            pause = _LONGEST_PAUSE
            if _passes(error):
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE << min(assignment.failures, 10))
            assignment.task, assignment.trouble, assignment.failures = (
                None,
                error,
                assignment.failures + 1,
            )
            assignment.retry_at = self.clocks.steady() + pause
            self.feed.pause(partition)
            self.listener.on_failure(partition, error, pause)

    def _raise_what_lasts(self) -> None:
        """Raise the trouble of a partition if there is none without such as does not pass."""
        troubles = [assignment.trouble for assignment in self.assignments.values()]
        lasting = [one for one in troubles if one is not None and not _passes(one)]
        if lasting and len(lasting) == len(troubles):
            raise lasting[0]


def _passes(error: AdapterError) -> bool:
    """Say whether trying again may help."""
    return isinstance(error, Fenced | Unavailable)


def _by_partition(records: Sequence[Record]) -> dict[int, list[Record]]:
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record)
    return found
