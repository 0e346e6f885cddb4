"""`streamer changes`: what a subscriber sees."""

import sys
from collections.abc import Collection, Sequence
from typing import Final, Literal

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.reading import KafkaReader
from streamer.cli.failures import say, silence_standard_output
from streamer.cli.options import Instant, examples
from streamer.cli.servers import kafka_options, topic_options
from streamer.cli.wording import instant, plain
from streamer.codecs.changes import change_line, decode_change
from streamer.errors import StreamerError, UsageError
from streamer.types import FOREVER, Millis, Record, SegmentChange

_BEGINNING: Final = 0
_COLOURS: Final = {"entered": "green", "exited": "red"}
_VERBS: Final = {"entered": "enters", "exited": "exits "}


@click.command(
    epilog=examples("""
streamer changes
streamer changes --from-beginning
streamer changes --no-follow --segment cart_abandoner
streamer changes --no-follow --customer u-7 --format json
streamer changes --no-follow --from 2026-11-26T08:00:00Z | head -20
""")
)
@click.option(
    "--follow/--no-follow",
    default=True,
    show_default=True,
    help="Go on as changes come, until Ctrl-C; or end with the last one that is there.",
)
@click.option(
    "--from-beginning",
    is_flag=True,
    help="Show first all that the topic still holds, as --no-follow does anyway.",
)
@click.option(
    "--from",
    "since",
    metavar="TIME",
    type=Instant(),
    help="Show first what was told since then.",
)
@click.option("--customer", "customers", metavar="ID", multiple=True, help="Only this customer's.")
@click.option(
    "--segment",
    "segments",
    metavar="KEY",
    multiple=True,
    help="Only of this segment, tier or ladder. May be given several times, as --customer may.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    help="How changes are written. Without it: as text on a terminal, as JSON lines elsewhere.",
)
@kafka_options
@topic_options("changes")
def changes(
    follow: bool,
    from_beginning: bool,
    since: Millis | None,
    customers: tuple[str, ...],
    segments: tuple[str, ...],
    form: Literal["text", "json"] | None,
    connection: Connection,
    topics: Topics,
) -> None:
    """Show who enters and leaves which segment, as a subscriber reads it from Kafka.

    Only committed changes are shown, each once, those of a customer in their order. A JSON line is
    the change as change.schema.json describes it, whether or not it is a CloudEvent in the topic.
    """
    if from_beginning and since is not None:
        raise UsageError("--from-beginning and --from say two different things: leave one out")
    if since is None:
        since = FOREVER if follow and not from_beginning else _BEGINNING
    as_text = sys.stdout.isatty() if form is None else form == "text"
    with KafkaReader(connection, topics.changes, since) as reader:
        batches = reader.for_ever() if follow else reader.to_the_end()
        try:
            for batch in batches:
                _write(batch, customers, segments, as_text=as_text)
        except (BrokenPipeError, KeyboardInterrupt):  # a reader, or a person, who has seen enough
            silence_standard_output()


def _write(
    batch: Sequence[Record],
    customers: Collection[str],
    segments: Collection[str],
    *,
    as_text: bool,
) -> None:
    """Write the changes of these customers and segments."""
    for record in batch:
        try:
            change = decode_change(record.value)
        except StreamerError as error:
            say(f"partition {record.partition}, offset {record.offset}: {error}")
            continue
        if customers and change.customer not in customers:
            continue
        if segments and change.segment not in segments and change.ladder not in segments:
            continue
        click.echo(_text(change) if as_text else change_line(record.value))


def _text(change: SegmentChange) -> str:
    """Return a change as a person reads it."""
    verb = click.style(_VERBS[change.direction], fg=_COLOURS[change.direction])
    why = plain("; ".join(change.because))
    return f"{instant(change.at)}  {change.customer}  {verb}  {change.segment}  {why}"
