"""The contract of `Log`: every record, untouched, in order, from the offset asked for."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from streamer.ports import Log
from streamer.types import Record

from .adapters import LOGS, LogAdapter, Sent

BROKERED = {name: adapter for name, adapter in LOGS.items() if adapter.brokered}
VALUES = [b"{}", b"", b"\xff\x00 not text", b'{"id": "e-1"}', b" ", b"{}"]


@pytest.fixture(params=LOGS)
def adapter(request: pytest.FixtureRequest) -> LogAdapter:
    return LOGS[request.param]


@pytest.fixture(params=BROKERED)
def brokered(request: pytest.FixtureRequest) -> LogAdapter:
    return BROKERED[request.param]


def sent(values: Sequence[bytes]) -> list[Sent]:
    return [Sent(value) for value in values]


def read_all(log: Log, limit: int, partition: int = 0) -> list[Record]:
    """Read as the worker does: always from the offset after the last record."""
    records: list[Record] = []
    while batch := log.read(partition, records[-1].offset + 1 if records else 0, limit):
        assert len(batch) <= limit
        records += batch
    return records


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7, 1000])
def test_every_record_comes_once_and_in_order(
    adapter: LogAdapter, tmp_path: Path, limit: int
) -> None:
    with adapter.holding(tmp_path, {0: sent(VALUES)}) as log:
        records = read_all(log, limit)
    assert [record.value for record in records] == VALUES
    assert [record.offset for record in records] == list(range(len(VALUES)))
    assert {record.partition for record in records} == {0}


def test_an_empty_log_has_nothing_to_read(adapter: LogAdapter, tmp_path: Path) -> None:
    with adapter.holding(tmp_path, {0: []}) as log:
        assert not log.read(0, 0, 10)
        assert not log.read(3, 0, 10)


def test_the_end_stays_the_end(adapter: LogAdapter, tmp_path: Path) -> None:
    with adapter.holding(tmp_path, {0: sent(VALUES)}) as log:
        read_all(log, 4)
        assert not log.read(0, len(VALUES), 10)
        assert not log.read(0, len(VALUES), 10)


def test_a_record_keeps_what_came_with_it(brokered: LogAdapter, tmp_path: Path) -> None:
    full = Sent(b"{}", 1_700_000_000_000, b"u-7", (("ce_id", b"e-1"), ("ce_id", b"\xff")))
    with brokered.holding(tmp_path, {0: [full]}) as log:
        (record,) = log.read(0, 0, 10)
    assert record == Record(0, 0, *full)


def test_a_record_can_be_read_again(brokered: LogAdapter, tmp_path: Path) -> None:
    with brokered.holding(tmp_path, {0: sent(VALUES)}) as log:
        once = read_all(log, 2)
        assert list(log.read(0, 3, 2)) == once[3:5]
        assert read_all(log, 4) == once


def test_partitions_are_apart(brokered: LogAdapter, tmp_path: Path) -> None:
    with brokered.holding(tmp_path, {0: sent([b"a", b"b"]), 2: sent([b"c"])}) as log:
        assert [record.value for record in read_all(log, 10, 0)] == [b"a", b"b"]
        assert [(each.partition, each.offset) for each in read_all(log, 10, 2)] == [(2, 0)]
        assert not log.read(1, 0, 10)
