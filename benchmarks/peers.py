"""Our worker beside what a Python shop would take instead, in one run on one Kafka and one Redis.

    python benchmarks/peers.py [--events N] [--seed N]

All go through the same topic with the events of `heavy_tailed`, one after the other, each as one
process with the six rules of `peer/rules.yaml`: the peers have them as `peer/shopper.py`, written
by hand and shared, so that each gets the quickest form of them and its own way of keeping state.
Each saves its state once a second or more often, but for the row without recovery. What each has
written is compared with what is true (`verdict`).

CPU per event is that of the process with all its threads, user and system, as the system counts it
for a child that has ended; the servers' work is not in it. Starting and stopping are left out: each
runs over a few events first, and the difference of both runs is divided by the difference in
events.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.extend(map(str, Path(__file__).parents[:2]))

from course import PARTITIONS, Row, SizeHistory, load_of, replayed
from heavy_tailed import DAYS, EVENTS_PER_CUSTOMER, lines
from participants import COMPILED, PEERS, WORKER, NotMeasured, Participant
from verdict import Change

from tests.servers import KafkaServer, RedisServer

EVENTS: Final = 100_000
FEW: Final = 2_000
HEAD: Final = """\
| | CPU per event | of ours | guarantee | timers | right | late | missing | extra |
|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Absent:
    """A participant that could not be measured, and why."""

    participant: Participant
    reason: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description="Our worker beside its peers: CPU per event, and which changes were right.",
        epilog="example: python benchmarks/peers.py --events 50000",
    )
    parser.add_argument("--events", type=int, default=EVENTS, help=f"{EVENTS:,} if not stated")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.events < 2 * FEW:
        parser.error(f"--events must be {2 * FEW} or more")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended, too
    try:
        compare(chosen.events, chosen.seed)
    except (NotMeasured, RuntimeError) as error:
        sys.exit(f"peers.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def compare(events: int, seed: int) -> None:
    """Measure all participants and print the table."""
    WORKER.install()
    with (
        tempfile.TemporaryDirectory(prefix="peers-") as folder,
        KafkaServer() as kafka,
        RedisServer() as redis,
    ):
        now = int(time.time() * 1_000)
        full = load_of("all", lines(events, seed=seed, end=now))
        few = load_of("few", lines(FEW, days=2, seed=seed, end=now))
        true = replayed(full, Path(folder))
        course = SizeHistory(kafka.address, redis.url, Path(folder), (full, few))
        print(
            f"{events:,} events of {events // EVENTS_PER_CUSTOMER:,} customers over {DAYS} days in "
            f"{PARTITIONS} partitions, {len(true):,} changes; CPython {sys.version.split()[0]}, "
            f"the worker {'compiled' if list(COMPILED.glob('*.so')) else 'as plain Python'}\n"
        )
        print_table(rows(course, true))


def rows(course: SizeHistory, true: Sequence[Change]) -> Iterator[Row | Absent]:
    """Yield what is measured of each, or why it is not."""
    for participant in (WORKER, *PEERS):
        try:
            yield course.measure(participant, true)
        except NotMeasured as error:
            yield Absent(participant, str(error))


def print_table(measured: Iterable[Row | Absent]) -> None:
    """Print the rows as they come."""
    print(HEAD, flush=True)
    ours = None
    for row in measured:
        participant = row.participant
        cells = [participant.name]
        if isinstance(row, Absent):
            cells += [f"not measured: {row.reason}", *[""] * 7]
        else:
            if participant is WORKER:
                ours = row.micros
            ratio = "" if ours is None else f"{row.micros / ours:.2f} x"
            cells += [f"{row.micros:.1f} µs", ratio, participant.guarantee, participant.timers]
            cells += [f"{count:,}" for count in row.verdict]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
