"""`streamer topics`: the topics that everything else needs."""

from typing import Final

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.administration import (
    COMPACTED_HOURS,
    DEFAULT_PARTITIONS,
    NULL_HOURS,
    create_topics,
)
from streamer.cli.failures import FINDINGS
from streamer.cli.options import examples
from streamer.cli.servers import kafka_options, topic_options

_COLOURS: Final = {"created": "green", "mended": "green", "wrong": "red"}
_EXAMPLES: Final = examples("""
streamer topics create
streamer topics create --partitions 4 --replication 1
streamer topics create --apply
""")


@click.group(epilog=_EXAMPLES)
def topics() -> None:
    """Make the topics in Kafka, with the settings that the guarantees rest on."""


@topics.command(epilog=_EXAMPLES)
@click.option(
    "--partitions",
    metavar="N",
    type=click.IntRange(1),
    help="How many partitions each new topic has, and so how many workers can share the work. "
    f"Without it: as many as the topic of events has, {DEFAULT_PARTITIONS} where there is none.",
)
@click.option(
    "--replication",
    metavar="N",
    type=click.IntRange(1, 32_767),
    help="How many brokers keep a copy of each new topic; from 3 on, two of them must have a "
    "record before it counts as written. Without it: what the brokers do by default.",
)
@click.option("--apply", is_flag=True, help="Mend what is wrong with topics that are there.")
@kafka_options
@topic_options("events", "changes", "memberships", "rejected", "audit")
def create(
    partitions: int | None,
    replication: int | None,
    apply: bool,
    connection: Connection,
    topics: Topics,
) -> None:
    """Create the topics that are missing, and say what is wrong with those that are there.

    Run it as often as you like: what is right stays as it is. With --apply, settings are changed
    and partitions are added where that mends a topic; nothing is ever taken away, and the topic of
    events keeps the partitions that it has. The exit status is 1 if something is still wrong.
    """
    verdicts = create_topics(
        connection, topics, partitions=partitions, replication=replication, mend=apply
    )
    width = max(len(each.topic) for each in verdicts)
    for each in verdicts:
        state = click.style(f"{each.state:<7}", fg=_COLOURS.get(each.state))
        click.echo(f"{state}  {each.topic:<{width}}  {each.text}")
    click.echo(
        f"in {topics.memberships}, what is replaced or erased is due for compaction after "
        f"{COMPACTED_HOURS} hours at the latest, and the id of who is gone after "
        f"{COMPACTED_HOURS + NULL_HOURS}; the other topics keep it for their retention"
    )
    if any(each.state == "wrong" for each in verdicts):
        raise click.exceptions.Exit(FINDINGS)
