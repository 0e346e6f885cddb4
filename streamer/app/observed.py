"""What a scrape reads of the tasks and counts of a worker; called in the scraper's thread."""

from collections import Counter
from collections.abc import Mapping

from streamer.adapters.readings import Histogram, PartitionReading
from streamer.app.nodes import leaves_of
from streamer.core.engine.program import RuleSet
from streamer.types import SECOND
from streamer.worker import BOUNDS, Assignment, Durations, PartitionTask


def partition_reading(
    assignment: Assignment, task: PartitionTask, lag: int | None
) -> PartitionReading:
    """Return where a partition stands; `lag` is how many records wait to be read."""
    log_time, mark, skew = task.log_time, task.restoring, assignment.clock.skew()
    lag_seconds = 0.0 if lag == 0 else None
    if lag and log_time is not None:
        lag_seconds = max(0, assignment.clock.now() - log_time) / SECOND
    return PartitionReading(
        offset=task.offset,
        lag=lag,
        lag_seconds=lag_seconds,
        timer_lag_seconds=assignment.timer_lag(task) / SECOND,
        restore_remaining=0 if mark is None else max(0, mark.offset - task.offset),
        scanned=task.scanned,
        migrated=not task.has_old_profiles,
        skew_seconds=None if skew is None else skew / SECOND,
    )


def overflows_by_segment(rules: RuleSet, overflows: Mapping[int, int]) -> dict[str, int]:
    """Return the overflows of cells by the segments that read them."""
    found: Counter[str] = Counter()
    beyond = dict(overflows)
    for segment in rules.segments:
        for asked in leaves_of(segment):
            found[segment.key] += sum(beyond.get(slot, 0) for slot in asked.slots)
    return {key: times for key, times in found.items() if times}


def histogram(durations: Durations) -> Histogram:
    """Return the durations as a histogram."""
    *at_most, count = durations.at_most()
    return Histogram(dict(zip(BOUNDS, at_most, strict=True)), count, durations.total)
