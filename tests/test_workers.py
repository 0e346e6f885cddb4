"""Whatever dies, moves, comes back as a zombie or loses its store: the same is said, once.

Every run is drawn from its number, which is in the name of a failing test; `STREAMER_PROOF_PAIRS`
asks for more of them: one for every two pairs.
"""

import os
from collections import Counter
from collections.abc import Callable

import pytest

from streamer.codecs.controls import ControlKey
from streamer.core.engine.program import RuleSet
from tests.lives import story_rules
from tests.world import PARTITIONS, World, by_customer

pytestmark = pytest.mark.longer

RUNS = max(60, int(os.environ.get("STREAMER_PROOF_PAIRS", "300")) // 2)
STEPS = 60


def lived(
    seed: int, *moves: str, rules: RuleSet | None = None, joining: ControlKey | None = None
) -> World:
    """Let a world live through some steps, with these moves among the ordinary ones."""
    world = World(rules or story_rules(), seed, joining)
    chance = world.chance
    for _ in range(3):
        world.join()
    for partition in range(PARTITIONS):
        world.give(partition, chance.choice(list(world.members)))
    for _ in range(STEPS):
        move(world, chance.choice(("shop", "shop", "turn", "turn", "turn", "wait", *moves)))
    return world


def move(world: World, what: str) -> None:
    """Let one thing happen, to somebody drawn by chance."""
    chance = world.chance
    name = chance.choice(list(world.members))
    moves: dict[str, Callable[[], object]] = {
        "shop": world.shop,
        "order": world.order,
        "turn": lambda: world.turn(name),
        "wait": lambda: world.wait(chance.choice((100, 5_000, 1_900_000))),
        "crash": lambda: world.crash_soon(name),
        "stall": lambda: world.stall_soon(name),
        "rebalance": lambda: world.give(chance.randrange(PARTITIONS), name),
        "zombie": lambda: world.give(chance.randrange(PARTITIONS), name, told=False),
        "wake": world.wake_zombies,
        "away": world.come_and_go,
        "remember": world.remember,
        "rewind": world.rewind,
        "rewind soon": lambda: world.rewind_soon(name),
        "empty": lambda: world.rewind(to_nothing=True),
    }
    moves[what]()


def check(world: World) -> None:
    """What was told is what one undisturbed worker tells, once, in order and without a gap."""
    until = world.heal()
    told = world.sink.changes
    twice = [each for each, times in Counter(c.change_id for c in told).items() if times > 1]
    assert twice == []
    assert by_customer(told, until) == world.expected(until)
    for customer, changes in by_customer(told, world.now).items():
        lives = [
            [c.sequence for c in changes if c.born == born] for born in {c.born for c in changes}
        ]
        assert all(each == list(range(1, len(each) + 1)) for each in lives)
        inside = {c.segment for c in changes if c.direction == "entered"}
        for change in changes:
            (inside.add if change.direction == "entered" else inside.discard)(change.segment)
        standing = world.sink.memberships[customer]
        assert {segment for segment, _ in standing.segments or ()} == inside
    rejected = Counter((r.record.partition, r.record.offset) for r in world.sink.rejections)
    assert set(rejected.values()) <= {1}


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_dies_and_moves(seed: int) -> None:
    check(lived(seed, "crash", "crash", "rebalance", "zombie", "wake", "away"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_stalls_between_any_two_calls(seed: int) -> None:
    check(lived(seed, "stall", "stall", "stall", "rebalance", "wake"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_the_store_forgets(seed: int) -> None:
    check(lived(seed, "crash", "rebalance", "remember", "remember", "rewind", "empty", "away"))


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_the_store_forgets_under_a_worker_s_hands(seed: int) -> None:
    check(lived(seed, "remember", "rewind soon", "rewind soon", "rewind soon"))


def test_a_zombie_is_refused_and_changes_nothing() -> None:
    fenced = 0
    for seed in range(30):
        world = lived(seed, "zombie", "zombie", "wake")
        check(world)
        fenced += world.fenced
    assert fenced > 0
