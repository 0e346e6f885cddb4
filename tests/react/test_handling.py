"""A change that the transport skips is noticed by its number, and comes first."""

import asyncio
from contextlib import closing

from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.lookup import Lookup
from streamer.codecs.changes import encode_change
from streamer.react import Change, Reactions, Transaction
from streamer.react.counts import ReactionCounts
from streamer.react.handling import Handling
from streamer.react.memory import Memory
from streamer.types import SegmentChange
from tests.adapters.kafka.topics import append, create_topic
from tests.servers import KafkaServer, RedisServer
from tests.webhooks.changes import change


class Silent:
    """A journal that remembers the events."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, event: str, _level: str = "info", /, **_facts: object) -> None:
        if event != "unavailable":  # a Kafka that has just begun takes a while to know its groups
            self.said.append(event)


def handled(
    kafka: KafkaServer,
    redis: RedisServer,
    name: str,
    changes: list[SegmentChange],
    taken: list[int],
) -> tuple[list[int], Silent, float]:
    """Publish changes, hand over those at the offsets `taken`; return what was called, and how."""
    create_topic(kafka.address, name)
    values = [encode_change(each) for each in changes]
    append(kafka.address, name, values, key=b"u-1")
    called: list[int] = []
    app = Reactions(name, begin="earliest")

    @app.on_entered("cart_abandoner")
    async def remind(got: Change, transaction: Transaction) -> None:
        transaction.rpush(f"mails-{name}", got.change_id)
        called.append(got.sequence)

    counts, journal = ReactionCounts(), Silent()

    async def run() -> None:
        memory = Memory(redis.url, name, 5.0)
        handling = Handling(
            app, memory, lambda: Lookup(Connection(kafka.address), name, name), counts, journal
        )
        for offset in taken:
            await handling.take(0, offset, values[offset])
        await memory.close()

    asyncio.run(run())
    return called, journal, counts.skipped._value.get()  # noqa: SLF001 (the library has no other way)


def test_skipped_changes_are_counted_read_again_and_handled_in_order(
    kafka: KafkaServer, redis_server: RedisServer, own_name: str
) -> None:
    changes = [change("u-1", n) for n in (1, 2, 3, 4)]
    called, journal, skipped = handled(kafka, redis_server, own_name, changes, [0, 3])
    assert called == [1, 2, 3, 4]
    assert skipped == 2
    assert journal.said == ["changes were skipped"]


def test_a_change_that_comes_again_calls_nobody(
    kafka: KafkaServer, redis_server: RedisServer, own_name: str
) -> None:
    changes = [change("u-1", n) for n in (1, 2)]
    called, journal, _ = handled(kafka, redis_server, own_name, changes, [0, 1, 0, 1])
    assert called == [1, 2]
    assert journal.said == []


def test_a_profile_that_begins_anew_is_numbered_from_one(
    kafka: KafkaServer, redis_server: RedisServer, own_name: str
) -> None:
    anew = change("u-1", 1)._replace(born=change("u-1").born + 1)
    changes = [change("u-1", 1), change("u-1", 2), anew]
    called, journal, _ = handled(kafka, redis_server, own_name, changes, [0, 1, 2])
    assert called == [1, 2, 1]
    assert journal.said == []


def test_the_first_change_of_a_partition_brings_those_before_it(
    kafka: KafkaServer, redis_server: RedisServer, own_name: str
) -> None:
    """The transport began too late."""
    changes = [change(f"u-{n}", 1) for n in range(4)]
    called, journal, _ = handled(kafka, redis_server, own_name, changes, [3])
    assert called == [1, 1, 1, 1]
    assert journal.said == ["read again"]


def test_a_lookup_stops_before_its_end(kafka: KafkaServer, own_name: str) -> None:
    create_topic(kafka.address, own_name)
    append(kafka.address, own_name, [b"a", b"b", b"c", b"d"])
    with closing(Lookup(Connection(kafka.address), own_name, own_name)) as lookup:
        found = [each.value for batch in lookup.records(0, 1, 3) for each in batch]
        rest = [each.value for batch in lookup.records(0, 2, 99) for each in batch]
    assert found == [b"b", b"c"]
    assert rest == [b"c", b"d"]
