"""What a sink on a real Kafka does beyond the contract, read by kafka-python's committed reader."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import orjson
import pytest
from confluent_kafka import Producer, TopicPartition
from jsonschema_rs import validator_for

from streamer.adapters.kafka import Connection, KafkaFeed, KafkaSink, Topics, check_topics
from streamer.adapters.kafka.messages import CloudEvents
from streamer.codecs.change_schemas import change_schema, membership_schema
from streamer.codecs.changes import decode_change, encode_change
from streamer.errors import AdapterError, Fenced, Unavailable
from streamer.ports import OutboxEntry, PublishedMark
from streamer.types import Record, Rejection
from tests.contracts.adapters import nobody
from tests.contracts.examples import TRACEPARENT, change, membership, outbox_entry
from tests.servers import KafkaServer
from tests.waiting import wait_until

from .topics import committed_records, create_all, create_topic, settle

GROUP = "group"


@pytest.fixture
def topics(kafka: KafkaServer) -> Topics:
    return create_all(kafka.address)


@contextmanager
def sink_of(
    kafka: KafkaServer,
    topics: Topics,
    name: str,
    membership: Callable[[], object] | None = None,
    connection: Connection | None = None,
    cloudevents: CloudEvents | None = None,
) -> Iterator[KafkaSink]:
    membership = membership or nobody(kafka.address)
    connection = connection or Connection(kafka.address)
    full = f"{topics.events}-{name}"
    sink = KafkaSink(connection, topics, GROUP, full, membership, cloudevents=cloudevents)
    with closing(sink):
        yield sink


def published(sink: KafkaSink, number: int) -> bool:
    """Say whether Kafka took it."""
    try:
        sink.publish([outbox_entry(number)])
    except Unavailable:
        return False
    return True


def ids(kafka: KafkaServer, topics: Topics) -> list[str]:
    told = committed_records(kafka.address, topics.changes)
    return [orjson.loads(record.value)["change_id"] for record in told]


def ids_of(*numbers: int) -> list[str]:
    return [change(number).change_id for number in numbers]


def test_a_change_is_the_value_of_a_record_in_the_partition_of_its_input(
    kafka: KafkaServer, topics: Topics
) -> None:
    with sink_of(kafka, topics, "a") as sink:
        sink.publish([replace(outbox_entry(1), partition=1)])
    (told,) = committed_records(kafka.address, topics.changes)
    assert (told.partition, told.key, told.headers) == (1, b"u-7", [])
    assert told.value == encode_change(change(10))
    assert validator_for(change_schema()).is_valid(orjson.loads(told.value))


def test_a_change_is_a_cloud_event_in_structured_mode(kafka: KafkaServer, topics: Topics) -> None:
    with sink_of(kafka, topics, "a", cloudevents="structured") as sink:
        sink.publish([replace(outbox_entry(1), partition=1)])
    (told,) = committed_records(kafka.address, topics.changes)
    assert (told.partition, told.key) == (1, b"u-7")
    assert told.headers == [("content-type", b"application/cloudevents+json")]
    assert orjson.loads(told.value) == {
        "specversion": "1.0",
        "id": change(10).change_id,
        "source": "/streamer/group",
        "type": "streamer.segment.exited",
        "time": "2023-11-14T22:13:20.010Z",
        "subject": "u-7",
        "datacontenttype": "application/json",
        "data": orjson.loads(encode_change(change(10))),
    }


def test_a_change_is_a_cloud_event_in_binary_mode(kafka: KafkaServer, topics: Topics) -> None:
    with sink_of(kafka, topics, "a", cloudevents="binary") as sink:
        sink.publish([replace(outbox_entry(1), partition=1)])
    (told,) = committed_records(kafka.address, topics.changes)
    one = change(10)
    assert (told.partition, told.key, told.value) == (1, b"u-7", encode_change(one))
    assert dict(told.headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": one.change_id.encode(),
        "ce_source": b"/streamer/group",
        "ce_type": b"streamer.segment.exited",
        "ce_time": b"2023-11-14T22:13:20.010Z",
        "ce_subject": b"u-7",
    }


@pytest.mark.parametrize(
    ("cloudevents", "names"),
    [
        (None, ["traceparent"]),
        ("binary", ["ce_traceparent", "traceparent"]),
        ("structured", ["traceparent"]),
    ],
)
def test_a_change_has_the_traceparent_of_the_event_that_caused_it(
    kafka: KafkaServer, topics: Topics, cloudevents: CloudEvents | None, names: list[str]
) -> None:
    with sink_of(kafka, topics, "a", cloudevents=cloudevents) as sink:
        sink.publish([replace(outbox_entry(1, changes=2), traceparents={1: TRACEPARENT})])
    first, second = committed_records(kafka.address, topics.changes)
    assert not any("traceparent" in name for name, _ in first.headers)
    assert [name for name, value in second.headers if value == TRACEPARENT.encode()] == names
    assert decode_change(second.value) == change(11)
    attribute = TRACEPARENT if cloudevents == "structured" else None
    assert orjson.loads(second.value).get("traceparent") == attribute


def test_memberships_are_told_by_customer_and_null_when_the_profile_is_gone(
    kafka: KafkaServer, topics: Topics
) -> None:
    gone = membership(2)._replace(segments=None)
    with sink_of(kafka, topics, "a") as sink:
        sink.publish([outbox_entry(1), replace(outbox_entry(2), memberships=(gone,))])
    first, second = committed_records(kafka.address, topics.memberships)
    assert (first.key, second.key, second.value) == (b"u-7", b"u-7", None)
    assert orjson.loads(first.value) == {
        "customer_id": "u-7",
        "sequence": 1,
        "born": "2023-11-14T22:13:20.000Z",
        "segments": [{"segment": "cart_abandoner", "since": "2023-11-14T22:13:20.000Z"}],
    }
    assert validator_for(membership_schema()).is_valid(orjson.loads(first.value))


def test_a_rejected_record_is_untouched_and_says_why_and_where(
    kafka: KafkaServer, topics: Topics
) -> None:
    value = b"\xff" * (2 << 20)
    record = Record(1, 41, value, 1_700_000_000_000, b"\x00key", (("own", b"\xfe"),))
    rejection = Rejection(record, "invalid", "too large: 2 MiB", "/properties/id")
    with sink_of(kafka, topics, "a") as sink:
        sink.publish([OutboxEntry(1, (), (rejection,), partition=1)])
    (told,) = committed_records(kafka.address, topics.rejected)
    assert (told.key, told.value) == (b"\x00key", value)
    assert told.headers == [
        ("own", b"\xfe"),
        ("rejected_kind", b"invalid"),
        ("rejected_reason", b"too large: 2 MiB"),
        ("rejected_path", b"/properties/id"),
        ("rejected_topic", topics.events.encode()),
        ("rejected_partition", b"1"),
        ("rejected_offset", b"41"),
    ]


def test_a_mark_is_set_without_anything_to_tell(kafka: KafkaServer, topics: Topics) -> None:
    with sink_of(kafka, topics, "a") as sink:
        sink.publish([OutboxEntry(7, offset=70, fired_until=(5, 'u-"7" ü'))])
    with sink_of(kafka, topics, "b") as sink:
        assert sink.mark(0) == PublishedMark(7, 70, (5, 'u-"7" ü'))


def commit_offset(kafka: KafkaServer, topics: Topics, metadata: str | None) -> None:
    """Set the group's offset of a partition as somebody else does, or another Streamer."""
    producer = Producer({"bootstrap.servers": kafka.address, "transactional.id": topics.events})
    producer.init_transactions(30)
    producer.begin_transaction()
    offset = (
        TopicPartition(topics.events, 0, 5)
        if metadata is None
        else TopicPartition(topics.events, 0, 5, metadata=metadata)
    )
    producer.send_offsets_to_transaction([offset], nobody(kafka.address)(), 30)
    producer.commit_transaction(30)


def test_a_mark_of_the_version_before_is_read(kafka: KafkaServer, topics: Topics) -> None:
    commit_offset(kafka, topics, '[7,[1700000000001,"u-7"]]')
    with sink_of(kafka, topics, "a") as sink:
        assert sink.mark(0) == PublishedMark(7, 5, (1_700_000_000_001, "u-7"))


def test_a_mark_of_another_version_is_refused(kafka: KafkaServer, topics: Topics) -> None:
    commit_offset(kafka, topics, '[3,7,[1700000000001,"u-7"]]')
    refused = "partition 0 in the group group cannot be read: it has version 3; .*use another"
    with sink_of(kafka, topics, "a") as sink, pytest.raises(AdapterError, match=refused):
        sink.mark(0)


def begun(kafka: KafkaServer, topics: Topics, name: str, told: OutboxEntry) -> Producer:
    """Return a producer that is about to commit what it tells, as one whose owner died there."""
    producer = Producer(
        {"bootstrap.servers": kafka.address, "transactional.id": f"{topics.events}-{name}"}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topics.changes, told.lines[0], partition=0)
    offset = TopicPartition(topics.events, 0, told.offset, metadata='[2,1,[0,""]]')
    producer.send_offsets_to_transaction([offset], nobody(kafka.address)(), 30)
    producer.flush(30)
    return producer


def test_what_a_dead_owner_left_open_is_ended_by_the_next_one(
    kafka: KafkaServer, topics: Topics
) -> None:
    dead = begun(kafka, topics, "dead", outbox_entry(1))
    with sink_of(kafka, topics, "next") as sink:
        assert sink.mark(0, f"{topics.events}-dead/3") == PublishedMark()
        sink.publish([outbox_entry(1)])
    assert ids(kafka, topics) == ids_of(10)
    with pytest.raises(Exception, match="fenced"):
        dead.commit_transaction(30)
    assert ids(kafka, topics) == ids_of(10)


def test_who_starts_again_ends_what_it_left_open_itself(kafka: KafkaServer, topics: Topics) -> None:
    begun(kafka, topics, "same", outbox_entry(1))
    with sink_of(kafka, topics, "same") as sink:
        assert sink.mark(0, f"{topics.events}-same/3") == PublishedMark()
        sink.publish([outbox_entry(2)])
    assert ids(kafka, topics) == ids_of(20)


def test_what_an_unknown_owner_left_open_is_waited_for(kafka: KafkaServer, topics: Topics) -> None:
    unknown = begun(kafka, topics, "unknown", outbox_entry(1))
    with sink_of(kafka, topics, "next") as sink:
        with pytest.raises(Unavailable, match="still open"):
            sink.mark(0)
        unknown.commit_transaction(30)
        assert sink.mark(0) == PublishedMark(1, 100)


def test_of_two_with_one_name_the_older_is_fenced_and_may_come_back(
    kafka: KafkaServer, topics: Topics
) -> None:
    with sink_of(kafka, topics, "a") as older, sink_of(kafka, topics, "a") as newer:
        older.publish([outbox_entry(1)])
        newer.publish([outbox_entry(2)])
        with pytest.raises(Fenced):
            older.publish([outbox_entry(3)])
        assert older.mark(0) == PublishedMark.after(outbox_entry(2))
        older.publish([outbox_entry(3)])
        with pytest.raises(Fenced):
            newer.publish([outbox_entry(4)])
    assert ids(kafka, topics) == ids_of(10, 20, 30)


def test_who_was_replaced_in_the_group_tells_nothing(kafka: KafkaServer, topics: Topics) -> None:
    connection = Connection(kafka.address)
    with closing(KafkaFeed(connection, topics.events, GROUP + topics.events)) as feed:
        wait_until(lambda: not feed.poll(1, 0.05) and len(feed.assigned()) == 2, "both are given")
        then = feed.membership
        sink = KafkaSink(connection, topics, GROUP + topics.events, topics.events, lambda: then)
        with closing(sink):
            sink.publish([outbox_entry(1)])
            with closing(KafkaFeed(connection, topics.events, GROUP + topics.events)) as other:

                def moved() -> bool:
                    feed.poll(1, 0.01)
                    other.poll(1, 0.01)
                    return len(feed.assigned()) == len(other.assigned()) == 1

                wait_until(moved, "a partition has moved")
                with pytest.raises(Fenced):
                    sink.publish([outbox_entry(2)])
    assert ids(kafka, topics) == ids_of(10)


def test_who_has_lost_its_place_keeps_the_membership_that_is_refused(
    kafka: KafkaServer, topics: Topics
) -> None:
    connection = Connection(kafka.address, {"max.poll.interval.ms": "6000"})
    group = GROUP + topics.events
    with closing(KafkaFeed(connection, topics.events, group, session=6_000)) as feed:
        wait_until(lambda: not feed.poll(1, 0.05) and len(feed.assigned()) == 2, "both are given")
        with closing(KafkaFeed(Connection(kafka.address), topics.events, group)) as other:
            wait_until(lambda: not other.poll(1, 0.05) and len(other.assigned()) == 2, "all moved")
            name = topics.events
            with (
                closing(
                    KafkaSink(connection, topics, group, name, lambda: feed.membership)
                ) as sink,
                pytest.raises(Fenced),
            ):
                sink.publish([outbox_entry(1)])
    assert ids(kafka, topics) == []


def test_a_broker_that_dies_costs_nothing_and_doubles_nothing(own_kafka: KafkaServer) -> None:
    topics = create_all(own_kafka.address)
    with sink_of(own_kafka, topics, "a") as sink:
        sink.publish([outbox_entry(1)])
        settle(own_kafka.address)
        assert ids(own_kafka, topics) == ids_of(10)
        own_kafka.kill()
        with pytest.raises(Unavailable):
            sink.publish([outbox_entry(2)])
        with pytest.raises(Unavailable):
            sink.mark(0)
        own_kafka.start()
        wait_until(lambda: published(sink, 2), "it is told after all", 60)
    assert ids(own_kafka, topics) == ids_of(10, 20)


@pytest.mark.parametrize("recovery", ["none", "rebootstrap"])
def test_a_broker_that_was_away_between_two_publications(
    own_kafka: KafkaServer, recovery: str
) -> None:
    topics = create_all(own_kafka.address)
    connection = Connection(own_kafka.address, {"metadata.recovery.strategy": recovery})
    with sink_of(own_kafka, topics, "a", connection=connection) as sink:
        sink.publish([outbox_entry(1)])
        settle(own_kafka.address)
        own_kafka.kill()
        own_kafka.start()
        wait_until(lambda: published(sink, 2), "it is told after all", 60)
    assert ids(own_kafka, topics) == ids_of(10, 20)


def test_a_rejected_record_is_cut_to_what_its_topic_takes(kafka: KafkaServer) -> None:
    topics = create_all(kafka.address)
    small = replace(topics, rejected=f"{topics.rejected}-small")
    create_topic(kafka.address, small.rejected, settings={"max.message.bytes": "100000"})
    rejection = Rejection(Record(0, 1, b"x" * 95_000, key=b"k" * 90_000), "invalid", "odd")
    largest = check_topics(Connection(kafka.address), small).largest_rejected
    connection, name = Connection(kafka.address), f"{topics.events}-cuts"
    with closing(KafkaSink(connection, small, GROUP, name, nobody(kafka.address), largest)) as sink:
        sink.publish([OutboxEntry(1, (), (rejection,))])
    (record,) = committed_records(kafka.address, small.rejected)
    assert record.value == b"x" * 20_904
    assert record.key == b"k" * 20_904
    assert dict(record.headers)["rejected_size"] == b"185000"


def test_a_record_that_is_too_large_for_its_topic_is_named(kafka: KafkaServer) -> None:
    topics = create_all(kafka.address)
    small = replace(topics, rejected=f"{topics.rejected}-small")
    create_topic(kafka.address, small.rejected, settings={"max.message.bytes": "1000"})
    rejection = Rejection(Record(0, 1, b"x" * 5_000), "invalid", "odd")
    with sink_of(kafka, small, "a") as sink:
        with pytest.raises(AdapterError, match=r"max\.message\.bytes") as raised:
            sink.publish([OutboxEntry(1, (), (rejection,))])
        assert not isinstance(raised.value, Unavailable)
        sink.publish([outbox_entry(1)])
    assert ids(kafka, small) == ids_of(10)


def test_an_offset_of_somebody_else_is_no_mark(kafka: KafkaServer, topics: Topics) -> None:
    commit_offset(kafka, topics, None)
    with sink_of(kafka, topics, "a") as sink, pytest.raises(AdapterError, match="not written by"):
        sink.mark(0)
