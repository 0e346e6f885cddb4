"""Readers of the stream: as many as are let in, none of them slow, and idle ones cost nothing."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from aiohttp import web

from streamer.adapters.view.batches import Published
from streamer.adapters.view.reading import Reached, StoredChange
from streamer.adapters.view.writing import Fresh
from streamer.codecs.changes import encode_change
from streamer.serve.problems import Problem
from streamer.serve.stream import Missed, Stream, StreamLimits
from streamer.types import SegmentChange

LIMITS = StreamLimits(readers=1_000, waiting=100, patience_s=0.2, heartbeat_s=30)
CHANGE = SegmentChange(
    "u-1", "vip", "entered", 1_767_225_600_000, 1, 1_767_225_600_000, "event",
    "e-1", ("because",), "sha256:1", holdout=False,
)  # fmt: skip
PATIENCE_S = 60


def fresh(first: int, count: int) -> list[Fresh]:
    line = encode_change(CHANGE)
    numbers = range(first, first + count)
    return [Fresh(number, Published(0, number, CHANGE, line, None)) for number in numbers]


async def nothing_reached() -> list[Reached]:
    return []


async def no_position(_: Iterable[tuple[int, int]]) -> int:
    return 0


async def nothing_after(_: int, __: int) -> list[StoredChange]:
    return []


@asynccontextmanager
async def serving(limits: StreamLimits) -> AsyncIterator[tuple[Stream, int]]:
    """Serve a stream alone; what it is asked of a view is nothing."""
    stream = Stream(Missed(nothing_reached, no_position, nothing_after), limits)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await stream.serve(request, frozenset(), {})
        except Problem as problem:
            return problem.response()

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024)
    await site.start()
    try:
        yield stream, runner.addresses[0][1]
    finally:
        stream.close()
        await runner.cleanup()


async def opened(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a stream, and read up to its beginning."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(PATIENCE_S):
        await reader.readuntil(b"event: start\ndata: {}\n\n")
    return reader, writer


def test_who_is_given_more_than_may_wait_is_told_so_and_let_go() -> None:
    async def run() -> None:
        async with serving(LIMITS) as (stream, port):
            reader, writer = await opened(port)
            stream.publish(fresh(1, LIMITS.waiting + 1))
            async with asyncio.timeout(PATIENCE_S):
                told = await reader.readuntil(b"event: dropped")
                told += await reader.readuntil(b"\n\n")
            assert told.count(b"event: change") == LIMITS.waiting
            assert b"come back with Last-Event-ID" in told
            assert (stream.readers, stream.dropped) == (0, 1)
            writer.close()

    asyncio.run(run())


def test_who_reads_while_the_view_is_begun_anew_is_told_to_ask_again() -> None:
    async def run() -> None:
        async with serving(LIMITS) as (stream, port):
            reader, writer = await opened(port)
            stream.begin([Reached(0, 0, "sha256:1", 3, -1)], 1)
            async with asyncio.timeout(PATIENCE_S):
                assert b"id: 0:3\nevent: reset\n" in await reader.readuntil(b"}\n\n")
            writer.close()

    asyncio.run(run())


def test_who_takes_nothing_is_let_go_and_keeps_nobody_waiting() -> None:
    async def run() -> None:
        async with serving(LIMITS) as (stream, port):
            _, stuck = await opened(port)
            reader, writer = await opened(port)
            number = 1
            async with asyncio.timeout(PATIENCE_S):
                while not stream.dropped:
                    stream.publish(fresh(number, 50))
                    number += 50
                    await reader.readuntil(b"id: 0:%d\n" % (number - 1))
            assert stream.readers == 1  # the one that reads
            stuck.close()
            writer.close()

    asyncio.run(run())


def test_a_thousand_idle_readers_take_no_more_with_time() -> None:
    async def run() -> None:
        async with serving(replace(LIMITS, heartbeat_s=0.2)) as (stream, port):
            streams = [await opened(port) for _ in range(LIMITS.readers)]
            assert stream.readers == LIMITS.readers
            refused, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            head = await refused.read()
            assert head.startswith(b"HTTP/1.1 503")
            assert b"Retry-After: 10" in head
            writer.close()
            await heartbeats(streams, 2)
            before = memory()
            await heartbeats(streams, 6)
            assert memory() - before < 4 << 20
            for _, each in streams:
                each.close()

    asyncio.run(run())


async def heartbeats(
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]], count: int
) -> None:
    for _ in range(count):
        for reader, _ in streams:
            async with asyncio.timeout(PATIENCE_S):
                await reader.readuntil(b": still here\n\n")


def memory() -> int:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
