"""What a storefront's backend needs to publish events to Streamer.

    from streamer.client import Publisher

    with Publisher("kafka-1:9092,kafka-2:9092") as publisher:
        publisher.publish({"id": "e-1", "name": "product_viewed", "time": 1767225600000,
                           "user_id": "u-7", "properties": {"product_id": "shoe-1"}})

`docs/publishing.md` says more. The errors are those of `streamer.errors`.
"""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from streamer.adapters.closing import Closing
from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.connection import DEFAULT_SERVERS
from streamer.adapters.kafka.publishing import KafkaPublication
from streamer.codecs.events import decode
from streamer.errors import InvalidEvent, NotPublished, StreamerError, Unavailable, UsageError
from streamer.types import Record

__all__ = [
    "InvalidEvent",
    "NotPublished",
    "Publisher",
    "StreamerError",
    "Unavailable",
    "UsageError",
]

_PATIENCE: Final = 60.0


class Publisher(Closing):
    """Publishes events: checked, in batches, again until Kafka has them, each written once.

    `kafka` is `host:port`, or several with commas; `config` a file of client properties with TLS,
    user and password; `topic` where the events go. What is not given is taken from the environment
    (`STREAMER_KAFKA`, `STREAMER_KAFKA_CONFIG`, `STREAMER_EVENTS_TOPIC`), then from the defaults.
    `patience` is for how many seconds a call waits while Kafka takes nothing.

    One publisher serves all threads of a process. Make it after forking. As a context manager it
    is closed at the end. The constructor raises `Unavailable` where Kafka cannot be reached,
    `UsageError` where the topic is missing or a setting is wrong.
    """

    def __init__(
        self,
        kafka: str | None = None,
        *,
        topic: str | None = None,
        config: str | Path | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        environment = os.environ.get
        servers = kafka or environment("STREAMER_KAFKA") or DEFAULT_SERVERS
        properties = config or environment("STREAMER_KAFKA_CONFIG") or None
        connection = Connection.from_file(servers, None if properties is None else str(properties))
        topic = topic or environment("STREAMER_EVENTS_TOPIC") or Topics().events
        self._patience = patience
        self._publication: KafkaPublication | None = KafkaPublication(connection, topic)

    def publish(self, event: Mapping[str, Any]) -> None:
        """Check an event and take it; it is sent in the background, and again until it is there.

        The event is one of any form that `docs/events.md` describes; a `datetime` with a zone will
        do as a time. Raises `InvalidEvent` with the place in the schema, and nothing is sent;
        `Unavailable` when there was no room for it during all of `patience`: it is not taken.
        """
        value = _encoded(event)
        customer = decode(Record(0, 0, value)).customer
        self._open().give(customer.encode(), value, self._patience)

    def flush(self) -> None:
        """Return once Kafka has every event that was published before.

        Raises `Unavailable` when Kafka took nothing during all of `patience`: what waits is still
        sent when it does. Raises `NotPublished` with the events that Kafka refused for good.
        """
        self._open().flush(self._patience)

    def close(self) -> None:
        """Flush and let go of Kafka; closing again does nothing.

        Raises `NotPublished` with the events that are not in Kafka, if there are any.
        """
        if self._publication is not None:
            publication, self._publication = self._publication, None
            publication.close(self._patience)

    def _open(self) -> KafkaPublication:
        if self._publication is None:
            raise UsageError("this publisher is closed: make a new one")
        return self._publication


def _encoded(event: Mapping[str, Any]) -> bytes:
    try:
        value = orjson.dumps(event if type(event) is dict else dict(event))
    except (TypeError, ValueError) as error:
        raise InvalidEvent(f"the event cannot be written as JSON: {error}") from None
    if b"null" in value and _holds_no_number(event):  # which JSON would make null of
        raise InvalidEvent("the event has a number that is not finite")
    return value


def _holds_no_number(value: object) -> bool:
    """Whether there is a NaN or an infinity in it."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(map(_holds_no_number, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_no_number, value))
