"""The adapters of the live system: events and changes in Kafka, profiles in Redis.

Nothing stays open where one of them cannot be had.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from streamer.adapters.kafka import Connection, KafkaFeed, KafkaSink, Topics, check_topics
from streamer.adapters.kafka.messages import CloudEvents
from streamer.adapters.redis import RedisStore
from streamer.adapters.spans import Spans, TracedSink, TracedStore
from streamer.app.live import Adapters


@dataclass(frozen=True, slots=True)
class Servers:
    """Where everything is, and what it is called there.

    `group` names the consumer group, and is part of every key in Redis and of every transactional
    id. The address of Redis may hold a password, so it does not show in `repr`. `cloudevents` is
    the mode in which changes are CloudEvents, None where they are none.
    """

    kafka: Connection
    topics: Topics
    redis: str = field(repr=False)
    group: str
    allow_volatile_redis: bool = False
    cloudevents: CloudEvents | None = None


def traced(adapters: Adapters, spans: Spans | None) -> Adapters:
    """Return the adapters with spans of what they do for traced events; as they are without any."""
    if spans is None:
        return adapters
    return replace(
        adapters, store=TracedStore(adapters.store, spans), sink=TracedSink(adapters.sink, spans)
    )


def connect(servers: Servers, instance: str) -> Adapters:
    """Return the adapters of a process of that name; none stays open if one cannot be had.

    Raises `Unavailable` where trying again may help, and `StreamerError` with what to do where a
    person has to: a topic is missing, Redis may drop keys, a setting is wrong.
    """
    opened = ExitStack()
    try:
        found = check_topics(servers.kafka, servers.topics)
        store = RedisStore(
            servers.redis,
            servers.group,
            partitions=found.partitions,
            allow_volatile=servers.allow_volatile_redis,
        )
        opened.callback(store.close)
        feed = KafkaFeed(servers.kafka, servers.topics.events, servers.group)
        opened.callback(feed.close)
        sink = KafkaSink(
            servers.kafka,
            servers.topics,
            servers.group,
            instance,
            lambda: feed.membership,
            found.largest_rejected,
            cloudevents=servers.cloudevents,
        )
        opened.callback(sink.close)
    except BaseException:
        opened.close()
        raise
    return Adapters(feed, store, sink, opened.close, found.partitions, store.measure)
