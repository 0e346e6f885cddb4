"""`streamer changes` shows what is committed, to people and to programs."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import orjson
import pytest

from streamer.adapters.kafka import Connection, KafkaSink, Topics
from streamer.adapters.kafka.messages import CloudEvents
from streamer.codecs.changes import encode_change
from streamer.errors import Unavailable
from streamer.instants import iso
from streamer.ports import OutboxEntry
from streamer.types import SegmentChange
from tests.adapters.kafka.topics import append, create_all, producer_of, settle
from tests.cli.shop import run
from tests.contracts.adapters import nobody
from tests.contracts.examples import change, tier_change
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until


@pytest.fixture
def topics(kafka: KafkaServer) -> Topics:
    return create_all(kafka.address)


def tell(
    kafka: KafkaServer,
    topics: Topics,
    number: int,
    *changes: SegmentChange,
    partition: int = 0,
    cloudevents: CloudEvents | None = None,
) -> None:
    """Publish changes as a worker does."""
    connection, membership = Connection(kafka.address), nobody(kafka.address)
    sink = KafkaSink(
        connection, topics, "group", topics.events, membership, cloudevents=cloudevents
    )
    with closing(sink):
        sink.publish([OutboxEntry(number, changes, partition=partition, offset=number)])


def words(kafka: KafkaServer, topics: Topics) -> list[str]:
    return ["changes", f"--kafka={kafka.address}", f"--changes-topic={topics.changes}"]


@contextmanager
def following(arguments: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-m", "streamer", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        end = threading.Timer(180, process.kill)  # whoever waits for its lines then goes on
        end.start()
        try:
            yield process
        finally:
            end.cancel()
            process.kill()


@pytest.mark.parametrize("cloudevents", [None, "binary", "structured"])
def test_in_a_pipe_a_line_is_the_change_in_whatever_form_it_is_in_the_topic(
    kafka: KafkaServer, topics: Topics, cloudevents: CloudEvents | None
) -> None:
    told = [change(1), change(2, "u-8"), tier_change(3)]
    tell(kafka, topics, 1, *told, cloudevents=cloudevents)
    done = run(*words(kafka, topics), "--no-follow")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout_bytes.splitlines() == [encode_change(each) for each in told]


def test_a_person_reads_who_when_what_and_why(kafka: KafkaServer, topics: Topics) -> None:
    tell(kafka, topics, 1, change(1))
    done = run(*words(kafka, topics), "--no-follow", "--format", "text")
    assert done.stdout == (
        "2023-11-14 22:13:20.001  u-7  enters  cart_abandoner  "
        "performed product_added within 7d: last at 2023-11-14 22:13:20\n"
    )


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (["--customer", "u-8"], [2]),
        (["--customer", "u-8", "--customer", "u-7"], [1, 2, 3]),
        (["--segment", "cart_abandoner"], [1, 2]),
        (["--segment", "engagement"], [3]),
        (["--segment", "engagement.active", "--customer", "u-8"], []),
    ],
)
def test_it_can_be_narrowed(
    kafka: KafkaServer, topics: Topics, asked: list[str], numbers: list[int]
) -> None:
    tell(kafka, topics, 1, change(1), change(2, "u-8"), tier_change(3))
    done = run(*words(kafka, topics), "--no-follow", *asked)
    assert [orjson.loads(line)["sequence"] for line in done.stdout.splitlines()] == numbers


def test_every_partition_is_read_each_in_its_order(kafka: KafkaServer, topics: Topics) -> None:
    for number in (1, 2, 3):
        tell(kafka, topics, number, change(number), partition=0)
        tell(kafka, topics, number, change(number, "u-8"), partition=1)
    lines = run(*words(kafka, topics), "--no-follow").stdout.splitlines()
    told = [(each["customer_id"], each["sequence"]) for each in map(orjson.loads, lines)]
    for who in ("u-7", "u-8"):
        assert [number for customer, number in told if customer == who] == [1, 2, 3]


def test_it_begins_where_it_is_told_to(kafka: KafkaServer, topics: Topics) -> None:
    tell(kafka, topics, 1, change(1))
    between = time.time_ns() // 1_000_000 + 1
    wait_until(lambda: time.time_ns() // 1_000_000 > between, "what is told next is later")
    tell(kafka, topics, 2, change(2))
    for since, numbers in (
        (["--from-beginning"], [1, 2]),
        (["--from", iso(between)], [2]),
        (["--from", "now"], []),
    ):
        done = run(*words(kafka, topics), "--no-follow", *since)
        assert [orjson.loads(line)["sequence"] for line in done.stdout.splitlines()] == numbers


def test_what_was_never_committed_is_not_shown(kafka: KafkaServer, topics: Topics) -> None:
    with producer_of(kafka.address, f"{topics.events}-other") as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topics.changes, encode_change(change(1)), partition=0).get(30)
        producer.abort_transaction()
    tell(kafka, topics, 1, change(2))
    done = run(*words(kafka, topics), "--no-follow")
    assert [orjson.loads(line)["sequence"] for line in done.stdout.splitlines()] == [2]


def test_what_is_no_change_is_named_and_left_out(kafka: KafkaServer, topics: Topics) -> None:
    append(kafka.address, topics.changes, [b"{}", None], key=b"u-7")
    tell(kafka, topics, 1, change(1))
    done = run(*words(kafka, topics), "--no-follow")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.startswith("partition 0, offset 0: not a segment change")
    assert "partition 0, offset 1: not a segment change" in done.stderr


def test_following_shows_what_comes_and_outlives_kafka(own_kafka: KafkaServer) -> None:
    topics = create_all(own_kafka.address)
    tell(own_kafka, topics, 1, change(1))
    arguments = [*words(own_kafka, topics), "--from-beginning"]
    with following(arguments) as process:
        assert process.stdout is not None
        assert orjson.loads(process.stdout.readline())["sequence"] == 1
        tell(own_kafka, topics, 2, change(2))
        assert orjson.loads(process.stdout.readline())["sequence"] == 2
        settle(own_kafka.address)
        own_kafka.kill()
        own_kafka.start()

        def told() -> bool:
            try:
                tell(own_kafka, topics, 3, change(3))
            except Unavailable:
                return False
            return True

        wait_until(told, "Kafka takes changes again", 60)
        assert orjson.loads(process.stdout.readline())["sequence"] == 3


def test_a_reader_that_has_seen_enough_ends_it_quietly(kafka: KafkaServer, topics: Topics) -> None:
    tell(kafka, topics, 1, change(1))
    with following([*words(kafka, topics), "--from-beginning"]) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        tell(kafka, topics, 2, change(2))
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


def test_what_cannot_work_is_said_in_one_line(kafka: KafkaServer, topics: Topics) -> None:
    away = run("changes", f"--kafka=127.0.0.1:{free_port()}")
    missing = run(*words(kafka, topics), "--changes-topic", "no")
    for done, said in ((away, "cannot be reached"), (missing, "topics create")):
        assert done.exit_code == 2
        assert done.stderr.startswith("Error: ")
        assert said in done.stderr
    wrong = run(*words(kafka, topics), "--from", "yesterday")
    assert wrong.exit_code == 2
