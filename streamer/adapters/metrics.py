"""What operators watch: counts and gauges in the Prometheus format, read when they are asked for.

Nothing is counted twice for it: a scrape reads what the workers have counted anyway, so the hot
lane pays nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

NANOSECONDS: Final = 1e9


@dataclass(slots=True)
class Readings:
    """What a scrape sees of a process that decides.

    `offsets` are the next records to read by partition, `spent` nanoseconds of CPU by stage,
    `beyond` how often a memory went beyond its stated bound, by the segment that asks it.
    `renewed` counts the profiles decided anew after the rules changed, `renewing` says for each
    partition how many customers have been looked at for that, and whether that was all of them.
    """

    records: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    beyond: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)
    trouble: Mapping[str, int] = field(default_factory=dict)
    offsets: Mapping[int, int] = field(default_factory=dict)
    held: int = 0
    rebuilding: int = 0
    rules: str = ""
    rules_refused: int = 0
    renewed: int = 0
    renewing: Mapping[int, tuple[int, bool]] = field(default_factory=dict)


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
        yield _counter("changes", "Changes told.", ["segment", "direction"], seen.changes)
        yield _counter(
            "beyond_bound", "Times a bound was passed.", ["segment"], _keyed(seen.beyond)
        )
        yield _counter("trouble", "Trouble that passed or will.", ["kind"], _keyed(seen.trouble))
        cpu = {stage: spent / NANOSECONDS for stage, spent in dict(seen.spent).items()}
        yield _counter("cpu_seconds", "CPU time by stage of the cycle.", ["stage"], _keyed(cpu))
        yield _counter(
            "rules_refused", "Rule sets refused at reload.", [], {(): seen.rules_refused}
        )
        yield _counter("renewed", "Profiles decided under new rules.", [], {(): seen.renewed})
        yield _by_partition(
            "renewal_looked_at",
            "Customers looked at since the rules changed.",
            {partition: looked_at for partition, (looked_at, _) in seen.renewing.items()},
        )
        yield _by_partition(
            "renewal_done",
            "1 once every customer is decided under the present rules.",
            {partition: done for partition, (_, done) in seen.renewing.items()},
        )
        yield _gauge("partitions_held", "Partitions that wait to be taken over.", seen.held)
        yield _gauge("partitions_rebuilding", "Partitions on covered ground.", seen.rebuilding)
        yield _by_partition("next_offset", "The next record to read.", seen.offsets)
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


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"streamer_{name}", text, value=value)


def _by_partition(name: str, text: str, values: Mapping[int, float]) -> Metric:
    family = GaugeMetricFamily(f"streamer_{name}", text, labels=["partition"])
    for partition, value in dict(values).items():
        family.add_metric([str(partition)], value)
    return family
