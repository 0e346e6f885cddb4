"""What it costs that visitors become users: CPU beside the same traffic without, in one run.

    python benchmarks/joining.py [cost] [devices] [storm] [--customers N] [--links N] [--rate N]

`cost`: a worker's task goes through the events of `load` in memory, batch by batch, as live: what
it tells itself comes back as control records, appended at the end of the batch that told them. Of
every hundred events five have both ids, each with a device that is new to its user. The same lines
are decided by the same rules without `identity`, round by round in turn, and the median of the
ratios counts, so that a busy machine disturbs it little. Once nobody has seen the devices before;
once each has had three events of its own, whose history joins.

`devices`: a user logs in on 100 devices, one after another, each with full windows.

`storm`: on a real Kafka and a real Redis, visitors who have browsed log in at a rate, while others
go on shopping; how long changes take by then, beside how long they take before. What counts is the
rate, at which a million visitors log in within three hours: more of them make the storm longer, and
not worse.
"""

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

sys.path.extend(map(str, Path(__file__).parents[:2]))

from confluent_kafka import Producer
from live import CALM, TOPICS, live_system
from load import lines
from open_loop import quantiles, sending, watching

from streamer.adapters.memory import MemorySink, MemoryStore
from streamer.adapters.outbox import encode_entry
from streamer.codecs.controls import ControlKey
from streamer.codecs.events import decode
from streamer.core.engine.decide import decide
from streamer.core.engine.people import People
from streamer.core.engine.program import RuleSet
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules_text
from streamer.types import Control, Event, Record
from streamer.worker import Batching, PartitionTask

RULES: Final = Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8")
KEY: Final = ControlKey("bench", b"a secret of the whole group, and of nobody else")
BATCH: Final = 500
SHARE: Final = 20
"""One of so many events has both ids."""
BEFORE: Final = 3
"""So many events a device has had before, where it has had any."""
DEVICES: Final = 100
VISIT: Final = 5
"""So many events each of those has who go on shopping while others log in, however long that takes:
who has been everything that the rules can say changes no more."""
FULL: Final = 300
"""So many events fill the windows of a device."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What it costs that visitors become users.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="cost, devices, storm; all of them"
    )
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--links", type=int, default=6_000)
    parser.add_argument("--rate", type=int, default=100, help="logins a second")
    chosen = parser.parse_args()
    parts = chosen.parts or ["cost", "devices", "storm"]
    print(f"the hot lane is {'plain Python' if hasattr(decide, '__code__') else 'compiled'}")
    gc.disable()
    if "cost" in parts:
        for seen in (0, BEFORE):
            cost(traffic(chosen.customers, seen), chosen.rounds, seen)
    if "devices" in parts:
        devices()
    if "storm" in parts:
        storm(chosen.links, chosen.rate)


def text_with(policy: str) -> str:
    """The reference rules, by which ids join or do not."""
    head = "ruleset: reference"
    return RULES.replace(head, f"{head}\nidentity: {{anonymous: {policy}}}")


def rules_with(policy: str) -> RuleSet:
    """The same, compiled."""
    declared = read_rules_text(text_with(policy))
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
    told: list[Control] = []
    sink = MemorySink(told.append)
    batching = Batching(batch=BATCH, in_order=False)
    task = PartitionTask(rules, MemoryStore(), sink, decode, batching=batching, joining=KEY)
    task.start()
    offset = place = now = 0
    begun = time.process_time()
    while place < len(records) or told:
        left: Sequence[Record] = [
            *(
                Record(0, offset + number, one.value, now, one.key.encode(), one.headers)
                for number, one in enumerate(told)
            ),
            *(
                one._replace(offset=offset + number)
                for number, one in enumerate(records[place : place + BATCH], len(told))
            ),
        ]
        told.clear()
        place += BATCH
        now = left[-1].appended or 0
        offset += len(left)
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


def storm(links: int, rate: int) -> None:
    """Print how long changes take while so many visitors log in, and before."""
    with tempfile.TemporaryDirectory() as folder:
        shoppers = CALM * links // rate // VISIT
        key, rules = Path(folder) / "control.key", Path(folder) / "rules.yaml"
        key.write_bytes(KEY.secret)
        rules.write_text(text_with("last"), encoding="utf-8")
        with live_system([rules], 1, ["--control-key-file", str(key)]) as system:
            told: dict[str, list[float]] = {}
            logins = Logins(system.address)
            logins.send(links, rate * 4, "product_viewed", login=False)
            with sending(system.address, TOPICS.events, CALM, shoppers):
                time.sleep(links / rate)
            system.wait_until_read()
            for what in ("before", "while they log in"):
                with (
                    watching(system.address, TOPICS.changes) as delays,
                    sending(system.address, TOPICS.events, CALM, shoppers),
                ):
                    if what == "before":
                        time.sleep(links / rate)
                    else:
                        logins.send(links, rate, "identified", login=True)
                told[what] = delays.caused
                print(f"  {what}, from sending to readable: {quantiles(delays.caused)}")
            ends = [sorted(each)[int(0.99 * (len(each) - 1))] for each in told.values()]
            print(
                f"{links:,} visitors log in at {rate:,} a second beside {CALM:,} events a second: "
                f"the p99 of changes is {ends[1] / ends[0]:.2f} times that of before"
            )


class Logins:
    """Publishes what visitors do, each with an id and later as a user."""

    def __init__(self, address: str) -> None:
        self._producer = Producer(
            {"bootstrap.servers": address, "linger.ms": 2, "partitioner": "murmur2_random"}
        )

    def send(self, count: int, rate: int, name: str, *, login: bool) -> None:
        """Publish one event of each visitor, at a rate, with the user's id where they log in."""
        started = time.time()
        for number in range(count):
            intended = started + number / rate
            time.sleep(max(0, intended - time.time()))
            ids = {"anonymous_id": f"visitor-{number:07}"}
            if login:
                ids["user_id"] = f"member-{number:07}"
            event = {"id": f"{intended * 1e3:.3f}", "name": name, "time": int(intended * 1e3)}
            key = ids.get("user_id") or ids["anonymous_id"]
            self._producer.produce(TOPICS.events, orjson.dumps(event | ids), key)
            self._producer.poll(0)
        self._producer.flush()


if __name__ == "__main__":
    main()
