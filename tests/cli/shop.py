"""A small shop for the tests of commands: its rules, its events, and ways to run a command."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from streamer.cli import main
from streamer.instants import parse_iso
from streamer.types import Millis

START = parse_iso("2026-01-01T00:00:00.000Z")
RULES = """\
segment: cart_abandoner
title: Left something in the cart
purpose: Remind the customer of the cart.
when:
  all:
    - performed: product_added
      within: 7d
    - not_performed: order_completed
      since: product_added
    - quiet: 30m
tests:
  - name: half an hour of silence
    given:
      - {at: 0s, event: product_added, product_id: shoe-1}
    expect:
      - {at: 30m, enters: cart_abandoner}
      - {at: 7d, exits: cart_abandoner}
---
ladder: engagement
title: How engaged
purpose: Speak to active customers often.
tiers:
  - active: {performed: any, at_least: 2, within: 1d}
  - passive: otherwise
"""


def event(number: int, at: Millis, user: str = "u-1", **more: Any) -> bytes:  # noqa: ANN401
    """One line: the event `e-<number>`, `at` ms after the start."""
    facts = {"id": f"e-{number}", "name": "product_added", "time": START + at, "user_id": user}
    return json.dumps(facts | more).encode()


def shop(folder: Path, *lines: bytes, rules: str = RULES) -> tuple[str, str]:
    """Write events and rules into the folder; return their paths."""
    events, place = folder / "events.jsonl", folder / "rules" / "shop.yaml"
    events.write_bytes(b"".join(line + b"\n" for line in lines))
    place.parent.mkdir(exist_ok=True)
    place.write_text(rules)
    return str(events), str(place.parent)


def run(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, arguments, prog_name="streamer")


def process(
    *arguments: str, given: bytes = b"", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own."""
    return subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "streamer", *arguments],
        input=given,
        capture_output=True,
        check=False,
        timeout=600,
        env=os.environ | (environment or {}),
    )


def interrupted(*arguments: str, by: signal.Signals = signal.SIGINT) -> tuple[int, bytes]:
    """Interrupt a command that reads events from standard input, in the middle of them.

    Returns its exit status and what it said on standard error.
    """
    with subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-m", "streamer", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        for number in range(20_000):  # more than the pipe holds: it is reading when we are done
            running.stdin.write(event(number, number) + b"\n")
        running.stdin.flush()
        running.send_signal(by)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.send_signal(by)  # it came in the instant before waiting for input
            running.wait(600)
        return running.returncode, running.stderr.read()


def read(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
