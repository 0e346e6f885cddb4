"""The four topics, and what a worker must find of them before it begins."""

from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import ConfigResource as _Resource  # type: ignore[attr-defined] # it is
from confluent_kafka.admin import ResourceType as _Kind  # type: ignore[attr-defined] # it is

from streamer.adapters.kafka.connection import Connection, made
from streamer.adapters.kafka.failures import failure, translated
from streamer.errors import Unavailable, UsageError

_PATIENCE_S: Final = 10.0
TIME_TYPE: Final = "message.timestamp.type"
APPEND_TIME: Final = "LogAppendTime"


@dataclass(frozen=True, slots=True)
class Topics:
    """What the topics are called."""

    events: str = "storefront.events"
    changes: str = "segment.changes"
    memberships: str = "segment.memberships"
    rejected: str = "storefront.rejected"


def check_topics(connection: Connection, topics: Topics) -> int:
    """Return how many partitions the events have, once everything is as a worker needs it.

    Raises `UsageError` with the command that repairs what is not, `Unavailable` where Kafka cannot
    be asked just now.
    """
    admin = made(AdminClient, connection.librdkafka())
    wanted = _partitions(admin, connection, topics.events)
    for topic in (topics.changes, topics.memberships):
        count = _partitions(admin, connection, topic)
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
    _partitions(admin, connection, topics.rejected)
    time_type = _setting(admin, topics.events, TIME_TYPE)
    if time_type != APPEND_TIME:
        raise UsageError(
            f"the topic {topics.events} keeps {time_type} of its records, and not the time at "
            f"which they were appended: `streamer topics create --apply` sets {TIME_TYPE}="
            f"{APPEND_TIME}"
        )
    return wanted


def _partitions(admin: AdminClient, connection: Connection, topic: str) -> int:
    try:
        found = admin.list_topics(topic, timeout=_PATIENCE_S).topics[topic]
    except KafkaException as error:
        reason = error.args[0].str()
        raise Unavailable(
            f"Kafka at {connection.servers} cannot be reached ({reason}): "
            "is it running, and is --kafka right?"
        ) from None
    if found.error is None:
        return len(found.partitions)
    if found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        raise UsageError(f"there is no topic {topic}: make it with `streamer topics create`")
    raise failure(found.error, f"look at the topic {topic}")


def _setting(admin: AdminClient, topic: str, name: str) -> str:
    resource = _Resource(_Kind.TOPIC, topic)
    with translated(f"read the settings of the topic {topic}"):
        found = admin.describe_configs([resource], request_timeout=_PATIENCE_S)[resource].result()
    return str(found[name].value)
