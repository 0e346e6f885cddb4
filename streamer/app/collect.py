"""The collector: a process that takes events over HTTP and has them in Kafka before it answers.

It listens at once and answers 429 until Kafka is there. Asked to stop, it takes nothing new,
answers what it has, and ends.
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from streamer.adapters.http.answers import Refusal
from streamer.adapters.http.collecting import Bounds, Collecting
from streamer.adapters.http.keys import Keys
from streamer.adapters.http.listening import listen, server_runner
from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.acknowledged import AcknowledgedProducer
from streamer.app.live import Journal
from streamer.errors import StreamerError
from streamer.worker.bugs import raised_at

_LINGER_S: Final = 5.0
"""For how long the rest of a refused body is read, so that the sender comes to read the answer."""
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class CollectorOptions:
    """Where the collector listens, and after how many seconds a silent connection is closed."""

    host: str
    port: int
    idle_seconds: float


class Collector:
    """Runs until stopped. What `read_keys` raises for the first keys is raised here."""

    def __init__(
        self,
        connection: Connection,
        topics: Topics,
        read_keys: Callable[[], Keys],
        bounds: Bounds,
        journal: Journal,
    ) -> None:
        self._read_keys = read_keys
        self._journal = journal
        self._bounds = bounds
        names = (topics.events, topics.rejected)
        keys = read_keys()
        self._producer = AcknowledgedProducer(connection, names, bounds.kafka_seconds)
        self._collecting = Collecting(self._producer, names, keys, bounds)
        self.counts = self._collecting.counts
        self._refusal: str | None = None

    def unready(self) -> str | None:
        """Return why the collector cannot work as it should just now, None if it can."""
        if self._refusal is not None:
            return f"the new keys were refused, the keys before are in force: {self._refusal}"
        return self._collecting.unready()

    def run(self, place: CollectorOptions) -> None:
        """Work until SIGTERM or SIGINT; SIGHUP reads the keys again. Raises `UsageError`."""
        try:
            asyncio.run(self._run(place))
        finally:
            self._producer.close()
        self._journal.say("stopped")

    async def _run(self, place: CollectorOptions) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        runner = server_runner(
            self._answer,
            self._bounds.body_seconds + self._bounds.kafka_seconds,
            auto_decompress=False,
            keepalive_timeout=place.idle_seconds,
            lingering_time=_LINGER_S,
        )
        await runner.setup()
        self._journal.say("listening", port=await listen(runner, place.host, place.port))
        watching = asyncio.create_task(self._watch())
        await stop.wait()
        self._collecting.stopping = True
        self._journal.say("stopping")
        watching.cancel()
        await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._collecting.answer(request)
        except Exception as error:  # noqa: BLE001 (an error of ours costs one request, no more)
            self._journal.say("failed", "error", error=repr(error), at=raised_at(error))
            return Refusal(500, "internal", "an error of the collector").response({})

    async def _watch(self) -> None:
        """Write when Kafka goes away and comes back."""
        before: str | None = ""
        while True:
            away = self._producer.away
            if away is None and before is not None:
                self._journal.say("kafka is there")
            elif away is not None and before is None:
                self._journal.say("unavailable", "warning", error=away)
            before = away
            await asyncio.sleep(_LOOK_S)

    def _reload(self) -> None:
        try:
            self._collecting.keys = self._read_keys()
        except StreamerError as error:
            self._refusal = str(error)
            self._journal.say("keys refused", "error", error=self._refusal)
            return
        self._refusal = None
        self._journal.say("keys read")
