"""An endpoint at work: what its member of the group reads goes into lanes, and out as requests.

A turn reads what came into the lanes, sends what is due, and commits what is safe. No turn waits.
What failed is kept (see `lanes`, `keeping`) by a task of its own.
"""

import asyncio
import contextlib
from typing import Final

from streamer.adapters.clock import wall_time
from streamer.codecs.changes import change_line, decode_change
from streamer.errors import AdapterError, StreamerError
from streamer.types import Record
from streamer.webhooks.context import WebhookContext
from streamer.webhooks.deliveries import Standing
from streamer.webhooks.keeping import Keeper
from streamer.webhooks.lanes import Lanes, Waiting
from streamer.webhooks.outgoing import Outgoing
from streamer.webhooks.partitions import Partitions
from streamer.webhooks.settings import Endpoint

_AT_ONCE: Final = 500
_TURN_S: Final = 0.05
_KEEPS_S: Final = 10.0
"""How long an end waits for the topic to take what is unwritten; what it has not is sent again."""


class EndpointWorker:
    """Sends the changes of a group to an endpoint until stopped."""

    def __init__(self, endpoint: Endpoint, group: str, context: WebhookContext) -> None:
        self.endpoint = endpoint
        self._group = group
        self._context = context
        self._lanes = Lanes()
        self._stopping = False
        self._woken = asyncio.Event()
        self._keeper = Keeper(self._lanes, context.waiting, group, self._say)
        self._outgoing = Outgoing(
            endpoint, context, self._lanes, self._say, self._woken.set, self._keeper.wake
        )
        self._partitions: Partitions | None = None

    def stop(self) -> None:
        """Ask for the end: what is on its way is waited for."""
        self._stopping = True
        self._woken.set()

    @property
    def is_off(self) -> bool:
        """Whether the endpoint is switched off."""
        return self._outgoing.off is not None

    def unready(self) -> str | None:
        """Return why nothing can be sent for want of Kafka, None where it can."""
        partitions = self._partitions
        return "not connected yet" if partitions is None else partitions.unready()

    def standing(self) -> Standing:
        """Return how the endpoint stands."""
        lag = 0 if self._partitions is None else self._partitions.lag()
        return Standing(self._outgoing.state, len(self._lanes), self._lanes.kept, lag)

    async def run(self) -> None:
        """Work until stopped."""
        partitions = self._partitions = Partitions(
            self.endpoint, self._group, self._context, self._lanes, self._say, self._outgoing.leave
        )
        beside = [
            asyncio.create_task(self._keeper.run()),
            asyncio.create_task(partitions.look_where_they_end()),
        ]
        if self._outgoing.off is not None:
            self._say("endpoint is off", "warning", reason=self._outgoing.off)
        try:
            while not self._stopping:
                more = self._turn(partitions)
                await self._rest(0 if more else _TURN_S)
            await self._finish(partitions)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._outgoing.close()
            await partitions.close()

    def _turn(self, partitions: Partitions) -> bool:
        """Do what can be done now; return whether there is more to read at once."""
        records = partitions.poll(_AT_ONCE)
        for record in records:
            self._take(record)
        partitions.pause_or_resume(off=self.is_off)
        self._outgoing.send_due()
        partitions.commit()
        return len(records) == _AT_ONCE

    async def _rest(self, seconds: float) -> None:
        """Let others work, at most so long, or until a request has ended."""
        if not seconds:
            await asyncio.sleep(0)
            return
        self._woken.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def _take(self, record: Record) -> None:
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
                since=wall_time(),
            ),
            wanted=self.endpoint.wants(change),
        )
        self._keeper.wake()

    async def _finish(self, partitions: Partitions) -> None:
        """Wait for what is on its way, keep what failed, commit."""
        await self._outgoing.finish()
        with contextlib.suppress(AdapterError, asyncio.TimeoutError):
            await asyncio.wait_for(self._keeper.write(), _KEEPS_S)
        await partitions.commit_now()

    def _say(self, event: str, level: str = "info", /, **facts: object) -> None:
        self._context.journal.say(event, level, endpoint=self.endpoint.name, **facts)
