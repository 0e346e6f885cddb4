"""A progress bar on standard error, where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from streamer.adapters.files import FileLog
from streamer.adapters.sorting import SortedLog


@contextmanager
def progress_of(log: FileLog | SortedLog, what: str) -> Iterator[Callable[[], None]]:
    """Show how far the log is read; yield what is to be called after every step."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def step() -> None:
            state = log.progress()
            if state is not None:
                bar.update(task, completed=state[0], total=state[1])

        yield step
