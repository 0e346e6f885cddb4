"""An endpoint at work: one member of its consumer group, its lanes, its requests.

Theory of operation.

1. A turn polls the group, takes what came into the lanes, sends what is due as far as connections,
   breaker and the endpoint's own wishes allow, and commits what is safe. No turn waits.
2. A partition that the group gives is begun in a thread: what was kept of it is read to its end,
   then reading starts at the committed offset. A new group starts where its endpoint says, and
   commits that at once.
3. What fails is kept (see `lanes`, `keeping`) by a task of its own.
4. While the lanes are full, or the endpoint is switched off, no partition is read: the backlog is
   the group's lag. The member stays in the group, so that Kafka keeps the group's offsets.
5. When a partition is revoked, requests for it are cancelled and what is safe is committed. What
   was on its way may have arrived, and its next owner sends it again.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from random import Random
from typing import Final

from streamer.adapters.kafka.committing import CommittingFeed
from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.waiting import WaitingTopic
from streamer.app.live import Journal
from streamer.codecs.changes import change_line, decode_change
from streamer.errors import AdapterError, StreamerError
from streamer.types import SECOND, Millis, Record
from streamer.webhooks.breaker import Breaker
from streamer.webhooks.deliveries import Delivery, DeliveryLog, Standing, WebhookCounts
from streamer.webhooks.keeping import Keeper
from streamer.webhooks.lanes import LATE, Lanes, Waiting
from streamer.webhooks.payload import Signer, body
from streamer.webhooks.retries import next_try, retry_after
from streamer.webhooks.sending import Answer, Sending
from streamer.webhooks.settings import Endpoint

GONE: Final = 410
_BUSY: Final = frozenset({429, 503})
_AT_ONCE: Final = 500
_TURN_S: Final = 0.05
_COMMIT_S: Final = 1.0
_LOOK_S: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_KEEPS_S: Final = 10.0
"""How long an end waits for the topic to take what is unwritten; what it has not is sent again."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What the endpoints of a process share."""

    connection: Connection
    changes: str
    waiting: WaitingTopic
    journal: Journal
    log: DeliveryLog
    counts: WebhookCounts


class EndpointWorker:
    """Sends the changes of a group to an endpoint until stopped."""

    def __init__(self, endpoint: Endpoint, group: str, ends: Ends) -> None:
        self.endpoint = endpoint
        self._group = group
        self._ends = ends
        self._lanes = Lanes()
        self._breaker = Breaker(endpoint.breaker)
        self._signer = Signer(endpoint.secrets)
        self._chance = Random()  # noqa: S311 (spreads retries; nothing is secret)
        self._feed: CommittingFeed | None = None
        self._opened: dict[int, int] = {}
        self._requests: dict[asyncio.Task[None], Waiting] = {}
        self._openings: set[asyncio.Task[None]] = set()
        self._paused = False
        self._ends_at: dict[int, int] = {}
        self._held_until: Millis = 0
        self._off: str | None = None if endpoint.enabled else "enabled = false"
        self._committed: dict[int, int] = {}
        self._commits_at = 0.0
        self._stopping = False
        self._woken = asyncio.Event()
        self._keeper = Keeper(self._lanes, ends.waiting, group, self._say)

    def stop(self) -> None:
        """Ask for the end: what is on its way is waited for."""
        self._stopping = True
        self._woken.set()

    @property
    def is_off(self) -> bool:
        """Whether the endpoint is switched off."""
        return self._off is not None

    def unready(self) -> str | None:
        """Return why nothing can be sent for want of Kafka, None where it can."""
        feed = self._feed
        if feed is None:
            return "not connected yet"
        if not feed.joined or self._opened.keys() != feed.assigned().keys():
            return f"{self.endpoint.name} has not begun its partitions"
        return feed.trouble

    def standing(self) -> Standing:
        """Return how the endpoint stands."""
        feed, state = self._feed, "off" if self.is_off else self._breaker.state
        positions = dict(self._lanes.partitions)
        lags = [] if feed is None else [feed.lag(*place) or 0 for place in positions.items()]
        if self._paused:
            lags = [max(0, self._ends_at.get(p, at) - at) for p, at in positions.items()]
        return Standing(state, len(self._lanes), self._lanes.kept, sum(lags))

    async def run(self) -> None:
        """Work until stopped."""
        feed = self._feed = CommittingFeed(
            self._ends.connection, self._ends.changes, self._group, self._leave
        )
        sending = Sending(self.endpoint)
        keeping = asyncio.create_task(self._keeper.run())
        looking = asyncio.create_task(self._look_where_partitions_end(feed))
        if self._off is not None:
            self._say("endpoint is off", "warning", reason=self._off)
        try:
            while not self._stopping:
                more = self._turn(feed, sending)
                await self._rest(0 if more else _TURN_S)
            await self._finish(feed)
        finally:
            keeping.cancel()
            looking.cancel()
            for task in (*self._requests, *self._openings):
                task.cancel()
            await asyncio.gather(
                keeping, looking, *self._requests, *self._openings, return_exceptions=True
            )
            await sending.close()
            with contextlib.suppress(AdapterError):
                await asyncio.to_thread(feed.close)

    def _turn(self, feed: CommittingFeed, sending: Sending) -> bool:
        """Do what can be done now; return whether there is more to read at once."""
        records: Sequence[Record] = ()
        try:
            records = feed.poll(_AT_ONCE, 0)
        except AdapterError as error:
            self._say("unavailable", "warning", error=str(error))
        self._follow(feed)
        for record in records:
            self._take(record)
        self._pause_or_resume(feed)
        self._send_due(sending)
        self._commit(feed)
        return len(records) == _AT_ONCE

    async def _rest(self, seconds: float) -> None:
        """Let others work, at most so long, or until a request has ended."""
        if not seconds:
            await asyncio.sleep(0)
            return
        self._woken.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def _follow(self, feed: CommittingFeed) -> None:
        """Begin partitions that are new, and again those that cannot be read further."""
        for partition, error in feed.failed().items():
            self._say("failed", "error", partition=partition, error=str(error))
            feed.commit_now({p: o for p, o in self._lanes.safe().items() if p == partition})
            self._lanes.drop(partition)
            self._opened.pop(partition, None)
            self._begin(feed, partition, feed.assigned().get(partition))
        for partition, epoch in feed.assigned().items():
            if self._opened.get(partition) != epoch:
                self._begin(feed, partition, epoch)

    def _begin(self, feed: CommittingFeed, partition: int, epoch: int | None) -> None:
        name = f"{partition}/{epoch}"
        if epoch is None or any(task.get_name() == name for task in self._openings):
            return
        task = asyncio.create_task(self._open(feed, partition, epoch), name=name)
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)

    async def _open(self, feed: CommittingFeed, partition: int, epoch: int) -> None:
        pause = _FIRST_PAUSE
        while feed.assigned().get(partition) == epoch and not self._stopping:
            try:
                position, kept = await asyncio.to_thread(self._stand, feed, partition)
            except AdapterError as error:
                self._say("unavailable", "warning", partition=partition, error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            if feed.assigned().get(partition) == epoch:
                self._lanes.open(partition, position, kept)
                self._opened[partition] = epoch
                self._committed.pop(partition, None)
                if not self._paused:
                    feed.start_at(partition, position)
                self._say(
                    "partition assigned", partition=partition, offset=position, waiting=len(kept)
                )
            return

    def _stand(self, feed: CommittingFeed, partition: int) -> tuple[int, list[Waiting]]:
        """Return where to read on, and what was kept; runs in a thread."""
        kept = [
            Waiting.decode(partition, offset, value)
            for offset, value in self._ends.waiting.read(self._group, partition).items()
        ]
        held = feed.offset_range(partition)
        committed = feed.committed(partition)
        if committed is None:
            committed = held.end if self.endpoint.begin == "now" else held.start
            feed.commit_now({partition: committed})
        elif committed < held.start:
            lost = held.start - committed
            self._ends.counts.dropped.labels(self.endpoint.name).inc(lost)
            self._say(
                "records lost to the topic's retention", "error", partition=partition, records=lost
            )
        return max(committed, held.start), kept

    def _leave(self, partitions: AbstractSet[int]) -> Mapping[int, int]:
        """Let go of revoked partitions; return what of them is safe."""
        safe = {p: offset for p, offset in self._lanes.safe().items() if p in partitions}
        for task, waiting in self._requests.items():
            if waiting.partition in partitions:
                task.cancel()
        for partition in partitions:
            self._lanes.drop(partition)
            self._opened.pop(partition, None)
        return safe

    def _take(self, record: Record) -> None:
        if record.partition not in self._opened:
            return
        try:
            change = decode_change(record.value)
        except StreamerError as error:
            self._say(
                "not a change",
                "error",
                partition=record.partition,
                offset=record.offset,
                error=str(error),
            )
            self._lanes.skip(record.partition, record.offset)
            return
        traceparent = dict(record.headers).get("traceparent")
        self._lanes.take(
            Waiting(
                record.partition,
                record.offset,
                change,
                change_line(record.value),
                None if traceparent is None else traceparent.decode("ascii", "replace"),
                since=_now(),
            ),
            wanted=self.endpoint.wants(change),
        )
        self._keeper.wake()

    def _pause_or_resume(self, feed: CommittingFeed) -> None:
        """Read nothing more while too much is in hand, until half of it is gone."""
        most = self.endpoint.waiting // 2 if self._paused else self.endpoint.waiting
        pause = self.is_off or len(self._lanes) >= most
        if pause == self._paused:
            return
        self._paused = pause
        for partition, position in self._lanes.partitions.items():
            if pause:
                feed.pause(partition)
            else:
                feed.start_at(partition, position)

    async def _look_where_partitions_end(self, feed: CommittingFeed) -> None:
        """Ask for the ends of paused partitions, of which nothing is fetched, until cancelled."""
        while True:
            if self._paused:
                for partition in list(self._lanes.partitions):
                    with contextlib.suppress(AdapterError):
                        held = await asyncio.to_thread(feed.offset_range, partition)
                        self._ends_at[partition] = held.end
            await asyncio.sleep(_LOOK_S)

    def _send_due(self, sending: Sending) -> None:
        """Send what is due, as far as anything may go out."""
        now = _now()
        while (
            not self.is_off
            and len(self._requests) < self.endpoint.connections
            and now >= self._held_until
            and self._breaker.allows(now)
        ):
            waiting = self._lanes.next_due(now)
            if waiting is None:
                return
            if self._is_superseded(waiting, now):
                self._settle(waiting, "superseded")
                continue
            self._breaker.sent()
            task = asyncio.create_task(self._request(sending, waiting))
            self._requests[task] = waiting
            task.add_done_callback(self._ended)

    def _is_superseded(self, waiting: Waiting, now: Millis) -> bool:
        return (
            self.endpoint.superseded
            and waiting.overtaken
            and waiting.kept
            and now - waiting.since >= LATE
        )

    async def _request(self, sending: Sending, waiting: Waiting) -> None:
        change_id = waiting.change.change_id
        content = body(waiting.change, waiting.line, self.endpoint.payload)
        at = _now()
        headers = self._signer.headers(change_id, content, at)
        if waiting.traceparent is not None:
            headers["traceparent"] = waiting.traceparent
        answer = await sending.post(content, headers)
        self._ends.counts.seconds.labels(self.endpoint.name).observe(answer.took / SECOND)
        waiting.tries += 1
        outcome, again = self._came_of(waiting, answer)
        self._ends.counts.tries.labels(self.endpoint.name, outcome).inc()
        self._log(waiting, at, outcome, answer, hashlib.sha256(content).hexdigest(), again)

    def _ended(self, task: asyncio.Task[None]) -> None:
        waiting = self._requests.pop(task)
        self._woken.set()
        if task.cancelled():
            self._breaker.aborted()
        elif (error := task.exception()) is not None:  # an error of ours costs one try, no more
            self._say("failed", "error", error=repr(error), change_id=waiting.change.change_id)
            self._postpone(waiting, 0)

    def _came_of(self, waiting: Waiting, answer: Answer) -> tuple[str, Millis | None]:
        """Act on an answer; return its name, and when the change is sent again."""
        now = _now()
        if answer.delivered:
            self._breaker.succeeded(now)
            self._settle(waiting, "delivered")
            return "delivered", None
        if answer.status == GONE:
            self._breaker.aborted()
            self._lanes.returned(waiting)
            self._switch_off("it answered 410 Gone")
            return "gone", None
        asked = retry_after(answer.retry_after, now) if answer.status in _BUSY else None
        if asked is None:
            self._failed(now)
        else:
            self._breaker.aborted()
            self._held_until = max(self._held_until, asked)
        again = self._postpone(waiting, asked or 0)
        return ("failed" if again is not None else "given up"), again

    def _failed(self, now: Millis) -> None:
        before = self._breaker.state
        self._breaker.failed(now)
        if self._breaker.state == before:
            return
        if self._breaker.state == "off":
            self._switch_off(f"{self.endpoint.breaker.probes} probes in a row failed")
        else:
            self._say("breaker opened", "warning", for_ms=self.endpoint.breaker.pause)

    def _postpone(self, waiting: Waiting, earliest: Millis) -> Millis | None:
        """Have a change tried again, or give it up after its last try."""
        again = next_try(self.endpoint.pauses, waiting.tries, _now(), self._chance)
        if again is None:
            self._say(
                "change given up",
                "error",
                change_id=waiting.change.change_id,
                partition=waiting.partition,
                offset=waiting.offset,
                tries=waiting.tries,
            )
            self._settle(waiting, "given up")
            return None
        again = max(again, earliest)
        self._lanes.postponed(waiting, again)
        self._keeper.wake()
        return again

    def _settle(self, waiting: Waiting, outcome: str) -> None:
        self._lanes.settled(waiting)
        self._ends.counts.changes.labels(self.endpoint.name, outcome).inc()
        if outcome == "superseded":
            self._log(waiting, _now(), outcome, Answer(None, "", None, 0), "", None)
        if waiting.kept:
            self._keeper.wake()

    def _switch_off(self, reason: str) -> None:
        if self._off is None:
            self._off = reason
            self._say("endpoint is off", "error", reason=reason)

    def _commit(self, feed: CommittingFeed) -> None:
        if time.monotonic() < self._commits_at:
            return
        self._commits_at = time.monotonic() + _COMMIT_S
        safe = self._lanes.safe()
        new = {p: offset for p, offset in safe.items() if self._committed.get(p) != offset}
        if new:
            feed.commit(new)
            self._committed = safe

    async def _finish(self, feed: CommittingFeed) -> None:
        """Wait for what is on its way, keep what failed, commit."""
        if self._requests:
            await asyncio.wait(self._requests, timeout=self.endpoint.timeout / SECOND + 1)
        with contextlib.suppress(AdapterError, asyncio.TimeoutError):
            await asyncio.wait_for(self._keeper.write(), _KEEPS_S)
        await asyncio.to_thread(feed.commit_now, self._lanes.safe())

    def _log(
        self,
        waiting: Waiting,
        at: Millis,
        outcome: str,
        answer: Answer,
        digest: str,
        again: Millis | None,
    ) -> None:
        change = waiting.change
        self._ends.log.add(
            self.endpoint.name,
            Delivery(
                at,
                change.change_id,
                change.segment,
                change.direction,
                waiting.tries,
                outcome,
                answer.status,
                answer.reason,
                answer.took,
                digest,
                again,
            ),
        )

    def _say(self, event: str, level: str = "info", /, **facts: object) -> None:
        self._ends.journal.say(event, level, endpoint=self.endpoint.name, **facts)


def _now() -> Millis:
    return time.time_ns() // 1_000_000
