"""A real Redis that writes every command to its append-only file (AOF)."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.servers.container import Container
from tests.servers.controls import Controls
from tests.servers.machine import docker_answers, missing_for_redis, redis_program
from tests.servers.ports import free_port
from tests.servers.process import Process
from tests.waiting import NotInTime, wait_until

IMAGE = "redis:8.2.1"
ONCE = Retry(NoBackoff(), retries=0)
"""A test wants to hear at once that a server is away."""

START_S = 30

SETTINGS = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    # the append-only file is rewritten when asked, so that a copy of it is whole
    "auto-aof-rewrite-percentage": "0",
}


class RedisServer(Controls):
    """One Redis, at the same address and with the same data from `start` to `close`.

    `settings` are those of redis.conf, added to those above or put in their place. A context
    manager: entering starts it, leaving kills it and removes its data.
    """

    def __init__(self, settings: Mapping[str, str] | None = None, port: int | None = None) -> None:
        missing = missing_for_redis()
        if missing:
            raise RuntimeError(f"Redis cannot run here: {missing}")
        self.port = port or free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="streamer-redis-"))
        self._data = self._folder / "data"
        self._data.mkdir()
        self._snapshots = 0
        merged = SETTINGS | dict(settings or {})
        words = [word for name, value in merged.items() for word in (f"--{name}", value)]
        self._server = self._container(words) if docker_answers() else self._process(words)
        self.client: Redis = Redis("127.0.0.1", self.port, socket_timeout=1, retry=ONCE)

    @property
    def url(self) -> str:
        """Its address as a URL, with database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def version(self) -> tuple[int, ...]:
        """Its version, in numbers."""
        return tuple(int(part) for part in self.client.info("server")["redis_version"].split("."))

    def _container(self, words: list[str]) -> Container:
        return Container(
            IMAGE,
            ["redis-server", "--protected-mode", "no", *words],
            folder=self._folder,
            mounts={self._data: "/data"},
            inner_port=6379,
            port=self.port,
        )

    def _process(self, words: list[str]) -> Process:
        own = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._data)]
        return Process([str(redis_program()), *own, *words], self._folder)

    def start(self) -> None:
        """Start it; return when it has loaded its data and answers.

        Raises:
            RuntimeError: it did not; the message holds the end of its log.
        """
        self._server.start()
        try:
            wait_until(self._answers, "Redis answers", START_S)
        except NotInTime as error:
            raise RuntimeError(f"Redis did not start:\n{self._server.last_words()}") from error

    def _answers(self) -> bool:
        if not self._server.is_alive():
            raise NotInTime("Redis ended")
        try:
            return bool(self.client.ping())
        except RedisError:
            return False

    def configure(self, **settings: str | int) -> None:
        """Change settings while it runs; `maxmemory_policy` stands for `maxmemory-policy`."""
        for name, value in settings.items():
            self.client.config_set(name.replace("_", "-"), value)

    def snapshot(self) -> Path:
        """Copy its data folder as it is now, whether it runs or not, and return the copy.

        Everything that it has answered is in the copy: Redis writes a command to the AOF before
        it answers it.
        """
        self._snapshots += 1
        copy = self._folder / f"snapshot-{self._snapshots}"
        shutil.copytree(self._data, copy)
        return copy

    def rewind(self, snapshot: Path) -> None:
        """Kill it, put its data back to what they were, and start it again."""
        self.kill()
        self._clear()
        shutil.copytree(snapshot, self._data, dirs_exist_ok=True)
        self.start()

    def empty(self) -> None:
        """Kill it, remove its data, and start it again."""
        self.kill()
        self._clear()
        self.start()

    def _clear(self) -> None:
        for entry in self._data.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def close(self) -> None:
        """Kill it and remove its data."""
        self.client.close()
        self._server.close()
