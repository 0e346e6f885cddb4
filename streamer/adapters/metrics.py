"""What operators watch: counts and gauges in the Prometheus format, read when they are asked for.

Nothing is counted twice for it: a scrape reads what the workers have counted anyway, so the hot
lane pays nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

NANOSECONDS: Final = 1e9


@dataclass(frozen=True, slots=True)
class Histogram:
    """Durations in seconds: how many were at most as long as each bound, how many in all."""

    at_most: Mapping[float, int] = field(default_factory=dict)
    count: int = 0
    total: float = 0.0


@dataclass(slots=True)
class Readings:
    """What a scrape sees of a process that decides.

    `offsets` are the next records to read by partition and `lags` how many are there to be read,
    `spent` nanoseconds of CPU by stage, `overflows` how often a cell dropped values over its bound,
    by the segment that reads it, `unusable` in how many events a property could not be read.
    `migrated` counts the profiles decided again after the rules
    changed, `migration` says for each partition how many customers have been looked at for that,
    and whether that was all of them. `commits` are commits of the store, `delays` the time from
    a record's append, or from when a change was due, until the change was published.
    """

    records: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    overflows: Mapping[str, int] = field(default_factory=dict)
    unusable: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    offsets: Mapping[int, int] = field(default_factory=dict)
    lags: Mapping[int, int] = field(default_factory=dict)
    commits: Histogram = field(default_factory=Histogram)
    delays: Histogram = field(default_factory=Histogram)
    paused: int = 0
    restoring: int = 0
    rules: str = ""
    rules_refused: int = 0
    migrated: int = 0
    migration: Mapping[int, tuple[int, bool]] = field(default_factory=dict)


class Metrics(Collector):
    """Turns readings into metrics; `read` is called for every scrape, in the scraper's thread."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        self._read = read

    def registry(self) -> CollectorRegistry:
        """Return a registry of its own that holds just these metrics."""
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        seen = self._read()
        yield _counter("records", "Records by outcome.", ["outcome"], _keyed(seen.records))
        yield _counter("changes", "Changes committed.", ["segment", "direction"], seen.changes)
        yield _counter(
            "state_overflows",
            "Times a customer's state went beyond its bound.",
            ["segment"],
            _keyed(seen.overflows),
        )
        yield _counter(
            "unusable_properties",
            "Accepted events with a property that rules read and could not.",
            ["property"],
            _keyed(seen.unusable),
        )
        yield _counter("failures", "Failures by kind.", ["kind"], _keyed(seen.failures))
        cpu = {stage: spent / NANOSECONDS for stage, spent in dict(seen.spent).items()}
        yield _counter("cpu_seconds", "CPU time by stage of the cycle.", ["stage"], _keyed(cpu))
        yield _counter(
            "rules_refused", "Rule sets refused at reload.", [], {(): seen.rules_refused}
        )
        yield _counter("migrated", "Profiles decided under new rules.", [], {(): seen.migrated})
        yield _by_partition(
            "migration_scanned",
            "Customers looked at since the rules changed.",
            {partition: scanned for partition, (scanned, _) in seen.migration.items()},
        )
        yield _by_partition(
            "migration_done",
            "1 once every customer is decided under the present rules.",
            {partition: done for partition, (_, done) in seen.migration.items()},
        )
        yield _gauge("partitions_paused", "Partitions without a task.", seen.paused)
        yield _gauge("partitions_restoring", "Partitions restored from the log.", seen.restoring)
        yield _by_partition("next_offset", "The next record to read.", seen.offsets)
        yield _by_partition("consumer_lag", "Records that wait to be read.", seen.lags)
        yield _histogram("commit_seconds", "Commits of the store.", seen.commits)
        yield _histogram(
            "change_delay_seconds", "From append or due time to published.", seen.delays
        )
        rules = GaugeMetricFamily("streamer_rules", "The rules in use.", labels=["version"])
        rules.add_metric([seen.rules], 1)
        yield rules


def _keyed(counts: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): count for name, count in dict(counts).items()}


def _counter(
    name: str, text: str, labels: list[str], counts: Mapping[tuple[str, ...], float]
) -> Metric:
    family = CounterMetricFamily(f"streamer_{name}", text, labels=labels)
    for values, count in dict(counts).items():
        family.add_metric(list(values), count)
    return family


def _histogram(name: str, text: str, seen: Histogram) -> Metric:
    buckets = [(str(bound), count) for bound, count in seen.at_most.items()]
    buckets.append(("+Inf", seen.count))
    return HistogramMetricFamily(f"streamer_{name}", text, buckets=buckets, sum_value=seen.total)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"streamer_{name}", text, value=value)


def _by_partition(name: str, text: str, values: Mapping[int, float]) -> Metric:
    family = GaugeMetricFamily(f"streamer_{name}", text, labels=["partition"])
    for partition, value in dict(values).items():
        family.add_metric([str(partition)], value)
    return family
