"""Spans of OpenTelemetry: what a worker did with the changes of traced events.

An event that came with a `traceparent` belongs to a trace of the storefront. For each change that
it causes the trace gets a span `segment change`, with `commit` and `publish` below it. Events
without one cost nothing, and no span names a customer. Spans are sent from a thread of their own:
a receiver that is away costs spans and nothing else.
"""

import logging
import os
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from streamer.adapters.kafka.bounded import bounded
from streamer.errors import UsageError
from streamer.ports import Checkpoint, OutboxEntry, Sink, Store

if TYPE_CHECKING:
    from opentelemetry.trace import Span

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""The variables of OpenTelemetry that say where spans go."""
_COMMITS: Final = 10_000
"""So many commits are remembered until they are published."""
_CLOSES_S: Final = 5.0

Period = tuple[int, int]
"""Begin and end in ns since 1970."""


class Spans:
    """Sends spans to where the environment says; raises `UsageError` without OpenTelemetry."""

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 (of an extra)
                OTLPSpanExporter,
            )
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 (the same)
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 (the same)
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 (the same)
        except ImportError:
            raise UsageError(
                f"{' or '.join(ENDPOINTS)} is set, and spans need OpenTelemetry: "
                f"install it with pip install 'streamer[otel]'"
            ) from None
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # a receiver may be away
        named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": "streamer"}
        self._provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("streamer")
        self._commits: OrderedDict[tuple[int, int], Period] = OrderedDict()

    @staticmethod
    def asked_for() -> bool:
        """Whether the environment says where spans go."""
        return any(os.environ.get(name) for name in ENDPOINTS)

    def committed(self, entry: OutboxEntry, period: Period) -> None:
        """Take when an entry was committed, until it is published."""
        self._commits[entry.partition, entry.number] = period
        if len(self._commits) > _COMMITS:
            self._commits.popitem(last=False)

    def published(self, entry: OutboxEntry, period: Period) -> None:
        """Make the spans of an entry's traced changes."""
        commit = self._commits.pop((entry.partition, entry.number), None)
        for index, traceparent in entry.traceparents.items():
            change = entry.changes[index]
            whole = self._span("segment change", traceparent, (commit or period)[0])
            whole.set_attributes(
                {
                    "streamer.change_id": change.change_id,
                    "streamer.segment": change.segment,
                    "streamer.direction": change.direction,
                    "streamer.partition": entry.partition,
                }
            )
            for name, part in (("commit", commit), ("publish", period)):
                if part is not None:
                    self._part(name, whole, part)
            whole.end(period[1])

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        with suppress(TimeoutError):
            bounded(self._provider.shutdown, _CLOSES_S)

    def _span(self, name: str, traceparent: str, begins: int) -> "Span":
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 (of an extra)
            TraceContextTextMapPropagator,
        )

        parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
        return self._tracer.start_span(name, parent, start_time=begins)

    def _part(self, name: str, whole: "Span", period: Period) -> None:
        from opentelemetry.trace import set_span_in_context  # noqa: PLC0415 (of an extra)

        part = self._tracer.start_span(name, set_span_in_context(whole), start_time=period[0])
        part.end(period[1])


class TracedStore:
    """Passes everything on to a store, and tells of the commits of traced changes."""

    def __init__(self, store: Store, spans: Spans) -> None:
        self._store = store
        self._spans = spans
        self.claim = store.claim
        self.load = store.load
        self.scan = store.scan
        self.due = store.due
        self.outbox = store.outbox

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint."""
        entry = checkpoint.entry
        if entry is None or not entry.traceparents:
            self._store.commit(checkpoint)
            return
        began = time.time_ns()
        self._store.commit(checkpoint)
        self._spans.committed(entry, (began, time.time_ns()))


class TracedSink:
    """Passes everything on to a sink, and tells of the publishing of traced changes."""

    def __init__(self, sink: Sink, spans: Spans) -> None:
        self._sink = sink
        self._spans = spans
        self.mark = sink.mark

    def publish(self, batch: Sequence[OutboxEntry]) -> None:
        """Publish the entries."""
        began = time.time_ns()
        self._sink.publish(batch)
        for entry in batch:
            if entry.traceparents:
                self._spans.published(entry, (began, time.time_ns()))
