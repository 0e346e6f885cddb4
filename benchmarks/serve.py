"""What a server of the read side does in a CPU second, and how fast its view follows.

    python benchmarks/serve.py [CUSTOMERS] [CHANGES]

The shop is made up here: changes of random customers that enter and leave twenty segments, written
into the view as its source would hand them over. Then one client asks over one connection that is
kept open, from a process of its own, so the server's CPU time is its own. Why is asked of profiles
in a real Redis on this machine. At last a thousand streams are open, and idle.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory

import orjson
from aiohttp import ClientSession, TCPConnector

sys.path.append(str(Path(__file__).parents[1]))

from streamer.adapters.database import Database
from streamer.adapters.redis import RedisStore
from streamer.adapters.redis.profiles import RedisProfiles
from streamer.adapters.sqlite import SqliteLog, SqliteSink
from streamer.adapters.view.batches import Progress, Published, Stands, ViewBatch
from streamer.adapters.view.tables import open_view
from streamer.adapters.view.writing import ViewWriter
from streamer.app.inputs import load_rules
from streamer.codecs.changes import decode_change, encode_change
from streamer.codecs.events import decode
from streamer.core.engine.program import RuleSet
from streamer.serve.answers.context import Stores
from streamer.serve.opening import new_server
from streamer.serve.rulebook import Rulebook
from streamer.serve.server import Access, ServerOptions
from streamer.types import SECOND, Membership, Millis, SegmentChange
from streamer.worker import Batching, LogRunner, PartitionTask
from tests.servers import RedisServer

GROUP = "bench"
SEGMENTS = 20
BORN = 1_767_225_600_000
BATCH = 20_000
ASKED = 1_000
PROFILES = 500
STREAMS = 1_000
RULES = "\n---\n".join(
    f"segment: s{number}\npurpose: A benchmark.\nwhen: {{performed: product_viewed, within: 1d}}"
    for number in range(SEGMENTS)
)


class Nothing:
    """A source that has nothing more to say."""

    def poll(self) -> ViewBatch:
        """Return nothing, after a short wait."""
        time.sleep(0.05)
        return ViewBatch()

    def progress(self) -> Progress:
        """Say that all is read."""
        return Progress(0, 0, caught_up=True)

    @property
    def away(self) -> None:
        """Say that it is there."""

    def close(self) -> None:
        """Do nothing."""


class Quiet:
    """A journal that nobody reads."""

    def say(self, event: str, level: str = "info", /, **facts: object) -> None:
        """Do nothing."""


class Shop:
    """Customers who enter and leave segments at random, one change a second."""

    def __init__(self, customers: int) -> None:
        self._random = Random(1)
        self._customers = customers
        self.inside: dict[int, dict[str, Millis]] = {}

    def batch(self, first: int, end: int) -> ViewBatch:
        """Return the changes of these numbers, with where their customers stand then."""
        batch = ViewBatch(positions={("changes", 0): end})
        last = {}
        for number in range(first, end):
            who = self._random.randrange(self._customers)
            line = encode_change(self._change(number, who))
            batch.changes.append(Published(0, number, decode_change(line), line, BORN))
            last[who] = number
        for who, number in last.items():
            name, inside = f"u-{who}", tuple(self.inside[who].items())
            batch.memberships.append(Stands(0, name, Membership(name, number, BORN, inside)))
        return batch

    def _change(self, number: int, who: int) -> SegmentChange:
        segment = f"s{self._random.randrange(SEGMENTS)}"
        mine = self.inside.setdefault(who, {})
        at = BORN + number * SECOND
        entered = mine.pop(segment, None) is None
        if entered:
            mine[segment] = at
        return SegmentChange(
            f"u-{who}", segment, "entered" if entered else "exited", at, number + 1, BORN,
            "event", f"e-{number}", ("performed product_viewed within 1d: 3",),
            "sha256:" + "0" * 64, holdout=False,
        )  # fmt: skip


def filled(view: Path, shop: Shop, changes: int) -> tuple[float, float]:
    """Write changes into a view; return seconds of CPU and of the clock, of the writing alone."""
    cpu = clock = 0.0
    with open_view(view) as database:
        writer = ViewWriter(database)
        for first in range(0, changes, BATCH):
            batch = shop.batch(first, min(first + BATCH, changes))
            spent, began = time.process_time(), time.perf_counter()
            writer.apply(batch, 1)
            cpu += time.process_time() - spent
            clock += time.perf_counter() - began
    return cpu, clock


def remember(file: Path, url: str, rules: RuleSet, customers: Sequence[int]) -> None:
    """Decide three events of each of some customers, whose profiles are in Redis then."""
    with (
        Database(file) as database,
        closing(RedisStore(url, GROUP, partitions=1, allow_volatile=True)) as store,
    ):
        log, sink, batching = SqliteLog(database), SqliteSink(database), Batching()
        task = PartitionTask(rules, store, sink, decode, batching=batching)
        runner = LogRunner(task, log, sink, batching.batch)
        runner.start()
        for number, who in enumerate([*customers, *customers, *customers]):
            event = {"id": f"e-{number}", "name": "product_viewed", "user_id": f"u-{who}"}
            at = BORN + number * SECOND
            log.append(orjson.dumps({**event, "time": at}), at)
        while runner.step():
            pass


async def up_to_date(address: str) -> None:
    """Return once the view is found to be up to date."""
    async with ClientSession() as session:
        while True:
            async with session.get(f"{address}/readyz") as answer:
                if answer.status == HTTPStatus.OK:
                    return
            await asyncio.sleep(0.05)


async def idle(address: str, pid: int) -> tuple[float, float]:
    """Open the streams; return the MiB of memory before, and once all have had a heartbeat."""
    before = memory(pid)
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        streams = [await session.get(f"{address}/v1/changes/stream") for _ in range(STREAMS)]
        for stream in streams:
            while b"still here" not in await stream.content.readline():
                pass
        after = memory(pid)
        for stream in streams:
            stream.close()
    return before, after


def memory(pid: int) -> float:
    """Return the resident memory of a process in MiB (as Linux tells)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def asked(address: str, pid: int, paths: list[str]) -> tuple[float, float, float]:
    """Ask one after the other; return requests per CPU second, and p50 and p99 in ms."""
    times = []
    async with ClientSession(raise_for_status=True) as session:
        before = cpu_seconds(pid)
        for path in paths:
            began = time.perf_counter()
            async with session.get(address + path) as answer:
                await answer.read()
            times.append((time.perf_counter() - began) * 1_000)
        spent = cpu_seconds(pid) - before
    cuts = quantiles(times, n=100)
    return len(paths) / spent, cuts[49], cuts[98]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far (as Linux tells)."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def written(folder: Path) -> Path:
    """Write the rules into a folder."""
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    return rules


def serve(folder: Path, url: str) -> None:
    """Serve the view of a folder and the profiles of a Redis, and print the address."""
    rules = written(folder)
    view = folder / "view.db"
    rulebook = Rulebook(load_rules([str(rules)]), [str(rules)])
    stores = Stores(RedisProfiles(url, GROUP))
    access = Access(ServerOptions("127.0.0.1", 0))
    server = new_server(view, lambda *_: (Nothing(), False), rulebook, stores, access, Quiet())
    asyncio.run(server.run(lambda: print(server.address, flush=True)))


def main(customers: int, changes: int) -> None:
    """Print the table."""
    random, shop = Random(2), Shop(customers)
    with TemporaryDirectory() as name, RedisServer() as redis:
        folder = Path(name)
        cpu, clock = filled(folder / "view.db", shop, changes)
        size = sum(file.stat().st_size for file in folder.iterdir()) / (1 << 20)
        print(f"{customers:,} customers, {changes:,} changes, {size:,.0f} MiB")
        print(
            f"follows {changes / cpu:,.0f} changes per CPU second, {changes / clock:,.0f} a second"
        )
        known = list(shop.inside)
        remembered = known[:PROFILES]
        rules = load_rules([str(written(folder))]).compiled
        remember(folder / "shop.db", redis.url, rules, remembered)
        questions = {
            "a customer": [f"/v1/customers/u-{random.choice(known)}" for _ in range(ASKED)],
            "why": [
                f"/v1/customers/u-{random.choice(remembered)}/segments/s0" for _ in range(ASKED)
            ],
            "a page of members": [
                f"/v1/segments/s{random.randrange(SEGMENTS)}/members" for _ in range(ASKED)
            ],
            "all segments": ["/v1/segments"] * ASKED,
        }
        command = [sys.executable, __file__, "serve", name, redis.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (ourselves)
            try:
                address = "" if process.stdout is None else process.stdout.readline().strip()
                asyncio.run(up_to_date(address))
                print(f"{'question':<20}{'per CPU second':>16}{'p50 ms':>9}{'p99 ms':>9}")
                for said, paths in questions.items():
                    rate, middle, high = asyncio.run(asked(address, process.pid, paths))
                    print(f"{said:<20}{rate:>16,.0f}{middle:>9.2f}{high:>9.2f}")
                before, after = asyncio.run(idle(address, process.pid))
                print(f"{STREAMS:,} idle streams: from {before:,.0f} to {after:,.0f} MiB")
            finally:
                process.terminate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]), sys.argv[3])
    else:
        main(*(int(each) for each in sys.argv[1:] or ("100000", "1000000")))
