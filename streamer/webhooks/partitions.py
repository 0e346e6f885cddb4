"""The partitions that an endpoint's member of the group has: begun, paused, committed, let go.

Theory of operation.

1. A partition that the group gives is begun in a thread: what was kept of it is read to its end,
   then reading starts at the committed offset. A new group starts where its endpoint says, and
   commits that at once.
2. While the lanes are full, or the endpoint is switched off, no partition is read: the backlog is
   the group's lag. The member stays in the group, so that Kafka keeps the group's offsets.
3. When a partition is revoked, what is safe of it is committed. What was on its way may have
   arrived, and its next owner sends it again.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from streamer.adapters.kafka.committing import CommittingFeed
from streamer.errors import AdapterError
from streamer.types import Record
from streamer.webhooks.context import Say, WebhookContext
from streamer.webhooks.lanes import Lanes, Waiting
from streamer.webhooks.settings import Endpoint

_COMMIT_S: Final = 1.0
_LOOK_S: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0


class Partitions:
    """What one member reads; `leave` is told which partitions are lost, before they are."""

    def __init__(
        self,
        endpoint: Endpoint,
        group: str,
        context: WebhookContext,
        lanes: Lanes,
        say: Say,
        leave: Callable[[AbstractSet[int]], None],
    ) -> None:
        self._endpoint = endpoint
        self._group = group
        self._context = context
        self._lanes = lanes
        self._say = say
        self._leave = leave
        self._feed = CommittingFeed(context.connection, context.changes, group, self._revoked)
        self._opened: dict[int, int] = {}
        self._openings: set[asyncio.Task[None]] = set()
        self._closing = False
        self._paused = False
        self._ends_at: dict[int, int] = {}
        self._committed: dict[int, int] = {}
        self._commits_at = 0.0

    def unready(self) -> str | None:
        """Return why nothing can be read for want of Kafka, None where it can."""
        if not self._feed.joined or self._opened.keys() != self._feed.assigned().keys():
            return f"{self._endpoint.name} has not begun its partitions"
        return self._feed.trouble

    def lag(self) -> int:
        """Return how many records wait to be read."""
        positions = dict(self._lanes.partitions)
        if self._paused:
            return sum(max(0, self._ends_at.get(p, at) - at) for p, at in positions.items())
        return sum(self._feed.lag(*place) or 0 for place in positions.items())

    def poll(self, most: int) -> Sequence[Record]:
        """Return records of partitions that are begun, and begin those that are new."""
        records: Sequence[Record] = ()
        try:
            records = self._feed.poll(most, 0)
        except AdapterError as error:
            self._say("unavailable", "warning", error=str(error))
        self._follow()
        return [record for record in records if record.partition in self._opened]

    def pause_or_resume(self, *, off: bool) -> None:
        """Read nothing more while too much is in hand, until half of it is gone, or while off."""
        most = self._endpoint.waiting // 2 if self._paused else self._endpoint.waiting
        pause = off or len(self._lanes) >= most
        if pause == self._paused:
            return
        self._paused = pause
        for partition, position in self._lanes.partitions.items():
            if pause:
                self._feed.pause(partition)
            else:
                self._feed.start_at(partition, position)

    def commit(self) -> None:
        """Commit what is safe, once a second."""
        if time.monotonic() < self._commits_at:
            return
        self._commits_at = time.monotonic() + _COMMIT_S
        safe = self._lanes.safe()
        new = {p: offset for p, offset in safe.items() if self._committed.get(p) != offset}
        if new:
            self._feed.commit(new)
            self._committed = safe

    async def commit_now(self) -> None:
        """Return once what is safe is committed, as far as Kafka is there."""
        await asyncio.to_thread(self._feed.commit_now, self._lanes.safe())

    async def look_where_they_end(self) -> None:
        """Ask for the ends of paused partitions, of which nothing is fetched, until cancelled."""
        while True:
            if self._paused:
                for partition in list(self._lanes.partitions):
                    with contextlib.suppress(AdapterError):
                        held = await asyncio.to_thread(self._feed.offset_range, partition)
                        self._ends_at[partition] = held.end
            await asyncio.sleep(_LOOK_S)

    async def close(self) -> None:
        """Leave the group."""
        self._closing = True
        for task in self._openings:
            task.cancel()
        await asyncio.gather(*self._openings, return_exceptions=True)
        with contextlib.suppress(AdapterError):
            await asyncio.to_thread(self._feed.close)

    def _follow(self) -> None:
        """Begin partitions that are new, and again those that cannot be read further."""
        for partition, error in self._feed.failed().items():
            self._say("failed", "error", partition=partition, error=str(error))
            self._feed.commit_now({p: o for p, o in self._lanes.safe().items() if p == partition})
            self._lanes.drop(partition)
            self._opened.pop(partition, None)
            self._begin(partition, self._feed.assigned().get(partition))
        for partition, epoch in self._feed.assigned().items():
            if self._opened.get(partition) != epoch:
                self._begin(partition, epoch)

    def _begin(self, partition: int, epoch: int | None) -> None:
        name = f"{partition}/{epoch}"
        if epoch is None or any(task.get_name() == name for task in self._openings):
            return
        task = asyncio.create_task(self._open(partition, epoch), name=name)
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)

    async def _open(self, partition: int, epoch: int) -> None:
        pause = _FIRST_PAUSE
        while self._feed.assigned().get(partition) == epoch and not self._closing:
            try:
                position, kept = await asyncio.to_thread(self._stand, partition)
            except AdapterError as error:
                self._say("unavailable", "warning", partition=partition, error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            if self._feed.assigned().get(partition) == epoch:
                self._lanes.open(partition, position, kept)
                self._opened[partition] = epoch
                self._committed.pop(partition, None)
                if not self._paused:
                    self._feed.start_at(partition, position)
                self._say(
                    "partition assigned", partition=partition, offset=position, waiting=len(kept)
                )
            return

    def _stand(self, partition: int) -> tuple[int, list[Waiting]]:
        """Return where to read on, and what was kept; runs in a thread."""
        kept = [
            Waiting.decode(partition, offset, value)
            for offset, value in self._context.waiting.read(self._group, partition).items()
        ]
        held = self._feed.offset_range(partition)
        committed = self._feed.committed(partition)
        if committed is None:
            committed = held.end if self._endpoint.begin == "now" else held.start
            self._feed.commit_now({partition: committed})
        elif committed < held.start:
            lost = held.start - committed
            self._context.counts.dropped.labels(self._endpoint.name).inc(lost)
            self._say(
                "records lost to the topic's retention", "error", partition=partition, records=lost
            )
        return max(committed, held.start), kept

    def _revoked(self, partitions: AbstractSet[int]) -> Mapping[int, int]:
        """Let go of partitions; return what of them is safe."""
        safe = {p: offset for p, offset in self._lanes.safe().items() if p in partitions}
        self._leave(partitions)
        for partition in partitions:
            self._lanes.drop(partition)
            self._opened.pop(partition, None)
        return safe
