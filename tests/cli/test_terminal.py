"""On a terminal there are a progress bar and a table; in a pipe there is neither."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.types import HOUR
from tests.cli.shop import event, process, shop

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")


def on_terminal(*arguments: str) -> str:
    """What a command writes to a terminal."""
    main, other = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "streamer", *arguments]
    done = subprocess.Popen(command, stdout=other, stderr=other, env=environment)  # noqa: S603
    os.close(other)
    written = b""
    try:
        while part := os.read(main, 65_536):
            written += part
    except OSError:  # Linux says so when the other side has closed the terminal
        pass
    os.close(main)
    assert done.wait(60) == 0
    return written.decode()


def test_a_replay_shows_its_progress_and_a_table(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, *(event(n, n, f"u-{n}") for n in range(100)))
    seen = on_terminal("replay", events, "--rules", rules)
    assert "100%" in seen
    assert "─" in seen
    assert "engagement.passive" in seen


def test_a_pipe_gets_plain_text(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0))
    done = process("replay", events, "--rules", rules)
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    assert done.stdout.isascii()


def test_an_explanation_has_colours_only_on_a_terminal(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0), event(2, HOUR))
    arguments = ["explain", "u-1", "--events", events, "--rules", rules]
    assert "\x1b[32myes" in on_terminal(*arguments)
    assert b"\x1b" not in process(*arguments).stdout


def test_a_demo_shows_whole_numbers_under_whole_titles() -> None:
    seen = on_terminal("demo", "--seconds", "1", "--speed", "864000")
    for title in ("members", "entered", "exited"):
        assert title in seen
    assert "1,…" not in seen
