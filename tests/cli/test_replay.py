"""`streamer replay`: outputs, exit statuses, and everything that a person can get wrong."""

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.types import DAY, HOUR, MINUTE
from tests.cli.shop import event, interrupted, process, read, run, shop

ADDED = event(1, 0)
LATER = event(2, 2 * HOUR, "u-2")


def test_changes_go_to_the_file_and_the_summary_to_standard_output(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, LATER)
    out = tmp_path / "changes.jsonl"
    result = run("replay", events, "--rules", rules, "--out", str(out))
    assert result.exit_code == 0
    said = [(one["customer_id"], one["segment"], one["at"]) for one in read(out)]
    assert said == [
        ("u-1", "engagement.passive", "2026-01-01T00:00:00.000Z"),
        ("u-2", "engagement.passive", "2026-01-01T02:00:00.000Z"),
        ("u-1", "cart_abandoner", "2026-01-01T00:30:00.000Z"),
    ]
    assert "2 lines read, 2 applied\n2 customers, 3 segment changes" in result.stdout
    assert result.stderr == ""


def test_the_table_has_a_row_for_each_membership(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, event(2, 45 * MINUTE))
    lines = run("replay", events, "--rules", rules).stdout.splitlines()
    table = [line.split() for line in lines[lines.index("") + 1 :]]
    assert table[0] == ["segment", "entered", "exited", "members", "customers", "median", "stay"]
    assert ["cart_abandoner", "1", "1", "0", "1", "15m"] in table
    assert ["engagement.active", "1", "0", "1", "1", "-"] in table


def test_the_most_bytes_stand_beside_what_a_customer_takes(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0), event(2, 5, "u-2"))
    facts = json.loads(run("replay", events, "--rules", rules, "--format", "json").stdout)
    average, largest, most = (facts[f"bytes_{which}"] for which in ("average", "largest", "most"))
    assert 0 < average <= largest < most
    said = run("replay", events, "--rules", rules).stdout
    assert f"a customer takes {average:,} bytes on average, the largest {largest:,}, of the" in said


def test_changes_on_standard_output_push_the_summary_aside(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED)
    done = process("replay", events, "--rules", rules, "--out", "-")
    assert [json.loads(line)["sequence"] for line in done.stdout.splitlines()] == [1]
    assert b"1 line read" in done.stderr


def test_the_summary_can_be_json(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, b"no")
    facts = json.loads(run("replay", events, "--rules", rules, "--format", "json").stdout)
    assert (facts["lines"], facts["applied"], facts["invalid"]) == (2, 1, 1)
    assert facts["segments"][0]["membership"] == "cart_abandoner"
    assert facts["until"] == "2026-01-01T00:00:00.000Z"


def test_time_can_be_driven_on(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED)
    out = tmp_path / "changes.jsonl"
    for until, count in (("2026-01-01T01:30:00+01:00", 2), ("1767227399999", 1), ("now", 5)):
        result = run("replay", events, "--rules", rules, "--out", str(out), "--until", until)
        assert result.exit_code == 0
        assert len([one for one in read(out) if one["at"] < "2026-03"]) == min(count, 3)


def test_events_may_be_compressed_or_come_through_a_pipe(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, LATER)
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(Path(events).read_bytes()))
    plain = process("replay", events, "--rules", rules, "--out", "-").stdout
    assert plain
    assert process("replay", str(packed), "--rules", rules, "--out", "-").stdout == plain
    given = Path(events).read_bytes()
    assert process("replay", "-", "--rules", rules, "--out", "-", given=given).stdout == plain


def test_several_files_are_one_history(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED)
    more = tmp_path / "more.jsonl"
    more.write_bytes(LATER + b"\n")
    assert "2 lines read" in run("replay", events, str(more), "--rules", rules).stdout


def test_the_bytes_do_not_depend_on_the_seed_of_hashes(tmp_path: Path) -> None:
    lines = [event(n, n * 7 * MINUTE, f"u-{n % 5}") for n in range(200)]
    lines += [event(n, n * 7 * MINUTE, f"u-{n % 5}") for n in range(150, 200)]
    events, rules = shop(tmp_path, *lines)
    told = set()
    for seed in ("0", "1", "4242"):
        out, rejected = tmp_path / "out", tmp_path / "rejected"
        arguments = ["replay", events, "--rules", rules, "--out", str(out)]
        arguments += ["--rejected", str(rejected), "--until", "2026-02-01T00:00:00Z"]
        assert process(*arguments, environment={"PYTHONHASHSEED": seed}).returncode == 0
        told.add((out.read_bytes(), rejected.read_bytes()))
    assert len(told) == 1
    assert all(told.pop())


def test_strict_makes_a_rejected_line_a_finding(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, ADDED)
    assert run("replay", events, "--rules", rules).exit_code == 0
    result = run("replay", events, "--rules", rules, "--strict")
    assert result.exit_code == 1
    assert result.stderr == "1 line not accepted, and --strict was given.\n"
    assert "1 rejected (1 duplicate)" in result.stdout


def test_strict_has_nothing_to_find_in_good_lines(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED)
    assert run("replay", events, "--rules", rules, "--strict").exit_code == 0


def test_an_error_in_a_rule_is_a_finding(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, rules="segment: 7")
    result = run("replay", events, "--rules", rules)
    assert result.exit_code == 1
    assert "shop.yaml:1:10: " in result.stderr
    assert "  segment: 7\n           ^" in result.stderr


def test_half_a_log_time_is_wrong_usage_and_leaves_no_output(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, event(2, 0, "u-2", appended=0))
    assert run("replay", events, "--rules", rules).exit_code == 0  # year 1970: no valid event
    events, rules = shop(tmp_path, ADDED, event(2, 0, "u-2", appended="2026-01-01T00:00:00Z"))
    out = tmp_path / "changes.jsonl"
    result = run("replay", events, "--rules", rules, "--out", str(out))
    assert result.exit_code == 2
    assert "events.jsonl:2: this line is the first with appended" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{folder}/none.jsonl", "--rules", "{rules}"], "none.jsonl does not exist"),
        (["{events}", "--rules", "{folder}/none"], "none: no such file or folder"),
        (["{events}", "--rules", "{empty}"], "no *.yaml and no *.yml file in this folder"),
        (["{folder}", "--rules", "{rules}"], "is a folder: name the files in it"),
        (["{events}", "--rules", "{rules}", "--map", "{folder}/none.yaml"], "cannot be read"),
        (["{events}", "--rules", "{rules}", "--out", "{folder}/no/out"], "is not a folder"),
        (["{events}", "--rules", "{rules}", "--out", "{empty}"], "is a folder: name a file in it"),
        (["{events}", "--rules", "{rules}", "--rejected", "{folder}/no/out"], "is not a folder"),
        (["{events}", "--rules", "{rules}", "--out", "-", "--rejected", "-"], "name two files"),
        (["{events}", "--rules", "{rules}", "--out", "{events}"], "is read: name another file"),
        (["{events}", "--rules", "{rule}", "--out", "{rule}"], "is read: name another file"),
        (["{events}", "--rules", "{rules}", "--rejected", "{rule}"], "is read: name another file"),
        (["{events}", "--rules", "{empty}", "--map", "{rule}", "--out", "{rule}"], "is read"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    events, rules = shop(tmp_path, ADDED)
    empty = tmp_path / "empty"
    empty.mkdir()
    (rule,) = Path(rules).iterdir()
    places = {"events": events, "rules": rules, "folder": tmp_path, "empty": empty, "rule": rule}
    before = sorted(tmp_path.rglob("*"))
    result = run("replay", *(one.format(**places) for one in arguments))
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("option", ["--out", "--rejected"])
def test_a_full_disk_is_one_clear_line(tmp_path: Path, option: str) -> None:
    events, rules = shop(tmp_path, ADDED, b"no")
    done = process("replay", events, "--rules", rules, option, "/dev/full")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"/dev/full cannot be written, the disk is full" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "{events}", "--rules", "{rules}"],
        ["replay", "{events}", "--rules", "{rules}", "--out", "-"],
        ["replay", "--help"],
        ["--help"],
        ["--version"],
    ],
)
def test_a_full_disk_behind_standard_output_is_one_clear_line(
    tmp_path: Path, arguments: list[str]
) -> None:
    events, rules = shop(tmp_path, ADDED)
    words = [one.format(events=events, rules=rules) for one in arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "streamer", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"standard output cannot be written" in done.stderr


def test_an_interruption_is_one_clear_line_and_leaves_no_output(tmp_path: Path) -> None:
    _, rules = shop(tmp_path)
    out = tmp_path / "changes.jsonl"
    status, said = interrupted("replay", "-", "--rules", rules, "--out", str(out))
    assert status == 130
    assert said == b"Interrupted: no output file was written.\n"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["events.jsonl"]


def test_sigterm_leaves_no_output_either(tmp_path: Path) -> None:
    _, rules = shop(tmp_path)
    out = tmp_path / "changes.jsonl"
    arguments = ("replay", "-", "--rules", rules, "--out", str(out))
    status, said = interrupted(*arguments, by=signal.SIGTERM)
    assert (status, said) == (143, b"")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["events.jsonl"]


def test_streams_that_were_closed_before_the_start_are_empty(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0))
    for words in (f"replay - --rules {rules} <&-", f"replay {events} --rules {rules} --out - >&-"):
        done = subprocess.run(  # noqa: S602 (our own command, in a shell that can close streams)
            f"{sys.executable} -m streamer {words}", shell=True, capture_output=True, check=False
        )
        assert done.returncode == 0
        assert b"Traceback" not in done.stderr


def test_a_reader_who_leaves_is_no_traceback(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, *(event(n, n, f"u-{n}") for n in range(2_000)))
    command = [sys.executable, "-m", "streamer", "replay", events, "--rules", rules, "--out", "-"]
    with subprocess.Popen(  # noqa: S603 (our own command)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()
        running.wait(60)
    assert running.returncode == 2
    assert said == (
        b"Error: standard output has been closed by its reader: the rest was not written\n"
    )


def test_an_old_output_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED, event(2, DAY, appended="2026-01-02T00:00:00Z"))
    out = tmp_path / "changes.jsonl"
    out.write_text("what was there\n")
    assert run("replay", events, "--rules", rules, "--out", str(out)).exit_code == 2
    assert out.read_text() == "what was there\n"


def test_an_event_file_is_not_changed_by_a_refused_output(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, ADDED)
    assert run("replay", events, "--rules", rules, "--rejected", events).exit_code == 2
    assert Path(events).read_bytes() == ADDED + b"\n"
