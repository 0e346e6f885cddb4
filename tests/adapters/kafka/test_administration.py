"""The topics are made as workers need them, said to be wrong where they are, and mended."""

import gc
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.adapters.kafka import Connection, Topics, check_topics
from streamer.adapters.kafka.administration import create_topics
from streamer.adapters.kafka.topics import TIME_TYPE, ClusterMetadata
from streamer.errors import AdapterError, Unavailable, UsageError
from streamer.types import HOUR
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

from .topics import COMPACTED, admin_of, create_topic, fresh_topics


def states(
    kafka: KafkaServer, topics: Topics, *, partitions: int | None = None, mend: bool = False
) -> list[str]:
    connection = Connection(kafka.address)
    verdicts = create_topics(
        connection, topics, partitions=partitions, replication=1 if partitions else None, mend=mend
    )
    assert [each.topic for each in verdicts] == [
        topics.events,
        topics.changes,
        topics.memberships,
        topics.rejected,
        topics.audit,
    ]
    return [each.state for each in verdicts]


def test_what_is_made_suits_a_worker_and_is_right_ever_after(kafka: KafkaServer) -> None:
    topics = fresh_topics()
    assert states(kafka, topics, partitions=3) == ["created"] * 5
    assert check_topics(Connection(kafka.address), topics).partitions == 3
    assert states(kafka, topics, partitions=3) == ["right"] * 5
    assert states(kafka, topics) == ["right"] * 5


def test_without_numbers_there_are_four_partitions(kafka: KafkaServer) -> None:
    topics = fresh_topics()
    states(kafka, topics)
    assert check_topics(Connection(kafka.address), topics).partitions == 4


def test_what_is_missing_follows_the_events_that_are_there(kafka: KafkaServer) -> None:
    topics = fresh_topics()
    settings = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(9 << 20)}
    create_topic(kafka.address, topics.events, 5, settings)
    assert states(kafka, topics) == ["right", *["created"] * 4]
    assert check_topics(Connection(kafka.address), topics).partitions == 5


def test_what_is_wrong_is_said_and_mended_only_when_asked_to(kafka: KafkaServer) -> None:
    topics, connection = fresh_topics(), Connection(kafka.address)
    create_topic(kafka.address, topics.events, 3)
    create_topic(kafka.address, topics.changes, 1, {"cleanup.policy": "compact"})
    create_topic(kafka.address, topics.memberships, 2)
    create_topic(kafka.address, topics.rejected, 1)
    create_topic(kafka.address, topics.audit, 1, {"retention.ms": "5"})
    too_small = "max.message.bytes=1048588 instead of %d"
    for _ in range(2):
        verdicts = create_topics(connection, topics)
        assert {each.state for each in verdicts} == {"wrong"}
        assert [each.text.removesuffix(": --apply mends that") for each in verdicts] == [
            f"{TIME_TYPE}=CreateTime instead of LogAppendTime, {too_small % (4 << 20)}",
            "1 partition instead of 3, cleanup.policy=compact instead of delete",
            (
                "2 partitions instead of 3, cleanup.policy=delete instead of compact, "
                f"max.compaction.lag.ms={(1 << 63) - 1} instead of {6 * HOUR}"
            ),
            too_small % (5 << 20),
            "retention.ms=5 instead of -1",
        ]
    with pytest.raises(UsageError, match="streamer topics create --apply"):
        check_topics(connection, topics)
    assert states(kafka, topics, mend=True) == ["mended"] * 5
    assert states(kafka, topics) == ["right"] * 5
    assert check_topics(connection, topics).partitions == 3


def test_a_topic_that_compacts_sooner_is_left_as_it_is(kafka: KafkaServer) -> None:
    topics = fresh_topics()
    states(kafka, topics, partitions=1)
    sooner = replace(topics, memberships=f"sooner-{topics.memberships}")
    create_topic(kafka.address, sooner.memberships, 1, COMPACTED)
    assert states(kafka, sooner, mend=True) == ["right"] * 5


def test_another_number_of_partitions_is_refused_before_anything_is_made(
    kafka: KafkaServer,
) -> None:
    topics = fresh_topics()
    create_topic(kafka.address, topics.events, 2)
    with pytest.raises(UsageError, match="has 2 partitions, not 8"):
        states(kafka, topics, partitions=8, mend=True)
    with admin_of(kafka.address) as admin:
        assert topics.changes not in admin.list_topics()


def test_partitions_too_many_cannot_be_mended(kafka: KafkaServer) -> None:
    topics, connection = fresh_topics(), Connection(kafka.address)
    create_topic(kafka.address, topics.changes, 3)
    create_topics(connection, topics, partitions=2, replication=1)
    verdict = create_topics(connection, topics, mend=True)[1]
    assert verdict.state == "wrong"
    assert "delete the topic and create it again" in verdict.text
    with pytest.raises(UsageError, match="delete it and make it again"):
        check_topics(connection, topics)


def test_what_kafka_will_not_make_is_said_in_its_words(kafka: KafkaServer) -> None:
    with pytest.raises(AdapterError, match="replication factor of 3"):
        create_topics(Connection(kafka.address), fresh_topics(), replication=3)
    with pytest.raises(AdapterError, match="could not look at 'no name'"):
        create_topics(Connection(kafka.address), replace(fresh_topics(), changes="no name"))


def test_attempts_to_reach_a_kafka_that_is_away_leave_nothing_behind() -> None:
    """Workers try for ever, and Python looks for garbage only rarely there."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        pytest.skip("only Linux counts the threads of a process there")
    connection = Connection(f"127.0.0.1:{free_port()}")

    def attempt() -> None:
        with pytest.raises(Unavailable, match="cannot be reached"):
            ClusterMetadata(connection, 0.1).answers()

    attempt()
    gc.collect()
    gc.disable()
    try:
        before = len(list(tasks.iterdir()))
        for _ in range(5):
            attempt()
        wait_until(lambda: len(list(tasks.iterdir())) <= before, "the threads are gone")
    finally:
        gc.enable()


def test_a_kafka_that_is_away_is_named_with_the_reason() -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=f"Kafka at {nowhere} cannot be reached .*refused"):
        create_topics(Connection(nowhere), fresh_topics())
