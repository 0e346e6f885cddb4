"""What the engine costs: CPU per event of each part, beside a bare loop, in one run.

    python benchmarks/engine.py [--customers N] [--rules PATH]

The bare loop only reads the lines and parses their JSON; it is what any program must pay. Every
figure is CPU time of this process (user and system), so that a busy machine disturbs it little;
`replay` is a process of its own, with start-up and all. The rules are `benchmarks/rules.yaml`.
"""

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).parent))

from load import CUSTOMERS, lines

from streamer.codecs.changes import encode_change
from streamer.codecs.events import decode
from streamer.codecs.language import read_rules
from streamer.codecs.profiles import ProfileCodec
from streamer.core.compile import compile_rules
from streamer.core.decide import decide
from streamer.core.profile import Profile
from streamer.core.ruleset import RuleSet
from streamer.types import Event, Record, SegmentChange

RULES = Path(__file__).with_name("rules.yaml")


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customers", type=int, default=CUSTOMERS)
    arguments.add_argument("--rules", type=Path, default=RULES)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_bytes(b"".join(lines(chosen.customers)))
        measure(path, chosen.rules, chosen.customers)


def measure(path: Path, rules_path: Path, customers: int) -> None:
    """Print one row for each part."""
    declared = read_rules([rules_path])
    rules = compile_rules(declared.header, declared.declarations)
    records = [
        Record(0, number, line.rstrip(b"\n"))
        for number, line in enumerate(path.read_bytes().splitlines(keepends=True))
    ]
    count = len(records)
    gc.collect()
    gc.freeze()
    bare = cpu(lambda: read_and_parse(path)) / count
    row("part", "CPU", "per", "of the bare loop")
    show("bare loop: read lines, parse JSON", bare, "event", bare)
    events: list[Event] = []
    show(
        "decode and validate",
        cpu(lambda: events.extend(map(decode, records))) / count,
        "event",
        bare,
    )
    profiles: dict[str, Profile | None] = {}
    changes: list[SegmentChange] = []
    deciding = cpu(lambda: decide_all(rules, events, profiles, changes))
    show("decide", deciding / count, "event", bare)
    codec = ProfileCodec(rules)
    alive = [profile for profile in profiles.values() if profile is not None]
    encoded: list[bytes] = []
    encoding = cpu(lambda: encoded.extend(map(codec.encode, alive)))
    show("encode a profile", encoding / len(alive), "profile", bare)
    show(
        "encode a change",
        cpu(lambda: all(map(encode_change, changes))) / len(changes),
        "change",
        bare,
    )
    whole, memory = replay(path, rules_path)
    show("replay, the whole process", whole / count, "event", bare)
    print()
    print(
        f"{count:,} events, {customers:,} customers, {len(changes) / count:.2f} changes per event"
    )
    print(f"{sum(map(len, encoded)) / len(encoded):.0f} bytes per profile")
    print(f"replay peaked at {memory:.0f} MiB")


def read_and_parse(path: Path) -> None:
    """Do what any program that reads these lines must do."""
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)


def decide_all(
    rules: RuleSet,
    events: list[Event],
    profiles: dict[str, Profile | None],
    changes: list[SegmentChange],
) -> None:
    """Decide every event, keeping profiles and changes."""
    for event in events:
        decision = decide(rules, profiles.get(event.customer), event)
        profiles[event.customer] = decision.profile
        if decision.changes:
            changes.extend(decision.changes)


def replay(path: Path, rules: Path) -> tuple[float, float]:
    """Return the CPU seconds and the peak MiB of `streamer replay` as a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "streamer", "replay", str(path), "--rules", str(rules)]
    command += ["--out", str(path.with_suffix(".out"))]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, after.ru_maxrss / 1024


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that the work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def show(part: str, seconds: float, per: str, bare: float) -> None:
    """Print one row."""
    row(part, f"{seconds * 1e6:.2f} µs", per, f"{seconds / bare:.1f} x")


def row(part: str, spent: str, per: str, ratio: str) -> None:
    """Print one row of the table."""
    print(f"{part:<36}{spent:>10}  {per:<8}{ratio:>16}")


if __name__ == "__main__":
    main()
