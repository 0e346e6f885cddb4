"""`streamer serve`: who is in which segment and why, over HTTP, and the live page."""

import asyncio
import signal
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.app.inputs import load_rules
from streamer.cli.journal import StandardJournal
from streamer.cli.options import examples, rules_option
from streamer.cli.pages import operator_pages
from streamer.cli.servers import (
    group_option,
    host_option,
    kafka_options,
    metrics_port_option,
    port_option,
    redis_option,
    topic_options,
)
from streamer.errors import UsageError

if TYPE_CHECKING:
    from streamer.serve.server import Server

_DELIVERIES = ("http://127.0.0.1:9466", "http://127.0.0.1:9467")


@click.command(
    epilog=examples("""
streamer serve
streamer serve --rules rules/ --view view.db --metrics-port 0
streamer serve --host 0.0.0.0 --tokens tokens.toml
streamer serve --sqlite shop.db --rules rules/
""")
)
@rules_option
@kafka_options
@topic_options("events", "changes", "memberships", "rejected")
@group_option
@redis_option
@click.option(
    "--sqlite",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Read the file of `streamer demo --file` instead of Kafka and Redis.",
)
@click.option(
    "--view",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="STREAMER_VIEW",
    show_envvar=True,
    default="streamer-view.db",
    show_default=True,
    help="Where the copy of what workers published is kept. A lost one is read again.",
)
@host_option(
    "STREAMER_SERVE_HOST",
    "127.0.0.1",
    "The address to listen on; one that other machines reach needs --tokens.",
)
@port_option(
    "STREAMER_SERVE_PORT",
    8090,
    "The port to listen on, in plain HTTP: TLS ends at a proxy. 0 takes a free one.",
)
@click.option(
    "--tokens",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="STREAMER_TOKENS",
    show_envvar=True,
    help="Who may ask, a TOML file. Without it everybody who reaches a loopback address.",
)
@click.option(
    "--deliveries",
    metavar="URL",
    multiple=True,
    envvar="STREAMER_DELIVERIES",
    show_envvar=True,
    default=_DELIVERIES,
    show_default=True,
    help="Where a `streamer react` has its metrics, http://HOST:PORT: for the view of deliveries. "
    "May be given several times; with --sqlite nobody is asked.",
)
@metrics_port_option(9468)
def serve(
    rules: tuple[str, ...],
    connection: Connection,
    topics: Topics,
    group: str,
    redis: str,
    sqlite: Path | None,
    view: Path,
    host: str,
    port: int,
    tokens: Path | None,
    deliveries: tuple[str, ...],
    metrics_port: int,
) -> None:
    """Say over HTTP who is in which segment and why, and show it on a live page.

    Follows the topics of changes, memberships and rejected records into a SQLite file of its own,
    and answers from that; why a customer is in a segment or not is read from Redis, and a
    customer's events from their topic. Start as many as you like: each has its own copy. Until the
    copy is complete the answer is 503 with the progress. /openapi.json describes every path.
    SIGTERM and Ctrl-C end it.
    """
    if find_spec("aiohttp") is None:
        raise UsageError("this needs aiohttp: install it with pip install 'streamer[serve]'")
    from streamer.adapters.kafka.history import KafkaHistory
    from streamer.adapters.redis.profiles import RedisProfiles
    from streamer.serve.answers.context import Stores
    from streamer.serve.deliveries import Deliveries
    from streamer.serve.opening import new_server, server_of_file
    from streamer.serve.rulebook import Rulebook
    from streamer.serve.server import Access, ServerOptions
    from streamer.serve.sources import from_kafka
    from streamer.serve.tokens import read_tokens

    with ExitStack() as stack:
        rulebook = Rulebook(load_rules(rules), rules)
        access = Access(ServerOptions(host, port), None if tokens is None else read_tokens(tokens))
        if sqlite is None:
            opened = from_kafka(connection, topics)
            profiles = stack.enter_context(RedisProfiles(redis, group))
            history = stack.enter_context(KafkaHistory(connection, topics.events))
            stores = Stores(profiles, history, deliveries=Deliveries(deliveries))
            server = new_server(view, opened, rulebook, stores, access, StandardJournal())
        else:
            if not sqlite.is_file():
                raise UsageError(f"there is no file {sqlite}: `streamer demo --file` makes one")
            view = Path(stack.enter_context(TemporaryDirectory(prefix="streamer-"))) / "view.db"
            server = server_of_file(sqlite, view, rulebook, access, StandardJournal())
        stack.enter_context(operator_pages(metrics_port, server.counts.registry, server.unready))
        asyncio.run(_until_stopped(server))


async def _until_stopped(server: "Server") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.run()
