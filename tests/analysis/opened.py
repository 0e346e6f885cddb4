"""Lines in memory as events that an analysis can open more than once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from streamer.adapters.memory import MemoryLog
from streamer.app.inputs import EventReading, Events
from streamer.codecs.events import decode


def events_of(lines: Sequence[bytes]) -> Events:
    """Return a function that opens these lines."""
    log = MemoryLog()
    for line in lines:
        log.append(line)

    @contextmanager
    def opened() -> Iterator[EventReading]:
        yield EventReading(log, decode, lambda: None)

    return opened
