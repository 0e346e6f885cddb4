"""Rules change in the middle, while everything goes wrong: each customer is told once what differs.

Every run is drawn from its number; `STREAMER_PROOF_PAIRS` asks for more of them: one for every
five pairs. Three judge what was told: an account of one customer at a time, which knows no worker
and no store; the oracle, which says who must be where at the end under the last rules; and
counting. That they can find something is shown by wrong builds.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import orjson
import pytest

from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.migrate import migrate
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.types import Millis, Record, SegmentChange
from streamer.worker.batch import BatchRun
from tests.engine import compiled
from tests.lives import story_rules
from tests.oracle import oracle_run
from tests.regimes import WatchedStore, told_by_regimes
from tests.strategies import documents_to_yaml
from tests.strategies.words import Node
from tests.test_workers import move
from tests.world import LATENESS, PARTITIONS, World, by_customer

pytestmark = pytest.mark.longer

Removed = tuple[str, ...]
RUNS = max(60, int(os.environ.get("STREAMER_PROOF_PAIRS", "300")) // 5)
STEPS = 80
TROUBLE = ("crash", "crash", "rebalance", "zombie", "wake", "away")


def segment(key: str, *conditions: Node) -> Node:
    return {"segment": key, "title": key, "purpose": "To change.", "when": {"all": [*conditions]}}


def ladder(**tiers: Node | str) -> Node:
    steps = [{key: condition} for key, condition in tiers.items()]
    return {"ladder": "engagement", "title": "E", "purpose": "To change.", "tiers": steps}


def performed(event: str, **scope: object) -> Node:
    return {"performed": event, **scope}


ADDED = performed("product_added", within="7d")
NOT_BOUGHT: Node = {"not_performed": "order_completed", "since": "product_added"}
BUSY = performed("any", at_least=3, within="12h")
# All versions remember the same, in memories of the same size: so the oracle, which remembers
# everything, may be asked what holds under the last one.
REMEMBERED = segment("remembered", performed("any", at_least=3, within="7d"), ADDED, NOT_BOUGHT)
VIEWED = segment("viewed", performed("product_viewed", at_least=2, within="7d"))
FIRST = [
    REMEMBERED,
    VIEWED,
    segment("cart_abandoner", ADDED, NOT_BOUGHT, {"quiet": "30m"}),
    ladder(active=BUSY, semi_active=performed("any", within="2d"), passive="otherwise"),
]
SECOND = [
    REMEMBERED,
    VIEWED,
    segment("cart_abandoner", ADDED, NOT_BOUGHT, {"quiet": "5m"}),
    segment("worth_a_call", {"in_segment": "cart_abandoner"}, {"in_segment": "viewed"}),
    ladder(active=performed("any", at_least=2, within="1h"), passive="otherwise"),
]
THIRD = [
    REMEMBERED,
    segment(
        "viewed", performed("product_viewed", within="7d"), performed("product_viewed", at_least=2)
    ),
    segment("abandoner", ADDED, NOT_BOUGHT, {"quiet": "30m"}),
    segment("engagement", BUSY),
]
VERSIONS = [FIRST, SECOND, THIRD]
RULES = [compiled(documents_to_yaml(documents)) for documents in VERSIONS]
SETTLED = [story_rules(), *RULES]
"""Among them rules with `min_dwell` and `cooldown`: what these say depends on all that was said."""


def watched(seed: int, versions: Sequence[RuleSet], *moves: str) -> World:
    """Let a world live, whose store listener which rules decided what."""
    world = World(versions[0], seed)
    world.store = WatchedStore(world.decided_by)
    return lived(world, versions, *moves)


def lived(world: World, versions: Sequence[RuleSet], *moves: str) -> World:
    """Let a world live through some steps, with these moves among the ordinary ones."""
    chance = world.chance
    for _ in range(3):
        world.join()
    for partition in range(PARTITIONS):
        world.give(partition, chance.choice(list(world.members)))
    ordinary = ("shop", "shop", "shop", "turn", "turn", "turn", "wait")
    for _ in range(STEPS):
        what = chance.choice((*ordinary, "write", "read", *moves))
        if what == "write":
            world.rules = chance.choice(versions)
        elif what == "read":
            world.read_rules(chance.choice(list(world.members)))
        else:
            move(world, what)
    return world


def check(world: World) -> Millis:
    """What was told is what each customer must be told, once, without a gap, under all regimes."""
    until = world.heal()
    told = world.sink.changes
    twice = [each for each, times in Counter(c.change_id for c in told).items() if times > 1]
    assert twice == []
    assert by_customer(told, until) == expected(world, until)
    for changes in by_customer(told, world.now).values():
        assert [change.sequence for change in changes] == list(range(1, len(changes) + 1))
        check_turns(changes)
    assert isinstance(world.store, WatchedStore)
    assert world.store.layouts() == [{ProfileCodec(world.rules).id}] * PARTITIONS
    return until


def expected(world: World, until: Millis) -> dict[str, list[SegmentChange]]:
    assert isinstance(world.store, WatchedStore)
    found: dict[str, list[SegmentChange]] = {}
    for partition, regimes in world.store.regimes.items():
        records = world.log.read(partition, 0, 1 << 30)
        found |= told_by_regimes(records, regimes, LATENESS, until)
    return found


def check_turns(changes: Iterable[SegmentChange]) -> None:
    """Nobody enters where they are, or exits where they are not."""
    inside: set[str] = set()
    for change in changes:
        assert (change.segment in inside) is (change.direction == "exited")
        inside ^= {change.segment}


def members(changes: Iterable[SegmentChange]) -> list[str]:
    times = Counter(change.segment for change in changes)
    return sorted(segment for segment, many in times.items() if many % 2)


def line(record: Record) -> bytes:
    """A record as a line of an events file."""
    try:
        return orjson.dumps({**orjson.loads(record.value), "appended": record.appended})
    except orjson.JSONDecodeError:
        return record.value


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_dies_and_moves_while_rules_change(seed: int) -> None:
    world = watched(seed, RULES, *TROUBLE)
    until = check(world)
    documents = VERSIONS[RULES.index(world.rules)]
    told = by_customer(world.sink.changes, until)
    for partition in range(PARTITIONS):
        lines = [line(record) for record in world.log.read(partition, 0, 1 << 30)]
        for customer, memberships in oracle_run(documents, lines, until).members.items():
            assert members(told.get(customer, [])) == memberships


@pytest.mark.parametrize("seed", range(RUNS))
def test_whatever_the_store_forgets_while_rules_change(seed: int) -> None:
    """What was told is then not all that holds, or is told twice. What is kept is right."""
    world = lived(
        World(RULES[0], seed), RULES, "crash", "remember", "remember", "rewind", "empty", "away"
    )
    world.heal()
    documents = VERSIONS[RULES.index(world.rules)]
    for partition in range(PARTITIONS):
        meta = world.store.claim(partition)
        codec = ProfileCodec(world.rules, meta.layouts)
        assert meta.layouts.keys() == {codec.id}
        lines = [line(record) for record in world.log.read(partition, 0, 1 << 30)]
        judged = oracle_run(documents, lines, world.now - 2 * LATENESS).members
        _, customers = world.store.scan(partition, "", 1 << 30)
        profiles = world.store.load(partition, customers).items()
        kept = {who: inside(world.rules, codec.decode(who, data)) for who, data in profiles}
        assert kept == judged


def inside(rules: RuleSet, profile: Profile) -> list[str]:
    places = zip(rules.segments, profile.inside, strict=True)
    return sorted(segment.tiers[rung - 1].membership for segment, rung in places if rung)


@pytest.mark.parametrize("seed", range(RUNS))
def test_settings_hold_across_a_change_of_rules(seed: int) -> None:
    check(watched(seed, SETTLED, *TROUBLE))


def test_rules_do_change_in_these_runs_and_find_silent_customers() -> None:
    causes: Counter[str] = Counter()
    for seed in range(20):
        world = watched(seed, RULES)
        check(world)
        causes.update(change.cause for change in world.sink.changes)
    assert min(causes[cause] for cause in ("event", "time", "rules")) > 100


LOAD = BatchRun._load  # noqa: SLF001 (what the wrong build bends)


def looks_at_nobody(self: BatchRun, customer: str) -> None:
    """A wrong build: the silent are not migrated."""
    batch = self._batch
    if customer in batch.reading.customers or customer in {whom for _, whom in batch.due}:
        LOAD(self, customer)


def keeps_nothing(self: BatchRun, customer: str, profile: Profile, removed: Removed) -> None:
    """A wrong build: what differs is published, and the profile is not kept for it."""
    effective_from = self._context.codec.effective_from
    decision = migrate(self._rules, profile, effective_from, removed)
    self.profiles[customer] = decision.profile
    self._changes.extend(decision.changes)


def decides_when_it_looks(
    self: BatchRun, customer: str, profile: Profile, removed: Removed
) -> None:
    """A wrong build: it decides at the instant at which it gets to the customer."""
    now = self._batch.fired_until[0] - 1
    self.take(customer, migrate(self._rules, profile, now, removed))


def loses_memberships(self: BatchRun, customer: str, profile: Profile, _removed: Removed) -> None:
    """A wrong build: nobody exits what is gone with the old rules."""
    self.take(customer, migrate(self._rules, profile, self._context.codec.effective_from))


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        ("_load", looks_at_nobody),
        ("_migrate", keeps_nothing),
        ("_migrate", decides_when_it_looks),
        ("_migrate", loses_memberships),
    ],
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_a_wrong_build_is_caught(
    monkeypatch: pytest.MonkeyPatch, method: str, wrong: Callable[..., object]
) -> None:
    monkeypatch.setattr(BatchRun, method, wrong)
    caught = 0
    for seed in range(8):
        try:
            check(watched(seed, RULES))
        except AssertionError:
            caught += 1
    assert caught > 0
