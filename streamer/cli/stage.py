"""The demonstration as it is watched: a live table on a terminal, plain lines in a pipe."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamer.app.demo import Demo
from streamer.cli.wording import counted, instant, plain
from streamer.types import SegmentChange

_BAR: Final = 24
_FEWEST_LINES: Final = 3
_MOST_LINES: Final = 14
_STATUS_EVERY: Final = 30
_CHANGE_EVERY: Final = 4
"""In a pipe, how many steps lie between two lines of a kind."""
_WHO: Final = 7
_WIDE: Final = 100
_NUMBERS: Final = len("members") + len("entered") + len("exited") + 10
"""What the columns of numbers take, with the gaps between all columns."""
_SHORTEST_TITLE: Final = 12
_LONGEST: Final = 120


class Stage(Protocol):
    """Where the demonstration is shown."""

    def show(self, changes: list[SegmentChange]) -> None:
        """Show where the shop stands, and these changes as far as there is room."""


@contextmanager
def stage_for(demo: Demo) -> Iterator[Stage]:
    """Yield a live stage on a terminal, a plain one elsewhere."""
    console = Console()
    if not console.is_terminal:
        yield PlainStage(demo)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield LiveStage(demo, console, live)


class PlainStage:
    """Lines in a pipe: where the shop stands now and then, and between them some changes."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._until_status = 0
        self._until_change = 0
        self._kept: dict[str, SegmentChange] = {}
        self._said: dict[str, int] = {}

    def show(self, changes: list[SegmentChange]) -> None:
        """Write a line when it is time for one: the change whose kind was shown least so far."""
        self._kept.update((change.segment, change) for change in changes)
        if self._kept and self._until_change <= 0:
            segment = min(self._kept, key=lambda name: self._said.get(name, 0))
            self._said[segment] = self._said.get(segment, 0) + 1
            click.echo(f"  {_line(self._kept[segment])[:_LONGEST]}")
            self._kept.clear()
            self._until_change = _CHANGE_EVERY
        if self._until_status <= 0:
            click.echo(status(self._demo))
            self._until_status = _STATUS_EVERY
        self._until_change -= 1
        self._until_status -= 1


class LiveStage:
    """A table of sizes that grows and shrinks, and below it the changes as they come."""

    def __init__(self, demo: Demo, console: Console, live: Live) -> None:
        self._demo = demo
        self._console = console
        self._live = live
        rows = len(demo.memberships) + 7  # the table's own lines, the status, the empty line
        room = console.size.height - rows
        self._changes: deque[SegmentChange] = deque(
            maxlen=min(_MOST_LINES, max(_FEWEST_LINES, room))
        )

    def show(self, changes: list[SegmentChange]) -> None:
        """Draw everything again."""
        self._changes.extend(changes)
        lines = [_coloured(change) for change in self._changes]
        status_line = Text(status(self._demo), style="bold")
        self._live.update(
            Group(status_line, sizes(self._demo, self._console.width), *lines), refresh=True
        )


def status(demo: Demo) -> str:
    """Return where the shop stands."""
    counts = f"{counted(demo.events, 'event')}, {counted(demo.changes, 'segment change')}"
    return f"{instant(demo.now // 1_000 * 1_000)}  {counts}"


def sizes(demo: Demo, width: int) -> Table:
    """Return the table of memberships and how many customers each has."""
    table = Table(box=None, pad_edge=False)
    bar = _BAR if width >= _WIDE else _BAR // 3
    table.add_column("segment", no_wrap=True)
    table.add_column("members", justify="right", no_wrap=True)
    table.add_column("", width=bar, no_wrap=True)
    table.add_column("entered", justify="right", no_wrap=True)
    table.add_column("exited", justify="right", no_wrap=True)
    left = width - max(map(len, demo.memberships)) - bar - _NUMBERS
    if width >= _WIDE and left >= _SHORTEST_TITLE:
        table.add_column("", style="dim", no_wrap=True, max_width=left)
    largest = max((len(one.members) for one in demo.memberships.values()), default=0) or 1
    for name, one in demo.memberships.items():
        length = -(-len(one.members) * (table.columns[2].width or 0) // largest)
        members, entered, exited = f"{len(one.members):,}", f"{one.entered:,}", f"{one.exited:,}"
        cells = [name, members, f"[cyan]{'█' * length}[/]", entered, exited, one.title]
        table.add_row(*cells[: len(table.columns)])
    return table


def show_sizes(demo: Demo) -> None:
    """Write the table: drawn on a terminal, aligned in a pipe."""
    console = Console()
    if console.is_terminal:
        console.print(sizes(demo, console.width))
        return
    width = max(map(len, demo.memberships))
    click.echo(f"{'segment':<{width}}  members  entered  exited")
    for name, one in demo.memberships.items():
        numbers = f"{len(one.members):>7,}  {one.entered:>7,}  {one.exited:>6,}"
        click.echo(f"{name:<{width}}  {numbers}  {one.title}")


def _line(change: SegmentChange) -> str:
    """Return a change as one line, with the first thing that made it so."""
    verb = "enters" if change.direction == "entered" else "exits "
    why = plain(change.because[0]) if change.because else ""
    return f"{instant(change.at)[:19]}  {change.customer:<{_WHO}} {verb} {change.segment:<26} {why}"


def _coloured(change: SegmentChange) -> Text:
    style = "green" if change.direction == "entered" else "red"
    return Text(_line(change), style=style, no_wrap=True, overflow="ellipsis")
