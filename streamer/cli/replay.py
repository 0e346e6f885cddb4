"""`streamer replay`: history through the rules."""

import sys
from typing import Literal

import click

from streamer.adapters.files import STANDARD, FileSink
from streamer.analysis.inventory import inventory
from streamer.analysis.never_seen import Missing, NeverSeen
from streamer.app.inputs import Rules, load_rules, open_events
from streamer.app.replay import ReplaySummary
from streamer.app.replay import replay as run
from streamer.cli.failures import FINDINGS, say, say_finding, unfinished
from streamer.cli.garbage import look_rarely
from streamer.cli.intake import NONE_ACCEPTED
from streamer.cli.missing import missing_lines, never_entered
from streamer.cli.options import (
    events_argument,
    examples,
    format_option,
    keep_apart,
    mapping_option,
    rules_option,
    sort_option,
    until_option,
)
from streamer.cli.progress import progress_of
from streamer.cli.summary import as_json, show
from streamer.cli.wording import counted
from streamer.types import Millis


@click.command(
    epilog=examples("""
streamer replay events.jsonl --rules rules/ --out changes.jsonl
streamer replay january.jsonl.gz february.jsonl.gz --rejected rejected.jsonl
streamer replay requests.jsonl --map ga4 --rejected rejected.jsonl
streamer replay orders.csv.gz --map mapping.yaml --until 2026-12-31T00:00:00Z
streamer simulate --customers 500 --for 7d | streamer replay - --out - | head
""")
)
@events_argument
@rules_option
@mapping_option
@sort_option
@click.option(
    "--out", metavar="FILE", type=click.Path(), help="Write the changes there, - for stdout."
)
@click.option(
    "--rejected",
    metavar="FILE",
    type=click.Path(),
    help="Write there every line that was not accepted, and why.",
)
@until_option("Drive time up to there; later events are left out.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a line was not accepted, or none was.")
@format_option("How the summary is written.")
def replay(
    events: tuple[str, ...],
    rules: tuple[str, ...],
    mapping: str | None,
    sort: bool,
    out: str | None,
    rejected: str | None,
    until: Millis | None,
    strict: bool,
    form: Literal["text", "json"],
) -> None:
    """Run history through the rules and say which changes come of it.

    EVENTS are JSON lines, also compressed (.gz), or - for standard input; with --map, what the
    mapping makes of other JSON lines or of rows. The summary goes to standard output, or to
    standard error where the changes go to standard output. Files appear under their names when
    they are complete.
    """
    keep_apart((*events, *rules, mapping), (out, rejected))
    with unfinished():
        loaded = load_rules(rules)
        summary, missing = _replayed(events, loaded, mapping, sort, out, rejected, until)
    most_bytes = inventory(loaded).total
    stream = sys.stderr if STANDARD in (out, rejected) else sys.stdout
    if form == "json":
        click.echo(as_json(summary, missing, most_bytes), file=stream)
    else:
        show(summary, stream, most_bytes)
        for line in missing_lines(missing):
            click.echo(line, file=stream)
        if summary.rejected and rejected is None:
            click.echo("--rejected FILE lists the rejected lines and why", file=stream)
    if strict and summary.rejected:
        say(f"{counted(summary.rejected, 'line')} not accepted, and --strict was given.")
    elif summary.intake.unusable:
        say(NONE_ACCEPTED)
    if strict and (summary.rejected or summary.intake.unusable):
        raise click.exceptions.Exit(FINDINGS)


def _replayed(
    events: tuple[str, ...],
    loaded: Rules,
    mapping: str | None,
    sort: bool,
    out: str | None,
    rejected: str | None,
    until: Millis | None,
) -> tuple[ReplaySummary, tuple[Missing, ...]]:
    seen = NeverSeen(loaded)
    log, decode = open_events(events, mapping, warn=say_finding, sort=sort)
    look_rarely()
    with log, FileSink(out, rejected) as sink, progress_of(log, "replay") as step:
        summary = run(loaded.compiled, log, seen.noting(decode), sink, until=until, watch=step)
    never = never_entered((one.membership, one.customers) for one in summary.accounts)
    return summary, seen.missing(never)
