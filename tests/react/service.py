"""`streamer react run` as a process, with functions of a test and real servers."""

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError

from redis import Redis

from streamer.types import SegmentChange
from tests.adapters.kafka.topics import create_topic
from tests.servers import KafkaServer, RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until
from tests.webhooks.changes import publish

PARTITIONS = 2
READY_S = 120
HEAD = """\
import asyncio
import os
from pathlib import Path

from streamer.react import Change, Reactions, Transaction

NAME = os.environ["SERVICE"]


def told(what: str) -> None:
    with Path("told").open("a", encoding="utf-8") as file:
        print(what, file=file)


"""


class Service:
    """One process of reactions, not started yet; `functions` is the end of its module."""

    def __init__(
        self, kafka: KafkaServer, redis: RedisServer, folder: Path, functions: str
    ) -> None:
        self.kafka = kafka
        self.redis = redis
        self.folder = folder
        self.name = f"service-{uuid.uuid4().hex[:12]}"
        self.changes = f"changes-{self.name}"
        self.log = folder / "react.log"
        self.metrics_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.options: tuple[str, ...] = ()
        create_topic(kafka.address, self.changes, PARTITIONS)
        (folder / "functions.py").write_text(HEAD + functions, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "SERVICE": self.name,
            "STREAMER_KAFKA": self.kafka.address,
            "STREAMER_REDIS": self.redis.url,
            "STREAMER_CHANGES_TOPIC": self.changes,
        }

    def start(self) -> Self:
        """Start it; return once it has its partitions."""
        port = str(self.metrics_port)
        command = [sys.executable, "-m", "streamer", "react", "run", "functions:app"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                [*command, "--metrics-port", port, *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment(),
            )
        wait_until(self._is_ready, "the reactions are ready", READY_S)
        return self

    def publish(self, *changes: SegmentChange) -> None:
        publish(self.kafka.address, self.changes, changes, PARTITIONS)

    def told(self) -> list[str]:
        """Return what the functions have told, in order."""
        path = self.folder / "told"
        return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []

    def wait_for(self, *lines: str, seconds: float = 60) -> None:
        """Return once the functions have told just these lines, those of a customer in order.

        A line begins with its customer. Customers of different partitions have no order.
        """

        def customer(line: str) -> str:
            return line.partition(" ")[0]

        try:
            wait_until(lambda: len(self.told()) >= len(lines), f"{lines}", seconds)
        finally:
            told = sorted(self.told(), key=customer)
            assert told == sorted(lines, key=customer), self.text

    def replay(self, *options: str) -> str:
        done = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "streamer", "react", "replay", self.name, *options],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env=self.environment(),
        )
        return done.stdout

    def keys(self) -> Redis:
        return Redis.from_url(self.redis.url)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """End it in order, which must work."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(60) == 0, self.text
        assert self.said()[-1] == "stopped", self.text

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        assert "Traceback" not in self.text, self.text

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.is_file() else ""

    def said(self) -> list[str]:
        """Return the events of its journal."""
        return [json.loads(line)["event"] for line in self.text.splitlines() if line[:1] == "{"]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines() if line[:1] == "{"]

    def metric(self, name: str, **labels: str) -> float:
        """Return the value of a metric; 0 where there is none yet."""
        shown = ",".join(f'{key}="{text}"' for key, text in sorted(labels.items()))
        begins = f"streamer_react_{name}{'{' + shown + '}' if shown else ''} "
        found = [line for line in self.page("/metrics")[1].splitlines() if line.startswith(begins)]
        return float(found[0].split()[-1]) if found else 0.0

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.metrics_port}{path}", timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.text
        try:
            return self.page("/readyz")[0] == 200
        except OSError:
            return False
