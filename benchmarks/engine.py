"""What the engine costs: CPU per event of each part, beside a bare loop, in one run.

    make bench
    python benchmarks/engine.py [--customers N] [--rules PATH] [--beside PATH]

The bare loop only parses the JSON of the lines; it is what any program must pay. Every figure is
CPU time of this process (user and system), so that a busy machine disturbs it little; `replay` is
a process of its own, with start-up and all. The rules are `benchmarks/rules.yaml`. What is given
as `--beside` is measured on the same lines, and its figures are compared with those of the rules.
"""

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).parent))

import load

from streamer.codecs.changes import encode_change
from streamer.codecs.events import decode
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import decide
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules
from streamer.types import Record, SegmentChange, Wake

BARE = "bare loop: parse JSON"
CHUNK = 125_000
"""Bytes of lines that go through all parts together: about 500 events, a batch of a worker."""
RULES = Path(__file__).with_name("rules.yaml")


def main() -> None:
    """Measure and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customers", type=int, default=load.CUSTOMERS)
    arguments.add_argument("--rules", type=Path, default=RULES)
    arguments.add_argument("--beside", type=Path)
    chosen = arguments.parse_args()
    print(f"the hot lane is {'plain Python' if hasattr(decide, '__code__') else 'compiled'}")
    rule_sets = [chosen.rules] if chosen.beside is None else [chosen.rules, chosen.beside]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        write = [sys.executable, load.__file__, str(chosen.customers)]
        with path.open("wb") as file:  # apart, because a child begins with our peak
            subprocess.run(write, check=True, stdout=file)  # noqa: S603
        replays = [replay(path, rules) for rules in rule_sets]
        figures = [
            measure(path, rules, chosen.customers, *replayed)
            for rules, replayed in zip(rule_sets, replays, strict=True)
        ]
    if chosen.beside is not None:
        print(f"{chosen.beside} beside {chosen.rules}")
        for part, one, other in zip(figures[0], *(each.values() for each in figures), strict=True):
            print(f"{part:<36}{other / one:>9.1f} x")


def measure(
    path: Path, rules_path: Path, customers: int, whole: float, memory: float
) -> dict[str, float]:
    """Print one row for each part; `whole` and `memory` are those of a replay. Return figures."""
    declared = read_rules([rules_path])
    rules = compile_rules(declared.header, declared.declarations)
    codec = ProfileCodec(rules)
    profiles: dict[str, Profile | None] = {}
    parts = Parts()
    gc.disable()  # as good as what `replay` does, which hardly looks for garbage either
    with path.open("rb") as file:
        while lines_ := file.readlines(CHUNK):
            work(lines_, rules, codec, profiles, parts)
    encoded = [codec.encode(profile) for profile in profiles.values() if profile is not None]
    resting = [codec.encode(profile) for profile in rested(rules, profiles)]
    parts.add("replay, the whole process", whole, parts.counts["decide"])
    parts.show()
    events, changes = parts.counts["decide"], parts.counts["encode a change"]
    print()
    print(f"{events:,} events, {customers:,} customers, {changes / events:.2f} changes per event")
    size = sum(map(len, encoded)) / len(encoded)
    print(f"{len(rules.segments)} segments and ladders, {size:.0f} bytes per profile")
    print(f"{sum(map(len, resting)) / len(resting):.0f} bytes once everything due has happened")
    print(f"replay peaked at {memory:.0f} MiB")
    print()
    return {
        "segments and ladders": len(rules.segments),
        "changes": changes,
        **{part: parts.seconds[part] for part in list(parts.seconds)[2:]},
        "bytes per profile": size,
        "peak memory of replay": memory,
    }


def work(
    lines_: list[bytes],
    rules: RuleSet,
    codec: ProfileCodec,
    profiles: dict[str, Profile | None],
    parts: "Parts",
) -> None:
    """Take some lines through every part, each part timed on its own, as a worker's batch is."""
    with parts.timed(BARE, len(lines_)):
        for line in lines_:
            orjson.loads(line)
    records = [Record(0, number, line.rstrip(b"\n")) for number, line in enumerate(lines_)]
    with parts.timed("decode and validate", len(records)):
        events = list(map(decode, records))
    changes: list[SegmentChange] = []
    with parts.timed("decide", len(events)):
        for event in events:
            decision = decide(rules, profiles.get(event.customer), event)
            profiles[event.customer] = decision.profile
            if decision.changes:
                changes.extend(decision.changes)
    customers = dict.fromkeys(event.customer for event in events)  # in their order, as a worker
    moved = [it for customer in customers if (it := profiles[customer]) is not None]
    with parts.timed("encode a profile", len(moved)):
        for profile in moved:
            codec.encode(profile)
    with parts.timed("encode a change", len(changes)):
        for change in changes:
            encode_change(change)


def rested(rules: RuleSet, profiles: dict[str, Profile | None]) -> Iterator[Profile]:
    """Yield the profiles as a store has them at the end of the events: due wakes have acted."""
    kept = [profile for profile in profiles.values() if profile is not None]
    end = max(profile.last for profile in kept)
    for profile in kept:
        after = decide(rules, profile, Wake(end)).profile
        if after is not None:
            yield after


class Parts:
    """The CPU seconds of each part, and how many things it was done to."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.counts: Counter[str] = Counter()

    @contextmanager
    def timed(self, part: str, count: int) -> Iterator[None]:
        """Count the CPU time of the block."""
        begun = time.process_time()
        yield
        self.add(part, time.process_time() - begun, count)

    def add(self, part: str, seconds: float, count: int) -> None:
        """Count CPU seconds spent on so many things."""
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds
        self.counts[part] += count

    def show(self) -> None:
        """Print the table."""
        each = {part: self.seconds[part] / self.counts[part] for part in self.seconds}
        print(f"{'part':<36}{'CPU each':>10}{'of the bare loop':>20}")
        for part, seconds in each.items():
            print(f"{part:<36}{seconds * 1e6:>7.2f} µs{seconds / each[BARE]:>18.1f} x")


def replay(path: Path, rules: Path) -> tuple[float, float]:
    """Return the CPU seconds and the peak MiB of `streamer replay` as a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "streamer", "replay", str(path), "--rules", str(rules)]
    command += ["--out", str(path.with_suffix(".out"))]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, after.ru_maxrss / 1024


if __name__ == "__main__":
    main()
