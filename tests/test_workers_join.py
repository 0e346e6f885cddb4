"""Ids of one person in several partitions join once, whatever dies, moves or loses its store.

The partitions tell each other by records of the log, so what each says follows from the log alone.
An undisturbed worker that reads the same log must say the same, and must tell the same to others.
"""

import os
from collections import Counter

import msgspec
import pytest
from ruamel.yaml import YAML

from streamer.codecs.controls import ControlKey
from streamer.types import Millis
from tests.engine import compiled, said
from tests.lives import RULES
from tests.oracle.partitions import Control, oracle_run_of_partitions
from tests.strategies.words import Node
from tests.test_workers import check, lived
from tests.told import for_oracle
from tests.world import PARTITIONS, World

pytestmark = pytest.mark.longer

RUNS = max(40, int(os.environ.get("STREAMER_PROOF_PAIRS", "300")) // 3)
KEY = ControlKey("streamer", b"known to the whole group, and to nobody else")
TEXT = f"ruleset: shop\nidentity: {{anonymous: last}}\n---{RULES}"
JOINING = compiled(TEXT)
DOCUMENTS = list(YAML(typ="safe").load_all(TEXT))


def check_joined(world: World) -> None:
    """What was told, to others and to subscribers, is what an undisturbed worker tells."""
    check(world)
    _, told = world.undisturbed(world.now)
    there = world.controls()
    assert Counter(there) == Counter([*world.orders, *(one for each in told for one in each)])
    for each in told:  # in the order in which they were told, for each customer
        for key in {one.key for one in each}:
            rest = iter([one for one in there if one.key == key])
            assert all(one in rest for one in each if one.key == key)


def check_by_oracle(world: World) -> None:
    """What was told is what the oracle says of the log, which it reads as it stands."""
    until = world.heal()
    logs = [
        [for_oracle(one) for one in world.log.read(partition, 0, 1 << 30)]
        for partition in range(PARTITIONS)
    ]
    judged, should = oracle_run_of_partitions(DOCUMENTS, logs, world.now)
    assert up_to(until, said(world.sink.changes)) == up_to(until, judged.changes)
    controls = [one for log in logs for one in log if isinstance(one, Control)]
    orders = Counter(msgspec.msgpack.decode(one.value)[0] for one in world.orders)
    told = Counter((one.kind, one.customer, one.about) for one in controls)
    assert told.total() == should.total() + orders.total()
    assert should <= told


def up_to(until: Millis, told: dict[str, list[Node]]) -> dict[str, list[Node]]:
    """What was said up to an instant; who was told nothing is left out."""
    found = {who: [one for one in said if one["at"] <= until] for who, said in told.items()}
    return {who: said for who, said in found.items() if said}


def joined(seed: int, *moves: str) -> World:
    return lived(seed, *moves, rules=JOINING, joining=KEY)


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_dies_and_moves(seed: int) -> None:
    check_joined(joined(seed, "crash", "crash", "rebalance", "zombie", "wake", "away"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_the_store_forgets(seed: int) -> None:
    check_joined(joined(seed, "crash", "remember", "rewind", "rewind soon", "empty", "rebalance"))


@pytest.mark.parametrize("seed", range(RUNS // 2))
def test_the_oracle_reads_the_same_from_the_log(seed: int) -> None:
    check_by_oracle(joined(seed, "crash", "rebalance", "zombie", "remember", "rewind"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_who_is_erased_is_gone_whatever_dies_and_whatever_the_store_forgets(seed: int) -> None:
    moves = ("order", "order", "crash", "rebalance", "remember", "rewind", "empty")
    check_joined(joined(seed, *moves))


@pytest.mark.parametrize("seed", range(RUNS))
def test_the_oracle_reads_what_was_erased_from_the_log(seed: int) -> None:
    check_by_oracle(joined(seed, "order", "order", "crash", "rebalance", "zombie", "rewind"))


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


def test_the_worlds_erase_suppress_and_unlink() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(30):
        world = joined(seed, "order")
        check_joined(world)
        kinds.update(one.cause for one in world.sink.changes)
        for member in world.members.values():
            for assignment in member.worker.assignments.values():
                if assignment.task is not None:
                    kinds.update(assignment.task.tally.links)
                    kinds.update(f"was {it}" for it in assignment.task.tally.outcomes)
    wanted = ("erasure", "erased", "unlinked", "suppressed", "released", "was erased")
    assert all(kinds[kind] for kind in (*wanted, "was suppressed"))
