"""Replay: history from files through the same worker as live, and what came of it.

The changes depend on the lines and the rules alone: not on the size of batches, and not on the
order in which this process happens to hold things. Memory grows with customers, not with lines.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from streamer.adapters.files import FileSink
from streamer.adapters.memory import MemoryStore
from streamer.app.books import Account, BookedSink, Entered, MembershipStats
from streamer.app.inputs import Decoder, EventReading
from streamer.app.intake import Intake, RefusalReason, Refusals
from streamer.app.nodes import leaves_of
from streamer.codecs.profiles import holds_profile
from streamer.core.engine.program import RuleSet
from streamer.ports import Checkpoint, Log, Sink
from streamer.types import FOREVER, Millis, Record, Unusable
from streamer.worker import Batching, LogRunner, PartitionTask, RecordTally

BATCH: Final = 500
"""Records in one cycle: what more of them hold no longer fits into the cache of a processor."""
DECODED: Final = 1 << 20
"""Bytes of the profiles that are cached decoded, which then take 30 to 40 times as much: history
comes back to the customers of the hour, so more of them make it no faster."""


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay did.

    Every line is `applied`, `duplicate`, `late`, `early`, `invalid`, or `left_out` because it lies
    after `until`; `reasons` tell why lines were invalid, `timed` whether they carried their append
    time. `first` and `last` are the smallest and largest time of an accepted event, `until` the
    instant up to which time was driven. `beyond` says for each condition that needed more than its
    stated bound how often it did, `unusable` for each property that rules read and could not in how
    many events that was. `customers` had a profile, `joined` of them became users, and the
    `known` among them have a profile at the end, of `bytes_average` on average and `bytes_largest`
    at most; None where there is no profile.
    `seconds` are of the wall clock, `peak_memory` is in bytes, None where the system does not tell.
    """

    lines: int
    customers: int
    joined: int
    known: int
    bytes_average: int | None
    bytes_largest: int | None
    applied: int
    duplicate: int
    late: int
    early: int
    invalid: int
    left_out: int
    changes: int
    first: Millis | None
    last: Millis | None
    until: Millis | None
    accounts: tuple[Account, ...]
    beyond: dict[str, int]
    unusable: dict[str, Unusable]
    rules: str
    reasons: tuple[RefusalReason, ...]
    timed: bool
    seconds: float
    peak_memory: int | None

    @property
    def rejected(self) -> int:
        """How many lines were not accepted."""
        return self.intake.rejected

    @property
    def intake(self) -> Intake:
        """What became of the lines."""
        return Intake(
            self.lines,
            self.applied,
            self.duplicate,
            self.late,
            self.early,
            self.invalid,
            self.left_out,
            self.reasons,
            self.timed,
        )


def replay(
    rules: RuleSet,
    log: Log,
    decode: Decoder,
    sink: Sink,
    *,
    until: Millis | None = None,
    batch: int = BATCH,
    watch: Callable[[], object] = lambda: None,
) -> ReplaySummary:
    """Run the whole log through the rules, then time up to `until`, and return what happened.

    `until` None is the end: the larger of the largest time of an accepted event and log time less
    lateness. `watch` is called after every batch.
    """
    started = time.perf_counter()
    counted = _CountedLog(log)
    store = _CountingStore()
    books = MembershipStats(rules.segments)
    batching = Batching(batch=batch, decoded=DECODED)
    horizon = FOREVER if until is None else until
    booked = BookedSink(sink, books)
    refusals = Refusals()
    noted = refusals.noting(decode)
    task = PartitionTask(rules, store, booked, noted, batching=batching, horizon=horizon)
    runner = LogRunner(task, counted, booked, batch)
    runner.start()
    while runner.step():
        watch()
    timed = task.log_time is not None
    end = _end(task) if until is None else until
    if end is not None:
        runner.fire_due(end)
    tally = task.tally
    known = [size for size in store.sizes.values() if size]
    outcomes = {kind: tally.outcomes[kind] for kind in ("duplicate", "late", "early", "invalid")}
    return ReplaySummary(
        lines=counted.lines,
        customers=len(store.sizes),
        joined=len(store.joined),
        known=len(known),
        bytes_average=round(sum(known) / len(known)) if known else None,
        bytes_largest=max(known, default=None),
        applied=tally.outcomes["applied"],
        left_out=counted.lines - sum(tally.outcomes.values()),
        changes=books.changes,
        first=tally.earliest,
        last=tally.latest,
        until=end,
        accounts=books.accounts(),
        beyond=_beyond(rules, tally),
        unusable=dict(sorted(tally.unusable.items())),
        rules=rules.version,
        reasons=refusals.reasons(),
        timed=timed,
        seconds=time.perf_counter() - started,
        peak_memory=_peak_memory(),
        **outcomes,
    )


def replay_into(
    books: Entered, rules: RuleSet, reading: EventReading, *, until: Millis | None = None
) -> ReplaySummary:
    """Replay with every change counted, and none published."""
    with FileSink(None) as nowhere:
        sink = BookedSink(nowhere, books)
        log, decode = reading.log, reading.decode
        return replay(rules, log, decode, sink, until=until, watch=reading.watch)


class _CountedLog:
    """A log that counts what is read from it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.lines = 0

    def read(self, partition: int, offset: int, limit: int) -> Sequence[Record]:
        records = self._log.read(partition, offset, limit)
        self.lines += len(records)
        return records


class _CountingStore(MemoryStore):
    """A store in memory that also knows how many bytes the profile of each customer takes.

    0 for who had a profile and has none any more. `joined` are those who became one person with a
    user: what they are an alias of stands in the place of their profile.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[str, int] = {}
        self.joined: set[str] = set()

    def commit(self, checkpoint: Checkpoint) -> None:
        super().commit(checkpoint)
        for customer, profile in checkpoint.profiles.items():
            if profile is not None and holds_profile(profile):
                self.sizes[customer] = len(profile)
                self.joined.discard(customer)
                continue
            self.sizes[customer] = 0
            if profile is not None:
                self.joined.add(customer)


def _end(task: PartitionTask) -> Millis | None:
    instants = []
    if task.tally.latest is not None:
        instants.append(task.tally.latest)
    if task.log_time is not None:
        instants.append(task.log_time - task.lateness)
    return max(instants, default=None)


def _beyond(rules: RuleSet, tally: RecordTally) -> dict[str, int]:
    """Return how often the cells of each leaf went over their bound, by the leaf's label."""
    found: dict[str, int] = {}
    for segment in rules.segments:
        for asked in leaves_of(segment):
            times = sum(tally.overflows[slot] for slot in asked.slots)
            if times:
                found[f"{segment.key}: {asked.leaf.label}"] = times
    return found


def _peak_memory() -> int | None:
    try:
        import resource  # noqa: PLC0415 (not on every system)
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
