"""The table of the peers: its command line, and the rules that the peers are given."""

import subprocess
import sys
from pathlib import Path

import orjson
from heavy_tailed import lines
from shopper import State, advance, new_state, observe
from verdict import Change, read_change

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_the_help_has_an_example() -> None:
    done = run(str(BENCHMARKS / "peers.py"), "--help")
    assert done.returncode == 0
    assert "python benchmarks/peers.py --events 50000" in done.stdout


def test_too_few_events_are_refused() -> None:
    done = run(str(BENCHMARKS / "peers.py"), "--events", "10")
    assert done.returncode == 2
    assert "--events must be 4000 or more" in done.stderr


def test_the_rules_by_hand_say_what_the_rule_file_says(tmp_path: Path) -> None:
    found = list(lines(5_000))
    events, changes = tmp_path / "events.jsonl", tmp_path / "changes.jsonl"
    events.write_bytes(b"".join(found))
    rules = str(BENCHMARKS / "peer" / "rules.yaml")
    done = run("-m", "streamer", "replay", str(events), "--rules", rules, "--out", str(changes))
    assert done.returncode == 0, done.stderr
    until = orjson.loads(found[-1])["time"] - 2_000
    expected = [read_change(line) for line in changes.read_bytes().splitlines()]
    assert by_hand(found, until) == sorted(each for each in expected if each.at <= until)


def by_hand(found: list[bytes], until: int) -> list[Change]:
    """Return what the peers' rules make of events, up to an instant."""
    states: dict[str, State] = {}
    said = []
    for line in found:
        event = orjson.loads(line)
        customer = event["user_id"]
        state = states.setdefault(customer, new_state())
        said += advance(state, customer, event["time"])
        said += observe(state, customer, event)
    for customer, state in states.items():
        said += advance(state, customer, until)
    return sorted(each for each in map(read_change, map(orjson.dumps, said)) if each.at <= until)
