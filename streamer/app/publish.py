"""Events in files, or on standard input as they come, into their topic."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from streamer.adapters.files import FileLog
from streamer.adapters.kafka.publishing import KafkaPublication
from streamer.app.inputs import Decoder
from streamer.codecs.events import encode
from streamer.errors import InvalidEvent, NotPublished
from streamer.types import Record, Rejection

PATIENCE_S: Final = 120.0
"""For how long nothing may move before it is given up."""


@dataclass(frozen=True, slots=True)
class EventSource:
    """Where the events are: a log, what decodes its records, and whether those are events' bytes.

    Records that are events are published untouched; of others, such as rows, events are written.
    """

    log: FileLog
    decode: Decoder
    as_they_are: bool


def publish(
    source: EventSource,
    publication: KafkaPublication,
    rejected: Callable[[Rejection], None],
    *,
    rate: float | None = None,
    watch: Callable[[], None] = lambda: None,
) -> None:
    """Give every event to Kafka, and what is none to `rejected`; return when Kafka has them all.

    With a `rate`, never more than so many records a second. `watch` is called after each.
    """
    for record in paced(_records(source.log), rate, time.monotonic, time.sleep):
        try:
            event = source.decode(record)
            value = record.value if source.as_they_are else encode(event)
            place = f"{record.source}:{record.line}"
            publication.give(event.customer.encode(), value, PATIENCE_S, place)
        except InvalidEvent as error:
            rejected(Rejection(record, "invalid", error.reason, error.path))
        except NotPublished as error:
            rejected(Rejection(record, "invalid", str(error)))
        watch()
    publication.flush(PATIENCE_S)


def _records(log: FileLog) -> Iterator[Record]:
    """Yield the records of a log one by one, each as soon as it is there."""
    offset = 0
    while batch := log.read(0, offset, 1):
        yield from batch
        offset += 1


def paced(
    records: Iterator[Record],
    rate: float | None,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> Iterator[Record]:
    """Yield the records, with a `rate` never more than so many a second since the first.

    `clock` returns and `wait` takes seconds.
    """
    began = clock()
    for number, record in enumerate(records):
        ahead = 0 if rate is None else began + number / rate - clock()
        if ahead > 0:
            wait(ahead)
        yield record
