"""Ids of one person in several partitions join once, whatever dies, moves or loses its store.

The partitions tell each other by records of the log, so what each says follows from the log alone.
An undisturbed worker that reads the same log must say the same, and must tell the same to others.
"""

import os
from collections import Counter

import pytest

from streamer.codecs.controls import ControlKey
from tests.engine import compiled
from tests.lives import RULES
from tests.test_workers import check, lived
from tests.world import World

pytestmark = pytest.mark.longer

RUNS = max(40, int(os.environ.get("STREAMER_PROOF_PAIRS", "300")) // 3)
KEY = ControlKey("streamer", b"known to the whole group, and to nobody else")
JOINING = compiled(f"ruleset: shop\nidentity: {{anonymous: last}}\n---{RULES}")


def check_joined(world: World) -> None:
    """What was told, to others and to subscribers, is what an undisturbed worker tells."""
    check(world)
    _, told = world.undisturbed(world.now)
    there = world.controls()
    assert Counter(there) == Counter(one for each in told for one in each)
    for each in told:  # in the order in which they were told, for each customer
        for key in {one.key for one in each}:
            rest = iter([one for one in there if one.key == key])
            assert all(one in rest for one in each if one.key == key)


def joined(seed: int, *moves: str) -> World:
    return lived(seed, *moves, rules=JOINING, joining=KEY)


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_dies_and_moves(seed: int) -> None:
    check_joined(joined(seed, "crash", "crash", "rebalance", "zombie", "wake", "away"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_the_store_forgets(seed: int) -> None:
    check_joined(joined(seed, "crash", "remember", "rewind", "rewind soon", "empty", "rebalance"))


def test_the_worlds_join_forward_and_drop() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(10):
        world = joined(seed)
        check_joined(world)
        for member in world.members.values():
            for assignment in member.worker.assignments.values():
                if assignment.task is not None:
                    kinds.update(assignment.task.tally.links)
                    kinds.update(assignment.task.tally.outcomes)
    assert all(kinds[kind] for kind in ("linked", "joined", "dropped", "forwarded", "control"))
