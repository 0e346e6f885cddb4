"""A shop with workers, a collector, a webhook and a Prometheus that watches all of them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import orjson
from confluent_kafka import Producer

from tests.collect.site import Site
from tests.live.serving import Serving
from tests.live.shop import DOCUMENTS, Shop, Worker
from tests.ops.watching import SlowLink, Watch
from tests.servers import KafkaServer, RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until
from tests.webhooks.hooks import Hooks
from tests.webhooks.receiver import Receiver

READING: Final[list[dict[str, Any]]] = [
    {
        "segment": "spender",
        "title": "Spent a hundred",
        "purpose": "It reads a property that some events break, and of which a bot has many.",
        "when": {"total": "price", "of": "product_added", "at_least": 100, "within": "1h"},
    },
]
AHEAD: Final = """\
import sys, time
right = time.time_ns
time.time_ns = lambda: right() - 60 * 10**9
from streamer.cli import main
main(sys.argv[1:])
"""
"""`streamer` on a machine whose clock is a minute behind: the broker's is ahead of it."""


class Scene:
    """Everything that is watched; entering starts it and waits until changes are published."""

    def __init__(self, kafka: KafkaServer, redis: RedisServer, folder: Path) -> None:
        self.kafka, self.redis, self.folder = kafka, redis, folder
        self._stack = ExitStack()
        self.ports: dict[str, int] = {}

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        self.redis.configure(maxmemory=1 << 30)
        self.link = enter(SlowLink(self.redis.port))
        self.watch = enter(Watch())
        self.shop = Shop(self.kafka, self.redis, self.folder)
        self._stack.callback(self.shop.close)
        self.shop.write_rules([*DOCUMENTS, *READING])
        self.site = Site(self.kafka, self.folder)
        self._stack.callback(self.site.kill)
        self.receiver = enter(Receiver())
        self.hooks = Hooks(self.kafka, self.folder)
        self.hooks.changes = self.shop.topics.changes
        self.hooks.configure(self.receiver)
        self.hooks.start()
        self._stack.callback(self.hooks.kill)
        self.producer = Producer({"bootstrap.servers": self.kafka.address, "log_level": 0})
        self.worker = self.start_worker("first")
        self.serving = Serving(self.shop, free_port())
        self._stack.callback(self.serving.process.kill)
        self.watch.targets("streamer-serve", [self.serving.metrics_port])
        self.watch.targets("streamer-collect", [self.site.metrics_port])
        self.watch.targets("streamer-react", [self.hooks.metrics_port])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_worker(self, name: str, *options: str, script: str | None = None) -> Worker:
        """Start a worker behind the slow link, and have it watched."""
        self.ports[name] = free_port()
        words = [
            *("--redis", f"redis://127.0.0.1:{self.link.port}/0"),
            *("--metrics-port", str(self.ports[name]), *options),
        ]
        worker = self.shop.worker(*words) if script is None else self._scripted(script, words)
        self.watch.targets("streamer", list(self.ports.values()))
        wait_until(worker.works, f"the {name} worker works", 120)
        return worker

    def stop_worker(self, name: str, worker: Worker) -> None:
        """Kill a worker, and have it watched no more."""
        worker.kill()
        del self.ports[name]
        self.watch.targets("streamer", list(self.ports.values()))

    def publish(self, events: Sequence[dict[str, Any]]) -> None:
        """Publish events that have the customer as `user_id`; returns when Kafka has them."""
        for event in events:
            self.producer.produce(
                self.shop.topics.events, orjson.dumps(event), str(event["user_id"]).encode()
            )
            self.producer.poll(0)
        assert self.producer.flush(120) == 0

    @contextmanager
    def slow(self, delay: float = 0.0, trickle: float = 0.0) -> Iterator[None]:
        """Let Redis answer so many seconds later, and each byte take so many."""
        self.link.delay, self.link.trickle = delay, trickle
        try:
            yield
        finally:
            self.link.delay = self.link.trickle = 0.0

    def _scripted(self, script: str, words: Sequence[str]) -> Worker:
        command = [sys.executable, "-c", script, "run", *self.shop.options(), *words]
        log = self.folder / f"worker-{len(self.shop.workers)}.log"
        worker = Worker(command, log, {})
        self.shop.workers.append(worker)
        return worker

    def show(self) -> None:
        """Write what workers said last, for who reads the failure."""
        with suppress(OSError):
            self.shop.show_journals()
