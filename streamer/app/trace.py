"""How one change came to be: what caused it, and when it reached each stage.

Everything is read from Kafka: the change in the topic of changes, the event that caused it in the
topic of events. Instants come from different clocks: what happened from the storefront's, what was
appended from the broker's, what was published from the worker's, or from the broker's where the
topic says so. A worker does not write down when it decided and committed: that is in between.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.reading import KafkaReader
from streamer.codecs.changes import change_line, decode_change
from streamer.codecs.controls import is_control
from streamer.codecs.events import decode
from streamer.errors import InvalidEvent, StreamerError
from streamer.instants import parse_iso
from streamer.types import HOUR, Event, Millis, Record, SegmentChange

_BEFORE: Final[Millis] = HOUR
"""So long before the change's instant its event is looked for: it may be ahead of its append."""
_HEADER: Final = "traceparent"
_AS_IT_IS: Final = re.compile(r"[A-Za-z0-9 ._:@-]+")


@dataclass(frozen=True, slots=True)
class TraceStage:
    """An instant in ms since 1970, None where nothing says when, and the place that says it."""

    name: str
    at: Millis | None
    where: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A change, its own JSON, the stages in order, and the traceparent of the causing event."""

    change: SegmentChange
    line: bytes
    stages: tuple[TraceStage, ...]
    traceparent: str | None


def find_trace(
    connection: Connection,
    topics: Topics,
    change_id: str,
    since: Millis,
    deliveries: Iterable[Mapping[str, Any]] = (),
) -> Trace | None:
    """Return the trace of a change that was published at `since` or later; None without one.

    `deliveries` are pages of `streamer react`: the last deliveries of each endpoint.
    """
    record = _change(connection, topics.changes, change_id, since)
    if record is None:
        return None
    change = decode_change(record.value)
    before = _causes(connection, topics.events, change, record.appended)
    published = TraceStage("published", record.appended, _place(topics.changes, record))
    headers = dict(record.headers)
    traceparent = headers[_HEADER].decode("ascii", "replace") if _HEADER in headers else None
    after = sorted(_delivered(change_id, deliveries), key=lambda stage: stage.at or 0)
    return Trace(change, change_line(record.value), (*before, published, *after), traceparent)


def _change(connection: Connection, topic: str, change_id: str, since: Millis) -> Record | None:
    needle = change_id.encode()

    def is_it(record: Record) -> bool:
        if needle not in record.value:
            return False
        try:
            return bool(orjson.loads(change_line(record.value))["change_id"] == change_id)
        except (StreamerError, orjson.JSONDecodeError, KeyError, TypeError):
            return False

    return _first(connection, topic, since, is_it)


def _causes(
    connection: Connection, topic: str, change: SegmentChange, published: Millis | None
) -> Sequence[TraceStage]:
    """Return the stages before it was published: of the event, or of the timer."""
    if change.cause == "time":
        return (TraceStage("due", change.at, "a timer of the customer's profile in Redis"),)
    if change.event_id is None:
        return (TraceStage("in force", change.at, f"cause: {change.cause}"),)
    found: list[Event] = []
    needle = _needle(change.event_id)

    def is_it(record: Record) -> bool:
        if needle not in record.value or is_control(record):  # a forwarded event was one before
            return False
        try:
            event = decode(record)
        except InvalidEvent:
            return False
        found[:] = [event]
        return event.id == change.event_id

    record = _first(connection, topic, change.at - _BEFORE, is_it, published)
    if record is None:
        gone = f"{topic} does not hold event {change.event_id} any more"
        return (TraceStage("happened", None, gone),)
    return (
        TraceStage("happened", found[0].time, f"event {change.event_id}: {found[0].name}"),
        TraceStage("appended", record.appended, _place(topic, record)),
    )


def _first(
    connection: Connection,
    topic: str,
    since: Millis,
    is_it: Callable[[Record], bool],
    until: Millis | None = None,
) -> Record | None:
    """Return the first record that is meant, of those appended from `since` to `until`."""
    with KafkaReader(connection, topic, max(0, since)) as reader:
        for batch in reader.to_the_end(until):
            for record in batch:
                if is_it(record):
                    return record
    return None


def _delivered(change_id: str, pages: Iterable[Mapping[str, Any]]) -> Iterable[TraceStage]:
    for page in pages:
        for endpoint, tries in page.items():
            for one in tries:
                if one.get("change_id") == change_id:
                    said = f"{endpoint}, try {one['try']}: {one['outcome']} {one['status'] or ''}"
                    at = parse_iso(one["at"]) + int(one["milliseconds"])
                    yield TraceStage("delivered", at, said.strip())


def _place(topic: str, record: Record) -> str:
    return f"{topic}, partition {record.partition}, offset {record.offset}"


def _needle(event_id: str) -> bytes:
    """Return the part of an id that every writer of JSON has as it is."""
    return max(_AS_IT_IS.findall(event_id), key=len, default="").encode()
