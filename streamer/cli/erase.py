"""`streamer erase`: forget everything about a customer."""

from typing import Final

import click

from streamer.cli.orders import order_command
from streamer.core.engine.identity import Erase

erase: Final[click.Command] = order_command(
    "erase",
    "Forget everything about CUSTOMER: profile, memberships, and all ids that have joined.",
    "Events of before this moment are not taken any more, wherever they come from; later ones "
    "begin a new profile. What the topics hold is gone after their retention.",
    Erase,
)
