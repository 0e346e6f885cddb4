"""Every command that reads events says how many lines were not accepted, and why."""

import json
from pathlib import Path

import pytest

from streamer.types import DAY, HOUR
from tests.analysis.fitting.shoppers import lines as purchases
from tests.cli.shop import event, run, shop

READ = "6 lines read, 2 applied, 4 rejected (2 invalid, 1 late, 1 duplicate)"
REASON = "1 invalid, the first "
LINES = (
    event(1, 2 * DAY),
    event(2, 2 * DAY + HOUR),
    event(2, 2 * DAY + HOUR),
    event(3, 0),
    b"no",
    event(4, 0, time=None),
)


def two(folder: Path, *lines: bytes) -> tuple[str, str, str]:
    """Write events, and rules in two versions."""
    events, rules = shop(folder, *lines)
    new = folder / "new.yaml"
    new.write_text((folder / "rules" / "shop.yaml").read_text().replace("7d", "6d", 1))
    return events, rules, str(new)


@pytest.mark.parametrize("command", ["replay", "report", "diff"])
def test_what_was_not_accepted_is_counted_by_kind_and_reason(tmp_path: Path, command: str) -> None:
    events, rules, new = two(tmp_path, *LINES)
    given = (rules, new, "--events", events) if command == "diff" else (events, "--rules", rules)
    result = run(command, *given)
    assert result.exit_code == 0
    assert READ in result.stdout
    assert f"{REASON}{events}:5: not JSON" in result.stdout
    assert f"{REASON}{events}:6: time" in result.stdout
    assert ("the input is incomplete" in result.stdout) is (command != "replay")


def test_a_difference_of_nothing_readable_is_a_finding(tmp_path: Path) -> None:
    events, rules, new = two(tmp_path, b"no", b"neither")
    result = run("diff", rules, new, "--events", events)
    assert result.exit_code == 1
    assert "no line was accepted" in result.stdout
    assert "nothing was compared" in result.stdout
    assert "say the same" not in result.stdout
    told = run("diff", rules, new, "--events", events, "--format", "json")
    assert told.exit_code == 1
    read = json.loads(told.stdout)["input"]
    assert (read["lines"], read["applied"], read["invalid"]) == (2, 0, 2)
    assert read["reasons"][0]["times"] == 2


ASKED = {
    "replay": ("--strict",),
    "report": (),
    "thresholds": ("--of", "number of order_completed"),
    "effect": ("--segment", "cart_abandoner"),
    "fit": ("--model", "alive", "--out", "-"),
    "explain": (),
    "diff": (),
}


@pytest.mark.parametrize("lines", [(), (b"no",)], ids=["empty", "unreadable"])
@pytest.mark.parametrize("command", ASKED)
def test_without_an_accepted_line_the_exit_status_is_1(
    tmp_path: Path, command: str, lines: tuple[bytes, ...]
) -> None:
    events, folder = shop(tmp_path, *lines)
    before = {"diff": (folder, folder, "--events"), "explain": ("u-1", "--events")}
    with_rules = () if command in ("diff", "thresholds", "fit") else ("--rules", folder)
    result = run(command, *before.get(command, ()), events, *with_rules, *ASKED[command])
    assert result.exit_code == 1, result.output


@pytest.mark.parametrize("lines", [(), (b"no",)], ids=["empty", "unreadable"])
def test_a_replay_that_is_not_strict_only_says_so(tmp_path: Path, lines: tuple[bytes, ...]) -> None:
    events, rules = shop(tmp_path, *lines)
    result = run("replay", events, "--rules", rules)
    assert result.exit_code == 0
    assert "no line was accepted" in result.stderr


def test_a_report_on_nothing_readable_is_a_finding(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, b"no")
    found = tmp_path / "report.json"
    result = run("report", events, "--rules", rules, "--json", str(found))
    assert result.exit_code == 1
    assert json.loads(found.read_text())["input"]["invalid"] == 1


def test_an_explanation_says_which_lines_it_could_not_read(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, *LINES)
    result = run("explain", "u-1", "--events", events, "--rules", rules)
    assert f"2 or more lines are no events\n  {REASON}{events}:5: not JSON" in result.stdout
    unknown = run("explain", "u-9", "--events", events, "--rules", rules)
    assert unknown.exit_code == 1
    assert f"2 or more lines are no events\n  {REASON}{events}:5: not JSON" in unknown.stderr


def test_an_effect_says_what_it_could_not_read(tmp_path: Path) -> None:
    rules = """
segment: looked
title: Looked
purpose: An example for tests.
when: {performed: product_viewed, within: 1h}
settings: {holdout: 50%}
"""
    looks = [event(n, n, f"u-{n}", name="product_viewed") for n in range(20)]
    events, folder = shop(tmp_path, *looks, b"no", event(99, 30 * DAY, "end"), rules=rules)
    changes = tmp_path / "changes.jsonl"
    run("replay", events, "--rules", folder, "--out", str(changes))
    for more in (("--rules", folder), ("--changes", str(changes))):
        said = run("effect", events, "--segment", "looked", *more).stdout
        assert "22 lines read, 21 applied, 1 rejected (1 invalid)" in said
        assert f"{REASON}{events}:21: not JSON" in said
    events, folder = shop(tmp_path, b"no", rules=rules)
    none = run("effect", events, "--segment", "looked", "--rules", folder)
    assert none.exit_code == 1
    assert f"1 of 1 lines were not accepted, the first {events}:1: not JSON" in none.stderr


def test_a_fit_says_what_it_could_not_read(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"no\n" + purchases(60, 52, 1))
    said = run("fit", str(events), "--model", "churn", "--out", str(tmp_path / "m.yaml")).stdout
    assert "1 rejected (1 invalid)" in said
    assert f"{REASON}{events}:1: not JSON" in said
