"""On real shops, too, a replay says of every customer what the oracle says.

    python -m tests.agree_on_shop EVENTS MAPPING
        [--least LINES] [--most LINES] [--every N] [--processes N]

`streamer replay` runs the file under the shipped rules; the oracle judges each customer on their
own, from the same events. What is compared is every change and every line that was not accepted.
The mapping is not judged here: both get what it makes of the file.

The oracle looks through a customer's whole history at every event, so its time grows with the
square of a customer's lines. Time asks only those rules in which the duration that has passed is
written (`by_durations`), which takes about half the time. `--least` and `--most` leave out
customers with fewer or more lines, `--every` takes only every n-th of the others; what was left out
is said.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from multiprocessing import Pool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from streamer.app.inputs import open_events, read_records
from streamer.errors import InvalidEvent
from streamer.types import Event
from tests.oracle import oracle_run
from tests.oracle.values import Node
from tests.spoken import millis, plain

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"


class History(NamedTuple):
    """A customer's events as plain JSON, and the numbers of the lines that they came from."""

    customer: str
    lines: list[bytes]
    numbers: list[int]


class Replay(NamedTuple):
    """What the command says: changes by customer, lines not accepted, up to when."""

    changes: dict[str, list[Node]]
    rejected: dict[int, str]
    until: int


class Verdict(NamedTuple):
    """How many lines and changes of a customer were compared, and how they differ if they do."""

    lines: int
    changes: int
    difference: str


@cache
def documents() -> list[Node]:
    """The shipped rules, without their tests."""
    yaml = YAML(typ="safe", pure=True)
    found = [one for file in sorted(RULES.rglob("*.yaml")) for one in yaml.load_all(file)]
    return [{key: part for key, part in one.items() if key != "tests"} for one in found]


def histories(events: str, mapping: str) -> list[History]:
    """The customers of a file, those with the fewest lines first."""
    found: dict[str, History] = {}
    log, decode = open_events([events], mapping)
    with log:
        for record in read_records(log):
            try:
                event = decode(record)
            except InvalidEvent:
                continue
            history = found.setdefault(event.customer, History(event.customer, [], []))
            history.lines.append(as_line(event))
            history.numbers.append(record.line)
    return sorted(found.values(), key=lambda one: (len(one.lines), one.customer))


def as_line(event: Event) -> bytes:
    """The event as a line of an events file."""
    fields = {
        "id": event.id,
        "name": event.name,
        "user_id": event.customer,
        "time": event.time,
        "properties": event.properties,
        "traits": event.traits,
        "appended": event.appended,
    }
    return json.dumps(fields).encode()


def replayed(events: str, mapping: str) -> Replay:
    """Run the command, and read its files back."""
    with TemporaryDirectory() as folder:
        out, rejected = Path(folder, "out"), Path(folder, "rejected")
        command = [sys.executable, "-m", "streamer", "replay", events, "--map", mapping]
        command += ["--rules", str(RULES), "--out", str(out), "--rejected", str(rejected)]
        run = subprocess.run(  # noqa: S603  our own command
            [*command, "--format", "json"], check=True, capture_output=True
        )
        changes: dict[str, list[Node]] = {}
        for change in read(out):
            changes.setdefault(change["customer_id"], []).append(plain(change))
        lines = {one["line"]: one["kind"] for one in read(rejected) if one["kind"] != "invalid"}
    return Replay(changes, lines, millis(json.loads(run.stdout)["until"]))


def read(file: Path) -> Iterator[Any]:
    """The JSON lines of a file."""
    with file.open("rb") as lines:
        yield from map(json.loads, lines)


class Task(NamedTuple):
    """A customer's history and what the replay says: changes, lines not accepted, up to when."""

    history: History
    changes: list[Node]
    rejected: dict[int, str]
    until: int


def task(history: History, replay: Replay) -> Task:
    """The part of a replay that is about one customer."""
    rejected = {one: replay.rejected[one] for one in history.numbers if one in replay.rejected}
    return Task(history, replay.changes.get(history.customer, []), rejected, replay.until)


def judge(task: Task) -> Verdict:
    """Ask the oracle about one customer."""
    customer, lines, numbers = task.history
    judged = oracle_run(documents(), lines, task.until, by_durations=True)
    expected = judged.changes.get(customer, [])
    refused = {numbers[line - 1]: kind for line, kind in judged.rejected}
    difference = ""
    if task.changes != expected or task.rejected != refused:
        pairs = zip_longest(task.changes, expected)
        first = next((pair for pair in pairs if pair[0] != pair[1]), (task.rejected, refused))
        difference = f"{customer}: the replay says {first[0]}, the oracle {first[1]}"
    return Verdict(len(lines), len(expected), difference)


def main() -> int:
    """Compare, tell how it goes, and return the exit status: 1 if anything differs."""
    arguments = argparse.ArgumentParser(description="Compare a replay with the oracle.")
    arguments.add_argument("events")
    arguments.add_argument("mapping")
    arguments.add_argument("--least", type=int, default=0, metavar="LINES")
    arguments.add_argument("--most", type=int, default=1_000_000, metavar="LINES")
    arguments.add_argument("--every", type=int, default=1, metavar="N")
    arguments.add_argument("--processes", type=int, default=1, metavar="N")
    chosen = arguments.parse_args()
    everybody = histories(chosen.events, chosen.mapping)
    few, many = chosen.least, chosen.most
    asked = [one for one in everybody if few <= len(one.lines) <= many][:: chosen.every]
    replay = replayed(chosen.events, chosen.mapping)
    tasks = [task(one, replay) for one in asked]
    customers = lines = changes = different = 0
    with Pool(chosen.processes) as pool:
        for verdict in pool.imap(judge, tasks):
            customers += 1
            lines += verdict.lines
            changes += verdict.changes
            if verdict.difference:
                different += 1
                say(verdict.difference)
            if customers % 100 == 0:
                say(f"{customers:,} customers, {lines:,} lines, {changes:,} changes")
    say(
        f"{customers:,} of {len(everybody):,} customers with {lines:,} lines and {changes:,} "
        f"changes were compared; {different:,} differ"
    )
    return 1 if different else 0


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
