"""A worker sends spans of the changes of an event that came with a traceparent."""

import time

import orjson
import pytest

from streamer.adapters.spans import ENDPOINTS
from tests.adapters.kafka.topics import append
from tests.live.shop import Shop
from tests.otlp import SpanReceiver
from tests.waiting import wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_a_worker_sends_spans_of_traced_changes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SpanReceiver() as receiver:
        monkeypatch.setenv(ENDPOINTS[1], receiver.url)
        worker = shop.worker()
        wait_until(worker.works, "it works", 60)
        now = time.time_ns() // 1_000_000
        event = {"id": "e-1", "name": "page_viewed", "time": now, "user_id": "u-1"}
        append(
            shop.kafka.address,
            shop.topics.events,
            [orjson.dumps(event)],
            key=b"u-1",
            headers=[("traceparent", TRACEPARENT.encode())],
        )
        wait_until(lambda: bool(shop.changes()), "a change", 60)
        worker.stop()
        (span,) = receiver.named("segment change")
        assert span.trace_id.hex() == TRACE
        assert {one.name for one in receiver.spans} == {"segment change", "commit", "publish"}
