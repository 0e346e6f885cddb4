"""`streamer diff`: what a change of rules would do."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import click

from streamer.adapters.output import STANDARD
from streamer.cli.diff_text import as_json, show
from streamer.cli.failures import say_finding
from streamer.cli.options import END_OF_EVENTS, Instant, examples, mapping_option
from streamer.cli.progress import progress_of
from streamer.compose.difference import Reading, difference
from streamer.compose.inputs import load_rules, open_events
from streamer.errors import Finding, UsageError
from streamer.types import Millis

_NEW_OBJECTS: Final = 200_000
"""How many new objects make Python look for garbage: profiles are kept, looking finds none."""


@click.command(
    epilog=examples("""
streamer diff rules/ new/ --events events.jsonl
streamer diff rules/ new/ --events orders.csv.gz --map mapping.yaml --examples 5
streamer diff rules/ new/ --events events.jsonl --until 2026-12-31T00:00:00Z --format json
""")
)
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option(
    "--events",
    metavar="FILE",
    type=click.Path(),
    multiple=True,
    required=True,
    help="Events as for replay, in files. May be given several times.",
)
@mapping_option
@click.option(
    "--until",
    metavar="end|now|TIME",
    type=Instant(),
    default=END_OF_EVENTS,
    show_default=True,
    help="The instant to compare at; later events are left out.",
)
@click.option(
    "--examples",
    "most",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="How many customers to explain for each segment who would enter, and who would leave.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the answer is written.",
)
def diff(
    old: str,
    new: str,
    events: tuple[str, ...],
    mapping: str | None,
    until: Millis | None,
    most: int,
    form: Literal["text", "json"],
) -> None:
    """Say who would enter and leave segments if the rules NEW came in the place of OLD.

    OLD and NEW are files or folders of rules. Both see the same events, and are compared at the
    end of them: which customers are in a segment by the one and not by the other, how often each
    segment was entered on the way, and some of those customers explained.
    """
    for name in events:
        if name == STANDARD or Path(name).is_fifo():
            raise UsageError(f"{name} can be read only once, and diff reads it again: name a file")
    before, after = load_rules([old]).compiled, load_rules([new]).compiled
    gc.set_threshold(_NEW_OBJECTS)
    source = _Source(events, mapping)
    found = difference(before, after, source.opened, until=until, examples=most)
    if form == "json":
        click.echo(as_json(found))
    else:
        show(found, sys.stdout)


class _Source:
    """Files of events, opened as often as they are read; what is odd about them is said once."""

    def __init__(self, files: tuple[str, ...], mapping: str | None) -> None:
        self._files = files
        self._mapping = mapping
        self._said: set[Finding] = set()

    @contextmanager
    def opened(self) -> Iterator[Reading]:
        """Open the files, with a progress bar of their own."""
        log, decode = open_events(self._files, self._mapping, warn=self._warn)
        with log, progress_of(log, "diff") as step:
            yield Reading(log, decode, step)

    def _warn(self, finding: Finding) -> None:
        if finding not in self._said:
            self._said.add(finding)
            say_finding(finding)
