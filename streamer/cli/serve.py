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
from streamer.cli.servers import (
    group_option,
    kafka_options,
    metrics_port_option,
    redis_option,
    topic_options,
)
from streamer.errors import UsageError

if TYPE_CHECKING:
    from streamer.adapters.profiles import Profiles
    from streamer.serve.server import Server
    from streamer.serve.sources import OpenSource

_EVERYWHERE = ""


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
@topic_options("changes", "memberships", "rejected")
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
@click.option(
    "--host",
    envvar="STREAMER_SERVE_HOST",
    show_envvar=True,
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on; one that other machines reach needs --tokens.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    envvar="STREAMER_SERVE_PORT",
    show_envvar=True,
    default=8090,
    show_default=True,
    help="The port to listen on, in plain HTTP: TLS ends at a proxy. 0 takes a free one.",
)
@click.option(
    "--tokens",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="STREAMER_TOKENS",
    show_envvar=True,
    help="Who may ask, a TOML file. Without it everybody who reaches a loopback address.",
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
    metrics_port: int,
) -> None:
    """Say over HTTP who is in which segment and why, and show it on a live page.

    Follows the topics of changes, memberships and rejected records into a SQLite file of its own,
    and answers from that; why a customer is in a segment or not is read from Redis. Start as many
    as you like: each has its own copy. Until the copy is complete the answer is 503 with the
    progress. /openapi.json describes every path. SIGTERM and Ctrl-C end it.
    """
    if find_spec("aiohttp") is None:
        raise UsageError("this needs aiohttp: install it with pip install 'streamer[serve]'")
    from streamer.adapters.redis.profiles import RedisProfiles
    from streamer.adapters.view.embedded import EmbeddedProfiles
    from streamer.adapters.web import Pages
    from streamer.serve.sources import from_file, from_kafka

    with ExitStack() as stack:
        opened: OpenSource
        profiles: Profiles
        if sqlite is None:
            opened = from_kafka(connection, topics)
            profiles = stack.enter_context(RedisProfiles(redis, group))
        else:
            if not sqlite.is_file():
                raise UsageError(f"there is no file {sqlite}: `streamer demo --file` makes one")
            opened = from_file(sqlite)
            profiles = EmbeddedProfiles(sqlite)
            view = Path(stack.enter_context(TemporaryDirectory(prefix="streamer-"))) / "view.db"
        server = _server(rules, opened, view, profiles, (host, port, tokens))
        if metrics_port:
            stack.enter_context(
                Pages(_EVERYWHERE, metrics_port, server.counts.registry, server.unready)
            )
        asyncio.run(_until_stopped(server))


def _server(
    rules: tuple[str, ...],
    opened: "OpenSource",
    view: Path,
    profiles: "Profiles",
    where: tuple[str, int, Path | None],
) -> "Server":
    from streamer.serve.catalogue import Catalogue
    from streamer.serve.follower import Follower
    from streamer.serve.server import Access, Place, Server
    from streamer.serve.tokens import read_tokens

    host, port, tokens = where
    journal = StandardJournal()
    access = Access(Place(host, port), None if tokens is None else read_tokens(tokens))
    catalogue = Catalogue.of(load_rules(rules))
    return Server(view, Follower(view, opened, journal), catalogue, profiles, access, journal)


async def _until_stopped(server: "Server") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.run()
