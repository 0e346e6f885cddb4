"""Floor 5: the worker loop, the same for every log, store and sink."""

from streamer.worker.batch import Pace
from streamer.worker.stopwatch import Stopwatch
from streamer.worker.tally import Tally
from streamer.worker.task import PartitionTask
from streamer.worker.worker import Assignment, Clocks, Listener, Worker

__all__ = [
    "Assignment",
    "Clocks",
    "Listener",
    "Pace",
    "PartitionTask",
    "Stopwatch",
    "Tally",
    "Worker",
]
