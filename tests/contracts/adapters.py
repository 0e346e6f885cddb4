"""The adapters under contract: for each port a table with one entry per adapter.

An entry says how to open the adapter on something empty. One that needs a server asks for it by
the name of its fixture, which skips the test with the reason when the server is not there.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import uuid4

from confluent_kafka import Consumer

from streamer.adapters.database import Database
from streamer.adapters.files import FileLog, FileSink
from streamer.adapters.kafka import Connection, KafkaFeed, KafkaSink
from streamer.adapters.memory import MemoryFeed, MemoryLog, MemorySink, MemoryStore
from streamer.adapters.redis import RedisStore
from streamer.adapters.sqlite import SqliteLog, SqliteSink, SqliteStore
from streamer.codecs.changes import decode_change, rejection_line
from streamer.ports import Feed, Log, Sink, Store
from streamer.types import Control, Millis, SegmentChange
from tests.adapters.kafka.topics import append, committed_records, create_all

Server: TypeAlias = Callable[[str], Any]
"""Returns the server of a fixture's name; skips the test where it cannot be had."""


class Sent(NamedTuple):
    """What a producer gives to a log."""

    value: bytes
    appended: Millis | None = None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


class Rejected(NamedTuple):
    """What a reader of rejections sees."""

    raw: str
    reason: str


@dataclass(frozen=True)
class LogAdapter:
    """`holding(folder, sent by partition)` is a log that holds exactly that.

    `brokered`: it has partitions, keys, headers and append times, and reads from any offset.
    """

    holding: Callable[[Path, Mapping[int, Sequence[Sent]]], AbstractContextManager[Log]]
    brokered: bool = True


@dataclass(frozen=True)
class OpenFeed:
    """A feed in whose group nobody else is, and how to append records to what it reads."""

    feed: Feed
    append: Callable[[int, Sequence[bytes]], None]


@dataclass(frozen=True)
class FeedAdapter:
    """`opened(server)` is a feed on two empty partitions, 0 and 1."""

    opened: Callable[[Server], AbstractContextManager[OpenFeed]]


@dataclass(frozen=True)
class StoreAdapter:
    """`opened(folder, server)` gives a function that connects once more to one same store."""

    opened: Callable[[Path, Server], AbstractContextManager[Callable[[], Store]]]


@dataclass(frozen=True)
class OpenSink:
    """`connect` connects once more to one and the same sink; `told` is what its readers see.

    `controls` are the control records in the log of events.
    """

    connect: Callable[[], Sink]
    told: Callable[[], tuple[list[SegmentChange], list[Rejected]]]
    controls: Callable[[], list[Control]] = list


@dataclass(frozen=True)
class SinkAdapter:
    """`lasting`: what was told and the mark are still there after connecting once more.

    `shared`: its log is shared by several workers, who tell each other by control records.
    """

    opened: Callable[[Path, Server], AbstractContextManager[OpenSink]]
    lasting: bool = True
    shared: bool = False


@contextmanager
def _memory_log(_folder: Path, sent: Mapping[int, Sequence[Sent]]) -> Iterator[Log]:
    log = MemoryLog()
    for partition, records in sent.items():
        for value, appended, key, headers in records:
            log.append(value, appended, partition=partition, key=key, headers=headers)
    yield log


@contextmanager
def _sqlite_log(folder: Path, sent: Mapping[int, Sequence[Sent]]) -> Iterator[Log]:
    with Database(folder / "streamer.db") as database:
        log = SqliteLog(database)
        for partition, records in sent.items():
            for value, appended, key, headers in records:
                log.append(value, appended, partition=partition, key=key, headers=headers)
        yield log


@contextmanager
def _file_log(folder: Path, sent: Mapping[int, Sequence[Sent]]) -> Iterator[Log]:
    path = folder / "events.jsonl"
    path.write_bytes(b"".join(record.value + b"\n" for record in sent.get(0, ())))
    with FileLog([path]) as log:
        yield log


@contextmanager
def _memory_store(_folder: Path, _server: Server) -> Iterator[Callable[[], Store]]:
    store = MemoryStore()
    yield lambda: store


@contextmanager
def _sqlite_store(folder: Path, _server: Server) -> Iterator[Callable[[], Store]]:
    with ExitStack() as opened:
        yield lambda: SqliteStore(opened.enter_context(Database(folder / "streamer.db")))


@contextmanager
def _redis_store(_folder: Path, server: Server) -> Iterator[Callable[[], Store]]:
    url, group = server("redis_server").url, f"contract-{uuid4().hex}"
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(RedisStore(url, group)))


@contextmanager
def _memory_sink(_folder: Path, _server: Server) -> Iterator[OpenSink]:
    controls: list[Control] = []
    sink = MemorySink(controls.append)
    yield OpenSink(
        lambda: sink,
        lambda: (sink.changes, _rejected([rejection_line(each) for each in sink.rejections])),
        lambda: controls,
    )


@contextmanager
def _sqlite_sink(folder: Path, _server: Server) -> Iterator[OpenSink]:
    with Database(folder / "streamer.db") as reader, ExitStack() as opened:
        sink = SqliteSink(reader)
        yield OpenSink(
            lambda: SqliteSink(opened.enter_context(Database(folder / "streamer.db"))),
            lambda: (
                [change for _, change in sink.changes()],
                _rejected(sink.rejections()),
            ),
        )


@contextmanager
def _file_sink(folder: Path, _server: Server) -> Iterator[OpenSink]:
    out, rejected = folder / "changes.jsonl", folder / "rejected.jsonl"
    sinks: list[FileSink] = []

    def connect() -> Sink:
        sinks.append(FileSink(out, rejected))
        return sinks[-1]

    def told() -> tuple[list[SegmentChange], list[Rejected]]:
        for sink in sinks:
            sink.close()
        return (
            [decode_change(line) for line in out.read_bytes().splitlines()],
            _rejected(rejected.read_bytes().splitlines()),
        )

    yield OpenSink(connect, told)
    for sink in sinks:
        sink.abort()


@contextmanager
def _kafka_sink(_folder: Path, server: Server) -> Iterator[OpenSink]:
    address = server("kafka").address
    topics = create_all(address)
    sinks: list[KafkaSink] = []

    def connect() -> Sink:
        name = f"{topics.events}-{len(sinks)}"
        sinks.append(KafkaSink(Connection(address), topics, "group", name, nobody(address)))
        return sinks[-1]

    def told() -> tuple[list[SegmentChange], list[Rejected]]:
        changes = committed_records(address, topics.changes)
        rejected = committed_records(address, topics.rejected)
        return (
            [decode_change(record.value) for record in changes],
            [
                Rejected(
                    record.value.decode("utf-8", "backslashreplace"),
                    dict(record.headers)["rejected_reason"].decode(),
                )
                for record in rejected
            ],
        )

    def controls() -> list[Control]:
        records = committed_records(address, topics.events)
        assert len({record.partition for record in records}) == 1  # all have the same key
        return [Control(one.key.decode(), one.value, tuple(one.headers)) for one in records]

    yield OpenSink(connect, told, controls)
    for sink in sinks:
        sink.close()


@contextmanager
def _memory_feed(_server: Server) -> Iterator[OpenFeed]:
    log = MemoryLog()

    def append_all(partition: int, values: Sequence[bytes]) -> None:
        for value in values:
            log.append(value, partition=partition)

    yield OpenFeed(MemoryFeed(log, (0, 1)), append_all)


@contextmanager
def _kafka_feed(server: Server) -> Iterator[OpenFeed]:
    address = server("kafka").address
    topics = create_all(address)
    feed = KafkaFeed(Connection(address), topics.events, topics.events)
    yield OpenFeed(
        feed, lambda partition, values: append(address, topics.events, values, partition=partition)
    )
    feed.close()


def nobody(address: str) -> Callable[[], object]:
    """Return the membership of one who is in no group: what a sink needs where there is none."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "group"})
    membership = consumer.consumer_group_metadata()
    consumer.close()
    return lambda: membership


def _rejected(lines: Sequence[bytes]) -> list[Rejected]:
    told = [json.loads(line) for line in lines]
    return [Rejected(each["raw"], each["reason"]) for each in told]


LOGS = {
    "memory": LogAdapter(_memory_log),
    "sqlite": LogAdapter(_sqlite_log),
    "file": LogAdapter(_file_log, brokered=False),
}
FEEDS = {
    "memory": FeedAdapter(_memory_feed),
    "kafka": FeedAdapter(_kafka_feed),
}
STORES = {
    "memory": StoreAdapter(_memory_store),
    "sqlite": StoreAdapter(_sqlite_store),
    "redis": StoreAdapter(_redis_store),
}
SINKS = {
    "memory": SinkAdapter(_memory_sink, shared=True),
    "sqlite": SinkAdapter(_sqlite_sink),
    "file": SinkAdapter(_file_sink, lasting=False),
    "kafka": SinkAdapter(_kafka_sink, shared=True),
}
