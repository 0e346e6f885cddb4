"""All endpoints of a file, each at work by itself, until SIGTERM or SIGINT.

SIGHUP reads the file again: endpoints whose settings or secrets have changed start again with them,
those that are switched off are tried again, those that are gone stop. A file that cannot be used
changes nothing. An endpoint that breaks for a reason of ours begins again; the others go on.
"""

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Final

from streamer.adapters.kafka.acknowledged import AcknowledgedProducer
from streamer.adapters.kafka.administration import ensure_compacted
from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.topics import ClusterMetadata
from streamer.adapters.kafka.waiting import WaitingTopic
from streamer.app.live import Journal
from streamer.errors import StreamerError, Unavailable
from streamer.webhooks.context import WebhookContext
from streamer.webhooks.deliveries import DeliveryLog, Standing, WebhookCounts
from streamer.webhooks.endpoint import EndpointWorker
from streamer.webhooks.settings import Endpoint

_PATIENCE_S: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_AGAIN_S: Final = 5.0


class Webhooks:
    """Runs until stopped. What `read_endpoints` raises for the first file is raised here."""

    def __init__(
        self,
        connection: Connection,
        changes: str,
        waiting: str,
        group: str,
        read_endpoints: Callable[[], tuple[Endpoint, ...]],
        journal: Journal,
    ) -> None:
        self._connection = connection
        self._changes = changes
        self._waiting = waiting
        self._group = group
        self._read = read_endpoints
        self._endpoints = read_endpoints()
        self._journal = journal
        self._workers: dict[str, EndpointWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._away: str | None = "not connected yet"
        self._refusal: str | None = None
        self.log = DeliveryLog()
        self.counts = WebhookCounts(self._standings)

    def unready(self) -> str | None:
        """Return why the process cannot work as it should just now, None if it can."""
        if self._away is not None:
            return self._away
        if self._refusal is not None:
            return f"the new file was refused, the one before is in force: {self._refusal}"
        reasons = (worker.unready() for worker in list(self._workers.values()))
        return next((reason for reason in reasons if reason is not None), None)

    def run(self) -> None:
        """Work until asked to stop; raises `StreamerError` for what a person has to mend."""
        asyncio.run(self._run())
        self._journal.say("stopped")

    def _standings(self) -> Mapping[str, Standing]:
        return {name: worker.standing() for name, worker in dict(self._workers).items()}

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        stop, reload = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        self._journal.say("started", endpoints=[each.name for each in self._endpoints])
        if not await self._connected(stop):
            return
        producer = AcknowledgedProducer(self._connection, (self._waiting,), _PATIENCE_S)
        context = WebhookContext(
            self._connection,
            self._changes,
            WaitingTopic(self._connection, self._waiting, producer),
            self._journal,
            self.log,
            self.counts,
        )
        try:
            await self._work(context, stop, reload)
        finally:
            await asyncio.to_thread(producer.close)

    async def _connected(self, stop: asyncio.Event) -> bool:
        """Return once the topics are there; False if asked to stop before."""
        pause = _FIRST_PAUSE
        while not stop.is_set():
            try:
                verdict = await asyncio.to_thread(self._topics)
            except Unavailable as error:
                self._away = str(error)
                self._journal.say("unavailable", "warning", error=str(error))
                await _either(stop, seconds=pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._journal.say("kafka is there", waiting_topic=verdict)
                return True
        return False

    def _topics(self) -> str:
        partitions = ClusterMetadata(self._connection, _PATIENCE_S).partitions(self._changes)
        verdict = ensure_compacted(self._connection, self._waiting, partitions)
        return f"{verdict.topic} {verdict.state}"

    async def _work(
        self, context: WebhookContext, stop: asyncio.Event, reload: asyncio.Event
    ) -> None:
        for endpoint in self._endpoints:
            self._start(endpoint, context)
        self._away = None
        while not stop.is_set():
            await _either(stop, reload)
            if reload.is_set() and not stop.is_set():
                reload.clear()
                await self._reload(context)
        self._journal.say("stopping")
        await self._stop(list(self._workers))

    def _start(self, endpoint: Endpoint, context: WebhookContext) -> None:
        worker = EndpointWorker(endpoint, f"{self._group}.webhooks.{endpoint.name}", context)
        self._workers[endpoint.name] = worker
        self._tasks[endpoint.name] = asyncio.create_task(self._guard(worker, context))

    async def _guard(self, worker: EndpointWorker, context: WebhookContext) -> None:
        """Run a worker; where it breaks, begin again after a while."""
        name = worker.endpoint.name
        try:
            await worker.run()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is this endpoint's alone)
            self._journal.say("endpoint broke", "error", endpoint=name, error=repr(error))
            await asyncio.sleep(_AGAIN_S)
            if self._workers.get(name) is worker:  # neither stopped nor replaced meanwhile
                self._start(worker.endpoint, context)

    async def _stop(self, names: list[str]) -> None:
        for name in names:
            self._workers.pop(name).stop()
        await asyncio.gather(*(self._tasks.pop(name) for name in names))

    async def _reload(self, context: WebhookContext) -> None:
        try:
            endpoints = self._read()
        except StreamerError as error:
            self._refusal = str(error)
            self._journal.say("endpoints refused", "error", error=self._refusal)
            return
        self._refusal = None
        wanted = {each.name: each for each in endpoints}
        await self._stop(
            [
                name
                for name, worker in self._workers.items()
                if worker.endpoint != wanted.get(name) or worker.is_off
            ]
        )
        for name, endpoint in wanted.items():
            if name not in self._workers:
                self._start(endpoint, context)
        self._endpoints = endpoints
        self._journal.say("endpoints read", endpoints=list(wanted))


async def _either(*events: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of the events is set, or so long."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
