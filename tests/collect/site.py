"""A collector as a process, its topics on a real Kafka, and what an independent reader finds."""

import base64
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.adapters.kafka.topics import (
    APPEND_TIME,
    LARGE,
    create_topic,
    fresh_topics,
)
from tests.collect.reader import TopicReader
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

PUBLIC = "pk_public_key"
SIGNED = "pk_signed_key"
SECRET = "sk_secret_key"  # noqa: S105 (of the tests)
SLOW = "pk_slow_key"
ANYWHERE = "pk_every_page"
USER_SECRET = "shared with the backend"  # noqa: S105 (of the tests)
ORIGIN = "https://shop.example"
KEYS = f"""\
[web]
key = "{PUBLIC}"
kind = "public"
origins = ["{ORIGIN}"]
protected = ["vip", "consent.marketing"]
address_rate = 100000

[signed]
key = "{SIGNED}"
kind = "public"
origins = ["*"]
user_secret = "{USER_SECRET}"
address_rate = 100000

[backend]
key = "{SECRET}"
kind = "secret"

[anywhere]
key = "{ANYWHERE}"
kind = "public"
origins = ["*"]
address_rate = 100000

[slow]
key = "{SLOW}"
kind = "public"
rate = 1
"""
READY_S = 60


@dataclass
class Answer:
    """What the collector answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 (any JSON)
        return json.loads(self.body)


@dataclass
class Site:
    """Everything of one test. `options` are further ones of `streamer collect`."""

    kafka: KafkaServer
    folder: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)
    _readers: dict[str, TopicReader] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.topics = fresh_topics()
        create_topic(self.kafka.address, self.topics.events, 3, APPEND_TIME)
        create_topic(self.kafka.address, self.topics.rejected, 1, LARGE)
        self.keys = self.folder / "keys.toml"
        self.keys.write_text(KEYS, encoding="utf-8")
        self.log = self.folder / "collect.log"
        self.port, self.metrics_port = free_port(), free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the collector; return once it takes events."""
        self.launch()
        wait_until(self.is_ready, "the collector takes events", READY_S)

    def launch(self) -> None:
        """Start the collector; return at once."""
        command = [
            *(sys.executable, "-m", "streamer", "collect", "--keys", str(self.keys)),
            *("--kafka", self.kafka.address, "--host", "127.0.0.1", "--port", str(self.port)),
            *("--events-topic", self.topics.events, "--rejected-topic", self.topics.rejected),
            *("--metrics-port", str(self.metrics_port), *self.options),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ)
            )

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.text
        return self.is_up() and self.ask("GET", "/readyz").status == 200

    def is_up(self) -> bool:
        """Whether it answers at all."""
        try:
            return self.ask("GET", "/healthz").status == 200
        except OSError:
            return False

    @property
    def text(self) -> str:
        """All that it has written."""
        return self.log.read_text(encoding="utf-8")

    def said(self) -> list[str]:
        """Return the events of its journal."""
        return [json.loads(line)["event"] for line in self.text.splitlines() if line[:1] == "{"]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def close(self) -> None:
        """End it in order, which must work."""
        for reader in self._readers.values():
            reader.close()
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) == 0, self.text
            assert self.said()[-1] == "stopped"
        assert "Traceback" not in self.text, self.text

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            got = connection.getresponse()
            return Answer(got.status, dict(got.getheaders()), got.read())
        finally:
            connection.close()

    def post(self, path: str, document: object, key: str | None = SECRET, **headers: str) -> Answer:
        """Send a JSON document; names of headers have `_` for `-`."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        sent = {"Content-Type": "application/json"}
        if key is not None:
            sent["Authorization"] = basic(key)
        sent |= {name.replace("_", "-"): text for name, text in headers.items()}
        if sent.get("Content-Encoding") == "gzip":
            body = gzip.compress(body)
        return self.ask("POST", path, body, sent)

    def events(self) -> list[dict[str, Any]]:
        """Return the values in the topic of events."""
        return [json.loads(record.value) for record in self.records()]

    def records(self) -> list[Any]:
        """Return the records in the topic of events."""
        return self._records(self.topics.events)

    def ids(self) -> Counter[str]:
        """Return how often each event is in the topic."""
        return Counter(event.get("messageId") or event["id"] for event in self.events())

    def rejected(self) -> list[tuple[bytes, dict[str, str]]]:
        """Return the rejected records: the value, and what its headers say."""
        return [
            (record.value, {name: text.decode() for name, text in record.headers})
            for record in self._records(self.topics.rejected)
        ]

    def _records(self, topic: str) -> list[Any]:
        if topic not in self._readers:
            self._readers[topic] = TopicReader(self.kafka.address, topic)
        return self._readers[topic].read()


def basic(key: str) -> str:
    """Return the Authorization header of a key."""
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()
