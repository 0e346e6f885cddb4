"""`streamer react webhooks`: segment changes to HTTP endpoints."""

import asyncio
import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.cli.failures import FINDINGS, say
from streamer.cli.journal import StandardJournal
from streamer.cli.options import Instant, examples
from streamer.cli.pages import operator_pages
from streamer.cli.servers import kafka_options, metrics_port_option, topic_options
from streamer.errors import UsageError
from streamer.types import Millis

if TYPE_CHECKING:
    from streamer.webhooks.settings import Endpoint

_NEEDED: Final = ("aiohttp", "standardwebhooks")
_EXAMPLES: Final = examples("""
streamer react webhooks --config webhooks.toml
streamer react webhooks --config webhooks.toml --metrics-port 0
streamer react webhooks --config webhooks.toml --from 2026-01-05T09:00:00Z --to 2026-01-05T10:00:00Z
""")


@click.command(epilog=_EXAMPLES)
@kafka_options
@topic_options("changes")
@click.option(
    "--config",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    envvar="STREAMER_WEBHOOKS",
    show_envvar=True,
    help="The endpoints, a TOML file; read anew on SIGHUP.",
)
@click.option(
    "--waiting-topic",
    metavar="TOPIC",
    envvar="STREAMER_WAITING_TOPIC",
    show_envvar=True,
    default="webhooks.waiting",
    show_default=True,
    help="The compacted topic of changes that wait to be tried again; it is made where missing.",
)
@click.option(
    "--group",
    metavar="NAME",
    envvar="STREAMER_GROUP",
    show_envvar=True,
    default="streamer",
    show_default=True,
    help="The consumer group of each endpoint is NAME.webhooks.ENDPOINT.",
)
@click.option(
    "--endpoint",
    "only",
    metavar="NAME",
    multiple=True,
    help="Only this endpoint of the file. May be given several times.",
)
@click.option(
    "--from",
    "since",
    metavar="TIME",
    type=Instant(),
    help="Send what was published from then on once more, and end; no group's offset moves.",
)
@click.option(
    "--to",
    "until",
    metavar="now|TIME",
    type=Instant(),
    help="With --from: only what was published before then.",
)
@metrics_port_option(9466)
def webhooks(
    connection: Connection,
    topics: Topics,
    config: Path,
    waiting_topic: str,
    group: str,
    only: tuple[str, ...],
    since: Millis | None,
    until: Millis | None,
    metrics_port: int,
) -> None:
    """Send segment changes to HTTP endpoints, signed after the Standard Webhooks specification.

    Each endpoint has a consumer group of its own, so none delays another. What fails is tried ten
    times over three days; meanwhile the customer's later changes wait and other customers' go on.
    Needs Kafka only. Start as many processes as the topic of changes has partitions. SIGTERM and
    Ctrl-C end it once what is on its way is answered; SIGHUP reads the file again and switches on
    what was switched off.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"this needs {' and '.join(missing)}: install it with pip install 'streamer[react]'"
        )
    if until is not None and since is None:
        raise UsageError("--to needs --from: they name a window that is sent once more")
    if until is not None and since is not None and until < since:
        raise UsageError("--to is before --from: there is nothing between them")
    from streamer.webhooks.settings import read_endpoints

    def endpoints() -> tuple["Endpoint", ...]:
        found = read_endpoints(config, os.environ)
        unknown = set(only) - {each.name for each in found}
        if unknown:
            raise UsageError(f"{config} has no endpoint {min(unknown)}")
        return tuple(each for each in found if not only or each.name in only)

    if since is not None:
        _resend(connection, topics.changes, endpoints(), since, until)
        return
    from streamer.webhooks.process import Webhooks

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # unblocked once there is a handler
    process = Webhooks(
        connection, topics.changes, waiting_topic, group, endpoints, StandardJournal()
    )
    more = {"/deliveries": process.log.page}
    with operator_pages(metrics_port, process.counts.registry, process.unready, more):
        process.run()


def _resend(
    connection: Connection,
    topic: str,
    endpoints: tuple["Endpoint", ...],
    since: Millis,
    until: Millis | None,
) -> None:
    """Send a window once more to each endpoint; findings are changes that no try delivered."""
    from streamer.adapters.kafka.reading import KafkaReader
    from streamer.webhooks.resend import Resending

    failed = False
    for endpoint in endpoints:
        resending = Resending(endpoint, until)
        with KafkaReader(connection, topic, since) as reader:
            asyncio.run(resending.run(reader.to_the_end()))
        sent = resending.sent
        click.echo(f"{endpoint.name}: {sent.delivered} delivered, {len(sent.failed)} failed")
        if sent.failed:
            failed = True
            say(f"{endpoint.name}: the last failure: {sent.reason}")
            say(f"{endpoint.name}: {sent.left_out} later ones of these customers were left out")
            for change_id in sent.failed:
                say(f"{endpoint.name}: failed: {change_id}")
    if failed:
        raise click.exceptions.Exit(FINDINGS)
