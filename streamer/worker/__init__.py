"""Floor 5: the worker loop, the same for every log, store and sink."""

from streamer.worker.cycle import Pace
from streamer.worker.loop import Tally, Worker

__all__ = ["Pace", "Tally", "Worker"]
