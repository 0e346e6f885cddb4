"""`streamer release`: take events of a customer again, after suppress."""

from typing import Final

import click

from streamer.cli.orders import order_command
from streamer.core.engine.identity import Release

release: Final[click.Command] = order_command(
    "release",
    "Take events of CUSTOMER again, after suppress.",
    "Events that came meanwhile are lost.",
    lambda customer, _: Release(customer),
)
