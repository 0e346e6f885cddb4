"""What a replay rests on: memory grows with customers, and wakes stay exact while it is trimmed."""

import tracemalloc
from random import Random

from streamer.adapters.memory import MemoryStore
from streamer.ports import Checkpoint

CUSTOMERS = 200


def run(store: MemoryStore, random: Random, commits: range) -> dict[str, int]:
    """Commit again and again for the same customers, and ask what is due each time."""
    wakes: dict[str, int] = {}
    for number in commits:
        moved = {f"u-{random.randrange(CUSTOMERS)}": random.randrange(1, 1000) for _ in range(5)}
        wakes |= moved
        store.commit(
            Checkpoint(
                0, 1, number, number, None, dict.fromkeys(moved, b"profile"), moved, number - 1
            )
        )
        store.due(0, 0, 10)
    return wakes


def test_memory_grows_with_customers_not_with_commits() -> None:
    store, random = MemoryStore(), Random(7)  # noqa: S311 - a seed, not secrecy
    store.claim(0)
    run(store, random, range(1, 1001))
    tracemalloc.start()
    try:
        wakes = run(store, random, range(1001, 6001))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < CUSTOMERS * 1000
    assert store.due(0, 1000, CUSTOMERS) == sorted((at, each) for each, at in wakes.items())
