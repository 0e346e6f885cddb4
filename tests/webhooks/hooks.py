"""`streamer react webhooks` as a process, with its file and its topics on a real Kafka."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError

from streamer.types import SegmentChange
from tests.adapters.kafka.topics import create_topic
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until
from tests.webhooks.changes import publish
from tests.webhooks.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 (of the tests)
SECOND_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 (the same)
PARTITIONS = 2
READY_S = 90


class Hooks:
    """One process of webhooks, not started yet; `settings` are lines of its file."""

    def __init__(self, kafka: KafkaServer, folder: Path, *options: str) -> None:
        self.kafka = kafka
        self.folder = folder
        self.options = options
        self.name = uuid.uuid4().hex[:12]
        self.changes = f"changes-{self.name}"
        self.config = folder / "webhooks.toml"
        self.log = folder / "webhooks.log"
        self.metrics_port = free_port()
        self.environment = {"CRM_SECRET": SECRET}
        self.process: subprocess.Popen[bytes] | None = None
        create_topic(kafka.address, self.changes, PARTITIONS)

    def configure(
        self,
        receiver: Receiver,
        *settings: str,
        secrets: str = '["env:CRM_SECRET"]',
        **others: Receiver,
    ) -> None:
        """Write a file with the endpoint `crm`, and others of the same settings."""
        lines = ['allow = ["127.0.0.1"]']
        for name, one in {"crm": receiver, **others}.items():
            lines += [
                f"[endpoints.{name}]",
                f'url = "{one.url}"',
                f"secrets = {secrets}",
                *settings,
            ]
        self.config.write_text("\n".join(lines), encoding="utf-8")

    def command(self, *options: str) -> list[str]:
        return [
            *(sys.executable, "-m", "streamer", "react", "webhooks"),
            *("--config", str(self.config), "--kafka", self.kafka.address),
            *("--changes-topic", self.changes, "--waiting-topic", f"waiting-{self.name}"),
            *("--group", self.name, "--metrics-port", str(self.metrics_port)),
            *self.options,
            *options,
        ]

    def start(self) -> Self:
        """Start it; return once it has its partitions."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        wait_until(self._is_ready, "webhooks are ready", READY_S)
        return self

    def publish(self, *changes: SegmentChange) -> None:
        publish(self.kafka.address, self.changes, changes, PARTITIONS)

    def hang_up(self, answer: str = "endpoints read") -> None:
        """Have the file read again; return once it is heeded and all is ready again."""
        assert self.process is not None
        before = self.said().count(answer)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.said().count(answer) > before, answer, 60)
        if answer == "endpoints read":
            wait_until(self._is_ready, "webhooks are ready again", READY_S)

    def wait_for(self, receiver: Receiver, count: int) -> None:
        """Return once so many changes have been delivered."""
        wait_until(lambda: len(receiver.delivered()) >= count, f"{count} deliveries", 60)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """End it in order, which must work."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(60) == 0, self.text
        assert self.said()[-1] == "stopped"

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        assert "Traceback" not in self.text, self.text
        assert "failed" not in self.said(), self.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        elif self.process is not None:
            self.process.kill()

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.is_file() else ""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines() if line[:1] == "{"]

    def said(self) -> list[str]:
        """Return the events of its journal."""
        return [line["event"] for line in self.lines()]

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.metrics_port}{path}", timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """Return the value of a metric; 0 where there is none yet."""
        shown = ",".join(f'{key}="{text}"' for key, text in sorted(labels.items()))
        begins = f"streamer_webhook_{name}{{{shown}}} "
        found = [line for line in self.page("/metrics")[1].splitlines() if line.startswith(begins)]
        return float(found[0].split()[-1]) if found else 0.0

    def deliveries(self, endpoint: str = "crm") -> list[dict[str, Any]]:
        found = json.loads(self.page(f"/deliveries?endpoint={endpoint}")[1])
        return list(found[endpoint])

    def run_once(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run it with further options to its end."""
        return subprocess.run(  # noqa: S603 (our own command)
            self.command("--metrics-port", "0", *options),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, **self.environment},
        )

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.text
        try:
            return self.page("/readyz")[0] == 200
        except OSError:
            return False


def ids(receiver: Receiver) -> Sequence[str]:
    """Return the change of each request, in order."""
    return [request.change_id for request in receiver.requests]
