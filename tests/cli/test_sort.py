"""`--sort`: history in any order says what history in order says."""

from pathlib import Path
from typing import Any

import pytest

from streamer.types import DAY, HOUR
from tests.cli.shop import RULES, event, run, shop

LINES = tuple(event(n, n * 5 * HOUR, f"u-{n % 3}") for n in range(60))


@pytest.mark.parametrize("command", ["replay", "report", "explain", "diff"])
def test_a_file_that_runs_backwards(tmp_path: Path, command: str) -> None:
    events, rules = shop(tmp_path, *LINES)
    new = tmp_path / "new.yaml"
    new.write_text(RULES.replace("within: 7d", "within: 2h"))
    given = {
        "explain": ("u-1", "--events", events, "--rules", rules),
        "diff": (rules, str(new), "--events", events),
    }.get(command, (events, "--rules", rules))
    right = run(command, *given).stdout
    Path(events).write_bytes(b"".join(line + b"\n" for line in reversed(LINES)))
    wrong, sorted_ = run(command, *given).stdout, run(command, *given, "--sort").stdout
    assert _plain(sorted_) == _plain(right)
    assert _plain(wrong) != _plain(right)
    assert "not in order of time" in wrong
    assert "not in order of time" not in sorted_


def test_append_times_are_the_order_of_what_carries_them(tmp_path: Path) -> None:
    first = event(1, 3 * DAY, appended="2026-01-04T00:00:00Z")
    late = event(2, 0, appended="2026-01-04T00:00:01Z")
    events, rules = shop(tmp_path, late, first)
    said = run("replay", events, "--rules", rules, "--sort").stdout
    assert "1 rejected (1 late)" in said
    assert "not in order of time" not in said


def test_joins_of_what_thresholds_count_go_by_time(tmp_path: Path) -> None:
    who = {"anonymous_id": "a-1"}
    order: dict[str, Any] = {
        "name": "order_completed",
        "properties": {"total": 7},
        "user_id": None,
        "anonymous_id": "a-1",
    }
    lines = (
        event(1, 1, "u-1", name="identified", **who),
        event(2, 2, **order),
        event(3, 3, "u-2", name="identified", **who),
        event(4, 4, **order),
    )
    events, _ = shop(tmp_path, *lines)
    asked = (events, "--identity", "last", "--of", "total total of order_completed")
    right = run("thresholds", *asked).stdout
    assert "2 customers with a value" in right
    Path(events).write_bytes(b"".join(line + b"\n" for line in reversed(lines)))
    assert run("thresholds", *asked).stdout != right
    assert run("thresholds", *asked, "--sort").stdout == right


def _plain(text: str) -> list[str]:
    """Return the lines without the one that tells the time that it took."""
    return [line for line in text.splitlines() if "lines per second" not in line]
