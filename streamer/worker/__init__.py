"""Floor 5: the worker loop, the same for every log, store and sink."""

from streamer.worker.crew import Clocks, Crew, Notes, Post
from streamer.worker.cycle import Pace
from streamer.worker.loop import Tally, Worker
from streamer.worker.stopwatch import Stopwatch

__all__ = ["Clocks", "Crew", "Notes", "Pace", "Post", "Stopwatch", "Tally", "Worker"]
