"""`streamer react run` and `streamer react replay`: functions that react to segment changes."""

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.cli.journal import StandardJournal
from streamer.cli.options import examples
from streamer.cli.pages import operator_pages
from streamer.cli.quantities import Duration
from streamer.cli.servers import (
    kafka_options,
    metrics_port_option,
    redis_option,
    topic_options,
)
from streamer.errors import UsageError
from streamer.types import SECOND, Millis

if TYPE_CHECKING:
    from streamer.react import Reactions


@click.command(
    epilog=examples("""
streamer react run reminders:app
streamer react run services.reminders:app --metrics-port 0
""")
)
@click.argument("where", metavar="MODULE:NAME")
@kafka_options
@topic_options("changes")
@redis_option
@click.option(
    "--still-timeout",
    type=Duration(),
    envvar="STREAMER_STILL_TIMEOUT",
    show_envvar=True,
    default="60s",
    show_default=True,
    help="After so long without anything handled, although there is something, the process ends.",
)
@metrics_port_option(9467)
def run(
    where: str,
    connection: Connection,
    topics: Topics,
    redis: str,
    still_timeout: Millis,
    metrics_port: int,
) -> None:
    """Call the functions of the `Reactions` NAME in MODULE as customers enter and leave segments.

    Each change at least once, in order per customer. MODULE is looked for in the present folder
    too. Start as many processes as the topic of changes has partitions. SIGTERM and Ctrl-C end it.
    Where it stands still, it ends with the status 70: have it started again.
    """
    if find_spec("faust") is None:
        raise UsageError("this needs faust-streaming: pip install 'streamer[react]'")
    from streamer.react.process import Reacting, Where

    reacting = Reacting(
        _found(where),
        Where(connection, topics.changes, redis, still_timeout / SECOND),
        StandardJournal(),
    )
    with operator_pages(metrics_port, reacting.counts.registry, reacting.unready):
        reacting.run()


@click.command(
    epilog=examples("""
streamer react replay cart-reminders --list
streamer react replay cart-reminders
streamer react replay cart-reminders --reaction remind
""")
)
@click.argument("name")
@redis_option
@click.option("--reaction", metavar="FUNCTION", help="Only what this function gave up.")
@click.option("--list", "listed", is_flag=True, help="Show what was given up, and do nothing.")
def replay(name: str, redis: str, reaction: str | None, listed: bool) -> None:
    """Have the dead changes of the service NAME tried again, by its running processes.

    Each goes behind what waits of its customer, with all its tries before it.
    """
    from streamer.adapters.redis.client import connect
    from streamer.react.dead import dead_letters, replay_dead

    connect(redis, allow_volatile=False, patience=5.0).close()
    if listed:
        for letter in asyncio.run(dead_letters(redis, name, reaction)):
            click.echo(
                f"{letter.reaction}  {letter.change_id}  {letter.customer}  "
                f"{letter.tries} tries, given up {letter.given_up}"
            )
        return
    count = asyncio.run(replay_dead(redis, name, reaction))
    click.echo(f"{count} changes will be tried again")


def _found(where: str) -> "Reactions":
    """Return the reactions that MODULE:NAME says; raises `UsageError`."""
    from streamer.react import Reactions

    module, _, name = where.partition(":")
    if not name:
        raise UsageError(f"expected MODULE:NAME, such as reminders:app, and not {where!r}")
    sys.path.insert(0, "")
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise UsageError(f"{module} cannot be imported: {error}") from None
    if not isinstance(found, Reactions):
        raise UsageError(f"there are no Reactions {name} in {module}")
    if not found.all:
        raise UsageError(f"{where} has no reactions: decorate a function with on_entered")
    return found
