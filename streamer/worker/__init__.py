"""Layer 6: the worker, the same for every log, store and sink."""

from streamer.worker.assignment import Assignment, Clocks, Listener
from streamer.worker.durations import BOUNDS, Durations
from streamer.worker.engine import Batching
from streamer.worker.runner import LogRunner
from streamer.worker.states import State
from streamer.worker.stopwatch import Stopwatch
from streamer.worker.tally import RecordTally
from streamer.worker.task import PartitionTask
from streamer.worker.worker import Worker

__all__ = [
    "BOUNDS",
    "Assignment",
    "Batching",
    "Clocks",
    "Durations",
    "Listener",
    "LogRunner",
    "PartitionTask",
    "RecordTally",
    "State",
    "Stopwatch",
    "Worker",
]
