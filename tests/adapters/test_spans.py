"""Spans of traced changes come to a real receiver, under the trace that their event came with."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from streamer.adapters.memory import MemorySink, MemoryStore
from streamer.adapters.spans import ENDPOINTS, Spans, TracedSink, TracedStore
from streamer.errors import UsageError
from streamer.ports import Checkpoint, OutboxEntry
from tests.otlp import SpanReceiver
from tests.webhooks.changes import change

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACED = {1: f"00-{TRACE}-{PARENT}-01"}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpanReceiver]:
    with SpanReceiver() as found:
        monkeypatch.setenv(ENDPOINTS[1], found.url)
        yield found


def entry(traceparents: dict[int, str]) -> OutboxEntry:
    """Return an entry of two changes."""
    return OutboxEntry(1, (change("u-1"), change("u-2")), offset=3, traceparents=traceparents)


def decided(spans: Spans, traceparents: dict[int, str]) -> None:
    """Commit and publish two changes, as a task does."""
    store, sink = TracedStore(MemoryStore(), spans), TracedSink(MemorySink(), spans)
    epoch = store.claim(0, "w").epoch
    said = entry(traceparents)
    store.commit(Checkpoint(0, epoch, 1, 3, None, {}, {}, follows=0, owner="w", entry=said))
    sink.publish([said])


def test_a_traced_change_is_a_span_below_its_event_with_commit_and_publish(
    receiver: SpanReceiver,
) -> None:
    began = time.time_ns()
    with closing(Spans()) as spans:
        decided(spans, TRACED)
    (whole,) = receiver.named("segment change")
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, PARENT)
    said = {one.key: one.value for one in whole.attributes}
    assert said["streamer.change_id"].string_value == change("u-2").change_id
    assert said["streamer.segment"].string_value == "cart_abandoner"
    assert "u-2" not in str(whole)
    (commit,), (publish,) = receiver.named("commit"), receiver.named("publish")
    for part in (commit, publish):
        assert part.trace_id == whole.trace_id
        assert part.parent_span_id == whole.span_id
    assert began <= whole.start_time_unix_nano == commit.start_time_unix_nano
    assert commit.end_time_unix_nano <= publish.start_time_unix_nano
    assert publish.end_time_unix_nano == whole.end_time_unix_nano <= time.time_ns()


def test_what_has_no_trace_has_no_span(receiver: SpanReceiver) -> None:
    with closing(Spans()) as spans:
        decided(spans, {})
    assert receiver.spans == []


def test_what_another_process_committed_has_no_commit(receiver: SpanReceiver) -> None:
    with closing(Spans()) as spans:
        TracedSink(MemorySink(), spans).publish([entry(TRACED)])
    assert [span.name for span in receiver.spans] == ["publish", "segment change"]


def test_a_receiver_that_is_away_costs_spans_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ENDPOINTS[1], "http://127.0.0.1:1")
    began = time.monotonic()
    with closing(Spans()) as spans:
        decided(spans, TRACED)
    assert time.monotonic() - began < 60
    assert capsys.readouterr().err == ""


def test_spans_are_asked_for_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert not Spans.asked_for()
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:4318/v1/traces")
    assert Spans.asked_for()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(UsageError, match=r"pip install 'streamer\[otel\]'"):
        Spans()
