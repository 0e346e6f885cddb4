"""Changes of a window of time sent once more, to one endpoint, beside its group and its offsets.

What counts is when a change was published. A customer's changes go out in their order; one that
fails is tried as often as `_PAUSES` allow, and then the customer's further ones are left out, so
that none overtakes it. A receiver that remembers `webhook-id` knows what it has had already.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from streamer.adapters.clock import wall_time
from streamer.codecs.changes import change_line, decode_change
from streamer.errors import StreamerError
from streamer.types import SECOND, Millis, Record, SegmentChange
from streamer.webhooks.outgoing import GONE
from streamer.webhooks.payload import Signer, body
from streamer.webhooks.retries import next_try, retry_after
from streamer.webhooks.sending import Sending
from streamer.webhooks.settings import Endpoint

_PAUSES: Final = (5 * SECOND, 30 * SECOND)


@dataclass(slots=True)
class Resent:
    """What came of it: how many were delivered, which were not, and why the last one was not."""

    delivered: int = 0
    failed: list[str] = field(default_factory=list)
    left_out: int = 0
    reason: str = ""


class Resending:
    """Sends changes to an endpoint; `sent` says what came of it."""

    def __init__(self, endpoint: Endpoint, until: Millis | None) -> None:
        self._endpoint = endpoint
        self._until = until
        self._signer = Signer(endpoint.secrets)
        self._chance = Random()  # noqa: S311 (spreads retries; nothing is secret)
        self._stuck: set[str] = set()
        self.sent = Resent()

    async def run(self, batches: Iterable[Sequence[Record]]) -> None:
        """Send the batches one after the other; within one, customers go side by side."""
        sending = Sending(self._endpoint)
        room = asyncio.Semaphore(self._endpoint.connections)
        reading = iter(batches)
        try:
            while (records := await asyncio.to_thread(next, reading, None)) is not None:
                customers: dict[str, list[Record]] = {}
                for record, change in self._wanted(records):
                    customers.setdefault(change.customer, []).append(record)
                await asyncio.gather(
                    *(self._send_all(sending, room, each) for each in customers.values())
                )
        finally:
            await sending.close()

    def _wanted(self, records: Sequence[Record]) -> Iterable[tuple[Record, SegmentChange]]:
        for record in records:
            if self._until is not None and (record.appended or 0) >= self._until:
                continue
            try:
                change = decode_change(record.value)
            except StreamerError:
                continue
            if self._endpoint.wants(change):
                yield record, change

    async def _send_all(
        self, sending: Sending, room: asyncio.Semaphore, records: Sequence[Record]
    ) -> None:
        """Send a customer's changes in order, up to one that fails for good."""
        for record in records:
            change = decode_change(record.value)
            if change.customer in self._stuck:
                self.sent.left_out += 1
            elif await self._send(sending, room, change, change_line(record.value)):
                self.sent.delivered += 1
            else:
                self._stuck.add(change.customer)
                self.sent.failed.append(change.change_id)

    async def _send(
        self, sending: Sending, room: asyncio.Semaphore, change: SegmentChange, line: bytes
    ) -> bool:
        content = body(change, line, self._endpoint.payload)
        tries = 0
        while True:
            async with room:
                headers = self._signer.headers(change.change_id, content, wall_time())
                answer = await sending.post(content, headers)
            if answer.delivered:
                return True
            self.sent.reason = answer.reason or f"status {answer.status}"
            tries += 1
            now = wall_time()
            again = next_try(_PAUSES, tries, now, self._chance)
            if again is None or answer.status == GONE:
                return False
            again = max(again, retry_after(answer.retry_after, now) or 0)
            await asyncio.sleep((again - now) / SECOND)
