"""The workers of all partitions that a feed gives to this process.

Theory of operation.

1. One turn polls the feed, lets each partition's worker take its records, lets the workers that
   have read to the end sweep, and publishes what all of them have to tell in one step.
2. A partition is either *held* or has a worker. It is held when it is newly given, and again after
   anything went wrong with it: the store or the sink failed, or another owner fenced it. Every
   such trouble has one answer: forget the worker, hold the partition, take it over anew as long as
   it is given, after a pause that doubles. Taking over finds out what was committed and what was
   published, so nothing needs to be known of how far the trouble let things come.
3. While everything is held the feed is still polled: the process stays in its group.
4. After new rules one partition after the other looks through its customers, a slice in each turn:
   a small one in turns that have records, so that these take most of the time, and wait little.
5. Publishing also moves the mark now and then where nothing is to be told, so that the group's
   offsets show how far it is.

What cannot pass by itself is raised: a log that does not reach back far enough, a profile that
cannot be read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

from streamer.errors import AdapterError, Fenced, Unavailable
from streamer.ports import Feed, Outgoing, Sink
from streamer.types import SECOND, Millis, Record
from streamer.worker.clock import BrokerClock
from streamer.worker.cycle import Pace
from streamer.worker.loop import Worker
from streamer.worker.stopwatch import Stopwatch

T = TypeVar("T")

_WAIT: Final = 0.05
"""How long a turn waits for the first record, in seconds."""
_FIRST_PAUSE: Final[Millis] = 100
_LONGEST_PAUSE: Final[Millis] = 10 * SECOND
_MARK_EVERY: Final[Millis] = 5 * SECOND
_BUSY_SHARE: Final = 10
"""In a turn that has records, a slice is so many times smaller than in one without."""


class Notes(Protocol):
    """Who hears what happens to partitions."""

    def taken_over(self, partition: int, worker: Worker) -> None:
        """Hear that the partition has a worker."""

    def trouble(self, partition: int, error: AdapterError, pause: Millis) -> None:
        """Hear what went wrong, and how long it is until the next attempt."""

    def renewed(self, partition: int, worker: Worker) -> None:
        """Hear that all of the partition's customers have been decided under the new rules."""

    def gone(self, partition: int) -> None:
        """Hear that the partition was given to somebody else."""


@dataclass(slots=True)
class Post:
    """A partition given to this process; `worker` is None while it is held.

    `giving` is the number under which it was given. Instants are of the steady clock.
    """

    giving: int
    clock: BrokerClock
    worker: Worker | None = None
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
class Crew:
    """Works on the partitions that the feed gives; call `turn` for ever, then `leave`.

    `hire` makes the worker of a partition.
    """

    feed: Feed
    sink: Sink
    hire: Callable[[int], Worker]
    pace: Pace
    clocks: Clocks
    notes: Notes
    watch: Stopwatch
    posts: dict[int, Post] = field(default_factory=dict)
    _busy: bool = False

    def turn(self) -> int:
        """Poll, decide, commit and publish once; return how many records came."""
        self.watch.lap("rest")
        records = self.feed.poll(self.pace.batch, 0.0 if self._busy else _WAIT)
        self.watch.lap("poll")
        self._busy = False
        self._follow()
        told: list[Outgoing] = []
        for partition, those in _by_partition(records).items():
            told += self._take(partition, those)
        for partition in list(self.posts):
            self._take_over(partition)
            told += self._sweep(partition)
        told += self._renew(max(1, self.pace.renewals // (_BUSY_SHARE if records else 1)))
        told += self._marks({outgoing.partition for outgoing in told})
        self._publish(told)
        return len(records)

    @property
    def ready(self) -> bool:
        """Whether every given partition has a worker."""
        return all(post.worker is not None for post in self.posts.values())

    def take_over_all(self) -> None:
        """Let every partition be taken over anew, as by a process that has just begun."""
        for partition, post in self.posts.items():
            self.feed.hold(partition)
            post.worker, post.retry_at = None, 0

    def leave(self) -> None:
        """Say how far everything is; nothing else is left to do between two turns."""
        workers = [post.worker for post in self.posts.values() if post.worker is not None]
        self._publish([one for worker in workers if (one := worker.standing()) is not None])
        self.posts.clear()

    def _follow(self) -> None:
        """Bring the posts in line with what is given."""
        given = self.feed.given()
        for partition, post in list(self.posts.items()):
            if given.get(partition) != post.giving:
                del self.posts[partition]
                self.notes.gone(partition)
        for partition, giving in given.items():
            if partition not in self.posts:
                clock = BrokerClock(self.clocks.wall, self.clocks.steady)
                self.posts[partition] = Post(giving, clock)

    def _take_over(self, partition: int) -> None:
        """Give a held partition a worker, if it is time to try."""
        post = self.posts[partition]
        if post.worker is not None or self.clocks.steady() < post.retry_at:
            return
        self._try([partition], lambda: self._start(partition, post))

    def _start(self, partition: int, post: Post) -> None:
        worker = self.hire(partition)
        worker.start()
        self.feed.begin(partition, self._first_offset(worker))
        post.worker, post.failures, post.waiting_since = worker, 0, None
        self.notes.taken_over(partition, worker)

    def _first_offset(self, worker: Worker) -> int:
        """Return where to read on; raises `AdapterError` if the log has not kept all of that."""
        reach = self.feed.reach(worker.partition)
        if worker.offset >= reach.start or worker.new:
            return max(worker.offset, reach.start)
        raise AdapterError(
            f"partition {worker.partition} is to be read from offset {worker.offset} on, but the "
            f"log begins at {reach.start}: restore a backup of the store that stands at "
            f"{reach.start} or later, or begin anew under another group name"
        )

    def _take(self, partition: int, records: Sequence[Record]) -> Sequence[Outgoing]:
        post = self.posts.get(partition)
        if post is None or post.worker is None:
            return ()
        worker = post.worker
        appended = records[-1].appended
        if post.waiting_since is not None and appended is not None:
            post.clock.arrived(appended, self.clocks.steady() - post.waiting_since)
        return self._try([partition], lambda: worker.take(records)) or ()

    def _sweep(self, partition: int) -> Sequence[Outgoing]:
        """Let the worker act on what is due although no record says so."""
        post = self.posts[partition]
        worker = post.worker
        if worker is None:
            return ()
        post.waiting_since = None
        if not self.feed.at_end(partition, worker.offset):
            return ()
        post.waiting_since = self.clocks.steady()
        until = post.clock.now() - self.pace.lateness
        told, done = self._try([partition], lambda: worker.sweep_once(until)) or ((), True)
        self._busy |= not done
        return told

    def _renew(self, limit: int) -> Sequence[Outgoing]:
        """Let the first worker that has to decide some more of its customers under new rules."""
        workers = [post.worker for post in self.posts.values() if post.worker is not None]
        worker = next((worker for worker in workers if worker.renewing), None)
        if worker is None:
            return ()
        partition = worker.partition
        told, done = self._try([partition], partial(worker.renew_once, limit)) or ((), False)
        if done:
            self.notes.renewed(partition, worker)
        self._busy = True
        return told

    def _marks(self, besides: set[int]) -> Iterator[Outgoing]:
        """Yield what moves the marks of those that have had nothing to tell for a while."""
        now = self.clocks.steady()
        for partition, post in self.posts.items():
            worker = post.worker
            if worker is None:
                continue
            if partition in besides:
                post.marked_at, post.marked_offset = now, worker.offset
            elif now >= post.marked_at + _MARK_EVERY and worker.offset != post.marked_offset:
                post.marked_at, post.marked_offset = now, worker.offset
                standing = worker.standing()
                if standing is not None:
                    yield standing

    def _publish(self, told: Sequence[Outgoing]) -> None:
        """Tell everything in one step; those whose worker is gone were taken over meanwhile."""
        batch = [one for one in told if self.posts[one.partition].worker is not None]
        if batch:
            self._try({one.partition for one in batch}, lambda: self._tell(batch))
        self.watch.lap("publish")

    def _tell(self, batch: Sequence[Outgoing]) -> None:
        self.sink.publish(batch)
        for outgoing in batch:
            worker = self.posts[outgoing.partition].worker
            if worker is not None:
                worker.told(outgoing)

    def _try(self, partitions: Iterable[int], act: Callable[[], T]) -> T | None:
        """Act; on trouble that may pass hold these partitions and return None."""
        try:
            return act()
        except (Fenced, Unavailable) as error:
            for partition in partitions:
                post = self.posts[partition]
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE << min(post.failures, 10))
                post.worker, post.failures = None, post.failures + 1
                post.retry_at = self.clocks.steady() + pause
                self.feed.hold(partition)
                self.notes.trouble(partition, error, pause)
            return None


def _by_partition(records: Sequence[Record]) -> dict[int, list[Record]]:
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record)
    return found
