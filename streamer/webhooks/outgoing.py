"""The requests of an endpoint: which goes out now, and what its answer means.

A request goes out as far as connections, breaker and the endpoint's own wishes allow. A change that
failed is tried again after a pause, or given up after its last try; what has been undone meanwhile
is not sent late. 410 switches the endpoint off, and so does a breaker whose probes all fail.
"""

import asyncio
import hashlib
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from random import Random
from typing import Final

from streamer.adapters.clock import wall_time
from streamer.types import SECOND, Millis
from streamer.webhooks.breaker import Breaker
from streamer.webhooks.context import Say, WebhookContext
from streamer.webhooks.deliveries import Delivery
from streamer.webhooks.lanes import LATE, Lanes, Waiting
from streamer.webhooks.payload import Signer, body
from streamer.webhooks.retries import next_try, retry_after
from streamer.webhooks.sending import Answer, Sending
from streamer.webhooks.settings import Endpoint

GONE: Final = 410
_BUSY: Final = frozenset({429, 503})


class Outgoing:
    """Sends what is due in the lanes.

    `wake` is called when a request has ended, `changed` when there is something to be kept.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        context: WebhookContext,
        lanes: Lanes,
        say: Say,
        wake: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._endpoint = endpoint
        self._context = context
        self._lanes = lanes
        self._say = say
        self._wake = wake
        self._changed = changed
        self._breaker = Breaker(endpoint.breaker)
        self._signer = Signer(endpoint.secrets)
        self._chance = Random()  # noqa: S311 (spreads retries; nothing is secret)
        self._sending: Sending | None = None
        self._requests: dict[asyncio.Task[None], Waiting] = {}
        self._held_until: Millis = 0
        self.off: str | None = None if endpoint.enabled else "enabled = false"
        """Why the endpoint is switched off, None where it is not."""

    @property
    def state(self) -> str:
        """Return the breaker's state, `off` also for an endpoint that is."""
        return "off" if self.off is not None else self._breaker.state

    def send_due(self) -> None:
        """Send what is due, as far as anything may go out."""
        now = wall_time()
        while (
            self.off is None
            and len(self._requests) < self._endpoint.connections
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
            task = asyncio.create_task(self._request(waiting))
            self._requests[task] = waiting
            task.add_done_callback(self._ended)

    def leave(self, partitions: AbstractSet[int]) -> None:
        """Cancel the requests for partitions that are lost."""
        for task, waiting in self._requests.items():
            if waiting.partition in partitions:
                task.cancel()

    async def finish(self) -> None:
        """Wait for what is on its way."""
        if self._requests:
            await asyncio.wait(self._requests, timeout=self._endpoint.timeout / SECOND + 1)

    async def close(self) -> None:
        """Cancel what is on its way, and close the connections."""
        running = list(self._requests)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._sending is not None:
            await self._sending.close()

    def _is_superseded(self, waiting: Waiting, now: Millis) -> bool:
        return (
            self._endpoint.superseded
            and waiting.overtaken
            and waiting.kept
            and now - waiting.since >= LATE
        )

    async def _request(self, waiting: Waiting) -> None:
        if self._sending is None:
            self._sending = Sending(self._endpoint)
        change_id = waiting.change.change_id
        content = body(waiting.change, waiting.line, self._endpoint.payload)
        at = wall_time()
        headers = self._signer.headers(change_id, content, at)
        if waiting.traceparent is not None:
            headers["traceparent"] = waiting.traceparent
        answer = await self._sending.post(content, headers)
        self._context.counts.seconds.labels(self._endpoint.name).observe(answer.took / SECOND)
        waiting.tries += 1
        outcome, again = self._came_of(waiting, answer)
        self._context.counts.tries.labels(self._endpoint.name, outcome).inc()
        self._log(waiting, at, outcome, answer, hashlib.sha256(content).hexdigest(), again)

    def _ended(self, task: asyncio.Task[None]) -> None:
        waiting = self._requests.pop(task)
        self._wake()
        if task.cancelled():
            self._breaker.aborted()
        elif (error := task.exception()) is not None:  # an error of ours costs one try, no more
            self._say("failed", "error", error=repr(error), change_id=waiting.change.change_id)
            self._postpone(waiting, 0)

    def _came_of(self, waiting: Waiting, answer: Answer) -> tuple[str, Millis | None]:
        """Act on an answer; return its name, and when the change is sent again."""
        now = wall_time()
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
            self._switch_off(f"{self._endpoint.breaker.probes} probes in a row failed")
        else:
            self._say("breaker opened", "warning", for_ms=self._endpoint.breaker.pause)

    def _postpone(self, waiting: Waiting, earliest: Millis) -> Millis | None:
        """Have a change tried again, or give it up after its last try."""
        again = next_try(self._endpoint.pauses, waiting.tries, wall_time(), self._chance)
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
        self._changed()
        return again

    def _settle(self, waiting: Waiting, outcome: str) -> None:
        self._lanes.settled(waiting)
        self._context.counts.changes.labels(self._endpoint.name, outcome).inc()
        if outcome == "superseded":
            self._log(waiting, wall_time(), outcome, Answer(None, "", None, 0), "", None)
        if waiting.kept:
            self._changed()

    def _switch_off(self, reason: str) -> None:
        if self.off is None:
            self.off = reason
            self._say("endpoint is off", "error", reason=reason)

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
        self._context.log.add(
            self._endpoint.name,
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
