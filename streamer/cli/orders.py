"""What the commands about one customer share, and those that give an order: erase and others."""

from collections.abc import Callable
from typing import Final

import click

from streamer.adapters.clock import wall_time
from streamer.adapters.kafka import Connection, Topics
from streamer.app.orders import Asking, order
from streamer.cli.options import Command, examples
from streamer.cli.servers import control_key_option, group_option, kafka_options, topic_options
from streamer.codecs.controls import ControlKey, Order
from streamer.codecs.fields import check_id
from streamer.errors import InvalidEvent, UsageError
from streamer.types import Millis

_GOES: Final = (
    "CUSTOMER is a user's id or an anonymous one. The order is signed with the control key of the "
    "group and goes into the topic of events, where the workers carry it out; the reason goes into "
    "the audit topic, with a hash of the id. Write no personal data into the reason."
)
_EXAMPLE: Final = """
streamer {} u-7 --reason "request of 1 December" --control-key-file control.key
"""


def about_a_customer(command: Command) -> Command:
    """Add CUSTOMER and `--reason`; the command gets them as `customer` and `reason`."""
    reason = click.option(
        "--reason", metavar="TEXT", required=True, help="Why: goes into the audit topic."
    )
    return click.argument("customer")(reason(command))


def asking_about(
    customer: str,
    reason: str,
    connection: Connection,
    topics: Topics,
    control_key: ControlKey | None,
) -> Asking:
    """Return who asks now, of whom and why; raises `UsageError` where something is missing."""
    if control_key is None:
        raise UsageError("what is asked of a person has to be signed: give --control-key-file")
    if not reason.strip():
        raise UsageError("--reason is empty")
    try:
        check_id(customer, "the customer's id", "")
    except InvalidEvent as error:
        raise UsageError(error.reason) from None
    now = wall_time()
    return Asking(connection, topics, control_key, customer, reason, now)


def order_command(
    name: str, does: str, does_not: str, make: Callable[[str, Millis], Order]
) -> click.Command:
    """Return the command that gives an order about one customer; `make` is given the time, too."""

    @click.command(
        name, help=f"{does}\n\n{does_not}\n\n{_GOES}", epilog=examples(_EXAMPLE.format(name))
    )
    @about_a_customer
    @kafka_options
    @topic_options("events", "audit")
    @control_key_option
    @group_option
    def give(
        customer: str,
        reason: str,
        connection: Connection,
        topics: Topics,
        control_key: ControlKey | None,
        group: str,  # noqa: ARG001 (the key names it)
    ) -> None:
        asking = asking_about(customer, reason, connection, topics, control_key)
        partition, offset = order(asking, make(customer, asking.now))
        click.echo(f"{name} stands at offset {offset} of partition {partition} of {topics.events}")

    return give
