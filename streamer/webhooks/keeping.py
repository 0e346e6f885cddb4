"""What has to wait, brought into the topic of what waits: one batch after the other.

While Kafka does not take it, it stays open in the lanes, so no offset goes past it.
"""

import asyncio
import contextlib
from typing import Final

from streamer.adapters.kafka.waiting import WaitingTopic
from streamer.errors import AdapterError
from streamer.webhooks.context import Say
from streamer.webhooks.lanes import Lanes

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0


class Keeper:
    """Writes what the lanes of one group have unwritten."""

    def __init__(self, lanes: Lanes, topic: WaitingTopic, group: str, say: Say) -> None:
        self._lanes = lanes
        self._topic = topic
        self._group = group
        self._say = say
        self._wanted = asyncio.Event()
        self._one = asyncio.Lock()

    def wake(self) -> None:
        """Take note that there may be something to write."""
        self._wanted.set()

    async def run(self) -> None:
        """Write until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.write()
            except AdapterError as error:
                self._say("unavailable", "warning", error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                self._wanted.set()
            else:
                pause = _FIRST_PAUSE

    async def write(self) -> None:
        """Return once the topic has what is unwritten; raises `AdapterError` if it takes it not."""
        async with self._one:
            taken = self._lanes.unwritten()
            if not taken:
                return
            values = {
                partition: {at: None if it is None else it.encode() for at, it in changes.items()}
                for partition, changes in taken.items()
            }
            try:
                await self._sent(values)
            except BaseException:
                self._lanes.not_written(taken)
                raise
            self._lanes.written(taken)

    async def _sent(self, values: dict[int, dict[int, bytes | None]]) -> None:
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[AdapterError | None] = loop.create_future()

        def done(error: AdapterError | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended before Kafka answered
                loop.call_soon_threadsafe(_resolve, settled, error)

        self._topic.write(self._group, values, done)
        error = await settled
        if error is not None:
            raise error


def _resolve(future: "asyncio.Future[AdapterError | None]", error: AdapterError | None) -> None:
    if not future.done():
        future.set_result(error)
