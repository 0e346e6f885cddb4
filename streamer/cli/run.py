"""`streamer run`: the hot lane, on Kafka and Redis."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Final, get_args

import click

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.kafka.messages import CloudEvents
from streamer.adapters.metrics import Metrics
from streamer.adapters.spans import Spans
from streamer.app.connect import Servers, connect, traced
from streamer.app.inputs import load_rules
from streamer.app.live import Live, new_instance
from streamer.cli.garbage import look_rarely
from streamer.cli.journal import StandardJournal
from streamer.cli.options import examples, rules_option
from streamer.cli.pages import operator_pages
from streamer.cli.servers import (
    control_key_option,
    group_option,
    kafka_options,
    metrics_port_option,
    redis_option,
    topic_options,
)
from streamer.codecs.controls import ControlKey
from streamer.worker import Batching

_BATCH: Final = 2_000
"""How many records a turn takes at most: above this the cost of each falls no further."""
_WAKES: Final = 125
"""How many wakes a partition's cycle acts on at most: records that come meanwhile wait for them."""


@click.command(
    epilog=examples("""
streamer run
streamer run --rules rules/ --group shop --cache 20000
streamer run --control-key-file control.key
streamer run --kafka-config client.properties --metrics-port 0
""")
)
@rules_option
@kafka_options
@topic_options("events", "changes", "memberships", "rejected")
@control_key_option
@group_option
@redis_option
@click.option(
    "--allow-volatile-redis",
    is_flag=True,
    envvar="STREAMER_ALLOW_VOLATILE_REDIS",
    show_envvar=True,
    help="Take a Redis that keeps its data in memory only: after a restart of it everything is "
    "decided again from the log, and nothing is told twice.",
)
@click.option(
    "--cloudevents",
    type=click.Choice(get_args(CloudEvents)),
    envvar="STREAMER_CLOUDEVENTS",
    show_envvar=True,
    help="Publish changes as CloudEvents 1.0: the attributes as headers (binary), or in an "
    "envelope around the change (structured). Without it: the change alone, without headers.",
)
@click.option(
    "--cache",
    type=click.IntRange(min=1),
    envvar="STREAMER_CACHE",
    show_envvar=True,
    default=100_000,
    show_default=True,
    help="How many customers of each partition are kept in memory as well.",
)
@metrics_port_option(9464)
def run(
    rules: tuple[str, ...],
    connection: Connection,
    topics: Topics,
    group: str,
    redis: str,
    allow_volatile_redis: bool,
    cloudevents: CloudEvents | None,
    cache: int,
    control_key: ControlKey | None,
    metrics_port: int,
) -> None:
    """Say when customers enter and leave segments, as events come and as time passes.

    Takes its share of the partitions of the topic of events: start as many processes as you like,
    up to one for each partition. What happens is written to standard error, as JSON lines where
    that is not a terminal. While Kafka or Redis are away it waits for them. SIGTERM and Ctrl-C end
    it once everything is published; SIGHUP (`kill -HUP PID`) reads the rules again.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # unblocked once there is a handler
    look_rarely()
    servers = Servers(connection, topics, redis, group, allow_volatile_redis, cloudevents)
    instance = new_instance(group)
    spans = Spans() if Spans.asked_for() else None
    live = Live(
        lambda: load_rules(rules).compiled,
        lambda: traced(connect(servers, instance), spans),
        Batching(_BATCH, _WAKES, cache, in_order=False),
        StandardJournal(),
        instance,
        control_key,
    )
    pages = operator_pages(metrics_port, Metrics(live.readings).registry(), live.unready)
    with pages, _heeding_signals(live), nullcontext() if spans is None else closing(spans):
        live.run()


@contextmanager
def _heeding_signals(live: Live) -> Iterator[None]:
    """Let the signals that end a process end it in order, and SIGHUP read the rules again."""
    acts = {signal.SIGTERM: live.stop, signal.SIGINT: live.stop, signal.SIGHUP: live.reload}
    before = {
        number: signal.signal(number, lambda got, _: acts[signal.Signals(got)]()) for number in acts
    }
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
