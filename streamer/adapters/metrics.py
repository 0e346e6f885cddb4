"""The metrics of a worker in the Prometheus format, read at each scrape.

Nothing is counted twice for it: a scrape reads what the workers have counted anyway, so the hot
lane pays nothing. Every label has few values: `docs/metrics.md` says which, and a test compares
that page with what is exposed here. No label names a customer.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from streamer.adapters.readings import Footprint, Histogram, PartitionReading, Readings

NANOSECONDS: Final = 1e9
_WHOLE_RECORD: Final = "/"
"""The path of a record of which no part can be read."""

_PARTITION: Final[tuple[tuple[str, str, Callable[[PartitionReading], float | None]], ...]] = (
    ("next_offset", "The next record to read.", lambda one: one.offset),
    ("consumer_lag", "Records that wait to be read.", lambda one: one.lag),
    (
        "consumer_lag_seconds",
        "How far the last record read is behind the broker's clock while some wait.",
        lambda one: one.lag_seconds,
    ),
    (
        "timer_lag_seconds",
        "For how long a timer may have been due that has not fired.",
        lambda one: one.timer_lag_seconds,
    ),
    (
        "restore_remaining",
        "Records to decide again until the partition is restored.",
        lambda one: one.restore_remaining,
    ),
    (
        "migration_scanned",
        "Customers looked at since the rules changed.",
        lambda one: one.scanned,
    ),
    (
        "migration_done",
        "1 once every customer is decided under the present rules.",
        lambda one: one.migrated,
    ),
    (
        "broker_clock_skew_seconds",
        "How far the broker's clock is ahead of this machine's.",
        lambda one: one.skew_seconds,
    ),
)
_STORE: Final[tuple[tuple[str, str, Callable[[Footprint], float]], ...]] = (
    ("store_customers", "Customers with a profile in Redis.", lambda one: one.customers),
    ("store_bytes", "What they take in Redis, estimated from some.", lambda one: one.bytes),
    (
        "redis_memory_used_bytes",
        "Memory of the Redis that holds the partition.",
        lambda one: one.used,
    ),
    (
        "redis_memory_limit_bytes",
        "The maxmemory of the Redis that holds the partition, 0 for none.",
        lambda one: one.limit,
    ),
)


class Metrics(Collector):
    """Turns readings into metrics; `read` is called for every scrape, in the scraper's thread."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        self._read = read

    def registry(self) -> CollectorRegistry:
        """Return a registry of its own that holds these metrics, and those of the process."""
        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        return registry

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        seen = self._read()
        yield from _counters(seen)
        yield from _times(seen)
        yield from _standing(seen)
        for name, text, reading in _PARTITION:
            found = ((number, reading(one)) for number, one in seen.partitions.items())
            yield _by_partition(name, text, {one: it for one, it in found if it is not None})
        for name, text, sample in _STORE:
            footprints = seen.footprints.items()
            yield _by_partition(name, text, {number: sample(one) for number, one in footprints})
        yield _info("rules", "The rules in use.", {"version": seen.rules})
        yield _info("build_info", "The program that runs.", seen.build)


def _counters(seen: Readings) -> Iterator[Metric]:
    yield _counter("records", "Records by outcome.", ["outcome"], _keyed(seen.records))
    invalid = {path or _WHOLE_RECORD: count for path, count in dict(seen.invalid).items()}
    yield _counter(
        "invalid_records",
        "Records that are no event, by the place in the schema.",
        ["path"],
        _keyed(invalid),
    )
    yield _counter("links", "Links between ids by outcome.", ["outcome"], _keyed(seen.links))
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
    yield _counter("rules_refused", "Rule sets refused at reload.", [], {(): seen.rules_refused})
    yield _counter("migrated", "Profiles decided under new rules.", [], {(): seen.migrated})


def _times(seen: Readings) -> Iterator[Metric]:
    for name, text, spent in (
        ("cpu_seconds", "CPU time by stage of the cycle.", seen.spent),
        ("cycle_seconds", "Time by the clock by stage of the cycle.", seen.passed),
    ):
        seconds = {stage: nanos / NANOSECONDS for stage, nanos in dict(spent).items()}
        yield _counter(name, text, ["stage"], _keyed(seconds))
    yield _histogram("commit_seconds", "Commits of the store.", {(): seen.commits})
    yield _histogram("transaction_seconds", "Transactions of the sink.", {(): seen.transactions})
    yield _histogram(
        "change_delay_seconds",
        "From append, or from when a timer may fire, until a change is published.",
        {("event",): seen.delays, ("time",): seen.timer_delays},
        ["cause"],
    )


def _standing(seen: Readings) -> Iterator[Metric]:
    states = GaugeMetricFamily("streamer_partitions", "Partitions by state.", labels=["state"])
    for state, count in seen.states.items():
        states.add_metric([state], count)
    yield states
    yield _gauge("topic_partitions", "Partitions of the topic of events.", seen.topic_partitions)
    yield _gauge("connected", "1 while Kafka is heard of.", seen.connected)
    yield _gauge("idle_seconds", "Time since the last cycle ended.", seen.idle_seconds)
    yield _gauge("rules_stale", "1 while newer rules are refused.", seen.rules_stale)


def _keyed(counts: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): count for name, count in dict(counts).items()}


def _counter(
    name: str, text: str, labels: list[str], counts: Mapping[tuple[str, ...], float]
) -> Metric:
    family = CounterMetricFamily(f"streamer_{name}", text, labels=labels)
    for values, count in dict(counts).items():
        family.add_metric(list(values), count)
    return family


def _histogram(
    name: str, text: str, seen: Mapping[tuple[str, ...], Histogram], labels: list[str] | None = None
) -> Metric:
    family = HistogramMetricFamily(f"streamer_{name}", text, labels=labels)
    for values, one in seen.items():
        buckets = [(str(bound), count) for bound, count in one.at_most.items()]
        family.add_metric(list(values), [*buckets, ("+Inf", one.count)], one.total)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"streamer_{name}", text, value=value)


def _info(name: str, text: str, labels: Mapping[str, str]) -> Metric:
    family = GaugeMetricFamily(f"streamer_{name}", text, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family


def _by_partition(name: str, text: str, values: Mapping[int, float]) -> Metric:
    family = GaugeMetricFamily(f"streamer_{name}", text, labels=["partition"])
    for partition, value in values.items():
        family.add_metric([str(partition)], value)
    return family
