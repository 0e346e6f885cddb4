"""`streamer react webhooks` as a process, with its file and its topics on a real Kafka."""

import json
import signal
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from streamer.types import SegmentChange
from tests.adapters.kafka.topics import append, committed_records, create_topic
from tests.running import Running
from tests.servers import KafkaServer
from tests.waiting import wait_until
from tests.webhooks.changes import publish
from tests.webhooks.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 (of the tests)
SECOND_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 (the same)
PARTITIONS = 2


class Hooks(Running):
    """One process of webhooks, not started yet; `configure` writes its file."""

    def __init__(self, kafka: KafkaServer, folder: Path) -> None:
        super().__init__(folder, "webhooks", "streamer_webhook")
        self.kafka = kafka
        self.name = uuid.uuid4().hex[:12]
        self.changes = f"changes-{self.name}"
        self.waiting = f"waiting-{self.name}"
        self.config = folder / "webhooks.toml"
        create_topic(kafka.address, self.changes, PARTITIONS)

    def words(self) -> Sequence[str]:
        return [
            *("react", "webhooks", "--config", str(self.config), "--kafka", self.kafka.address),
            *("--changes-topic", self.changes, "--waiting-topic", self.waiting),
            *("--group", self.name),
        ]

    def settings(self) -> Mapping[str, str]:
        return {"CRM_SECRET": SECRET}

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

    def publish(self, *changes: SegmentChange) -> None:
        publish(self.kafka.address, self.changes, changes, PARTITIONS)

    def hang_up(self, answer: str = "endpoints read") -> None:
        """Have the file read again; return once it is heeded and all is ready again."""
        before = self.said().count(answer)
        self.signal(signal.SIGHUP)
        wait_until(lambda: self.said().count(answer) > before, answer, 60)
        if answer == "endpoints read":
            self.wait_until_ready()

    def let_time_pass(self, millis: int) -> None:
        """While it is stopped, make what waits so much older."""
        records = {
            (record.partition, record.key): record.value
            for record in committed_records(self.kafka.address, self.waiting)
        }
        for (partition, key), value in records.items():
            if value is not None:
                kept = json.loads(value)
                kept |= {"since": kept["since"] - millis, "due": kept["due"] - millis}
                older = json.dumps(kept).encode()
                append(self.kafka.address, self.waiting, [older], partition=partition, key=key)

    def wait_for(self, receiver: Receiver, count: int) -> None:
        """Return once so many changes have been delivered."""
        wait_until(lambda: len(receiver.delivered()) >= count, f"{count} deliveries", 60)

    def deliveries(self, endpoint: str = "crm") -> list[dict[str, Any]]:
        found = json.loads(self.page(f"/deliveries?endpoint={endpoint}")[1])
        return list(found[endpoint])


def ids(receiver: Receiver) -> Sequence[str]:
    """Return the change of each request, in order."""
    return [request.change_id for request in receiver.requests]
