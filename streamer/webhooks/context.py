"""What the endpoints of a process share, and how each says what happens to it."""

from dataclasses import dataclass
from typing import Protocol

from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.waiting import WaitingTopic
from streamer.app.live import Journal
from streamer.webhooks.deliveries import DeliveryLog, WebhookCounts


@dataclass(frozen=True, slots=True)
class WebhookContext:
    """Kafka, the topics, the journal, the log of deliveries and the metrics."""

    connection: Connection
    changes: str
    waiting: WaitingTopic
    journal: Journal
    log: DeliveryLog
    counts: WebhookCounts


class Say(Protocol):
    """Writes one line of the journal, with the endpoint's name."""

    def __call__(self, event: str, level: str = "info", /, **facts: object) -> None:
        """Write it."""
