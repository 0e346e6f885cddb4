"""Floor 7: the command line; every command is a thin shell around one composition."""

from importlib import import_module

import click

from streamer import __version__
from streamer.cli.failures import ending_in_order, have_standard_streams, reported

COMMANDS = (
    "init",
    "check",
    "test",
    "replay",
    "explain",
    "report",
    "diff",
    "effect",
    "fit",
    "thresholds",
    "privacy",
    "simulate",
    "demo",
    "topics",
    "publish",
    "run",
    "collect",
    "react",
    "changes",
    "serve",
    "trace",
    "erase",
    "status",
    "export",
    "suppress",
    "release",
    "unlink",
)
"""The commands in the order in which a new user meets them."""


class Commands(click.Group):
    """The commands, each imported when it is called, so that each starts as fast as it can."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click passes it)
        """Return the names of the commands in the order in which the help shows them."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 (click passes it)
        cmd_name: str,
    ) -> click.Command | None:
        """Return the command of that name, None where there is none."""
        return _command(cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what stands before the command, and say what `--help` and `--version` ask for."""
        have_standard_streams()
        with reported():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error ends it with one clear line and the exit status that fits."""
        with reported(), ending_in_order():
            return super().invoke(ctx)


def _command(name: str) -> click.Command | None:
    """Return the command, which is called as its module is."""
    if name not in COMMANDS:
        return None
    found: click.Command = getattr(import_module(f"{__name__}.{name}"), name)
    return found


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="streamer", message="%(prog)s %(version)s")
def main() -> None:
    """Say when customers enter and leave segments, exactly at the instant at which it is true.

    \b
    Exit status: 0 all is well; 1 findings (an error in a rule, a failed test);
    2 the command was used wrongly or could not do its work; 130 interrupted, 143 by SIGTERM.
    """  # noqa: D301 (click reads the backslash)
