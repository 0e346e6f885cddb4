"""The engine as tests compare it with the oracle: rules and lines in, the oracle's words out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streamer.adapters.memory import MemoryLog, MemorySink, MemoryStore
from streamer.app.replay import replay
from streamer.codecs.events import decode
from streamer.core.engine.program import RuleSet
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules_text
from streamer.types import FOREVER, Millis, SegmentChange
from streamer.worker import Batching, LogRunner, PartitionTask
from tests.strategies import Until


@dataclass(frozen=True)
class Cut:
    """How the work is cut up; no answer may depend on it.

    `batch` records or `wakes` wakes make a cycle, `cache` profiles are kept decoded, and `sweeps`
    times on the way to the end due wakes are asked for.
    """

    batch: int = 500
    wakes: int = 5_000
    cache: int = 1_000
    sweeps: int = 1


@dataclass(frozen=True)
class Answer:
    """What was said of each customer, in the oracle's words, and which lines were not accepted."""

    changes: dict[str, list[dict[str, Any]]]
    rejected: list[tuple[int, str]]


def compiled(yaml_text: str, *, closely: int = 0) -> RuleSet:
    """The rule set of one YAML text; `closely` as for `compile_rules`."""
    declared = read_rules_text(yaml_text)
    return compile_rules(declared.header, declared.declarations, closely=closely)


def engine_run(
    rules: RuleSet, lines: Sequence[bytes], until: Until = "end", cut: Cut | None = None
) -> Answer:
    """Run the lines of an events file on the adapters in memory: as a replay, or cut up."""
    log, sink = MemoryLog(), MemorySink()
    for line in lines:
        log.append(line)
    horizon = until if isinstance(until, int) else None
    if cut is None:
        replay(rules, log, decode, sink, until=horizon)
    else:
        work(rules, log, sink, horizon, cut)
    return Answer(
        said(sink.changes), [(one.record.offset + 1, one.kind) for one in sink.rejections]
    )


def work(
    rules: RuleSet, log: MemoryLog, sink: MemorySink, horizon: Millis | None, cut: Cut
) -> None:
    """Work through the log, acting on due wakes at other times than a replay does."""
    batching = Batching(
        batch=cut.batch,
        wakes=cut.wakes,
        cache=cut.cache,
    )
    most = FOREVER if horizon is None else horizon
    task = PartitionTask(rules, MemoryStore(), sink, decode, batching=batching, horizon=most)
    runner = LogRunner(task, log, sink, batching.batch)
    runner.start()
    while runner.step():
        if task.log_time is not None:
            runner.fire_due(task.log_time - task.lateness)
    end = end_of_file(task) if horizon is None else horizon
    start = min(task.tally.earliest or end, end)
    for part in range(1, cut.sweeps + 1):
        runner.fire_due(start + (end - start) * part // cut.sweeps)


def end_of_file(task: PartitionTask) -> int:
    """The larger of the largest accepted event time and log time less `lateness`."""
    reached = 0 if task.log_time is None else task.log_time - task.lateness
    return max(task.tally.latest or 0, reached)


def said(changes: Sequence[SegmentChange]) -> dict[str, list[dict[str, Any]]]:
    """The changes by customer, each with what the rules determine of it."""
    told: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        told.setdefault(change.customer, []).append(
            {
                "customer_id": change.customer,
                "segment": change.segment,
                "direction": change.direction,
                "at": change.at,
                "sequence": change.sequence,
                "born": change.born,
                "cause": change.cause,
                "event": change.event_id,
                "ladder": change.ladder,
                "from": change.origin,
                "to": change.target,
            }
        )
    return told
