"""`streamer publish` on the command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from streamer.codecs.events import decode
from streamer.types import Record
from tests.adapters.kafka.topics import committed_records, create_all
from tests.cli.shop import event, process, read, run
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

MAPPING = """\
id: {template: "{order}"}
name: {value: order_completed}
time: {from: when, format: "%Y-%m-%d", zone: UTC}
user_id: customer
properties: {revenue: {from: revenue, as: number}}
"""
ROWS = "order,when,customer,revenue\no-1,2026-01-01,u-7,59.9\no-2,2026-13-01,u-8,1\n"


@pytest.fixture
def topic(kafka: KafkaServer) -> str:
    return create_all(kafka.address).events


def words(kafka: KafkaServer, topic: str) -> list[str]:
    return ["publish", f"--kafka={kafka.address}", f"--events-topic={topic}"]


def published(kafka: KafkaServer, topic: str) -> list[tuple[bytes, bytes]]:
    return [(record.key, record.value) for record in committed_records(kafka.address, topic)]


def test_lines_go_untouched_to_the_partition_of_their_customer(
    kafka: KafkaServer, topic: str, tmp_path: Path
) -> None:
    lines = [event(number, number, f"u-{number}", odd=" \u00e9 ") for number in range(20)]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    done = run(*words(kafka, topic), str(path))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"20 events published to {topic}\n"
    expected = {(f"u-{number}".encode(), line) for number, line in enumerate(lines)}
    assert set(published(kafka, topic)) == expected


def test_lines_that_are_no_events_are_named_and_left_out(
    kafka: KafkaServer, topic: str, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([b"{", event(1, 0), b"", *[b"[]"] * 20]))
    done = run(*words(kafka, topic), str(path))
    assert done.exit_code == 0
    named = done.stderr.splitlines()
    assert named[0].startswith(f"{path}:1: not JSON")
    assert named[1] == f"{path}:3: empty: no JSON at all"
    assert len(named) == 10
    assert "1 event published" in done.stdout
    assert "22 lines not accepted; --rejected FILE lists them all" in done.stdout
    assert published(kafka, topic) == [(b"u-1", event(1, 0))]
    assert run(*words(kafka, topic), "--strict", str(path)).exit_code == 1


def test_all_of_them_are_listed_where_a_file_is_named(
    kafka: KafkaServer, topic: str, tmp_path: Path
) -> None:
    path, rejected = tmp_path / "events.jsonl", tmp_path / "rejected.jsonl"
    path.write_bytes(b"\n".join([*[b"[]"] * 20, event(1, 0)]))
    done = run(*words(kafka, topic), str(path), "--rejected", str(rejected))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"1 event published to {topic}, 20 lines not accepted\n"
    assert [(one["line"], one["raw"]) for one in read(rejected)] == [
        (number, "[]") for number in range(1, 21)
    ]


def test_of_rows_events_are_written(kafka: KafkaServer, topic: str, tmp_path: Path) -> None:
    mapping, rows = tmp_path / "mapping.yaml", tmp_path / "orders.csv"
    mapping.write_text(MAPPING)
    rows.write_text(ROWS)
    done = run(*words(kafka, topic), str(rows), "--map", str(mapping))
    assert done.exit_code == 0
    assert f"{rows}:3: " in done.stderr
    ((key, value),) = published(kafka, topic)
    told = decode(Record(0, 0, value))
    assert (key, told.id, told.name) == (b"u-7", "o-1", "order_completed")
    assert told.properties == {"revenue": 59.9}


def test_from_standard_input_lines_are_published_as_they_come(
    kafka: KafkaServer, topic: str
) -> None:
    with piped(words(kafka, topic)) as pipe:
        assert pipe.stdin is not None
        assert pipe.stdout is not None
        for number in range(3):
            pipe.stdin.write(event(number, number) + b"\n")
            pipe.stdin.flush()
            wait_until(lambda: len(published(kafka, topic)) == number + 1, "it is there", 90)  # noqa: B023
        pipe.stdin.close()
        assert pipe.wait(120) == 0
        assert pipe.stdout.read().decode() == f"3 events published to {topic}\n"


def test_a_kafka_that_dies_and_comes_back_costs_nothing_and_doubles_nothing(
    own_kafka: KafkaServer,
) -> None:
    topic = create_all(own_kafka.address, partitions=1).events
    lines = [event(number, number) for number in range(3_000)]
    with piped(words(own_kafka, topic)) as pipe:
        assert pipe.stdin is not None
        for part in range(0, 3_000, 1_000):
            pipe.stdin.write(b"".join(line + b"\n" for line in lines[part : part + 1_000]))
            pipe.stdin.flush()
            if part == 0:
                wait_until(lambda: bool(published(own_kafka, topic)), "something is there", 90)
                own_kafka.kill()
            if part == 1_000:
                own_kafka.start()
        pipe.stdin.close()
        assert pipe.wait(120) == 0
    assert [value for _, value in published(own_kafka, topic)] == lines


def test_what_cannot_work_is_said_in_one_line(
    kafka: KafkaServer, topic: str, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(event(1, 0))
    away = process("publish", f"--kafka=127.0.0.1:{free_port()}", str(path))
    missing = process("publish", f"--kafka={kafka.address}", "--events-topic=no", str(path))
    gone = process(*words(kafka, topic), str(tmp_path / "gone.jsonl"))
    over = process(*words(kafka, topic), str(path), "--rejected", str(path))
    for done, said in (
        (away, b"cannot be reached"),
        (missing, b"topics create"),
        (gone, b"exist"),
        (over, b"is read: name another file"),
    ):
        assert done.returncode == 2
        assert done.stderr.startswith(b"Error: ")
        assert said in done.stderr
        assert done.stderr.count(b"\n") == 1


def piped(arguments: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-m", "streamer", *arguments, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
