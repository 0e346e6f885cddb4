"""What it costs that visitors become users: CPU beside the same traffic without, in one run.

    python benchmarks/joining.py [cost] [devices] [--customers N] [--rounds N]

`cost`: a worker's task goes through the events of `load` in memory, batch by batch, as live: what
it tells itself comes back as control records, appended when the batch was. Of every hundred events
five have both ids, each with a device that is new to its user. The same lines are decided by the
same rules without `identity`, round by round in turn, and the median of the ratios counts, so that
a busy machine disturbs it little. Once nobody has seen the devices before; once each has had three
events of its own, whose history joins.

`devices`: a user logs in on 100 devices, one after another, each with full windows.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

sys.path.insert(0, str(Path(__file__).parent))

from load import lines

from streamer.adapters.memory import MemorySink, MemoryStore
from streamer.adapters.outbox import encode_entry
from streamer.codecs.controls import ControlKey
from streamer.codecs.events import decode
from streamer.core.engine.decide import decide
from streamer.core.engine.people import People
from streamer.core.engine.program import RuleSet
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules_text
from streamer.types import Event, Record
from streamer.worker import Batching, PartitionTask

RULES: Final = Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8")
KEY: Final = ControlKey("bench", b"a secret of the whole group, and of nobody else")
BATCH: Final = 500
SHARE: Final = 20
"""One of so many events has both ids."""
BEFORE: Final = 3
"""So many events a device has had before, where it has had any."""
DEVICES: Final = 100
FULL: Final = 300
"""So many events fill the windows of a device."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What it costs that visitors become users.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="cost, devices; both of them")
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    parts = chosen.parts or ["cost", "devices"]
    print(f"the hot lane is {'plain Python' if hasattr(decide, '__code__') else 'compiled'}")
    gc.disable()
    if "cost" in parts:
        for seen in (0, BEFORE):
            cost(traffic(chosen.customers, seen), chosen.rounds, seen)
    if "devices" in parts:
        devices()


def rules_with(policy: str) -> RuleSet:
    """The reference rules, by which ids join or do not."""
    text = RULES.replace(
        "ruleset: reference", f"ruleset: reference\nidentity: {{anonymous: {policy}}}"
    )
    declared = read_rules_text(text)
    return compile_rules(declared.header, declared.declarations)


def traffic(customers: int, seen: int) -> list[Record]:
    """The events of `load`; every twentieth links a device, which has had `seen` events before."""
    chance = Random(1)
    told: list[dict[str, Any]] = []
    for number, line in enumerate(lines(customers)):
        event = orjson.loads(line)
        del event["anonymous_id"]
        if number % SHARE == 0:
            event["anonymous_id"] = device = f"device-{number:07}"
            for _ in range(seen):
                place = len(told) - 1 - chance.randrange(min(len(told), SHARE * BATCH) or 1)
                if place >= 0 and "anonymous_id" not in told[place]:
                    told[place] = _of_device(told[place], device)
        told.append(event)
    return [
        Record(
            0,
            number,
            orjson.dumps(event),
            event["time"],
            (event.get("user_id") or event["anonymous_id"]).encode(),
        )
        for number, event in enumerate(told)
    ]


def _of_device(event: dict[str, Any], device: str) -> dict[str, Any]:
    return {name: part for name, part in event.items() if name != "user_id"} | {
        "anonymous_id": device
    }


def cost(records: Sequence[Record], rounds: int, seen: int) -> None:
    """Print what an event costs without and with joining."""
    without, joining = rules_with("none"), rules_with("last")
    ratios, best = [], [1.0, 1.0]
    links: dict[str, int] = {}
    for _ in range(rounds):
        plain, _ = work(without, records)
        joined, links = work(joining, records)
        ratios.append(joined / plain)
        best = [min(best[0], plain), min(best[1], joined)]
    print(
        f"{len(records):,} events, 5 % link a device that had {seen} events: "
        f"{best[0] * 1e6:.1f} µs without `identity`, {best[1] * 1e6:.1f} µs with; ratio "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); "
        f"{links.get('linked', 0):,} links, {links.get('joined', 0):,} joins"
    )


def work(rules: RuleSet, records: Sequence[Record]) -> tuple[float, dict[str, int]]:
    """Return the CPU seconds that an event takes, and what became of links."""
    told: list[Record] = []
    now = 0
    sink = MemorySink(
        lambda one: told.append(Record(0, 0, one.value, now, one.key.encode(), one.headers))
    )
    batching = Batching(batch=BATCH, in_order=False)
    task = PartitionTask(rules, MemoryStore(), sink, decode, batching=batching, joining=KEY)
    task.start()
    offset = place = 0
    begun = time.process_time()
    while place < len(records) or told:
        batch = [*told, *records[place : place + BATCH]]
        told.clear()
        place += BATCH
        now = batch[-1].appended or 0
        batch = [one._replace(offset=offset + number) for number, one in enumerate(batch)]
        offset += len(batch)
        left: Sequence[Record] = batch
        while left:
            entries, left = task.process(left)
            for entry in entries:
                encode_entry(entry)
                sink.publish([entry])
                task.mark_published(entry)
    return (time.process_time() - begun) / len(records), dict(task.tally.links)


def devices() -> None:
    """Print what it costs to join devices with full windows to one user."""
    rules = rules_with("last")
    people = People(rules, {})
    start = 1_760_000_000_000
    for device in range(DEVICES):
        for number in range(FULL):
            facts = {"product_id": f"p-{number}", "price": number + 0.5, "quantity": 1}
            name = "order_completed" if number % 10 == 0 else "product_viewed"
            when = start + number * 60_000 + device
            who = f"device-{device}"
            people.happen(Event(f"e-{device}-{number}", name, who, when, facts, anonymous_id=who))
    spent = []
    for device in range(DEVICES):
        login = Event(
            f"l-{device}",
            "identified",
            "u",
            start + FULL * 60_000 + device,
            {},
            user_id="u",
            anonymous_id=f"device-{device}",
        )
        begun = time.process_time()
        people.happen(login)
        spent.append(time.process_time() - begun)
    print(
        f"{DEVICES} devices of {FULL} events each join one user: {sum(spent) * 1e3:.1f} ms of CPU "
        f"in all, the costliest {max(spent) * 1e3:.2f} ms"
    )


if __name__ == "__main__":
    main()
