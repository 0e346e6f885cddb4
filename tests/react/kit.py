"""The kit around Faust, with the test in Faust's place, on a real Kafka and Redis."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Self

from redis import Redis

from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.lookup import Lookup
from streamer.codecs.changes import encode_change
from streamer.errors import Unavailable
from streamer.react import Change, Reactions, Transaction
from streamer.react.counts import ReactionCounts
from streamer.react.handling import Handling
from streamer.react.looking import Looking
from streamer.react.memory import Memory
from streamer.react.reading import Reading
from streamer.react.trouble import Trouble
from streamer.types import SegmentChange
from tests.adapters.kafka.topics import append, create_topic
from tests.servers import KafkaServer, RedisServer
from tests.waiting import PAUSE_S


class Silent:
    """A journal that remembers what was said."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, object]]] = []

    @property
    def said(self) -> list[str]:
        return [event for event, _ in self.told]

    def say(self, event: str, _level: str = "info", /, **facts: object) -> None:
        if event != "unavailable":  # a Kafka that has just begun takes a while to know its groups
            self.told.append((event, facts))


class Process:
    """One process of a service with one function, which has partition 0."""

    def __init__(self, kit: "Kit", looking: Looking) -> None:
        self.journal = Silent()
        self.counts = ReactionCounts()
        self.trouble = Trouble(self.journal)
        self.memory = Memory(kit.redis.url, kit.name, 5.0)
        self.called: list[int] = []
        self.inside: Callable[[], Awaitable[None]] | None = None
        """What the function waits for in its middle."""
        app = Reactions(kit.name, begin="earliest")

        @app.on_entered("cart_abandoner")
        async def remind(got: Change, transaction: Transaction) -> None:
            self.called.append(got.sequence)
            transaction.rpush(kit.mails, f"{got.customer_id} {got.sequence}")
            if self.inside is not None:
                await self.inside()

        shared = (self.counts, self.journal, self.trouble)
        self.handling = Handling(app, self.memory, looking.values, *shared)
        self.reading = Reading(self.memory, looking, app.begin, self.handling.do, *shared)
        self.reading.assign([0])

    async def open(self) -> None:
        """Begin the partition, once a Kafka that has just begun knows its groups."""
        async with asyncio.timeout(30):
            while 0 not in self.reading.positions:
                try:
                    await self.reading.open(0)
                except Unavailable:
                    await asyncio.sleep(PAUSE_S)

    async def take(self, kit: "Kit", *offsets: int) -> Self:
        """Bring the records at these offsets, as Faust would."""
        for offset in offsets:
            await self.reading.take(0, offset, kit.values[offset])
        return self


class Kit:
    """A topic with the changes of one partition, and the mails that functions have sent."""

    def __init__(self, kafka: KafkaServer, redis: RedisServer, name: str) -> None:
        self.kafka = kafka
        self.redis = redis
        self.name = name
        self.mails = f"mails-{name}"
        self.values: list[bytes] = []
        create_topic(kafka.address, name)

    def publish(self, *changes: SegmentChange) -> None:
        values = [encode_change(each) for each in changes]
        self.values += values
        append(self.kafka.address, self.name, values, key=b"u-1")

    def run(self, work: Callable[[Callable[[], Process]], Awaitable[None]]) -> None:
        """Have `work` done, which gets what makes a process."""

        async def working(looking: Looking) -> None:
            made: list[Process] = []

            def make() -> Process:
                made.append(Process(self, looking))
                return made[-1]

            try:
                await work(make)
            finally:
                for each in made:
                    await each.memory.close()

        with closing(Lookup(Connection(self.kafka.address), self.name, self.name)) as lookup:
            asyncio.run(working(Looking(lookup)))

    def forget(self, key: str) -> None:
        """Have Redis lose a key."""
        with closing(Redis.from_url(self.redis.url)) as redis:
            assert redis.delete(key) == 1

    def sent(self) -> list[str]:
        """Return the mails, each with its customer and number."""
        with closing(Redis.from_url(self.redis.url, decode_responses=True)) as redis:
            return [str(mail) for mail in redis.lrange(self.mails, 0, -1)]


def total(process: Process, name: str) -> float:
    """Return the value of a counter without labels."""
    return process.counts.registry.get_sample_value(f"streamer_react_{name}_total") or 0.0
