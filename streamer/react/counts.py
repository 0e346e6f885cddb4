"""What operators watch of reactions, in the Prometheus format."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30)


class ReactionCounts:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.changes = Counter(
            "streamer_react_changes",
            "Changes by what became of them for a reaction.",
            ["outcome"],
            registry=self.registry,
        )
        self.skipped = Counter(
            "streamer_react_skipped",
            "Changes that were missing before one that came.",
            registry=self.registry,
        )
        self.recovered = Counter(
            "streamer_react_read_again",
            "Changes that were read again because they had been passed over.",
            registry=self.registry,
        )
        self.seconds = Histogram(
            "streamer_react_seconds",
            "How long functions took.",
            ["reaction"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "streamer_react_waiting",
            "Customers with changes that wait, for a delay or to be tried again.",
            registry=self.registry,
        )
        self.dead = Gauge(
            "streamer_react_dead", "Changes that were given up.", registry=self.registry
        )
        self.lag = Gauge(
            "streamer_react_lag", "Offsets that are to be read.", registry=self.registry
        )
