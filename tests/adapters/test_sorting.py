"""History sorted by time: nothing lost, stable, and the same with and without temporary files."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.adapters.files import FileLog
from streamer.adapters.sorting import SortedLog
from streamer.errors import AdapterError
from streamer.types import Record


def instant(record: Record) -> int | None:
    return int(record.value) if record.value.isdigit() else None


def drained(log: SortedLog) -> list[Record]:
    found: list[Record] = []
    while records := log.read(0, len(found), 7):
        found += records
    return found


@given(
    st.lists(st.integers(0, 20) | st.none(), max_size=60), st.sampled_from([400, 3_000, 1 << 20])
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_records_come_in_order_of_time_each_once(
    tmp_path: Path, instants: list[int | None], run_bytes: int
) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"".join(b"no\n" if one is None else b"%d\n" % one for one in instants))
    keyed, last = [], 0
    for number, one in enumerate(instants, 1):
        last = last if one is None else one
        keyed.append((last, number))
    with SortedLog(FileLog([file]), instant, run_bytes) as log:
        found = drained(log)
    assert [record.line for record in found] == [number for _, number in sorted(keyed)]
    assert [record.offset for record in found] == list(range(len(found)))
    assert {record.source for record in found} <= {str(file)}


def test_many_runs_are_merged(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"".join(b"%d\n" % (n * 7_919 % 20_011) for n in range(20_011)))
    with SortedLog(FileLog([file]), instant, 1) as log:
        assert [int(record.value) for record in drained(log)] == list(range(20_011))


def test_it_is_read_once_in_order(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"2\n1\n")
    with SortedLog(FileLog([file]), instant) as log:
        assert log.read(1, 0, 9) == []
        assert len(log.read(0, 0, 1)) == 1
        with pytest.raises(AdapterError, match="read once, in order: 1 comes next"):
            log.read(0, 0, 1)
