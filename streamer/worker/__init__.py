"""Floor 5: the worker loop, the same for every log, store and sink."""

from streamer.worker.crew import Clocks, Crew, Notes
from streamer.worker.cycle import Pace
from streamer.worker.loop import Tally, Worker
from streamer.worker.stopwatch import Stopwatch

__all__ = ["Clocks", "Crew", "Notes", "Pace", "Stopwatch", "Tally", "Worker"]
