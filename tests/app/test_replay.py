"""Replay: time driven by the lines and `until`, the same bytes every time, figures that add up."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamer.adapters.files import FileSink
from streamer.adapters.memory import MemorySink
from streamer.app.inputs import open_events
from streamer.app.replay import ReplaySummary, replay
from streamer.errors import UsageError
from streamer.instants import iso, parse_iso
from streamer.types import DAY, HOUR, MINUTE, SECOND, Millis
from tests.engine import compiled
from tests.lives import RULES, story

START = parse_iso("2026-01-01T00:00:00.000Z")
QUIET = """
segment: gone
title: Gone
purpose: An example.
when: {all: [{performed: any}, {quiet: 1h}]}
"""


def line(number: int, at: Millis, user: str = "u-1", **more: Any) -> bytes:  # noqa: ANN401
    event = {"id": f"e-{number}", "name": "page_viewed", "time": START + at, "user_id": user}
    return json.dumps(event | more).encode()


def written(folder: Path, lines: list[bytes]) -> str:
    path = folder / "events.jsonl"
    path.write_bytes(b"".join(each + b"\n" for each in lines))
    return str(path)


def replayed(
    folder: Path, lines: list[bytes], until: Millis | None = None
) -> tuple[list[str], ReplaySummary]:
    log, decode = open_events([written(folder, lines)], None)
    sink = MemorySink()
    summary = replay(compiled(QUIET), log, decode, sink, until=until)
    return [f"{one.customer} {one.direction} {iso(one.at)[11:16]}" for one in sink.changes], summary


def test_the_end_is_the_largest_time_of_an_accepted_event(tmp_path: Path) -> None:
    lines = [line(1, 0), line(2, HOUR, "u-2"), line(3, HOUR + 1, "u-3")]
    changes, summary = replayed(tmp_path, lines)
    assert changes == ["u-1 entered 01:00"]
    assert summary.until == START + HOUR + 1


def test_the_end_is_log_time_less_lateness_where_that_is_later(tmp_path: Path) -> None:
    lines = [line(1, 0, appended=START), line(2, 0, "u-2", appended=START + HOUR + 2 * SECOND)]
    changes, summary = replayed(tmp_path, lines)
    assert changes == ["u-1 entered 01:00", "u-2 entered 01:00"]
    assert summary.until == START + HOUR


def test_a_millisecond_less_of_log_time_says_nothing(tmp_path: Path) -> None:
    lines = [line(1, 0, appended=START), line(2, 0, "u-2", appended=START + HOUR + 1999)]
    assert replayed(tmp_path, lines)[0] == []


def test_until_a_time_leaves_later_events_out_and_drives_time_there(tmp_path: Path) -> None:
    lines = [line(1, 0), line(2, 2 * HOUR, "u-2"), line(3, 59 * MINUTE)]
    changes, summary = replayed(tmp_path, lines, until=START + HOUR)
    assert changes == []
    assert (summary.applied, summary.left_out, summary.rejected) == (2, 1, 0)
    changes, _ = replayed(tmp_path, lines, until=START + DAY)
    assert changes == ["u-1 entered 01:59", "u-2 entered 03:00"]


def test_until_an_instant_includes_it(tmp_path: Path) -> None:
    assert replayed(tmp_path, [line(1, 0)], until=START + HOUR)[0] == ["u-1 entered 01:00"]
    assert replayed(tmp_path, [line(1, 0)], until=START + HOUR - 1)[0] == []


def test_nothing_at_all_is_a_summary_of_nothing(tmp_path: Path) -> None:
    changes, summary = replayed(tmp_path, [])
    assert (changes, summary.lines, summary.until) == ([], 0, None)


@pytest.mark.parametrize("seed", range(5))
def test_every_line_is_counted_once(tmp_path: Path, seed: int) -> None:
    lines = story(seed, 200, appended=bool(seed % 2))
    changes, summary = replayed(tmp_path, lines, until=START + 60 * DAY)
    assert summary.lines == 200
    assert summary.applied + summary.rejected + summary.left_out == 200
    assert summary.changes == len(changes)
    assert sum(account.entered + account.exited for account in summary.accounts) == len(changes)


def test_a_customer_who_was_forgotten_and_came_back_is_one_customer(tmp_path: Path) -> None:
    _, summary = replayed(tmp_path, [line(1, 0), line(2, 500 * DAY)])
    assert summary.customers == 1
    (account,) = summary.accounts
    assert (account.entered, account.exited, account.members) == (1, 1, 0)


def test_a_customer_of_invalid_lines_only_is_none(tmp_path: Path) -> None:
    _, summary = replayed(tmp_path, [line(1, 0), b'{"user_id": "u-2"}'])
    assert (summary.customers, summary.invalid) == (1, 1)


@pytest.mark.parametrize("appended", [False, True])
def test_the_bytes_do_not_depend_on_the_size_of_batches(tmp_path: Path, appended: bool) -> None:  # noqa: FBT001
    path = written(tmp_path, story(7, 400, appended=appended))
    told = []
    for batch in (1, 3, 50, 8_000):
        log, decode = open_events([path], None)
        out, rejected = tmp_path / "out", tmp_path / "rejected"
        with FileSink(out, rejected) as sink:
            replay(compiled(RULES), log, decode, sink, batch=batch)
        told.append((out.read_bytes(), rejected.read_bytes()))
    assert told[0][0]
    assert told[0][1]
    assert all(one == told[0] for one in told)


def test_a_file_where_only_later_lines_carry_their_append_time_is_refused(tmp_path: Path) -> None:
    lines = [line(1, 0), b"not JSON", line(2, 1, appended=START), line(3, 2)]
    with pytest.raises(UsageError, match=r"events\.jsonl:3: this line is the first with appended"):
        replayed(tmp_path, lines)


def test_a_file_where_only_the_first_lines_carry_it_is_refused(tmp_path: Path) -> None:
    lines = [line(1, 0, appended=START), line(2, 1, appended=START), line(3, 2)]
    with pytest.raises(UsageError, match=r"events\.jsonl:3: this line has no appended"):
        replayed(tmp_path, lines)


def test_lines_that_are_no_events_are_not_asked_for_their_append_time(tmp_path: Path) -> None:
    lines = [line(1, 0), b'{"appended": 1767225600000}', line(2, 1)]
    assert replayed(tmp_path, lines)[1].invalid == 1


def test_what_went_beyond_its_bound_is_said_of_the_leaf(tmp_path: Path) -> None:
    rules = """
segment: keen
title: Keen
purpose: An example.
when: {abandoned: {did: product_viewed, without: order_completed}}
"""
    lines = [
        line(number, number, name="product_viewed", properties={"product_id": f"p-{number}"})
        for number in range(300)
    ]
    log, decode = open_events([written(tmp_path, lines)], None)
    summary = replay(compiled(rules), log, decode, MemorySink())
    label = "keen: abandoned: product_viewed without order_completed"
    assert summary.beyond == {label: 300 - 256}
