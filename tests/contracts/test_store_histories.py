"""The contract of `Store` again, as random histories of several owners beside a naive store."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from streamer.errors import Fenced
from streamer.ports import Checkpoint, PartitionMeta, Store

from .adapters import STORES, Server, StoreAdapter
from .examples import outbox_entry
from .naive_store import NaivePartition

CUSTOMERS = ["a", "b", "B", "ä", "\uffff", "\U0001f600", "u-1", "u-10", "u-2"]
TIMES = [0, 1, 2, 3, 1_700_000_000_000, 4_102_444_800_000]

owners = st.integers(0, 2)
partitions = st.integers(0, 1)
customers = st.lists(st.sampled_from(CUSTOMERS), unique=True)
gone = st.just((None, None))
kept = st.tuples(st.binary(max_size=4), st.none() | st.sampled_from(TIMES))
touched = st.dictionaries(st.sampled_from(CUSTOMERS), gone | kept)


class StoreHistory(RuleBasedStateMachine):
    """Owners claim, commit, are fenced and look, each on a connection of its own."""

    adapter: StoreAdapter
    server: Server

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.opened = self.adapter.opened(Path(self.folder.name), type(self).server)
        connect = self.opened.__enter__()
        self.stores: list[Store] = [connect() for _ in range(3)]
        self.naive = [NaivePartition(), NaivePartition()]
        self.believed: dict[tuple[int, int], PartitionMeta] = {}

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)
        self.folder.cleanup()

    @rule(owner=owners, partition=partitions)
    def claim(self, owner: int, partition: int) -> None:
        meta = self.stores[owner].claim(partition)
        assert meta == self.naive[partition].claim()
        self.believed[owner, partition] = meta

    @precondition(lambda self: self.believed)
    @rule(
        data=st.data(),
        touched=touched,
        tells=st.booleans(),
        skips=st.sampled_from([0] * 8 + [-1, 1]),
        log_time=st.none() | st.sampled_from(TIMES),
    )
    def commit(
        self,
        data: st.DataObject,
        touched: dict[str, Any],
        tells: bool,  # noqa: FBT001 - Hypothesis passes it by name
        skips: int,
        log_time: int | None,
    ) -> None:
        owner, partition = data.draw(st.sampled_from(sorted(self.believed)))
        believed = self.believed[owner, partition]
        number = believed.number + 1 + skips
        checkpoint = Checkpoint(
            partition,
            believed.epoch,
            number,
            believed.offset + 3,
            log_time,
            {customer: profile for customer, (profile, _) in touched.items()},
            {customer: wake for customer, (_, wake) in touched.items()},
            believed.number + skips,
            entry=outbox_entry(number, changes=2, rejections=1) if tells else None,
            published=data.draw(st.integers(0, max(0, number))),
        )
        if self.naive[partition].admits(checkpoint):
            self.stores[owner].commit(checkpoint)
            self.naive[partition].commit(checkpoint)
            self.believed[owner, partition] = self.naive[partition].meta
        else:
            with pytest.raises(Fenced):
                self.stores[owner].commit(checkpoint)

    @rule(owner=owners, partition=partitions, customers=customers)
    def load(self, owner: int, partition: int, customers: list[str]) -> None:
        profiles = self.naive[partition].profiles
        expected = {each: profiles[each] for each in customers if each in profiles}
        assert self.stores[owner].load(partition, customers) == expected

    @rule(
        owner=owners,
        partition=partitions,
        until=st.sampled_from(TIMES),
        limit=st.integers(0, 12),
    )
    def due(self, owner: int, partition: int, until: int, limit: int) -> None:
        expected = self.naive[partition].due(until, limit)
        assert self.stores[owner].due(partition, until, limit) == expected

    @rule(owner=owners, partition=partitions)
    def outbox(self, owner: int, partition: int) -> None:
        waiting = self.naive[partition].outbox
        expected = [waiting[number] for number in sorted(waiting)]
        assert self.stores[owner].outbox(partition) == expected


@pytest.mark.parametrize("name", STORES)
def test_any_history_ends_where_the_naive_store_ends(
    name: str, request: pytest.FixtureRequest
) -> None:
    class History(StoreHistory):
        adapter = STORES[name]
        server = request.getfixturevalue

    run_state_machine_as_test(
        History, settings=settings(max_examples=40, stateful_step_count=40, deadline=None)
    )
