"""Floor 5: the worker loop, the same for every log, store and sink."""

from streamer.worker.crew import Clocks, Crew, Notes, Post
from streamer.worker.cycle import Pace
from streamer.worker.loop import Worker
from streamer.worker.stopwatch import Stopwatch
from streamer.worker.tally import Tally

__all__ = ["Clocks", "Crew", "Notes", "Pace", "Post", "Stopwatch", "Tally", "Worker"]
