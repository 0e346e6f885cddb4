"""However a worker ends, and whoever takes over, what is said in the end is the same.

Every call to log, store and sink is the last one of a life once: before it took effect, and after
it took effect but before the worker knew. The next life must end where a life without a crash
ends: the same bytes told in the same order, the same profiles, the same wakes.

That is so in both ways in which wakes and records come together: in order, as in a replay, and at
once, as live, where the order of different customers is nobody's promise.

`STREAMER_PROOF_PAIRS` asks for more random trials: one for every 20 pairs.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.adapters.memory import MemorySink, MemoryStore
from streamer.errors import Fenced
from streamer.ports import Checkpoint, DueWake, FencingToken, OutboxEntry, PublishedMark
from streamer.types import Millis
from streamer.worker import Batching
from tests.crashing import Calls, Crash
from tests.engine import compiled
from tests.lives import (
    Connect,
    Ends,
    Legacy,
    Life,
    in_memory,
    in_sqlite,
    legacy,
    story,
    story_rules,
)
from tests.strategies import documents_to_yaml, histories, rule_documents
from tests.strategies.conditions import Draw

pytestmark = pytest.mark.longer

Opened = Callable[[Sequence[bytes], Path], AbstractContextManager[Connect]]
SMALL = Batching(batch=3, wakes=2, cache=2)
TRIALS = max(25, int(os.environ.get("STREAMER_PROOF_PAIRS", "300")) // 20)
BEFORE_AND_AFTER = [False, True]


@dataclass(frozen=True)
class Trial:
    """A story, how its workers live, and what an uninterrupted life made of it."""

    lines: list[bytes]
    life: Life
    expected: Legacy
    calls: int


def trial(lines: list[bytes], life: Life) -> Trial:
    """Let one worker live through the story without interruption."""
    calls = Calls()
    with in_memory(lines) as connect:
        ends = connect()
        until = life.live(ends, calls)
        return Trial(lines, replace(life, until=until), legacy(ends, lines, life), calls.made)


def moments(the: Trial) -> Iterator[tuple[int, bool]]:
    """Every call of the uninterrupted life, before and after it took effect."""
    for number in range(the.calls):
        for after in BEFORE_AND_AFTER:
            yield number, after


def end_at(the: Trial, connect: Connect, calls: Calls) -> Legacy:
    """Let one worker crash and another one take over."""
    with pytest.raises(Crash):
        the.life.live(connect(), calls)
    the.life.live(connect())
    return legacy(connect(), the.lines, the.life)


def outlived(the: Trial, ends: Ends, calls: Calls) -> bool:
    """Whether a life came to its natural end."""
    try:
        the.life.live(ends, calls)
    except Crash:
        return False
    return True


def taken_over_at(the: Trial, connect: Connect, number: int, *, after: bool) -> int:
    """Stop one worker at a call, let another one live its life, then go on; 1 if fenced."""
    successor = replace(the.life, batching=Batching(in_order=the.life.batching.in_order))
    calls = Calls(number, after=after, act=lambda: successor.live(connect()))
    try:
        the.life.live(connect(), calls)
    except Fenced:
        return 1
    return 0


@pytest.fixture(
    scope="module",
    params=[(1, False, True), (2, True, True), (2, True, False)],
    ids=["no append times", "in order, as a replay", "at once, as live"],
)
def told_trial(request: pytest.FixtureRequest) -> Trial:
    seed, appended, in_order = request.param
    life = Life(story_rules(), replace(SMALL, in_order=in_order))
    made = trial(story(seed, appended=appended), life)
    assert made.expected.changes
    assert made.expected.untold == 0
    return made


@pytest.mark.parametrize("opened", [in_memory, in_sqlite])
def test_a_crash_at_any_call_changes_nothing_in_the_end(
    told_trial: Trial, opened: Opened, tmp_path: Path
) -> None:
    for number, after in moments(told_trial):
        with opened(told_trial.lines, tmp_path) as connect:
            end = end_at(told_trial, connect, Calls(number, after=after))
        assert end == told_trial.expected, f"crash at call {number}, after: {after}"


@pytest.mark.parametrize("after", BEFORE_AND_AFTER)
def test_crash_upon_crash_changes_nothing_in_the_end(told_trial: Trial, *, after: bool) -> None:
    for least in (9, 10, 11, 13):  # so many calls in one life are enough to get on at all
        crashes = 0
        with in_memory(told_trial.lines) as connect:
            while not outlived(told_trial, connect(), Calls(least + crashes % 5, after=after)):
                crashes += 1
                assert crashes < told_trial.calls, "no life gets any further"
            assert legacy(connect(), told_trial.lines, told_trial.life) == told_trial.expected
        assert crashes > 2


@pytest.mark.parametrize("opened", [in_memory, in_sqlite])
def test_of_two_owners_at_once_the_fenced_one_changes_nothing(
    told_trial: Trial, opened: Opened, tmp_path: Path
) -> None:
    fenced = 0
    for number, after in moments(told_trial):
        with opened(told_trial.lines, tmp_path) as connect:
            fenced += taken_over_at(told_trial, connect, number, after=after)
            end = legacy(connect(), told_trial.lines, told_trial.life)
        assert end == told_trial.expected, f"taken over at call {number}, after: {after}"
    assert fenced > told_trial.calls // 2


def test_a_worker_that_was_fenced_may_come_back(told_trial: Trial) -> None:
    with in_memory(told_trial.lines) as connect:
        taken_over = Calls(11, act=lambda: connect().store.claim(0))
        with pytest.raises(Fenced):
            told_trial.life.live(connect(), taken_over)
        told_trial.life.live(connect())
        assert legacy(connect(), told_trial.lines, told_trial.life) == told_trial.expected


@pytest.mark.parametrize(
    "batching", [Batching(), Batching(batch=1, wakes=1, cache=0), Batching(batch=7)]
)
def test_the_next_life_may_work_at_another_pace(told_trial: Trial, batching: Batching) -> None:
    for number in range(0, told_trial.calls, 3):
        with in_memory(told_trial.lines) as connect:
            with pytest.raises(Crash):
                told_trial.life.live(connect(), Calls(number, after=True))
            same_order = replace(batching, in_order=told_trial.life.batching.in_order)
            replace(told_trial.life, batching=same_order).live(connect())
            assert legacy(connect(), told_trial.lines, told_trial.life) == told_trial.expected


@st.composite
def random_trials(draw: Draw) -> Trial:
    documents = draw(rule_documents())
    lines = draw(histories(documents))
    batching = Batching(
        batch=draw(st.sampled_from([1, 3, 8])),
        wakes=draw(st.sampled_from([1, 3, 100])),
        cache=draw(st.sampled_from([0, 2, 100])),
        in_order=draw(st.booleans()),
    )
    life = Life(compiled(documents_to_yaml(documents)), batching)
    return trial(lines, life)


def sampled(the: Trial, moment: st.DataObject) -> tuple[int, bool]:
    return moment.draw(st.integers(0, the.calls - 1)), moment.draw(st.booleans())


@settings(
    max_examples=TRIALS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(the=random_trials(), data=st.data())
def test_random_rules_and_histories_survive_crashes(the: Trial, data: st.DataObject) -> None:
    for number, after in [sampled(the, data) for _ in range(20)]:
        with in_memory(the.lines) as connect:
            assert end_at(the, connect, Calls(number, after=after)) == the.expected
    number, after = sampled(the, data)
    with TemporaryDirectory() as folder, in_sqlite(the.lines, Path(folder)) as connect:
        assert end_at(the, connect, Calls(number, after=after)) == the.expected


class MarklessSink(MemorySink):
    """A wrong sink: it does not remember what it has told."""

    def mark(self, partition: int, before: str = "") -> PublishedMark:  # noqa: ARG002 - the port's signature
        return PublishedMark()


class HastyStore(MemoryStore):
    """A wrong store: it does not keep what is to be told until it is known to be told."""

    def outbox(self, partition: int) -> list[OutboxEntry]:  # noqa: ARG002 - the port's signature
        return []


class CarelessStore(MemoryStore):
    """A wrong store: it writes for whoever asks, without comparing epoch and number."""

    def commit(self, checkpoint: Checkpoint) -> None:
        meta = super().claim(checkpoint.partition)
        super().commit(replace(checkpoint, epoch=meta.epoch, follows=meta.number))

    def due(
        self,
        partition: int,
        until: Millis,
        limit: int,
        tenure: FencingToken | None = None,  # noqa: ARG002 - the port's signature
    ) -> list[DueWake]:
        return super().due(partition, until, limit)


@pytest.mark.parametrize(("store", "sink"), [(MemoryStore, MarklessSink), (HastyStore, MemorySink)])
def test_wrong_ends_are_caught_by_a_crash(
    told_trial: Trial, store: type[MemoryStore], sink: type[MemorySink]
) -> None:
    caught = 0
    for number, after in moments(told_trial):
        with in_memory(told_trial.lines, store=store(), sink=sink()) as connect:
            end = end_at(told_trial, connect, Calls(number, after=after))
        caught += end != told_trial.expected
    assert caught > 0


def test_a_store_without_compare_and_set_is_caught_by_a_second_owner(told_trial: Trial) -> None:
    caught = 0
    for number, after in moments(told_trial):
        with in_memory(told_trial.lines, store=CarelessStore()) as connect:
            assert taken_over_at(told_trial, connect, number, after=after) == 0
            caught += legacy(connect(), told_trial.lines, told_trial.life) != told_trial.expected
    assert caught > 0
