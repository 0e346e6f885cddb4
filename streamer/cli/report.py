"""`streamer report`: what segments amount to, before they go live."""

import sys
from typing import Final

import click

from streamer.adapters.files import STANDARD, FileLog
from streamer.adapters.output import whole
from streamer.analysis.never_seen import Missing, NeverSeen
from streamer.analysis.report import (
    FindingLimits,
    Report,
    judge,
    memberships_of,
    report_changes,
    report_events,
)
from streamer.app.hints import no_segment
from streamer.app.inputs import load_rules, open_events
from streamer.cli.failures import FINDINGS, say_finding, unfinished
from streamer.cli.garbage import look_rarely
from streamer.cli.missing import missing_lines, never_entered
from streamer.cli.options import (
    examples,
    keep_apart,
    mapping_option,
    rules_option,
    sort_option,
    until_option,
)
from streamer.cli.progress import progress_of
from streamer.cli.quantities import Share
from streamer.cli.report_page import as_page
from streamer.cli.report_text import ORDERS, as_json, show
from streamer.core.engine.program import RuleSet
from streamer.errors import UsageError
from streamer.types import Millis

_REACHABLE: Final = "reachable"


@click.command(
    epilog=examples("""
streamer report events.jsonl --rules rules/ --html report.html
streamer report orders.csv.gz --map mapping.yaml --json report.json --small 2% --large 40%
streamer replay events.jsonl --out changes.jsonl; streamer report --changes changes.jsonl
""")
)
@click.argument("events", nargs=-1, type=click.Path(), metavar="[EVENTS...]")
@click.option(
    "--changes",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Report on these changes, as replay --out writes them. May be given several times.",
)
@rules_option
@mapping_option
@sort_option
@click.option("--html", metavar="FILE", type=click.Path(), help="Write a page, - for stdout.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(),
    help="Write everything as JSON (report.schema.json), - for stdout.",
)
@until_option("Report up to there; what comes later is left out.")
@click.option(
    "--reachable",
    metavar="KEY",
    help=f"The segment of those who can be reached.  [default: {_REACHABLE}, if there is one]",
)
@click.option(
    "--small",
    type=Share(),
    default="1%",
    show_default=True,
    help="Fewer of the customers are too small a segment.",
)
@click.option(
    "--large",
    type=Share(),
    default="50%",
    show_default=True,
    help="More of the customers are too large a segment.",
)
@click.option(
    "--overlap",
    type=Share(),
    default="80%",
    show_default=True,
    help="Two segments are alike if so many of those in either are in both.",
)
@click.option(
    "--by",
    type=click.Choice(list(ORDERS)),
    default="rules",
    show_default=True,
    help="Order the segments by that, the largest first; as the rules decide them by default.",
)
def report(
    events: tuple[str, ...],
    changes: tuple[str, ...],
    rules: tuple[str, ...],
    mapping: str | None,
    sort: bool,
    html: str | None,
    json_file: str | None,
    until: Millis | None,
    reachable: str | None,
    small: float,
    large: float,
    overlap: float,
    by: str,
) -> None:
    """Say how large, how restless and how alike segments are, and whom nobody can reach.

    EVENTS are run through the rules as by replay. With --changes nothing is run: the report is on
    published changes. A table goes to standard output, or to standard error if a file goes there.
    It says how many lines were not accepted, and why; where none was, the exit status is 1.
    """
    if bool(events) is bool(changes):
        raise UsageError("name files of events, or changes with --changes FILE, and not both")
    keep_apart((*events, *changes, *rules, mapping), (html, json_file))
    limits = FindingLimits(small, large, overlap)
    with unfinished(), whole(html, json_file) as (page, facts):
        found, missing = _measured(events, changes, rules, mapping, sort, reachable, until)
        if page is not None:
            page.write([as_page(found, limits, by).encode()])
        if facts is not None:
            facts.write([as_json(found, limits, missing)])
    stream = sys.stderr if STANDARD in (html, json_file) else sys.stdout
    show(found, judge(found, limits), stream, by)
    for line in missing_lines(missing):
        click.echo(line, file=stream)
    if found.intake is not None and found.intake.unusable:
        raise click.exceptions.Exit(FINDINGS)


def _measured(
    events: tuple[str, ...],
    changes: tuple[str, ...],
    rules: tuple[str, ...],
    mapping: str | None,
    sort: bool,
    reachable: str | None,
    until: Millis | None,
) -> tuple[Report, tuple[Missing, ...]]:
    loaded = load_rules(rules)
    compiled, seen = loaded.compiled, NeverSeen(loaded)
    known = _reachable(compiled, reachable)
    look_rarely()
    if changes:
        if mapping is not None:
            raise UsageError("--map is for events: changes are read as they were written")
        file = FileLog(changes)
        with file, progress_of(file, "report") as step:
            of_changes = report_changes(compiled, file, reachable=known, until=until, watch=step)
        return of_changes, ()
    log, decode = open_events(events, mapping, warn=say_finding, sort=sort)
    with log, progress_of(log, "report") as step:
        watched = seen.noting(decode)
        found = report_events(compiled, log, watched, reachable=known, until=until, watch=step)
    never = never_entered((one.membership, one.customers) for one in found.segments)
    return found, seen.missing(never)


def _reachable(rules: RuleSet, asked: str | None) -> str | None:
    known = memberships_of(rules)
    if asked is None:
        return _REACHABLE if _REACHABLE in known else None
    if asked not in known:
        raise UsageError(f"--reachable: {no_segment(asked, known)}")
    return asked
