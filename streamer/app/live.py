"""The hot lane: a process that takes its share of the partitions and says what becomes true.

Works on a feed, a store and a sink, whichever they are; `streamer.app.connect` makes them on
Kafka and Redis. Until they can be reached it tries again for ever, and says so. What changes while
it runs is the rules: read again when asked to, and put in force between two passes, by claiming
every partition again under them.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol
from uuid import uuid4

from streamer import __version__
from streamer.adapters.clock import wall_time
from streamer.adapters.readings import Footprint, Readings
from streamer.app.observed import histogram, overflows_by_segment, partition_reading
from streamer.app.timed import TimedSink, TimedStore
from streamer.codecs.controls import ControlKey
from streamer.codecs.events import decode
from streamer.core.engine import program
from streamer.core.engine.program import RuleSet
from streamer.errors import AdapterError, Fenced, RuleErrors, StreamerError, Unavailable
from streamer.ports import Feed, Sink, Store
from streamer.types import Millis
from streamer.worker import (
    Assignment,
    Batching,
    Clocks,
    Durations,
    PartitionTask,
    RecordTally,
    State,
    Stopwatch,
    Worker,
)

_STALLED: Final = 30.0
"""After so many seconds without a pass the process is not ready."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
"""Seconds between two attempts to connect: each pause is twice the one before."""
_KINDS: Final[dict[type[AdapterError], str]] = {Fenced: "fenced", Unavailable: "unavailable"}
"""What passes; everything else is called failed."""
_MEASURE_EVERY: Final = 10.0
"""After so many seconds the store is asked what the next partition takes: it costs a command."""
_LIVING: Final = [state for state in State if state not in {State.CLOSED, State.REVOKED}]
_BUILD: Final = {
    "version": __version__,
    "compiled": str(not program.__file__.endswith(".py")).lower(),
}


class Journal(Protocol):
    """Where a process writes what happens to it."""

    def say(self, event: str, level: str = "info", /, **facts: object) -> None:
        """Write one line."""


@dataclass(slots=True)
class Adapters:
    """What the hot lane is connected to; `close` lets go of it, leaving the group.

    `partitions` is how many the topic has, 0 where that does not matter. `measure` returns what a
    partition takes in the store, where the store can tell.
    """

    feed: Feed
    store: Store
    sink: Sink
    close: Callable[[], None]
    partitions: int = 0
    measure: Callable[[int], Footprint] | None = None


class Live:
    """Runs until stopped. `instance` names the process in the store and among transactions.

    `joining` is what signs the control records by which ids join; without it, none do.
    `connect` raises `Unavailable` where trying again may help. The first rules must be right: what
    `read_rules` raises for them is raised here.
    """

    def __init__(
        self,
        read_rules: Callable[[], RuleSet],
        connect: Callable[[], Adapters],
        batching: Batching,
        journal: Journal,
        instance: str,
        joining: ControlKey | None = None,
    ) -> None:
        self._read_rules = read_rules
        self._rules = read_rules()
        self._connect = connect
        self._batching = batching
        self._journal = journal
        self._instance = instance
        self._joining = joining
        self._tasks_made = 0
        self._tally = RecordTally()
        self._failures: Counter[str] = Counter()
        self._commits, self._transactions = Durations(), Durations()
        self._delays, self._timer_delays = Durations(), Durations()
        self._adapters: Adapters | None = None
        self._footprints: dict[int, Footprint] = {}
        self._measures, self._measured = 0, time.monotonic()
        self._refused = 0
        self._refusal: str | None = None
        self._away: str | None = "not connected yet"
        self._turned = time.monotonic()
        self._stopping = threading.Event()
        self._reloading = threading.Event()
        self._watch = Stopwatch(time.process_time_ns, time.monotonic_ns)
        self._assignments: Mapping[int, Assignment] = {}
        self._silence: str | None = None

    def stop(self) -> None:
        """Ask for the end: after the present pass everything is committed and published."""
        self._stopping.set()

    def reload(self) -> None:
        """Ask for the rules to be read again after the present pass."""
        self._reloading.set()

    def run(self) -> None:
        """Work until asked to stop, then leave; raises what makes that impossible."""
        self._journal.say("started", rules=self._rules.version, instance=self._instance)
        self._say_joining()
        try:
            adapters = self._connected()
            if adapters is not None:
                try:
                    self._work(adapters)
                finally:
                    with suppress(AdapterError):
                        adapters.close()
        except StreamerError as error:
            self._journal.say("failed", "error", error=str(error))
            raise
        self._journal.say("stopped", records=dict(self._tally.outcomes))

    def _say_joining(self) -> None:
        """Say it where the rules join ids, and this process does not."""
        if self._rules.joins and self._joining is None:
            self._journal.say("ids are not joined", "warning", missing="--control-key-file")

    def unready(self) -> str | None:
        """Return why the process cannot work as it should just now, None if it can."""
        if self._away is not None:
            return self._away
        if time.monotonic() - self._turned > _STALLED:
            return f"no turn for {time.monotonic() - self._turned:.0f} s"
        if self._refusal is not None:
            return f"the new rules were refused, the rules before are in force: {self._refusal}"
        if self._silence is not None:
            return self._silence
        assignments = list(self._assignments.values())
        held = [assignment.life.reason for assignment in assignments if assignment.task is None]
        if not held:
            return None
        known = next((f": {reason}" for reason in held if reason is not None), "")
        return f"{len(held)} of {len(assignments)} partitions are paused{known}"

    def readings(self) -> Readings:
        """Return the readings of all metrics, as they stand."""
        assignments = dict(self._assignments)
        tasks = {p: (it, it.task) for p, it in assignments.items() if it.task is not None}
        states = Counter(it.life.state for it in assignments.values())
        return Readings(
            records=self._tally.outcomes,
            invalid=self._tally.invalid,
            links=self._tally.links,
            changes=self._tally.changes,
            overflows=overflows_by_segment(self._rules, self._tally.overflows),
            unusable={name: one.count for name, one in dict(self._tally.unusable).items()},
            spent=self._watch.spent,
            passed=self._watch.passed,
            failures=self._failures,
            commits=histogram(self._commits),
            transactions=histogram(self._transactions),
            delays=histogram(self._delays),
            timer_delays=histogram(self._timer_delays),
            states={state.name.lower(): states[state] for state in _LIVING},
            partitions={
                number: partition_reading(it, task, self._lag(task))
                for number, (it, task) in tasks.items()
            },
            footprints={one: it for one, it in dict(self._footprints).items() if one in tasks},
            topic_partitions=0 if self._adapters is None else self._adapters.partitions,
            connected=self._away is None and self._silence is None,
            idle_seconds=time.monotonic() - self._turned,
            rules=self._rules.version,
            rules_refused=self._refused,
            rules_stale=self._refusal is not None,
            migrated=self._tally.migrated,
            build=_BUILD,
        )

    def on_assigned(self, partition: int, task: PartitionTask) -> None:
        """Write that a partition is worked on."""
        mark = task.restoring
        facts: dict[str, object] = {} if mark is None else {"restoring_until": mark.offset}
        if task.has_old_profiles:
            facts |= {"new_rules": self._rules.version, "cold_segments": task.cold_segments}
        self._journal.say("partition assigned", partition=partition, offset=task.offset, **facts)

    def on_failure(self, partition: int, error: AdapterError, pause: Millis) -> None:
        """Write what went wrong."""
        self._note(error, partition=partition, retry_in_ms=pause)

    def on_migrated(self, partition: int, task: PartitionTask) -> None:
        """Write that every customer is decided under the present rules."""
        self._journal.say("partition migrated", partition=partition, scanned=task.scanned)

    def on_revoked(self, partition: int) -> None:
        """Write that a partition was revoked."""
        self._journal.say("partition revoked", partition=partition)

    def _connected(self) -> Adapters | None:
        """Return what to work on as soon as it can be reached; None if asked to stop before."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                adapters = self._connect()
            except Unavailable as error:
                self._away = str(error)
                self._note(error, retry_in_ms=round(pause * 1_000))
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._away = None
                return adapters
        return None

    def _work(self, adapters: Adapters) -> None:
        clocks = Clocks(wall_time, lambda: time.monotonic_ns() // 1_000_000)
        sink = TimedSink(adapters.sink, time.monotonic_ns, self._transactions)
        task_factory = partial(self._make_task, adapters.store, sink)
        worker = Worker(
            adapters.feed,
            sink,
            task_factory,
            self._batching,
            clocks,
            self,
            self._watch,
            delays=self._delays,
            timer_delays=self._timer_delays,
        )
        self._adapters = adapters
        self._assignments = worker.assignments
        self._turned = time.monotonic()
        while not self._stopping.is_set():
            if self._reloading.is_set():
                self._reloading.clear()
                self._reload(worker)
            worker.run_once()
            self._turned = time.monotonic()
            self._listen(adapters.feed.trouble)
            if self._turned - self._measured >= _MEASURE_EVERY:
                self._measured = self._turned
                self._measure(adapters, list(worker.assignments))
                self._say_refused_links()
        worker.close()
        self._say_refused_links()

    def _say_refused_links(self) -> None:
        """Write which ids were not linked, as the hashes that the audit has of ids."""
        refused, self._tally.refused_links = self._tally.refused_links, Counter()
        for one, times in refused.items():
            facts = {"user_hash": one.user_hash, "anonymous_hash": one.anonymous_hash}
            self._journal.say("ids not linked", "warning", reason=one.kind, times=times, **facts)

    def _measure(self, adapters: Adapters, partitions: Sequence[int]) -> None:
        """Measure what one partition takes in the store; each call takes the next partition."""
        if adapters.measure is None or not partitions:
            return
        partition = partitions[self._measures % len(partitions)]
        self._measures += 1
        with suppress(AdapterError):  # the next commit says what is wrong
            self._footprints[partition] = adapters.measure(partition)

    def _make_task(self, store: Store, sink: Sink, partition: int) -> PartitionTask:
        self._tasks_made += 1
        return PartitionTask(
            self._rules,
            TimedStore(store, time.monotonic_ns, self._commits),
            sink,
            decode,
            partition=partition,
            batching=self._batching,
            owner=f"{self._instance}/{self._tasks_made}",
            watch=self._watch,
            tally=self._tally,
            joining=self._joining,
        )

    def _reload(self, worker: Worker) -> None:
        try:
            rules = self._read_rules()
        except StreamerError as error:
            self._refused += 1
            errors = error.errors if isinstance(error, RuleErrors) else [error]
            self._refusal = str(errors[0]).splitlines()[0]
            self._journal.say("rules refused", "error", errors=len(errors), first=self._refusal)
            return
        self._refusal = None
        if rules.version != self._rules.version:
            self._rules = rules
            self._tally.overflows.clear()
            worker.claim_all_again()
        self._journal.say("rules read", rules=rules.version)

    def _listen(self, silence: str | None) -> None:
        """Write when the feed has nothing to deliver that one could wait for, and when it has."""
        if silence != self._silence:
            if silence is None:
                self._journal.say("heard again")
            elif self._silence is None:
                self._note(Unavailable(silence))
            self._silence = silence

    def _note(self, error: AdapterError, /, **facts: object) -> None:
        kind = _KINDS.get(type(error), "failed")
        self._failures[kind] += 1
        level = "error" if kind == "failed" else "warning"
        self._journal.say(kind, level, error=str(error), **facts)

    def _lag(self, task: PartitionTask) -> int | None:
        return (
            None if self._adapters is None else self._adapters.feed.lag(task.partition, task.offset)
        )


def new_instance(group: str) -> str:
    """Return a name that no other process of the group has or had."""
    return f"{group}-{uuid4().hex[:12]}"
