"""`streamer explain`: why a customer is in a segment, and until when."""

from typing import Literal

import click

from streamer.analysis.explain import explain as run
from streamer.analysis.explanation import Explanation
from streamer.app.inputs import EventReading, load_rules, open_outlined
from streamer.cli.failures import FINDINGS, say, say_finding
from streamer.cli.options import (
    END_OF_EVENTS,
    Instant,
    examples,
    format_option,
    mapping_option,
    rules_option,
    sort_option,
)
from streamer.cli.progress import progress_of
from streamer.cli.tree import as_json, as_text, unreadable
from streamer.cli.wording import instant
from streamer.types import Millis


@click.command(
    epilog=examples("""
streamer explain u-7 --events events.jsonl --rules rules/
streamer explain u-7 --events events.jsonl --segment cart_abandoner
streamer explain u-7 --events events.jsonl --at 2026-12-24T18:00:00+01:00 --format json
""")
)
@click.argument("customer")
@click.option(
    "--events",
    metavar="FILE",
    type=click.Path(),
    multiple=True,
    required=True,
    help="Events as for replay, - for standard input. May be given several times.",
)
@rules_option
@mapping_option
@sort_option
@click.option("--segment", metavar="KEY", help="Only this segment or ladder.")
@click.option(
    "--at",
    metavar="end|now|TIME",
    type=Instant(),
    default=END_OF_EVENTS,
    show_default=True,
    help="The instant to explain, also in the future; later events are left out.",
)
@format_option("How the answer is written.")
def explain(
    customer: str,
    events: tuple[str, ...],
    rules: tuple[str, ...],
    mapping: str | None,
    sort: bool,
    segment: str | None,
    at: Millis | None,
    form: Literal["text", "json"],
) -> None:
    """Say why CUSTOMER is in a segment or not, since when, and until when.

    For each condition of a rule: whether it holds, since when, which event made it so (or that
    time passed), and when it will change if nothing happens. Of a segment that the customer is not
    in, why not: what is missing ("2 of 3"), also events, properties and values that none of the
    customer's events had.
    """
    loaded = load_rules(rules)
    log, decode, outline = open_outlined(events, mapping, warn=say_finding, sort=sort)
    with log, progress_of(log, "explain") as step:
        reading = EventReading(log, decode, step, outline)
        found = run(loaded.closely(), reading, customer, segment=segment, at=at, declared=loaded)
    if not found.events and not found.users:
        say(_unknown(found, events))
        for line in unreadable(found):
            say(line)
        raise click.exceptions.Exit(FINDINGS)
    click.echo(as_json(found) if form == "json" else as_text(found))


def _unknown(found: Explanation, events: tuple[str, ...]) -> str:
    files = " ".join(events)
    if found.occurs:
        by = "" if found.at is None else f" by {instant(found.at)} UTC"
        return f"customer {found.customer} has no accepted event in {files}{by}"
    near = f": did you mean {' or '.join(found.nearest)}?" if found.nearest else ""
    return f"customer {found.customer} does not occur in {files}{near}"
