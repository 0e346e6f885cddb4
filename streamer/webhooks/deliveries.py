"""What operators see of webhooks: the last deliveries of each endpoint, and the metrics."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import parse_qs

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streamer.instants import iso
from streamer.types import Millis

_KEPT: Final = 1_000
_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)
STATES: Final = ("closed", "open", "half-open", "off")


class Delivery(NamedTuple):
    """One try: of which change, what came of it, and when the next one is, None for none."""

    at: Millis
    change_id: str
    segment: str
    direction: str
    number: int
    outcome: str
    status: int | None
    reason: str
    took: Millis
    body_sha256: str
    next_try: Millis | None

    def facts(self) -> dict[str, object]:
        """Return the delivery as JSON members, without its customer and body."""
        after = None if self.next_try is None else iso(self.next_try)
        return {
            "at": iso(self.at),
            "change_id": self.change_id,
            "segment": self.segment,
            "direction": self.direction,
            "try": self.number,
            "outcome": self.outcome,
            "status": self.status,
            "reason": self.reason,
            "milliseconds": self.took,
            "body_sha256": self.body_sha256,
            "next_try": after,
        }


class DeliveryLog:
    """The last thousand deliveries of each endpoint."""

    def __init__(self) -> None:
        self._kept: dict[str, deque[Delivery]] = {}

    def add(self, endpoint: str, delivery: Delivery) -> None:
        """Take note of a delivery."""
        self._kept.setdefault(endpoint, deque(maxlen=_KEPT)).append(delivery)

    def page(self, query: str) -> bytes:
        """Return the latest first, as JSON; `endpoint=NAME` and `last=N` in the query narrow it."""
        asked = parse_qs(query)
        names = asked.get("endpoint") or sorted(self._kept)
        last = next((int(n) for n in asked.get("last", ()) if n.isascii() and n.isdigit()), _KEPT)
        found = {
            name: [each.facts() for each in list(self._kept.get(name, ()))[::-1][:last]]
            for name in names
        }
        return orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint stands: changes in hand, those of them that are kept, what is to be read."""

    state: str
    in_hand: int
    kept: int
    lag: int


class WebhookCounts:
    """The metrics of one process; `standings` says how each endpoint stands."""

    def __init__(self, standings: Callable[[], Mapping[str, Standing]]) -> None:
        self.registry = CollectorRegistry()
        self.tries = Counter(
            "streamer_webhook_tries",
            "Requests by what came of them.",
            ["endpoint", "outcome"],
            registry=self.registry,
        )
        self.changes = Counter(
            "streamer_webhook_changes",
            "Changes that are settled: delivered, superseded or given up.",
            ["endpoint", "outcome"],
            registry=self.registry,
        )
        self.dropped = Counter(
            "streamer_webhook_records_lost",
            "Records that the topic's retention took before they were read.",
            ["endpoint"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "streamer_webhook_seconds",
            "How long requests took.",
            ["endpoint"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Gauges(standings))


class _Gauges(Collector):
    def __init__(self, standings: Callable[[], Mapping[str, Standing]]) -> None:
        self._standings = standings

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        found = self._standings()
        for name, text, values in (
            (
                "in_hand",
                "Changes that are read and not settled.",
                {endpoint: it.in_hand for endpoint, it in found.items()},
            ),
            (
                "waiting",
                "Changes of customers whose first one failed.",
                {endpoint: it.kept for endpoint, it in found.items()},
            ),
            (
                "lag",
                "Records that wait to be read.",
                {endpoint: it.lag for endpoint, it in found.items()},
            ),
            (
                "off",
                "1 while an endpoint is switched off.",
                {endpoint: it.state == "off" for endpoint, it in found.items()},
            ),
        ):
            family = GaugeMetricFamily(f"streamer_webhook_{name}", text, labels=["endpoint"])
            for endpoint, value in values.items():
                family.add_metric([endpoint], value)
            yield family
        breaker = GaugeMetricFamily(
            "streamer_webhook_breaker", "1 for its state.", labels=["endpoint", "state"]
        )
        for endpoint, standing in found.items():
            for state in STATES:
                breaker.add_metric([endpoint, state], float(standing.state == state))
        yield breaker
