"""`streamer diff`: what a change of rules would do, as a table with examples, and as JSON."""

import json
import os
from pathlib import Path

import pytest

from streamer.types import DAY, HOUR
from tests.cli.shop import RULES, event, process, run, shop

EVENTS = (event(1, 0), event(2, HOUR), event(3, 3 * DAY, "u-2"))


def two(folder: Path, said: str = "", then: str = "") -> tuple[str, str, str]:
    """Write events, rules, and the same rules with something put in the place of something."""
    events, old = shop(folder, *EVENTS)
    new = folder / "new.yaml"
    new.write_text(RULES.replace(said, then) if said else RULES)
    return events, old, str(new)


def test_a_table_of_what_differs_and_an_explained_example(tmp_path: Path) -> None:
    events, old, new = two(tmp_path, "within: 7d", "within: 2d")
    result = run("diff", old, new, "--events", events)
    assert result.exit_code == 0
    said = result.stdout
    assert "2 customers, compared at 2026-01-04 00:00:00 UTC" in said
    assert "1 of 3 segments differ" in said
    row = next(line for line in said.splitlines() if line.startswith("cart_abandoner "))
    assert row.split() == ["cart_abandoner", "0", "1", "1", "0", "2", "2"]
    assert "u-1 would leave cart_abandoner\nby the new rules\nOUT  cart_abandoner" in said
    assert "by the old rules\nIN   cart_abandoner" in said


@pytest.mark.parametrize(
    ("before", "header"),
    [
        ("identity: {anonymous: last}", "identity: {anonymous: first}"),
        ("identity: {anonymous: none}", "identity: {anonymous: last}"),
        ("max_lateness: 2h", "max_lateness: 1h"),
    ],
)
def test_rules_that_read_the_events_differently_explain_their_examples(
    tmp_path: Path, before: str, header: str
) -> None:
    events, _, new = two(tmp_path, "within: 7d", "within: 2d")
    old = tmp_path / "old.yaml"
    old.write_text(f"ruleset: shop\n{before}\n---\n{RULES}")
    Path(new).write_text(f"ruleset: shop\n{header}\n---\n{Path(new).read_text()}")
    result = run("diff", str(old), new, "--events", events)
    assert result.exit_code == 0, result.stderr
    assert "u-1 would leave cart_abandoner\nby the new rules\nOUT  cart_abandoner" in result.stdout
    assert "by the old rules\nIN   cart_abandoner" in result.stdout


def test_segments_come_and_go(tmp_path: Path) -> None:
    events, old, new = two(tmp_path, "cart_abandoner", "cart_left")
    said = run("diff", old, new, "--events", events).stdout
    assert "cart_abandoner (removed)" in said
    assert "cart_left (new)" in said
    assert "by the old rules\n     there is no cart_left" in said


def test_nothing_differs(tmp_path: Path) -> None:
    events, old, new = two(tmp_path)
    assert "the rules are the same" in run("diff", old, new, "--events", events).stdout
    events, old, new = two(tmp_path, "at_least: 2", "at_least: 9")
    (tmp_path / "events.jsonl").write_bytes(event(1, 0) + b"\n")
    said = run("diff", old, new, "--events", events).stdout
    assert "no segment differs" in said


def test_the_json_has_everything(tmp_path: Path) -> None:
    events, old, new = two(tmp_path, "within: 7d", "within: 2d")
    facts = json.loads(run("diff", old, new, "--events", events, "--format", "json").stdout)
    assert facts["until"] == "2026-01-04T00:00:00.000Z"
    assert facts["segments"][0] == {
        "segment": "cart_abandoner",
        "title": "Left something in the cart",
        "old": {"members": 1, "entered": 2, "exited": 1},
        "new": {"members": 0, "entered": 2, "exited": 2},
        "enters": 0,
        "leaves": 1,
        "same": False,
        "differs": True,
    }
    (example,) = facts["examples"]
    assert (example["customer_id"], example["direction"]) == ("u-1", "leave")
    assert example["new"]["membership"] is None
    assert example["old"]["rungs"][0]["condition"]["holds"]


def test_an_error_in_the_new_rules_is_said_with_its_place(tmp_path: Path) -> None:
    events, old, new = two(tmp_path, "product_added", "product_aded")
    result = run("diff", old, new, "--events", events)
    assert result.exit_code == 1
    assert 'new.yaml:6:18: unknown event "product_aded"' in result.stderr


def test_standard_input_is_refused_since_it_is_read_once(tmp_path: Path) -> None:
    _, old, new = two(tmp_path)
    done = process("diff", old, new, "--events", "-")
    assert done.returncode == 2
    assert done.stderr == b"Error: - can be read only once, and diff reads it again: name a file\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_too(tmp_path: Path) -> None:
    _, old, new = two(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    result = run("diff", old, new, "--events", str(tmp_path / "pipe"))
    assert result.exit_code == 2
    assert "pipe can be read only once" in result.stderr


@pytest.mark.parametrize("missing", ["events", "old", "new"])
def test_what_does_not_exist_is_named(tmp_path: Path, missing: str) -> None:
    events, old, new = two(tmp_path)
    given = {"events": events, "old": old, "new": new, missing: str(tmp_path / "nothing")}
    result = run("diff", given["old"], given["new"], "--events", given["events"])
    assert result.exit_code == 2
    assert "nothing" in result.stderr
    assert "Traceback" not in result.output
