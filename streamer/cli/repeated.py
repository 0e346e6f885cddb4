"""Files of events for commands that read them more than once; pipes are refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from streamer.adapters.files import STANDARD
from streamer.app.inputs import EventReading, open_outlined
from streamer.cli.failures import say_finding
from streamer.cli.progress import progress_of
from streamer.errors import Finding, UsageError


class RepeatedReading:
    """Opens the files again at each call; warns of their mapping once.

    Raises `UsageError` for standard input and pipes, which can be read only once.
    """

    def __init__(
        self, files: Sequence[str], mapping: str | None, command: str, *, sort: bool
    ) -> None:
        for name in files:
            if name == STANDARD or Path(name).is_fifo():
                raise UsageError(
                    f"{name} can be read only once, and {command} reads it again: name a file"
                )
        self._files = files
        self._mapping = mapping
        self._sort = sort
        self._command = command
        self._said: set[Finding] = set()

    @contextmanager
    def __call__(self) -> Iterator[EventReading]:
        """Open the files, with a progress bar of their own."""
        log, decode, outline = open_outlined(
            self._files, self._mapping, warn=self._warn, sort=self._sort
        )
        with log, progress_of(log, self._command) as step:
            yield EventReading(log, decode, step, outline)

    def _warn(self, finding: Finding) -> None:
        if finding not in self._said:
            self._said.add(finding)
            say_finding(finding)
