"""What a change of rules costs: CPU of the worker and of Redis for each customer decided anew.

    python benchmarks/renewal.py redis://127.0.0.1:6379/0 [--customers N]

The customers and the rules are those of `benchmarks/engine.py`, on one partition. Then other rules
come: once the same with another title, so that nothing is said, and once with shorter windows.
Writes under a group name of its own and removes it again; the figures of Redis are right only
while nobody else uses it.
"""

import argparse
import os
import sys
import time
from contextlib import closing
from pathlib import Path

import orjson
from redis import Redis

sys.path.insert(0, str(Path(__file__).parent))

from load import CUSTOMERS, lines

from streamer.adapters.memory import MemoryLog, MemorySink
from streamer.adapters.redis import RedisStore
from streamer.codecs.events import decode
from streamer.core.engine.program import RuleSet
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules_text
from streamer.worker import Batching, LogRunner, PartitionTask

RULES = Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8")
BATCHING = Batching(in_order=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a change of rules costs.")
    parser.add_argument("url")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    chosen = parser.parse_args()
    group = f"bench-{os.getpid()}"
    with (
        closing(Redis.from_url(chosen.url)) as server,
        closing(RedisStore(chosen.url, group, allow_volatile=True)) as store,
    ):
        try:
            measure(server, store, chosen.customers)
        finally:
            server.delete(*server.scan_iter(f"{{{group}:*"))


def measure(server: Redis, store: RedisStore, customers: int) -> None:
    """Let the rules decide everybody, then change them twice."""
    log, sink = MemoryLog(), MemorySink()
    for line in lines(customers):
        log.append(line, orjson.loads(line)["time"])
    task = PartitionTask(compiled(RULES), store, sink, decode, batching=BATCHING, owner="first")
    runner = LogRunner(task, log, sink, BATCHING.batch)
    runner.start()
    while runner.step():
        pass
    print("                  customers  changes  us each: worker  Redis  of the clock")
    migrate(server, store, sink, "another title", RULES.replace("title: ", "title: The "))
    migrate(server, store, sink, "shorter windows", RULES.replace("within: 7d", "within: 2d"))


def compiled(text: str) -> RuleSet:
    """Return the rule set of a text."""
    declared = read_rules_text(text)
    return compile_rules(declared.header, declared.declarations)


def migrate(server: Redis, store: RedisStore, sink: MemorySink, name: str, text: str) -> None:
    """Decide everybody under these rules, and print what that took."""
    task = PartitionTask(compiled(text), store, sink, decode, batching=BATCHING, owner=name)
    runner = LogRunner(task, MemoryLog(), sink, BATCHING.batch)
    runner.start()
    changes, there = len(sink.changes), cpu(server)
    here, began = time.process_time(), time.perf_counter()
    while task.needs_migration:
        runner.migrate(BATCHING.renewals)
    took, here, there = time.perf_counter() - began, time.process_time() - here, cpu(server) - there
    each = 1e6 / task.tally.migrated
    print(
        f"{name:18} {task.tally.migrated:8,} {len(sink.changes) - changes:8,} "
        f"{here * each:16.1f} {there * each:6.1f} {took * each:13.1f}"
    )


def cpu(server: Redis) -> float:
    """Return the seconds of CPU that Redis has used."""
    facts = server.info("cpu")
    return float(facts["used_cpu_user"] + facts["used_cpu_sys"])


if __name__ == "__main__":
    main()
