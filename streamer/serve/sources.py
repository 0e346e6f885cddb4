"""Where the view reads from, and when it has to begin from nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from streamer.adapters.clock import wall_time
from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.tail import KafkaTail
from streamer.adapters.view.batches import Positions, ViewSource
from streamer.adapters.view.embedded import EmbeddedSource
from streamer.types import Millis

OpenSource: TypeAlias = Callable[[Positions, Millis | None], tuple[ViewSource, bool]]


def from_kafka(connection: Connection, topics: Topics) -> OpenSource:
    """Return a function that opens the topics as a source.

    The view begins from nothing where the topics were created again, and where it was away for
    longer than the compacted topic keeps that a profile is gone: it would never learn of that.
    """

    def opened(positions: Positions, heard: Millis | None) -> tuple[ViewSource, bool]:
        tail = KafkaTail(connection, topics, positions)
        now = wall_time()
        if tail.was_recreated or (heard is not None and now - heard > tail.forgets_after):
            tail.close()
            return KafkaTail(connection, topics, {}), True
        return tail, False

    return opened


def from_file(path: Path) -> OpenSource:
    """Return a function that opens the file of the embedded default as a source."""
    return lambda positions, _: (EmbeddedSource(path, positions), False)
