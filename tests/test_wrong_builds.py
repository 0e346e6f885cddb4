"""The proof can fail: wrong builds, each with one seeded mistake, are caught.

A wrong build is a copy of the package with one piece of text replaced. The right build, copied in
the same way and asked the same, is found right. Mistakes of the engine are caught by the oracle,
mistakes around it by the tests of workers and by those of the ports, which run on the real parts.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers.machine import FOLDER, missing_for_redis

pytestmark = pytest.mark.proof

PROJECT = Path(__file__).parents[1]
PAIRS, SEED = 1_000, 1

CAUGHT = re.compile(r"AssertionError|StreamerError: .* a change between is missing")
"""By the oracle, or by whoever counts the changes: what it says cannot be."""

# What is wrong, the module, its text, and the mistake.
MISTAKES = [
    (
        "a window closed at the wrong end",
        "core/leaves/performed.py",
        "until = times[kept - low] + within\n",
        "until = times[kept - low] + within + 1\n",
    ),
    (
        "a duplicate counted",
        "core/engine/decide.py",
        "if profile is not None and profile.knows(event_id, max_lateness):",
        "if False:",
    ),
    (
        "a late event dropped",
        "core/engine/decide.py",
        "if profile is not None and profile.clock - time > max_lateness:",
        "if profile is not None and profile.clock > time:",
    ),
    (
        "a stored answer forgotten",
        "codecs/profiles.py",
        "        answers[index] = profile.wake + reader.number()\n",
        "        reader.number()\n",
    ),
    (
        "cooldown ignored",
        "core/engine/segment.py",
        "since + self._cooldown",
        "since",
    ),
    (
        "a ladder's exit missing",
        "core/engine/decide.py",
        "            if number:\n",
        "            if number and not (target and ladder and number == origin):\n",
    ),
    (
        "a wake one millisecond late",
        "core/engine/decide.py",
        "            wake = until\n",
        "            wake = until + 1\n",
    ),
]

SPLITS, SEEDS_OF_SPLITS = 4_000, (1, 3)

# What is wrong, the module, its text, and the mistake: of merges, caught by splits of a history.
MISTAKES_OF_MERGES = [
    (
        "the joined-in history read as the later one",
        "core/engine/merge.py",
        "cell.merge(earlier, later, profile)",
        "cell.merge(later, earlier, profile)",
    ),
    (
        "a sum not cut at the other history's mark",
        "core/state/reset.py",
        "other = self.inner.drop_until(other, mark - 1)",
        "other = other",
    ),
    (
        "the ids of the joined-in history forgotten",
        "core/engine/merge.py",
        "    _join_ids(rules, profile, joined)\n",
        "",
    ),
]

# What is wrong, the module, its text, and the mistake: of joins, caught by joined histories.
MISTAKES_OF_JOINS = [
    (
        "the exits of a visitor who joins missing",
        "core/engine/identity.py",
        "            changes += leave_everything(",
        "            _ = leave_everything(",
    ),
    (
        "an alias left behind where the id comes as a user's",
        "core/engine/people.py",
        "user = None if is_of_user(event) else touch(self.rules, profile, event)",
        "user = touch(self.rules, profile, event)",
    ),
    (
        "the first user kept under the policy of the last",
        "core/engine/identity.py",
        "    if before is None or rules.last_user:\n",
        "    if before is None:\n",
    ),
    (
        "a user joined into another one",
        "core/engine/identity.py",
        "    if links is not None and links.known:\n",
        "    if False:\n",
    ),
]

WORKERS, CRASHES = "tests/test_workers.py", "tests/test_crashes.py"
TIME = "tests/worker/test_worker.py"
JOINS = "tests/test_workers_join.py"
STALLS = f"{WORKERS}::test_whatever_stalls_between_any_two_calls"
STORES = "tests/contracts/test_store.py"
ITEMS = "tests/core/state/test_open_items.py"

# What is wrong, the module, its text, the mistake, and where it is caught.
MISTAKES_AROUND = [
    (
        "a closing not applied to what the other history has begun",
        "core/state/open_items.py",
        "mine = mine[bisect_right(mine, _closing(later, item)) :]",
        "mine = mine[:]",
        ITEMS,
    ),
    (
        "published before it is committed, without the mark",
        "worker/task.py",
        "        self._store.commit(\n",
        """        if entry is not None:
            from dataclasses import replace
            early = replace(entry, offset=self.offset, fired_until=self.fired_until)
            self._sink.publish([early])
        self._store.commit(\n""",
        WORKERS,
    ),
    (
        "an erased customer accepted again",
        "core/marks.py",
        "if self.erased is None or time > self.erased:",
        "if True:",
        JOINS,
    ),
    (
        "an alias left behind when its user is erased",
        "core/engine/identity.py",
        'return Effect(Decision(None, tuple(changes)), "erased", others)',
        'return Effect(Decision(None, tuple(changes)), "erased", others[:0])',
        JOINS,
    ),
    (
        "a join told twice",
        "adapters/memory.py",
        "            if entry.number > self.mark(entry.partition).number:\n",
        """            for control in entry.controls[:1] if entry.controls else ():
                self._tell(control)
            if entry.number > self.mark(entry.partition).number:\n""",
        JOINS,
    ),
    (
        "a join lost where nothing else is said",
        "worker/task.py",
        "output = advance.changes or advance.rejections or advance.controls",
        "output = advance.changes or advance.rejections",
        JOINS,
    ),
    (
        "a forward before the join",
        "worker/batch.py",
        "self.run.controls.append(self._codec.encode(Forward(user, self.run.record)))",
        "self.run.controls.insert(0, self._codec.encode(Forward(user, self.run.record)))",
        JOINS,
    ),
    (
        "log time that stands still for what was forwarded",
        "worker/batch.py",
        "done = self._record(index, event.record, event.event, record.appended)",
        "done = self._record(index, event.record, event.event, event.event.appended)",
        JOINS,
    ),
    (
        "no compare-and-set",
        "adapters/redis/scripts.py",
        "if stands[1] ~= owner or stands[2] ~= epoch or stands[3] ~= follows then",
        "if false then",
        STORES,
    ),
    (
        "random change ids",
        "hashes.py",
        "return hashed.hexdigest()",
        "return __import__('uuid').uuid4().hex",
        CRASHES,
    ),
    (
        "the wall clock in a decision",
        "worker/batch.py",
        "self._decide(customer, Wake(at))",
        "self._decide(customer, Wake(max(at, __import__('time').time_ns() // 10**6)))",
        WORKERS,
    ),
    (
        "time moved by an end of the log that was true once",
        "worker/worker.py",
        "found = self._try(list(offsets), lambda: self.feed.at_end(offsets)) if offsets else None",
        "found = offsets",
        STALLS,
    ),
    (
        "the clock read after the log was asked for its end",
        "worker/worker.py",
        "entries += self._fire(partition, due[partition])",
        "entries += self._fire(partition, self._due(partition, self.assignments[partition]) or 0)",
        TIME,
    ),
    (
        "a wake deleted before it acted",
        "adapters/redis/store.py",
        """return [(int(float(at)), who.decode()) for who, at in zip(pairs, pairs, strict=True)]""",
        """due = [(int(float(at)), who.decode()) for who, at in zip(pairs, pairs, strict=True)]
        for _, who in due:
            self._ask("ZREM", self._key(partition, "wakes"), who)
        return due""",
        STORES,
    ),
]


def proof(
    build: Path, judge: str = "tests.cases", number: int = PAIRS, seed: int = SEED
) -> subprocess.CompletedProcess[str]:
    """Compare a build with the oracle, and merged profiles with those of whole histories."""
    return subprocess.run(  # noqa: S603  our own module, with our own arguments
        [sys.executable, "-m", judge, str(number), str(seed)],
        cwd=build,
        env={**os.environ, "PYTHONPATH": str(build)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,  # a mistake that never ends is one too, but a test must
    )


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A copy of the package and of what judges it."""
    for name in ("streamer", "tests", "requirements"):
        shutil.copytree(
            PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


@pytest.mark.parametrize(
    ("judge", "number"), [("tests.cases", PAIRS), ("tests.merges", SPLITS), ("tests.people", PAIRS)]
)
def test_the_right_build_agrees(build: Path, judge: str, number: int) -> None:
    result = proof(build, judge, number)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [mistake[1:] for mistake in MISTAKES],
    ids=[mistake[0] for mistake in MISTAKES],
)
def test_a_wrong_build_is_caught(build: Path, module: str, right: str, wrong: str) -> None:
    make_mistake(build / "streamer" / module, right, wrong)
    result = proof(build)
    assert result.returncode == 1
    assert CAUGHT.search(result.stderr), result.stderr


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [mistake[1:] for mistake in MISTAKES_OF_MERGES],
    ids=[mistake[0] for mistake in MISTAKES_OF_MERGES],
)
def test_a_wrong_merge_is_caught(build: Path, module: str, right: str, wrong: str) -> None:
    make_mistake(build / "streamer" / module, right, wrong)
    results = (proof(build, "tests.merges", SPLITS, seed) for seed in SEEDS_OF_SPLITS)
    caught = next(result for result in results if result.returncode)
    assert caught.returncode == 1
    assert CAUGHT.search(caught.stderr), caught.stderr


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [mistake[1:] for mistake in MISTAKES_OF_JOINS],
    ids=[mistake[0] for mistake in MISTAKES_OF_JOINS],
)
def test_a_wrong_join_is_caught(build: Path, module: str, right: str, wrong: str) -> None:
    make_mistake(build / "streamer" / module, right, wrong)
    result = proof(build, "tests.people")
    assert result.returncode == 1
    assert CAUGHT.search(result.stderr), result.stderr


def make_mistake(file: Path, right: str, wrong: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(right) == 1, "the module has changed: make the same mistake in its new text"
    file.write_text(text.replace(right, wrong), encoding="utf-8")


def outcome_of(build: Path, where: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a build until one of them fails."""
    if where == STORES:
        need("Redis", missing_for_redis())
    return subprocess.run(  # noqa: S603  our own tests
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", where],
        cwd=build,
        env={**os.environ, "PYTHONPATH": str(build), "STREAMER_SERVERS": str(FOLDER)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_the_right_build_passes_where_mistakes_are_caught(build: Path) -> None:
    """As the test run itself shows of the others, which need no server."""
    result = outcome_of(build, STORES)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "right", "wrong", "where"),
    [mistake[1:] for mistake in MISTAKES_AROUND],
    ids=[mistake[0] for mistake in MISTAKES_AROUND],
)
def test_a_mistake_around_the_engine_is_caught(
    build: Path, module: str, right: str, wrong: str, where: str
) -> None:
    make_mistake(build / "streamer" / module, right, wrong)
    result = outcome_of(build, where)
    assert result.returncode == 1
    assert "1 failed" in result.stdout
