"""What a feed on a real Kafka does beyond the contract: the group, times, ends, and odd records."""

import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from streamer.adapters.kafka import Connection, KafkaFeed, Topics
from streamer.errors import AdapterError, Unavailable, UsageError
from streamer.types import Record
from tests.servers import KafkaServer
from tests.waiting import wait_until

from .topics import admin_of, append, create_all, create_topic, fresh_topics, producer_of

PROTOCOLS = {"classic": {}, "consumer": {"group.protocol": "consumer"}}


@pytest.fixture
def topics(kafka: KafkaServer) -> Topics:
    return create_all(kafka.address)


@contextmanager
def feed_of(kafka: KafkaServer, topic: str, **properties: str) -> Iterator[KafkaFeed]:
    connection = Connection(kafka.address, properties)
    with closing(KafkaFeed(connection, topic, topic, session=6_000)) as feed:
        yield feed


def wait_for(feeds: list[KafkaFeed], *given: set[int]) -> None:
    """Poll all feeds until they have these partitions."""

    def settled() -> bool:
        for feed in feeds:
            feed.poll(100, 0.01)
        return tuple(set(feed.assigned()) for feed in feeds) == given

    wait_until(settled, f"the feeds have {given}")


def read(feed: KafkaFeed, count: int) -> list[Record]:
    found: list[Record] = []

    def enough() -> bool:
        found.extend(feed.poll(100, 0.02))
        return len(found) >= count

    wait_until(enough, f"{count} records")
    return found


def ends(feed: KafkaFeed, offset: int) -> bool:
    feed.poll(100, 0.02)
    return feed.at_end({0: offset}) == {0}


def trouble(feed: KafkaFeed) -> str:
    feed.poll(100, 0.02)
    return feed.trouble or ""


def test_a_record_has_the_time_at_which_it_was_appended(kafka: KafkaServer, topics: Topics) -> None:
    before = time.time_ns() // 1_000_000
    append(kafka.address, topics.events, [b"{}"], key=b"u-7", headers=[("ce_id", b"e-1")])
    with feed_of(kafka, topics.events) as feed:
        wait_for([feed], {0, 1})
        feed.start_at(0, 0)
        (record,) = read(feed, 1)
    appended = record.appended
    assert appended is not None
    assert before - 1_000 < appended < time.time_ns() // 1_000_000 + 1_000
    assert record == Record(0, 0, b"{}", appended, b"u-7", (("ce_id", b"e-1"),))


def test_a_producer_s_own_time_is_no_append_time(kafka: KafkaServer) -> None:
    topic = fresh_topics().events
    create_topic(kafka.address, topic)
    append(kafka.address, topic, [b"{}"])
    with feed_of(kafka, topic) as feed:
        wait_for([feed], {0})
        feed.start_at(0, 0)
        assert read(feed, 1)[0].appended is None


class _Odd(str):
    """A name of a header that is no UTF-8."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002
        return b"\xff\xfe"


def test_no_record_is_too_odd_to_be_delivered(kafka: KafkaServer, topics: Topics) -> None:
    """Also after many others: Python's shortcut for what it often calls overlooks errors."""
    many = [b"plain"] * 200
    append(kafka.address, topics.events, many, headers=[("x", b"1")])
    append(kafka.address, topics.events, [None], key=b"u-7")
    append(kafka.address, topics.events, [b"odd"], headers=[(_Odd("x"), b"1")])
    append(kafka.address, topics.events, [b"fine"], headers=[("x", b"\xff")])
    with feed_of(kafka, topics.events) as feed:
        wait_for([feed], {0, 1})
        feed.start_at(0, 0)
        records = read(feed, 203)
    assert [(each.value, each.headers) for each in records[200:]] == [
        (b"", ()),
        (b"odd", ()),
        (b"fine", (("x", b"\xff"),)),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_partitions_move_to_who_joins_and_back_from_who_leaves(
    kafka: KafkaServer, topics: Topics, protocol: str
) -> None:
    append(kafka.address, topics.events, [b"0"], partition=0)
    append(kafka.address, topics.events, [b"1"], partition=1)
    properties = PROTOCOLS[protocol]
    with feed_of(kafka, topics.events, **properties) as first:
        wait_for([first], {0, 1})
        alone = dict(first.assigned())
        for partition in alone:
            first.start_at(partition, 0)
        read(first, 2)
        with feed_of(kafka, topics.events, **properties) as second:
            feeds = [first, second]

            def shared() -> bool:
                for feed in feeds:
                    feed.poll(100, 0.01)
                return all(len(feed.assigned()) == 1 for feed in feeds)

            wait_until(shared, "each has one partition")
            (kept,) = first.assigned()
            (moved,) = second.assigned()
            assert {kept, moved} == {0, 1}
            assert first.assigned()[kept] == alone[kept]
            second.start_at(moved, 0)
            assert [each.partition for each in read(second, 1)] == [moved]
            append(kafka.address, topics.events, [b"more"], partition=moved)
            append(kafka.address, topics.events, [b"more"], partition=kept)
            assert [each.partition for each in read(first, 1)] == [kept]
        wait_for([first], {0, 1})
        assert first.assigned()[kept] == alone[kept]
        assert first.assigned()[moved] > alone[moved]
        append(kafka.address, topics.events, [b"last"], partition=kept)
        assert [each.partition for each in read(first, 1)] == [kept]
        first.start_at(moved, 1)
        assert [each.value for each in read(first, 1)] == [b"more"]


def test_delivery_is_exact_whatever_is_begun_and_held_meanwhile(
    kafka: KafkaServer, topics: Topics
) -> None:
    count, draw = 3_000, random.Random(7)  # noqa: S311 (a seed, not secrecy)
    for partition in (0, 1):
        append(kafka.address, topics.events, [b"%d" % n for n in range(count)], partition=partition)
    with feed_of(kafka, topics.events) as feed:
        wait_for([feed], {0, 1})
        expected: dict[int, int] = {}
        for _ in range(300):
            partition = draw.randrange(2)
            if draw.random() < 0.3:
                feed.pause(partition)
                expected.pop(partition, None)
            else:
                expected[partition] = draw.randrange(count)
                feed.start_at(partition, expected[partition])
            for _ in range(draw.randrange(4)):
                for record in feed.poll(draw.choice([1, 7, 400]), draw.choice([0, 0.01])):
                    assert record.offset == expected[record.partition]
                    assert record.value == b"%d" % record.offset
                    expected[record.partition] += 1


def refusal(feed: KafkaFeed, partition: int) -> AdapterError:
    """Poll until the partition is refused, and return why."""
    found: list[AdapterError] = []

    def refused() -> bool:
        feed.poll(100, 0.02)
        found.extend(error for number, error in feed.failed().items() if number == partition)
        return bool(found)

    wait_until(refused, "the refusal")
    return found[0]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_offset_that_is_not_there_is_refused(
    kafka: KafkaServer, topics: Topics, protocol: str
) -> None:
    append(kafka.address, topics.events, [b"{}"], partition=0)
    with feed_of(kafka, topics.events, **PROTOCOLS[protocol]) as feed:
        wait_for([feed], {0, 1})
        feed.start_at(0, 17)
        error = refusal(feed, 0)
        assert "does not hold offset 17" in str(error)
        assert not isinstance(error, Unavailable)
        feed.pause(0)
        feed.start_at(0, 0)
        assert [each.value for each in read(feed, 1)] == [b"{}"]
        wait_until(lambda: ends(feed, 1), "the end")


def test_a_topic_that_is_gone_is_refused(kafka: KafkaServer, topics: Topics) -> None:
    with feed_of(kafka, topics.events, **{"topic.metadata.refresh.interval.ms": "500"}) as feed:
        wait_for([feed], {0, 1})
        feed.start_at(0, 0)
        wait_until(lambda: ends(feed, 0), "the end of nothing")
        with admin_of(kafka.address) as admin:
            admin.delete_topics([topics.events])
        wait_until(lambda: not ends(feed, 0), "it is no end any more")
        wait_until(lambda: topics.events in trouble(feed), "the trouble")


def test_an_open_transaction_is_not_the_end_an_aborted_one_is(
    kafka: KafkaServer, topics: Topics
) -> None:
    with (
        feed_of(kafka, topics.events) as feed,
        producer_of(kafka.address, f"{topics.events}-storefront") as producer,
    ):
        wait_for([feed], {0, 1})
        feed.start_at(0, 0)
        wait_until(lambda: ends(feed, 0), "the end of nothing")
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topics.events, b"perhaps", partition=0).get(30)
        wait_until(lambda: not ends(feed, 0), "the open transaction is noticed")
        assert not any(ends(feed, 0) for _ in range(20))
        producer.abort_transaction()
        wait_until(lambda: ends(feed, 0), "the end after what was aborted")


def test_a_broker_that_is_silent_is_not_a_topic_where_nothing_happens(
    own_kafka: KafkaServer,
) -> None:
    topics = create_all(own_kafka.address)
    lasting = {"session.timeout.ms": "45000"}
    with feed_of(own_kafka, topics.events, **lasting) as feed:
        wait_for([feed], {0, 1})
        feed.start_at(0, 0)
        wait_until(lambda: ends(feed, 0), "the end of nothing")
        assert trouble(feed) == ""
        own_kafka.pause()
        wait_until(lambda: not ends(feed, 0), "the silence is noticed")
        wait_until(lambda: own_kafka.address in trouble(feed), "there is trouble")
        own_kafka.resume()
        wait_until(lambda: ends(feed, 0), "the end again")
        append(own_kafka.address, topics.events, [b"{}"])
        assert [each.value for each in read(feed, 1)] == [b"{}"]
        assert trouble(feed) == ""


def test_partitions_that_are_added_are_given(kafka: KafkaServer, topics: Topics) -> None:
    with feed_of(kafka, topics.events, **{"topic.metadata.refresh.interval.ms": "500"}) as feed:
        wait_for([feed], {0, 1})
        with admin_of(kafka.address) as admin:
            admin.create_partitions({topics.events: 3})
        wait_for([feed], {0, 1, 2})


def test_a_setting_that_the_client_does_not_know_is_said(kafka: KafkaServer) -> None:
    connection = Connection(kafka.address, {"sesion.timeout.ms": "1"})
    with pytest.raises(UsageError, match=r"sesion\.timeout\.ms"):
        KafkaFeed(connection, "events", "group")
