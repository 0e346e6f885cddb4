"""Where an id is found, byte by byte: in Redis, in files, in topics, on pages."""

import urllib.request
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from tests.adapters.kafka.topics import committed_records
from tests.servers import RedisServer
from tests.waiting import wait_until


def in_redis(redis: RedisServer, word: bytes) -> list[str]:
    """The keys that hold a word in their name or under it, and Redis's files that do.

    Its append-only file is rewritten before, and a dump written, both as they are in memory:
    compressed, a word would be there and not be found.
    """
    client: Any = redis.client
    found = [
        key.decode() for key in client.scan_iter(count=1_000) if word in _contents(client, key)
    ]
    redis.configure(rdbcompression="no")
    client.bgrewriteaof()
    wait_until(lambda: not _writes(client), "the append-only file is rewritten", 60)
    client.bgsave()
    wait_until(lambda: not _writes(client), "the dump is written", 60)
    copy = redis.snapshot()
    assert any(path.suffix == ".rdb" for path in copy.rglob("*"))
    return found + in_files(copy, word)


def in_files(folder: Path, word: bytes) -> list[str]:
    """The files in a folder, and in those below, that hold a word."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return [path.name for path in files if word in path.read_bytes()]


def in_topic(address: str, topic: str, word: bytes) -> list[str]:
    """The records of a topic that hold a word in key, value or headers."""
    return [
        f"{one.topic}, partition {one.partition}, offset {one.offset}"
        for one in committed_records(address, topic)
        if word in b"\n".join(_parts(one))
    ]


def on_pages(ports: Iterable[int], word: bytes, *paths: str) -> list[str]:
    """The pages that hold a word: those of metrics, or the ones named."""
    found = []
    for port, path in product(ports, paths or ("/metrics",)):
        address = f"http://127.0.0.1:{port}{path}"
        with urllib.request.urlopen(address, timeout=30) as got:
            if word in got.read():
                found.append(address)
    return found


def _parts(record: Any) -> Iterator[bytes]:  # noqa: ANN401 (kafka-python has no types)
    yield record.key or b""
    yield record.value or b""
    for name, value in record.headers:
        yield name.encode() + b" " + (value or b"")


def _contents(client: Any, key: bytes) -> bytes:  # noqa: ANN401 (redis-py says nothing of its answers)
    """A key and all that is under it, whatever its kind."""
    match client.type(key):
        case b"hash":
            parts = [part for pair in client.hgetall(key).items() for part in pair]
        case b"zset":
            parts = client.zrange(key, 0, -1)
        case b"list":
            parts = client.lrange(key, 0, -1)
        case b"none":  # it has gone meanwhile
            parts = []
        case _:
            parts = [client.get(key)]
    return b"\n".join([key, *parts])


def _writes(client: Any) -> bool:  # noqa: ANN401 (redis-py says nothing of its answers)
    said = client.info("persistence")
    words = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    return any(said[word] for word in words)
