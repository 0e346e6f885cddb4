"""What an event costs that comes over HTTP: `streamer collect` beside a bare aiohttp handler.

    python benchmarks/collect.py [--events N] [--connections N]

On a real Kafka on this machine, in batches of 100 and one by one. Figures are events for each
second of CPU of the serving process, with all its threads, librdkafka's included, so that a busy
machine disturbs them little. The bare handler parses the body, gives each call to the producer
under its customer and answers at once: it checks nothing, and waits for no acknowledgement.
"""

import argparse
import asyncio
import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson

sys.path.append(str(Path(__file__).parents[1]))

from tests.adapters.kafka.topics import APPEND_TIME, create_topic
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

KEY: Final = "sk_benchmark"
BATCH: Final = 100
TICK: Final = os.sysconf("SC_CLK_TCK")
ROOT: Final = Path(__file__).parents[1]
BARE: Final = Path(__file__).with_name("bare_collect.py")


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=100_000)
    arguments.add_argument("--connections", type=int, default=64)
    chosen = arguments.parse_args()
    with KafkaServer() as kafka, tempfile.TemporaryDirectory() as folder:
        create_topic(kafka.address, "storefront.events", 4, APPEND_TIME)
        create_topic(kafka.address, "storefront.rejected")
        print(f"{'':<24}{'events/CPU s':>14}{'us an event':>14}{'events/s':>12}{'ratio':>8}")
        for batch in (BATCH, 1):
            count = chosen.events if batch > 1 else chosen.events // 5
            bare = 0.0
            for name in ("bare handler", "streamer collect"):
                with serving(name, kafka.address, Path(folder)) as (pid, port):
                    load(port, batch, count // 10, chosen.connections)  # warm up
                    before, began = cpu(pid), time.monotonic()
                    load(port, batch, count, chosen.connections)
                    spent, took = cpu(pid) - before, time.monotonic() - began
                each = spent / count * 1e6
                bare = bare or each
                title = f"{name}, {'batches' if batch > 1 else 'single'}"
                print(
                    f"{title:<24}{count / spent:>14,.0f}{each:>14.1f}{count / took:>12,.0f}"
                    f"{each / bare:>8.2f}",
                    flush=True,
                )


@contextmanager
def serving(name: str, address: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Serve in a process of its own; yield its id and its port."""
    port = free_port()
    keys = folder / "keys.toml"
    keys.write_text(f'[bench]\nkind = "secret"\nkey = "{KEY}"\n', encoding="utf-8")
    collect = [
        *("-m", "streamer", "collect", "--keys", str(keys), "--kafka", address),
        *("--host", "127.0.0.1", "--port", str(port), "--metrics-port", "0"),
    ]
    words = collect if name == "streamer collect" else [str(BARE), address, str(port)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, *words], stdout=log, stderr=log, cwd=ROOT
        )
    try:
        wait_until(lambda: answers(port), f"{name} takes events", 60)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(60)


def answers(port: int) -> bool:
    """Tell whether one event is taken."""
    try:
        load(port, 1, 1, 1)
    except (OSError, asyncio.IncompleteReadError):
        return False
    return True


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has spent, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def load(port: int, batch: int, count: int, connections: int) -> None:
    """Send so many events and return once all are answered 200."""
    asyncio.run(_load(port, batch, count, connections))


async def _load(port: int, batch: int, count: int, connections: int) -> None:
    requests = -(-count // batch)
    shares = [requests // connections + (n < requests % connections) for n in range(connections)]
    starts = [sum(shares[:n]) for n in range(connections)]
    sends = (_send(port, batch, start, n) for start, n in zip(starts, shares, strict=True))
    await asyncio.gather(*sends)


async def _send(port: int, batch: int, start: int, requests: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    login = base64.b64encode(f"{KEY}:".encode()).decode()
    for number in range(start, start + requests):
        calls = [call(number * batch + n) for n in range(batch)]
        document = {"batch": calls, "sentAt": "2026-01-01T00:00:00.500Z"} if batch > 1 else calls[0]
        body = orjson.dumps(document)
        head = (
            f"POST /v1/{'batch' if batch > 1 else 'track'} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Basic {login}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(answer)
        lines = answer.lower().split(b"\r\n")
        (length,) = [line for line in lines if line.startswith(b"content-length:")]
        await reader.readexactly(int(length.split()[1]))
    writer.close()


def call(number: int) -> dict[str, object]:
    """Return a call as a storefront's SDK sends it."""
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"m-{time.time_ns()}-{number}",
        "userId": f"u-{number % 1_000}",
        "anonymousId": f"a-{number % 1_000}",
        "timestamp": "2026-01-01T00:00:00.123Z",
        "context": {"library": {"name": "analytics-node", "version": "3.1.0"}, "locale": "de-DE"},
        "properties": {
            "product_id": f"shoe-{number % 100}",
            "category": "shoes",
            "price": 59.9,
            "quantity": 1,
            "currency": "EUR",
        },
    }


if __name__ == "__main__":
    main()
