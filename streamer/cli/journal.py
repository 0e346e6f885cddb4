"""What a long-running command writes about itself: words on a terminal, JSON lines elsewhere."""

import sys
from typing import IO, Final

import click
import orjson

from streamer.adapters.clock import wall_time
from streamer.instants import iso

_COLOURS: Final = {"warning": "yellow", "error": "red"}


class QuietJournal:
    """Writes warnings and errors only, for what runs beside something that is watched."""

    def __init__(self) -> None:
        self._journal = StandardJournal()

    def say(self, event: str, level: str = "info", /, **facts: object) -> None:
        """Write what went wrong."""
        if level != "info":
            self._journal.say(event, level, **facts)


class StandardJournal:
    """Writes one line for each thing that happens to standard error, or to another stream."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr

    def say(self, event: str, level: str = "info", /, **facts: object) -> None:
        """Write what happened, with the facts."""
        now = iso(wall_time())
        if self._stream.isatty():
            rest = " ".join(f"{name}={value}" for name, value in facts.items())
            line = click.style(f"{now[11:23]}  {event}", fg=_COLOURS.get(level)) + f"  {rest}"
        else:
            line = orjson.dumps({"time": now, "level": level, "event": event, **facts}).decode()
        click.echo(line, file=self._stream)
