"""What operators watch of a collector, in the Prometheus format; no key, no address, no id."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class CollectorCounts:
    """The metrics of one collector, in a registry of their own.

    `away` says whether Kafka is away, `waiting` how many bytes of requests are in hand.
    """

    def __init__(self, away: Callable[[], bool], waiting: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "streamer_collect_requests", "Requests.", ["status", "code"], registry=self.registry
        )
        self._events = Counter(
            "streamer_collect_events", "Events.", ["key", "outcome"], registry=self.registry
        )
        self._safe = Histogram(
            "streamer_collect_acknowledged_seconds",
            "From a request's last byte to Kafka's acknowledgement of all its events.",
            registry=self.registry,
        )
        self.registry.register(_Gauges(away, waiting))

    def answered(self, status: int, code: str) -> None:
        """Count a request by how it was answered."""
        self._requests.labels(str(status), code).inc()

    def safe(self, key: str, accepted: int, rejected: int, seconds: float) -> None:
        """Count the events of a request that was answered 200."""
        if accepted:
            self._events.labels(key, "accepted").inc(accepted)
        if rejected:
            self._events.labels(key, "rejected").inc(rejected)
        self._safe.observe(seconds)


class _Gauges(Collector):
    def __init__(self, away: Callable[[], bool], waiting: Callable[[], int]) -> None:
        self._away = away
        self._waiting = waiting

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "streamer_collect_kafka_away", "1 while Kafka takes nothing.", value=self._away()
        )
        yield GaugeMetricFamily(
            "streamer_collect_bytes_in_hand", "Of requests not yet answered.", value=self._waiting()
        )
