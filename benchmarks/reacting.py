"""What a change costs those who react: webhooks, and functions beside a bare Faust agent.

    python benchmarks/reacting.py [--changes N]

On a real Kafka and Redis on this machine. Figures are changes for each second of CPU of the process
that reacts, with all its threads. The receiver of webhooks answers after 50 ms, in a process of its
own. Of the functions, every tenth change calls one, which does nothing; the bare agent parses each
change, remembers nothing, and does not notice what it loses.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).parents[1]))

from collect import cpu

from tests.adapters.kafka.topics import create_topic
from tests.servers import KafkaServer, RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until
from tests.webhooks.changes import change, publish
from tests.webhooks.hooks import SECRET

ROOT: Final = Path(__file__).parents[1]
HERE: Final = Path(__file__).parent
FUNCTIONS: Final = """
from streamer.react import Change, Reactions

app = Reactions("bench", begin="earliest")


@app.on_entered("cart_abandoner")
async def remind(change: Change) -> None: ...
"""
PARTITIONS: Final = 4


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--changes", type=int, default=20_000)
    count = arguments.parse_args().changes
    with (
        KafkaServer() as kafka,
        RedisServer() as redis,
        tempfile.TemporaryDirectory() as folder,
    ):
        print(f"{'':<28}{'changes/CPU s':>14}{'us a change':>14}{'changes/s':>12}", flush=True)
        webhooks(kafka.address, Path(folder), count)
        bare_agent(kafka.address, Path(folder), count)
        functions(kafka.address, redis.url, Path(folder), count)


def webhooks(address: str, folder: Path, count: int) -> None:
    """Measure webhooks to a receiver that takes 50 ms."""
    create_topic(address, "hooked", PARTITIONS)
    port, metrics = free_port(), free_port()
    (folder / "webhooks.toml").write_text(
        f'allow = ["127.0.0.1"]\n[endpoints.bench]\nurl = "http://127.0.0.1:{port}/"\n'
        'secrets = ["env:BENCH_SECRET"]\nbegin = "earliest"\nconnections = 256\n',
        encoding="utf-8",
    )
    fill(address, "hooked", count, every=1)
    words = [
        *("-m", "streamer", "react", "webhooks", "--config", str(folder / "webhooks.toml")),
        *("--kafka", address, "--changes-topic", "hooked", "--metrics-port", str(metrics)),
    ]
    with (
        running([str(HERE / "slow_receiver.py"), str(port)], folder),
        running(words, folder) as pid,
    ):
        name = 'streamer_webhook_changes_total{endpoint="bench",outcome="delivered"}'
        measure("webhooks, 50 ms", pid, count, lambda: metric(metrics, name))


def bare_agent(address: str, folder: Path, count: int) -> None:
    """Measure a Faust agent that only parses."""
    create_topic(address, "bare", PARTITIONS)
    fill(address, "bare", count, every=10)
    with running([str(HERE / "bare_agent.py"), address, "bare"], folder) as pid:
        measure("bare Faust agent", pid, count, lambda: last_line(folder / "log"))


def functions(address: str, redis: str, folder: Path, count: int) -> None:
    """Measure reactions."""
    create_topic(address, "reacted", PARTITIONS)
    (folder / "functions.py").write_text(FUNCTIONS, encoding="utf-8")
    fill(address, "reacted", count, every=10)
    metrics = free_port()
    words = [
        *("-m", "streamer", "react", "run", "functions:app", "--kafka", address),
        *("--redis", redis, "--changes-topic", "reacted", "--metrics-port", str(metrics)),
    ]
    with running(words, folder) as pid:
        name = 'streamer_react_changes_total{outcome="handled"}'
        measure("reactions", pid, count, lambda: 10 * metric(metrics, name))


def fill(address: str, topic: str, count: int, every: int) -> None:
    """Publish changes of many customers, of which every n-th is of the segment asked for."""
    changes = [
        change(f"u-{n % 5_000}", 1 + n // 5_000, "vip" if n % every else "cart_abandoner")
        for n in range(count)
    ]
    publish(address, topic, changes, PARTITIONS)


def measure(name: str, pid: int, count: int, done: Callable[[], float]) -> None:
    """Print what the changes after the first tenth cost, once all are done."""
    wait_until(lambda: done() >= count // 10, f"{name}: the first tenth", 300)
    before, spent, began = done(), cpu(pid), time.monotonic()
    wait_until(lambda: done() >= count, f"{name}: all", 600)
    spent, took = cpu(pid) - spent, time.monotonic() - began
    handled = count - before
    each = spent / handled * 1e6
    print(f"{name:<28}{handled / spent:>14,.0f}{each:>14.1f}{handled / took:>12,.0f}", flush=True)


def metric(port: int, name: str) -> float:
    """Return the value of a metric, 0 while there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            page = answer.read().decode()
    except OSError:
        return 0.0
    found = [line for line in page.splitlines() if line.startswith(name)]
    return float(found[0].split()[-1]) if found else 0.0


def last_line(path: Path) -> float:
    """Return the number on the last line of a file."""
    lines = path.read_text(encoding="utf-8").split()
    return float(lines[-1]) if lines and lines[-1].isdigit() else 0.0


@contextmanager
def running(words: list[str], folder: Path) -> Iterator[int]:
    """Run a program of Python in a folder; yield its process's id."""
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, *words],
            stdout=log,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "BENCH_SECRET": SECRET, "PYTHONPATH": str(ROOT)},
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    main()
