"""`streamer unlink`: let later events of the anonymous ids of a customer be their own again."""

from typing import Final

import click

from streamer.cli.orders import order_command
from streamer.core.engine.identity import Unlink

unlink: Final[click.Command] = order_command(
    "unlink",
    "Let later events of the anonymous ids of CUSTOMER be their own again.",
    "What has joined stays joined. The next event with both ids links them again.",
    lambda customer, _: Unlink(customer),
)
