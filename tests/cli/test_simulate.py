"""`streamer simulate` on the command line."""

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from click.testing import CliRunner, Result

from streamer.cli import main


def simulate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["simulate", *arguments])


def test_it_writes_as_many_lines_as_asked_for() -> None:
    result = simulate("--events", "50")
    assert result.exit_code == 0
    assert len([json.loads(line) for line in result.stdout.splitlines()]) == 50


def test_it_stops_when_the_time_has_passed() -> None:
    result = simulate("--for", "2h", "--start", "2026-05-01T12:00:00Z")
    times = [json.loads(line)["time"] for line in result.stdout.splitlines()]
    assert times
    assert times[0] > "2026-05-01T12:00"
    assert "2026-05-01T13:3" < times[-1] < "2026-05-01T14:00"


def test_a_file_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    assert simulate("--events", "20", "--out", str(out)).exit_code == 0
    assert out.read_text() == simulate("--events", "20").stdout
    assert [one.name for one in tmp_path.iterdir()] == ["events.jsonl"]


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    result = simulate("--out", str(tmp_path / "events.jsonl"))
    assert result.exit_code == 2
    assert "--events or --for" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    command = [sys.executable, "-c", "from streamer.cli import main; main()", "simulate"]
    with subprocess.Popen(  # noqa: S603 (our own command)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_shares_are_checked() -> None:
    for share in ("7", "-1%", "many", "nan"):
        result = simulate("--late", share)
        assert result.exit_code == 2
        assert "expected a share such as 0.05 or 5%" in result.stderr


def test_durations_are_checked() -> None:
    for duration in ("7", "0s", "a week"):
        result = simulate("--for", duration)
        assert result.exit_code == 2
        assert "expected a duration such as 90s, 30m or 7d" in result.stderr


def test_rates_are_checked() -> None:
    for rate in ("nan", "inf", "0", "1e-300", "1e308", "many"):
        result = simulate("--events", "2", "--rate", rate)
        assert result.exit_code == 2
        assert "expected a number from 0.001 to 1,000,000" in result.stderr


def test_it_begins_and_ends_where_events_can_happen() -> None:
    for start in ("9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z", "1960-01-01T00:00:00Z"):
        result = simulate("--events", "1", "--start", start)
        assert result.exit_code == 2
        assert "--start lies outside of the years 1990 to 2100" in result.stderr
    last = simulate("--start", "2100-12-31T23:59:00Z", "--customers", "100000")
    times = [json.loads(line)["time"] for line in last.stdout.splitlines()]
    assert len(times) > 10
    assert max(times) < "2101"


def test_mishaps_are_mixed_in() -> None:
    calm = simulate("--events", "400").stdout
    rough = simulate("--events", "400", "--late", "5%", "--duplicates", "0.05", "--poison", "5%")
    assert rough.exit_code == 0
    assert rough.stdout != calm


def test_live_events_happen_now() -> None:
    before = time.time()
    result = simulate("--live", "--rate", "1000", "--customers", "50000", "--events", "50")
    after = time.time()
    assert result.exit_code == 0
    times = [
        datetime.fromisoformat(json.loads(line)["time"]).timestamp()
        for line in result.stdout.splitlines()
    ]
    assert len(times) == 50
    assert before - 0.001 <= times[0] <= times[-1] <= after


def test_live_begins_now_and_at_no_other_time() -> None:
    result = simulate("--live", "--start", "2026-05-01T12:00:00Z")
    assert result.exit_code == 2
    assert "leave --start out" in result.stderr
