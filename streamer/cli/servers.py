"""Options that say where Kafka and Redis are, and where a command listens itself.

They are the same for every command that has them.

Passwords stand in the file of client properties, in the environment or in the address of Redis,
which the environment can give as well: never in an option that other users of a machine can see.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.connection import DEFAULT_SERVERS
from streamer.cli.options import Command
from streamer.codecs.controls import ControlKey
from streamer.errors import UsageError

_LEAST_SECRET: Final = 32
_TOPICS: Final = {
    "events": "what storefronts publish",
    "changes": "who enters and leaves which segment",
    "memberships": "the segments that each customer is in",
    "rejected": "what could not be an event, and why",
    "audit": "what persons have asked for, and why",
}


def kafka_options(command: Command) -> Command:
    """Add `--kafka` and `--kafka-config`; the command gets a `Connection` as `connection`."""

    @functools.wraps(command)
    def connected(*args: Any, kafka: str, kafka_config: str | None, **others: Any) -> Any:  # noqa: ANN401 (passed on)
        return command(*args, connection=Connection.from_file(kafka, kafka_config), **others)

    config = click.option(
        "--kafka-config",
        metavar="FILE",
        type=click.Path(),
        envvar="STREAMER_KAFKA_CONFIG",
        show_envvar=True,
        help="Client properties as Kafka's own tools read them: TLS, user and password.",
    )
    servers = click.option(
        "--kafka",
        metavar="HOST:PORT,...",
        envvar="STREAMER_KAFKA",
        show_envvar=True,
        default=DEFAULT_SERVERS,
        show_default=True,
        help="Where Kafka is: one or more of its brokers.",
    )
    return servers(config(connected))  # type: ignore[return-value] # click keeps what it is given


def topic_options(*names: str) -> Callable[[Command], Command]:
    """Add `--NAME-topic` for these topics; the command gets `Topics` as `topics`."""

    def add(command: Command) -> Command:
        @functools.wraps(command)
        def named(*args: Any, **others: Any) -> Any:  # noqa: ANN401 (passed on)
            topics = {name: others.pop(f"{name}_topic") for name in names}
            return command(*args, topics=Topics(**topics), **others)

        decorated: Any = named
        for name in reversed(names):
            decorated = click.option(
                f"--{name}-topic",
                metavar="TOPIC",
                envvar=f"STREAMER_{name.upper()}_TOPIC",
                show_envvar=True,
                default=getattr(Topics(), name),
                show_default=True,
                help=f"The topic of {_TOPICS[name]}.",
            )(decorated)
        return decorated  # type: ignore[no-any-return] # click keeps what it is given

    return add


def group_option(command: Command) -> Command:
    """Add `--group`."""
    return click.option(
        "--group",
        metavar="NAME",
        envvar="STREAMER_GROUP",
        show_envvar=True,
        default="streamer",
        show_default=True,
        help="The consumer group; also the beginning of every key in Redis and transactional id.",
    )(command)


def redis_option(command: Command) -> Command:
    """Add `--redis`."""
    return click.option(
        "--redis",
        metavar="URL",
        envvar="STREAMER_REDIS",
        show_envvar=True,
        default="redis://127.0.0.1:6379/0",
        show_default=True,
        help="Where Redis or Valkey is: rediss:// with TLS. With a password, say it in the "
        "environment.",
    )(command)


def metrics_port_option(port: int) -> Callable[[Command], Command]:
    """Add `--metrics-port`, by default this one."""
    return click.option(
        "--metrics-port",
        type=click.IntRange(0, 65_535),
        envvar="STREAMER_METRICS_PORT",
        show_envvar=True,
        default=port,
        show_default=True,
        help="Where /metrics, /healthz and /readyz are served; 0 for nowhere.",
    )


def host_option(envvar: str, host: str, help_text: str) -> Callable[[Command], Command]:
    """Add `--host`, the address to listen on."""
    return click.option(
        "--host",
        envvar=envvar,
        show_envvar=True,
        default=host,
        show_default=True,
        help=help_text,
    )


def port_option(
    envvar: str, port: int, help_text: str, *, least: int = 0
) -> Callable[[Command], Command]:
    """Add `--port`, the port to listen on."""
    return click.option(
        "--port",
        type=click.IntRange(least, 65_535),
        envvar=envvar,
        show_envvar=True,
        default=port,
        show_default=True,
        help=help_text,
    )


def control_key_option(command: Command) -> Command:
    """Add `--control-key-file`; the command gets a `ControlKey` or None as `control_key`.

    Comes above the option of the group, whose name is part of the key.
    """

    @functools.wraps(command)
    def signed(*args: Any, control_key_file: str | None, group: str, **others: Any) -> Any:  # noqa: ANN401 (passed on)
        key = None if control_key_file is None else _control_key(Path(control_key_file), group)
        return command(*args, control_key=key, group=group, **others)

    option = click.option(
        "--control-key-file",
        type=click.Path(exists=True, dir_okay=False),
        envvar="STREAMER_CONTROL_KEY_FILE",
        show_envvar=True,
        metavar="FILE",
        help="A secret of at least 32 characters, the same for the whole group. It signs the "
        "records by which the ids of one person join, where the rules have `identity`. Without "
        "it they do not join.",
    )
    return option(signed)  # type: ignore[return-value] # click keeps what it is given


def _control_key(file: Path, group: str) -> ControlKey:
    """Return the key in a file; raises `UsageError` where it is too short."""
    secret = file.read_bytes().strip()
    if len(secret) < _LEAST_SECRET:
        raise UsageError(
            f"{file} holds {len(secret)} characters, and a control key has at least "
            f"{_LEAST_SECRET}: `head -c 32 /dev/urandom | base64 > {file}` writes one"
        )
    return ControlKey(group, secret)
