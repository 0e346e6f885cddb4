"""Lines that cannot be events, all in one file: the good lines decide as if they were not there."""

from pathlib import Path

import pytest

from streamer.types import HOUR, MINUTE
from tests.cli.shop import START, event, process, read, run, shop
from tests.strategies.moves import POISON, poison

LARGE = 2 * 1024 * 1024
BAD = {
    "empty": b"",
    "not UTF-8": b'{"id": "\xff"}',
    "not JSON": b"{",
    "an array": b"[]",
    "NaN": poison("time", b"NaN"),
    "1e400": poison("properties", b'{"price": 1e400}'),
    "a 5,000-digit integer": poison("properties", b'{"price": ' + b"9" * 5_000 + b"}"),
    "a lone surrogate": poison("id", b'"\\ud800"'),
    "100,000 levels": poison("properties", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "2 MiB": poison("properties", b'{"a": "' + b"x" * LARGE + b'"}'),
    "no id": b'{"name": "page_viewed", "time": 1767225600000, "user_id": "u-1"}',
    "an empty id": poison("id", b'""'),
    "an id of 1,000 characters": poison("id", b'"' + b"i" * 1_000 + b'"'),
    "an id with a line break": poison("id", b'"a\\nb"'),
    "an id with a zero byte": poison("id", b'"a\\u0000b"'),
    "no customer": b'{"id": "p", "name": "page_viewed", "time": 1767225600000}',
    "an empty customer": poison("user_id", b'""'),
    "no time": b'{"id": "p", "name": "page_viewed", "user_id": "u-1"}',
    "seconds instead of milliseconds": poison("time", b"1767225600"),
    "year 1": poison("time", b'"0001-01-01T00:00:00Z"'),
    "year 9999": poison("time", b'"9999-01-01T00:00:00Z"'),
    "properties that is a list": poison("properties", b"[]"),
    "products that is a list of numbers": poison("properties", b'{"products": [1]}'),
    "traits that is a text": poison("traits", b'"a"'),
}
ODD = [
    event(20, 2, properties={"price": "12"}),
    event(21, 3, properties={"price": True, "quantity": -1}),
    event(22, 4, name="never_heard_of", properties={"colour": {"deep": [1]}}),
    event(23, 5)[:-1] + b', "user_id": "u-9", "user_id": "u-1"}',
]
GOOD = [event(1, 0), *ODD, event(3, 45 * MINUTE), event(4, 2 * HOUR, "u-2")]


@pytest.fixture
def mixed() -> list[bytes]:
    """The good lines with a bad one before each, and the rest of the bad ones at the end."""
    bad = list(BAD.values())
    lines = [line for pair in zip(bad, GOOD, strict=False) for line in pair]
    return lines + bad[len(GOOD) :]


def test_good_lines_decide_as_if_bad_ones_were_not_there(
    tmp_path: Path, mixed: list[bytes]
) -> None:
    told = []
    for lines in (GOOD, mixed):
        events, rules = shop(tmp_path, *lines)
        out = tmp_path / "changes.jsonl"
        done = process("replay", events, "--rules", rules, "--out", str(out))
        assert (done.returncode, done.stderr) == (0, b"")
        told.append(out.read_bytes())
    assert told[0]
    assert told[0] == told[1]


def test_each_bad_line_is_listed_with_its_number_and_reason(
    tmp_path: Path, mixed: list[bytes]
) -> None:
    events, rules = shop(tmp_path, *mixed)
    rejected = tmp_path / "rejected.jsonl"
    result = run("replay", events, "--rules", rules, "--rejected", str(rejected))
    listed = read(rejected)
    numbers = [number for number, line in enumerate(mixed, 1) if line not in GOOD]
    assert [one["line"] for one in listed] == numbers
    assert all(one["kind"] == "invalid" and one["reason"] for one in listed)
    assert {one["path"] for one in listed} > {"/properties/id", "/properties/time", "/anyOf"}
    assert f"{len(BAD)} rejected ({len(BAD)} invalid)" in result.stdout
    assert result.exit_code == 0


def test_strict_makes_them_a_finding(tmp_path: Path, mixed: list[bytes]) -> None:
    events, rules = shop(tmp_path, *mixed)
    assert run("replay", events, "--rules", rules, "--strict").exit_code == 1


@pytest.mark.parametrize("line", [*BAD.values(), *POISON], ids=range(len(BAD) + len(POISON)))
def test_each_bad_line_alone_is_rejected(tmp_path: Path, line: bytes) -> None:
    events, rules = shop(tmp_path, line)
    rejected = tmp_path / "rejected.jsonl"
    result = run("replay", events, "--rules", rules, "--rejected", str(rejected))
    assert result.exit_code == 0
    assert [(one["line"], one["kind"]) for one in read(rejected)] == [(1, "invalid")]


def test_a_line_of_each_other_kind_is_listed_too(tmp_path: Path) -> None:
    lines = [
        event(1, 0, appended=START),
        event(1, 1, appended=START + 1),
        event(2, 6 * MINUTE, appended=START + 2),
        event(3, -25 * HOUR, appended=START + 3),
    ]
    events, rules = shop(tmp_path, *lines)
    rejected = tmp_path / "rejected.jsonl"
    run("replay", events, "--rules", rules, "--rejected", str(rejected))
    kinds = [(one["line"], one["kind"]) for one in read(rejected)]
    assert kinds == [(2, "duplicate"), (3, "early"), (4, "late")]
    assert all(one["raw"] and one["reason"] for one in read(rejected))
