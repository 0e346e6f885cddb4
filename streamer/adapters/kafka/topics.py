"""The five topics, and what a worker must find of them before it begins."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import ConfigResource as _Resource  # type: ignore[attr-defined] # it is
from confluent_kafka.admin import ResourceType as _Kind  # type: ignore[attr-defined] # it is

from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.errors import Unavailable, UsageError

_PATIENCE_S: Final = 10.0
_GETS_KNOWN_S: Final = 2.0
_PAUSE_S: Final = 0.1
LARGEST: Final = "max.message.bytes"
"""The one setting for which more than is wanted will do."""
PARTITIONER: Final = "murmur2_random"
"""What Kafka's own clients do: a customer's events and control records meet in one partition."""
TIME_TYPE: Final = "message.timestamp.type"
APPEND_TIME: Final = "LogAppendTime"


@dataclass(frozen=True, slots=True)
class Topics:
    """What the topics are called."""

    events: str = "storefront.events"
    changes: str = "segment.changes"
    memberships: str = "segment.memberships"
    rejected: str = "storefront.rejected"
    audit: str = "streamer.audit"


class Found(NamedTuple):
    """How many partitions the events have, and how many bytes a rejected record may have."""

    partitions: int
    largest_rejected: int


def check_topics(connection: Connection, topics: Topics) -> Found:
    """Return partitions and record size once all topics are as a worker needs them.

    Raises `UsageError` with the command that repairs what is not, `Unavailable` where Kafka cannot
    be asked just now.
    """
    metadata = ClusterMetadata(connection)
    wanted = metadata.partitions(topics.events)
    for topic in (topics.changes, topics.memberships):
        count = metadata.partitions(topic)
        if count != wanted:
            mended = (
                "`streamer topics create --apply` adds them"
                if count < wanted
                else "delete it and make it again with `streamer topics create`"
            )
            raise UsageError(
                f"the topic {topic} has {count} partitions, {topics.events} has {wanted}: what is "
                f"said of a partition goes into the partition of the same number. {mended}"
            )
    metadata.partitions(topics.rejected)
    time_type = metadata.setting(topics.events, TIME_TYPE)
    if time_type != APPEND_TIME:
        raise UsageError(
            f"the topic {topics.events} keeps {time_type} of its records, and not the time at "
            f"which they were appended: `streamer topics create --apply` sets {TIME_TYPE}="
            f"{APPEND_TIME}"
        )
    return Found(wanted, int(metadata.setting(topics.rejected, LARGEST)))


class ClusterMetadata:
    """Metadata of a Kafka cluster; where it does not answer, the error says why."""

    def __init__(self, connection: Connection, patience_s: float = _PATIENCE_S) -> None:
        self._servers = connection.servers
        self._patience_s = patience_s
        self._reasons = ["it does not answer"]
        heard = partial(_note, self._reasons)  # and not this object: nothing here waits for garbage
        self._admin = made(AdminClient, connection.librdkafka(error_cb=heard))

    def answers(self) -> None:
        """Return once Kafka has answered; raises `Unavailable`."""
        try:
            self._admin.list_topics(timeout=self._patience_s)
        except KafkaException:
            raise self._away() from None

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has; raises `UsageError` where there is none.

        A broker that has just started, or a topic just made, has a moment to get known.
        """
        patient_until = time.monotonic() + _GETS_KNOWN_S
        while True:
            try:
                found = self._admin.list_topics(topic, timeout=self._patience_s).topics[topic]
            except KafkaException:
                raise self._away() from None
            if found.error is None:
                return len(found.partitions)
            if found.error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise failure(found.error, f"look at the topic {topic}")
            if time.monotonic() > patient_until:
                break
            time.sleep(_PAUSE_S)
        raise UsageError(f"there is no topic {topic}: make it with `streamer topics create`")

    def setting(self, topic: str, name: str) -> str:
        """Return a setting of a topic."""
        asked = _Resource(_Kind.TOPIC, topic)
        with translated(f"read the settings of the topic {topic}"):
            found = self._admin.describe_configs([asked], request_timeout=self._patience_s)
            return str(found[asked].result()[name].value)

    def _away(self) -> Unavailable:
        self._admin.poll(0)  # which listener the reasons
        return Unavailable(
            f"Kafka at {self._servers} cannot be reached ({self._reasons[-1]}): "
            "is it running, and are --kafka and --kafka-config right?"
        )


def _note(reasons: list[str], error: KafkaError) -> None:
    if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 (its name)
        reasons[:] = [error.str()]
