"""`streamer diff`: what a change of rules would do."""

import sys
from typing import Literal

import click

from streamer.analysis.difference import difference
from streamer.app.inputs import load_rules
from streamer.cli.diff_text import as_json, show
from streamer.cli.failures import FINDINGS
from streamer.cli.garbage import look_rarely
from streamer.cli.options import examples, format_option, mapping_option, sort_option, until_option
from streamer.cli.repeated import RepeatedReading
from streamer.types import Millis


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
@sort_option
@until_option("The instant to compare at; later events are left out.")
@click.option(
    "--examples",
    "most",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="How many customers to explain for each segment who would enter, and who would leave.",
)
@format_option("How the answer is written.")
def diff(
    old: str,
    new: str,
    events: tuple[str, ...],
    mapping: str | None,
    sort: bool,
    until: Millis | None,
    most: int,
    form: Literal["text", "json"],
) -> None:
    """Say who would enter and leave segments if the rules NEW came in the place of OLD.

    OLD and NEW are files or folders of rules. Both see the same events, and are compared at the
    end of them: which customers are in a segment by the one and not by the other, how often each
    segment was entered on the way, and some of those customers explained. Says how many lines were
    not accepted, and why; where none was, nothing is compared and the exit status is 1.
    """
    source = RepeatedReading(events, mapping, "diff", sort=sort)
    before, after = load_rules([old]), load_rules([new])
    look_rarely()
    found = difference(before, after, source, until=until, examples=most)
    if form == "json":
        click.echo(as_json(found))
    else:
        show(found, sys.stdout)
    if found.intake.unusable:
        raise click.exceptions.Exit(FINDINGS)
