"""What the store costs: CPU of the worker and of Redis per customer, and memory of Redis.

    python benchmarks/store.py redis://127.0.0.1:6379/0 [--customers N] [--bytes N]

Writes under a group name of its own and removes it again; the figures of Redis are right only
while nobody else uses it. A commit takes 1,000 customers, each with a profile of random bytes
(a quarter around `--bytes`) and a wake within eleven days.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import TypeVar

from redis import Redis

from streamer.adapters.redis import RedisStore
from streamer.ports import Checkpoint

T = TypeVar("T")

BATCH = 1_000
ROUNDS = 200
START = 1_760_000_000_000
SPAN = 1_000_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the store costs.")
    parser.add_argument("url")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=240, dest="size")
    chosen = parser.parse_args()
    group = f"bench-{os.getpid()}"
    with (
        closing(Redis.from_url(chosen.url)) as server,
        closing(RedisStore(chosen.url, group, allow_volatile=True)) as store,
    ):
        try:
            measure(server, store, chosen.customers, chosen.size)
        finally:
            server.delete(*server.scan_iter(f"{{{group}:*"))


def measure(server: Redis, store: RedisStore, customers: int, size: int) -> None:
    """Fill the store, then commit, load and ask what is due, and print a row for each."""
    chance = random.Random(1)
    ids = [f"user-{number:06}" for number in range(customers)]
    epoch = store.claim(0).epoch
    number = 0

    def checkpoint(those: Iterable[str]) -> Checkpoint:
        nonlocal number
        number += 1
        profiles = {
            who: chance.randbytes(chance.randint(size * 3 // 4, size * 5 // 4)) for who in those
        }
        wakes = {who: START + chance.randrange(SPAN) for who in profiles}
        return Checkpoint(0, epoch, number, number, START, profiles, wakes, number - 1)

    before = memory(server)
    for first in range(0, customers, BATCH):
        store.commit(checkpoint(ids[first : first + BATCH]))
    held = (memory(server) - before) / customers
    facts = server.info("server")
    name, version = facts.get("server_name", "redis"), facts["redis_version"]
    print(f"{name} {facts.get('valkey_version', version)}, {customers:,} customers")
    print(f"{held:.0f} bytes a customer, {held - size:.0f} besides the {size} of the profile")
    checkpoints = [checkpoint(chance.sample(ids, BATCH)) for _ in range(ROUNDS)]
    samples = [chance.sample(ids, BATCH) for _ in range(ROUNDS)]
    print("us per customer    worker  Redis")
    row(server, "commit", store.commit, checkpoints)
    row(server, "load", lambda those: store.load(0, those), samples)
    row(server, "due", lambda until: store.due(0, until, BATCH), [START + SPAN] * ROUNDS)


def row(server: Redis, name: str, act: Callable[[T], object], rounds: Sequence[T]) -> None:
    """Print the CPU that the rounds take here and there."""
    there, here = cpu(server), time.process_time()
    for each in rounds:
        act(each)
    here, there = time.process_time() - here, cpu(server) - there
    scale = 1e6 / (len(rounds) * BATCH)
    print(f"{name:18} {here * scale:6.2f} {there * scale:6.2f}")


def memory(server: Redis) -> int:
    """Return the bytes that Redis holds."""
    return int(server.info("memory")["used_memory"])


def cpu(server: Redis) -> float:
    """Return the seconds of CPU that Redis has used."""
    facts = server.info("cpu")
    return float(facts["used_cpu_user"] + facts["used_cpu_sys"])


if __name__ == "__main__":
    main()
