"""What customers cost who come back after their profiles were put away, beside cached ones.

    python benchmarks/returning.py [--customers N] [--rules PATH]

All customers come in turn, four times, three hours apart, so that each comes back after all others.
Once as `replay` does, which keeps few profiles decoded, and once with all of them decoded; each in
a process of its own, which tells the CPU time of an event and by how much its memory grew for each
customer. The bytes of a profile are those after its last event.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import orjson

from streamer.adapters.files import FileSink
from streamer.adapters.memory import MemoryStore
from streamer.app.replay import DECODED
from streamer.cli.garbage import look_rarely
from streamer.codecs.events import decode
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules
from streamer.types import Record
from streamer.worker import Batching, PartitionTask

RULES = Path(__file__).with_name("rules.yaml")
START = 1_760_000_000_000
VISITS = 4
BETWEEN = 3 * 3_600_000
NAMES = ("product_viewed", "product_added", "product_viewed", "order_completed")
BATCH = 500
ALL = 64 << 30
"""More bytes than all profiles have."""


def main() -> None:
    """Measure both in processes of their own, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customers", type=int, default=500_000)
    arguments.add_argument("--rules", type=Path, default=RULES)
    arguments.add_argument("--decoded", type=int, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.decoded is not None:
        print(orjson.dumps(measure(chosen.rules, chosen.customers, chosen.decoded)).decode())
        return
    print(f"{chosen.customers:,} customers in turn, four events each")
    print(f"{'':<26}{'CPU each':>10}{'of the cached':>15}{'memory each':>14}{'of the bytes':>14}")
    cached = apart(chosen, ALL)
    for name, figures in ("all decoded", cached), ("as replay does", apart(chosen, None)):
        cpu, memory, size = figures["cpu"], figures["memory"], figures["size"]
        print(
            f"{name:<26}{cpu * 1e6:>7.2f} µs{cpu / cached['cpu']:>13.2f} x"
            f"{memory:>12,.0f} B{memory / size:>12.1f} x"
        )
    print(f"{cached['size']:.0f} bytes of a profile")


def apart(chosen: argparse.Namespace, decoded: int | None) -> dict[str, float]:
    """Measure in a process of its own; `decoded` None is what `replay` takes."""
    command = [sys.executable, __file__, "--customers", str(chosen.customers)]
    command += ["--rules", str(chosen.rules)]
    command += ["--decoded", str(DECODED if decoded is None else decoded)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603
    figures: dict[str, float] = orjson.loads(run.stdout)
    return figures


def measure(path: Path, customers: int, decoded: int) -> dict[str, float]:
    """Return CPU seconds an event, and bytes of memory and of the profile for each customer."""
    look_rarely()
    declared = read_rules([path])
    rules = compile_rules(declared.header, declared.declarations)
    store, batching = MemoryStore(), Batching(cache=10 * customers, decoded=decoded)
    spent, before = 0.0, peak()
    with FileSink(None) as nowhere:
        task = PartitionTask(rules, store, nowhere, decode, batching=batching)
        task.start()
        coming = records(customers)
        while batch := list(islice(coming, BATCH)):
            begun = time.process_time()
            left: Sequence[Record] = batch
            while left:
                entries, left = task.process(left)
                if entries:
                    task.mark_published(entries[-1])
            spent += time.process_time() - begun
    grown = peak() - before
    size = sum(map(len, store.load(0, map(user, range(customers))).values()))
    events = VISITS * customers
    return {"cpu": spent / events, "memory": grown / customers, "size": size / customers}


def records(customers: int) -> Iterator[Record]:
    """Yield the events, in order of time."""
    for number in range(VISITS * customers):
        visit, customer = divmod(number, customers)
        event = {
            "id": f"e-{customer:06}-{visit}",
            "name": NAMES[(customer + visit) % 4],
            "time": START + visit * BETWEEN + customer * BETWEEN // (2 * customers),
            "user_id": user(customer),
            "properties": {
                "product_id": f"prod-{(customer * 7 + visit) % 500:04}",
                "category": "shoes",
                "brand": "acme",
                "price": 5 + customer % 500 * 0.35,
                "quantity": 1,
                "currency": "EUR",
                "order_id": f"o-{customer}-{visit}",
            },
        }
        yield Record(0, number, orjson.dumps(event))


def user(customer: int) -> str:
    """Return a customer's id."""
    return f"user-{customer:06}"


def peak() -> int:
    """Return the most bytes that the process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
