"""`streamer collect`: HTTP in, Kafka out."""

import signal
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.cli.journal import StandardJournal
from streamer.cli.options import examples
from streamer.cli.pages import operator_pages
from streamer.cli.quantities import Duration
from streamer.cli.servers import (
    host_option,
    kafka_options,
    metrics_port_option,
    port_option,
    topic_options,
)
from streamer.errors import UsageError
from streamer.types import SECOND, Millis

_NEEDED: Final = ("aiohttp", "crawleruseragents")


@click.command(
    epilog=examples("""
streamer collect --keys keys.toml
streamer collect --keys keys.toml --host 127.0.0.1 --metrics-port 0
streamer collect --keys keys.toml --request-limit 4000000 --proxies 1
""")
)
@kafka_options
@topic_options("events", "rejected")
@click.option(
    "--keys",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    envvar="STREAMER_KEYS",
    show_envvar=True,
    help="The write keys, a TOML file; read anew on SIGHUP.",
)
@host_option("STREAMER_HOST", "0.0.0.0", "The address to listen on.")  # noqa: S104 (containers need it)
@port_option(
    "STREAMER_PORT", 8080, "The port to listen on, in plain HTTP: TLS ends at a proxy.", least=1
)
@click.option(
    "--request-limit",
    type=click.IntRange(min=1_000),
    envvar="STREAMER_REQUEST_LIMIT",
    show_envvar=True,
    default=500_000,
    show_default=True,
    help="How many bytes a request may have, unpacked.",
)
@click.option(
    "--proxies",
    type=click.IntRange(min=0),
    envvar="STREAMER_PROXIES",
    show_envvar=True,
    default=0,
    show_default=True,
    help="How many proxies of yours add to X-Forwarded-For: whose address a limit is for.",
)
@click.option(
    "--body-timeout",
    type=Duration(),
    envvar="STREAMER_BODY_TIMEOUT",
    show_envvar=True,
    default="10s",
    show_default=True,
    help="How long a body may take to come.",
)
@click.option(
    "--idle-timeout",
    type=Duration(),
    envvar="STREAMER_IDLE_TIMEOUT",
    show_envvar=True,
    default="75s",
    show_default=True,
    help="How long a connection may be without a request, or take to send its headers.",
)
@click.option(
    "--patience",
    type=Duration(),
    envvar="STREAMER_PATIENCE",
    show_envvar=True,
    default="5s",
    show_default=True,
    help="How long Kafka may take to acknowledge before a request is answered 429.",
)
@metrics_port_option(9465)
def collect(
    connection: Connection,
    topics: Topics,
    keys: Path,
    host: str,
    port: int,
    request_limit: int,
    proxies: int,
    body_timeout: Millis,
    idle_timeout: Millis,
    patience: Millis,
    metrics_port: int,
) -> None:
    """Take events over HTTP, as the SDKs of Segment and RudderStack send them, and as CloudEvents.

    Answers 200 once Kafka has acknowledged every event of a request. What cannot be an event goes
    to the topic of rejected ones, with the reason. While Kafka is away, and where too much comes at
    once, the answer is 429 and says when to try again. Start as many processes as you like behind
    a load balancer. SIGTERM and Ctrl-C end it once what it has is answered; SIGHUP reads the keys
    again.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"this needs {' and '.join(missing)}: install it with pip install 'streamer[collect]'"
        )
    from streamer.adapters.http.collecting import Bounds
    from streamer.adapters.http.keys import read_keys
    from streamer.app.collect import Collector, CollectorOptions

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # unblocked once there is a handler
    bounds = Bounds(
        request_bytes=request_limit,
        body_seconds=body_timeout / SECOND,
        kafka_seconds=patience / SECOND,
        proxies=proxies,
    )
    collector = Collector(connection, topics, partial(read_keys, keys), bounds, StandardJournal())
    with operator_pages(metrics_port, collector.counts.registry, collector.unready):
        collector.run(CollectorOptions(host, port, idle_timeout / SECOND))
