"""`streamer suppress`: take no event of a customer any more, until released."""

from typing import Final

import click

from streamer.cli.orders import order_command
from streamer.core.engine.identity import Suppress

suppress: Final[click.Command] = order_command(
    "suppress",
    "Take no event of CUSTOMER any more, until released.",
    "What is known stays known; erase it first if it is to go.",
    lambda customer, _: Suppress(customer),
)
