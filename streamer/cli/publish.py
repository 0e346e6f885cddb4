"""`streamer publish`: what a storefront does, from files or standard input."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.publishing import KafkaPublication
from streamer.adapters.output import Output
from streamer.app.inputs import open_records
from streamer.app.publish import PATIENCE_S, EventSource
from streamer.app.publish import publish as run
from streamer.cli.failures import FINDINGS, say, say_finding
from streamer.cli.intake import NONE_ACCEPTED
from streamer.cli.options import events_argument, examples, keep_apart, mapping_option
from streamer.cli.progress import progress_of
from streamer.cli.quantities import Rate
from streamer.cli.servers import kafka_options, topic_options
from streamer.cli.wording import counted
from streamer.codecs.changes import rejection_line
from streamer.errors import AdapterError
from streamer.types import Rejection

_PARTING_S: Final = 10.0
"""For how long Kafka may take nothing of what was read before an interruption."""
_NAMED: Final = 10
"""How many lines that were not accepted are named, unless they are all listed in a file."""


@click.command(
    epilog=examples("""
streamer publish events.jsonl
streamer publish january.jsonl.gz february.jsonl.gz --rejected rejected.jsonl
streamer publish orders.csv.gz --map mapping.yaml --rate 500
streamer simulate --live --rate 500 --events 50 | streamer publish -
""")
)
@events_argument
@mapping_option
@click.option(
    "--rate",
    metavar="R",
    type=Rate(),
    help="Publish R lines a second at most. Without it: as fast as possible.",
)
@click.option(
    "--rejected",
    metavar="FILE",
    type=click.Path(),
    help="Write there every line that was not accepted, and why.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if a line was not accepted, or none was.")
@kafka_options
@topic_options("events")
def publish(
    events: tuple[str, ...],
    mapping: str | None,
    rate: float | None,
    rejected: str | None,
    strict: bool,
    connection: Connection,
    topics: Topics,
) -> None:
    """Publish events to Kafka, each checked and to the partition of its customer.

    EVENTS are JSON lines, also compressed (.gz), or - for standard input, whose lines are published
    as they come. A line that cannot be an event is named and left out. Every event is in Kafka when
    the command ends well; if Kafka goes away meanwhile it waits, for up to two minutes.
    """
    keep_apart((*events, mapping), (rejected,))
    source = EventSource(*open_records(events, mapping, say_finding), as_they_are=mapping is None)
    with source.log, _listing(rejected) as refusals, progress_of(source.log, "publish") as step:
        publication = KafkaPublication(connection, topics.events)
        patience = PATIENCE_S
        try:
            run(source, publication, refusals.add, rate=rate, watch=step)
        except KeyboardInterrupt:
            patience = _PARTING_S
            raise
        except AdapterError:
            patience = 0
            raise
        finally:
            try:
                publication.close(patience)
            finally:
                count = counted(publication.published, "event")
                click.echo(f"{count} published to {topics.events}{refusals.summary()}")
    if not publication.published:
        say(NONE_ACCEPTED)
    if strict and (refusals.count or not publication.published):
        raise click.exceptions.Exit(FINDINGS)


class RefusedLines:
    """The lines that were not accepted: listed in a file, or the first of them named."""

    def __init__(self, output: Output | None) -> None:
        self._output = output
        self.count = 0

    def add(self, rejection: Rejection) -> None:
        """Take note of a line."""
        self.count += 1
        if self._output is not None:
            self._output.write([rejection_line(rejection)])
        elif self.count <= _NAMED:
            say(f"{rejection.record.source}:{rejection.record.line}: {rejection.reason}")

    def summary(self) -> str:
        """Return how many there are, and where the others are to be seen."""
        if not self.count:
            return ""
        more = self._output is None and self.count > _NAMED
        hint = "; --rejected FILE lists them all" if more else ""
        return f", {counted(self.count, 'line')} not accepted{hint}"


@contextmanager
def _listing(name: str | None) -> Iterator[RefusedLines]:
    """Keep a file of refusals, which appears under its name whatever happens."""
    output = None if name is None else Output(name)
    try:
        yield RefusedLines(output)
    finally:
        if output is not None:
            output.finish()
            output.install()
