"""`streamer thresholds`: what the best 5, 10 and 20 % of the customers have."""

import click

from streamer.analysis.thresholds import measure
from streamer.analysis.thresholds import thresholds as run
from streamer.app.inputs import EventReading, open_events
from streamer.cli.failures import FINDINGS, say_finding
from streamer.cli.intake import intake_lines
from streamer.cli.options import (
    events_argument,
    examples,
    identity_option,
    mapping_option,
    sort_option,
)
from streamer.cli.progress import progress_of
from streamer.cli.wording import counted, instant
from streamer.core.rules.spec import Joining
from streamer.core.wording import decimal


@click.command(
    epilog=examples("""
streamer thresholds events.jsonl --of "total value of order_completed within 365d"
streamer thresholds events.jsonl --of "number of product_added within 90d"
""")
)
@events_argument
@click.option(
    "--of",
    "text",
    required=True,
    metavar="MEASURE",
    help="total PROPERTY (times PROPERTY) of EVENT, or number of EVENT; then where PROPERTY is "
    "VALUE, within TIME.",
)
@mapping_option
@sort_option
@identity_option
def thresholds(
    events: tuple[str, ...], text: str, mapping: str | None, sort: bool, anonymous: Joining
) -> None:
    """Say what the best 5, 10 and 20 % of the customers have, for the thresholds of rules.

    Rules cannot compare customers. Only customers with a value count; a window ends with the
    events. `total price` adds prices up as they are, `total price times quantity` what was paid.
    Where no line was accepted, the exit status is 1.
    """
    asked = measure(text)
    log, decode = open_events(events, mapping, warn=say_finding, sort=sort)
    with log, progress_of(log, "thresholds") as step:
        found = run(EventReading(log, decode, step), asked, anonymous)
    for line in (*intake_lines(found.intake), *found.never_seen):
        click.echo(line)
    at = "" if found.until is None else f", up to {instant(found.until)} UTC"
    click.echo(f"{text}: {counted(found.customers, 'customer')} with a value{at}")
    for one in found.found:
        least = f"{one.least:,}" if asked.property is None else decimal(one.least)
        best = counted(one.customers, "customer")
        click.echo(f"  the best {one.share:.0%} ({best}) have {least} or more")
    if found.intake.unusable:
        raise click.exceptions.Exit(FINDINGS)
