"""What operators watch of a server, in the Prometheus format; no token, no address, no id."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer.serve.follower import ViewStatus

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class ServerCounts:
    """The metrics of one server, in a registry of their own.

    `status` says where the view stands, `sizes` how many customers each membership has, `streams`
    how many readers the stream has and how many were let go.
    """

    def __init__(
        self,
        status: Callable[[], ViewStatus],
        sizes: Callable[[], dict[str, int]],
        streams: Callable[[], tuple[int, int]],
    ) -> None:
        self.registry = CollectorRegistry()
        self._answered = Histogram(
            "streamer_serve_request_seconds",
            "Answers by route and status.",
            ["route", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._changes = Counter(
            "streamer_serve_changes",
            "Changes that came into the view.",
            ["segment", "direction"],
            registry=self.registry,
        )
        self.registry.register(_Gauges(status, sizes, streams))

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._answered.labels(route, str(status)).observe(seconds)

    def moved(self, segment: str, direction: str) -> None:
        """Count a change."""
        self._changes.labels(segment, direction).inc()


class _Gauges(Collector):
    def __init__(
        self,
        status: Callable[[], ViewStatus],
        sizes: Callable[[], dict[str, int]],
        streams: Callable[[], tuple[int, int]],
    ) -> None:
        self._status = status
        self._sizes = sizes
        self._streams = streams

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        readers, dropped = self._streams()
        yield GaugeMetricFamily(
            "streamer_serve_ready", "1 once the view is up to date.", value=status.ready
        )
        yield GaugeMetricFamily(
            "streamer_serve_following", "1 while the source can be read.", value=not status.failure
        )
        yield GaugeMetricFamily("streamer_serve_streams", "Open streams.", value=readers)
        yield CounterMetricFamily(
            "streamer_serve_streams_dropped", "Readers that were let go.", value=dropped
        )
        reached = GaugeMetricFamily(
            "streamer_serve_event_time_seconds",
            "The event time that the view has reached, since 1970.",
            labels=["partition"],
        )
        for number, one in status.reached.items():
            reached.add_metric([str(number)], one.at / 1_000)
        yield reached
        sizes = GaugeMetricFamily(
            "streamer_segment_members", "Customers in each segment now.", labels=["segment"]
        )
        for segment, size in self._sizes().items():
            sizes.add_metric([segment], size)
        yield sizes
