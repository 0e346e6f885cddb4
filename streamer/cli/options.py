"""Options that several commands share, with their environment fall-backs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from streamer.adapters.clock import wall_time
from streamer.adapters.output import STANDARD
from streamer.errors import UsageError
from streamer.instants import EARLIEST, END, parse_iso
from streamer.types import Millis

END_OF_EVENTS: Final = "end"
Command = TypeVar("Command", bound=Callable[..., Any])


class Instant(click.ParamType):
    """A time like an event's `time`, `now`, or `end`: None, the end of the events."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Millis | None:
        """Return the instant in ms since 1970, None for the end of the events."""
        text = str(value).strip()
        if text == END_OF_EVENTS:
            return None
        if text == "now":
            return wall_time()
        if text.isascii() and text.isdigit():
            if EARLIEST <= int(text) < END:
                return int(text)
            self.fail(f"{text} are milliseconds outside of the years 1990 to 2100.", param, ctx)
        try:
            return parse_iso(text)
        except ValueError as error:
            self.fail(f"expected end, now or a time, but {text!r} is {error}.", param, ctx)


def rules_option(command: Command) -> Command:
    """Add `--rules`."""
    return click.option(
        "--rules",
        metavar="PATH",
        multiple=True,
        type=click.Path(),
        envvar="STREAMER_RULES",
        show_envvar=True,
        default=("rules",),
        show_default=True,
        help="A rule file, or a folder of them (*.yaml, *.yml). May be given several times.",
    )(command)


def rules_argument(command: Command) -> Command:
    """Add RULES, the files and folders of rules, with the fall-backs of `--rules`."""
    return click.argument(
        "rules",
        nargs=-1,
        type=click.Path(),
        metavar="RULES...",
        envvar="STREAMER_RULES",
        default=("rules",),
    )(command)


def identity_option(command: Command) -> Command:
    """Add `--identity`; the command gets it as `anonymous`."""
    return click.option(
        "--identity",
        "anonymous",
        type=click.Choice(["last", "first", "none"]),
        default="none",
        show_default=True,
        help="How visitors become the users who log in, as `identity` in the header of rules.",
    )(command)


def events_argument(command: Command) -> Command:
    """Add EVENTS, files of events; the command gets them as `events`."""
    return click.argument(
        "events", nargs=-1, required=True, type=click.Path(), metavar="EVENTS..."
    )(command)


def mapping_option(command: Command) -> Command:
    """Add `--map`."""
    return click.option(
        "--map",
        "mapping",
        metavar="FILE|NAME",
        type=click.Path(),
        help="A file that says how rows or JSON lines make events, or a shipped one: ga4 …",
    )(command)


def sort_option(command: Command) -> Command:
    """Add `--sort`."""
    return click.option(
        "--sort",
        is_flag=True,
        help="Bring the events into the order of their times first: for history in any order.",
    )(command)


def until_option(help_text: str) -> Callable[[Command], Command]:
    """Add `--until`, without which the end of the events is meant."""
    return click.option(
        "--until",
        metavar="end|now|TIME",
        type=Instant(),
        default=END_OF_EVENTS,
        show_default=True,
        help=help_text,
    )


def format_option(help_text: str, *more: str) -> Callable[[Command], Command]:
    """Add `--format`: `text`, `json` or one of `more`; the command gets it as `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", *more]),
        default="text",
        show_default=True,
        help=help_text,
    )


def examples(text: str) -> str:
    """Return examples for the end of a command's help, one on each line as they stand."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in text.strip().splitlines())


def keep_apart(inputs: Sequence[str | None], outputs: Sequence[str | None]) -> None:
    """Refuse to put an output in the place of an input, or of a rule file in a folder of them."""
    from streamer.language.reader import SUFFIXES

    read = {Path(name).resolve() for name in inputs if name not in (None, STANDARD)}
    for name in outputs:
        if name is None or name == STANDARD or not Path(name).is_file():
            continue
        path = Path(name).resolve()
        if path in read or (path.suffix in SUFFIXES and not read.isdisjoint(path.parents)):
            raise UsageError(f"{name} is read: name another file for the output")
