"""Faust with what is needed of it, by its public names.

It reads the topic of changes as one member of a consumer group and hands one record after the other
to a function. What it is known to get wrong stands against it:

- Offsets go past work in flight with concurrency, and past a change whose function raised. So one
  record is handled at a time, nothing raises out of the agent, and `reading` finds what was passed
  over all the same, by its own positions.
- Without its exactly-once mode it reads records of transactions that were given up. The consumer
  here says that it is in a transaction while it connects, which makes it read committed ones only,
  and never begins one.
- Before a rebalance it waits for messages that it counts as unacknowledged, for ever where it has
  dropped one. So that is switched off: `revoked` waits for what is in hand, and for nothing else.
- It can stand still after a rebalance, or end an agent in silence: `watchdog`.
"""

import tempfile
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any, Final

import faust
from faust.transport.drivers.aiokafka import Consumer, Transport
from yarl import URL

from streamer.adapters.kafka.connection import Connection
from streamer.react.credentials import credentials

_COMMIT_S: Final = 1.0
_SESSION_S: Final = 10.0
_HEARTBEAT_S: Final = 3.0

Take = Callable[[int, int, bytes], Awaitable[None]]


class _CommittedOnly(Consumer):
    """A consumer that connects as one in a transaction does."""

    async def on_start(self) -> None:
        self.in_transaction = True
        await super().on_start()

    async def on_started(self) -> None:
        self.in_transaction = False
        await super().on_started()


class _CommittedTransport(Transport):
    Consumer = _CommittedOnly


def faust_app(
    name: str,
    connection: Connection,
    topic: str,
    begin: str,
    take: Take,
    assigned: Callable[[Iterable[int]], None],
    revoked: Callable[[Collection[int]], Awaitable[None]],
) -> Any:  # noqa: ANN401 (Faust's application)
    """Return an application that hands every record of the topic to `take`.

    It says which partitions it has got, and before it loses some it waits for `revoked`.
    """
    urls = [URL(f"aiokafka://{server.strip()}") for server in connection.servers.split(",")]
    app = faust.App(
        name,
        broker=urls,
        broker_credentials=credentials(connection),
        broker_commit_interval=_COMMIT_S,
        broker_session_timeout=_SESSION_S,
        broker_heartbeat_interval=_HEARTBEAT_S,
        consumer_auto_offset_reset="latest" if begin == "now" else "earliest",
        datadir=tempfile.mkdtemp(prefix=f"{name}-"),
        store="memory://",
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
    app.transport = _CommittedTransport(urls, app)
    changes = app.topic(topic, key_serializer="raw", value_serializer="raw", value_type=bytes)

    @app.agent(changes, name="changes", concurrency=1)
    async def one_after_the_other(stream: Any) -> None:  # noqa: ANN401 (Faust's stream)
        async for event in stream.events():
            message = event.message
            await take(message.partition, message.offset, message.value or b"")

    async def got(_app: Any, partitions: Any, **_: Any) -> None:  # noqa: ANN401 (Faust's)
        assigned([each.partition for each in partitions if each.topic == topic])

    async def lost(_app: Any, partitions: Any, **_: Any) -> None:  # noqa: ANN401 (Faust's)
        await revoked([each.partition for each in partitions if each.topic == topic])

    signals: Any = app  # whose types know no argument by place
    signals.on_partitions_assigned.connect(got)
    signals.on_partitions_revoked.connect(lost)
    return app
