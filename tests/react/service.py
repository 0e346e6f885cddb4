"""`streamer react run` as a process, with functions of a test and real servers."""

import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from redis import Redis

from streamer.types import SegmentChange
from tests.adapters.kafka.topics import create_topic
from tests.running import Running
from tests.servers import KafkaServer, RedisServer
from tests.waiting import wait_until
from tests.webhooks.changes import publish

PARTITIONS = 2
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


class Service(Running):
    """One process of reactions, not started yet; `functions` is the end of its module."""

    def __init__(
        self, kafka: KafkaServer, redis: RedisServer, folder: Path, functions: str
    ) -> None:
        super().__init__(folder, "react", "streamer_react")
        self.kafka = kafka
        self.redis = redis
        self.name = f"service-{uuid.uuid4().hex[:12]}"
        self.changes = f"changes-{self.name}"
        create_topic(kafka.address, self.changes, PARTITIONS)
        (folder / "functions.py").write_text(HEAD + functions, encoding="utf-8")

    def words(self) -> Sequence[str]:
        return ["react", "run", "functions:app"]

    def settings(self) -> Mapping[str, str]:
        return {
            "SERVICE": self.name,
            "STREAMER_KAFKA": self.kafka.address,
            "STREAMER_REDIS": self.redis.url,
            "STREAMER_CHANGES_TOPIC": self.changes,
        }

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

    def mails(self) -> list[str]:
        """Return what functions have put into the list of mails, in their transactions."""
        with closing(Redis.from_url(self.redis.url, decode_responses=True)) as redis:
            return [str(mail) for mail in redis.lrange(f"mails-{self.name}", 0, -1)]
