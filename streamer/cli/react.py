"""`streamer react`: what acts on segment changes."""

import click

from streamer.cli.options import examples
from streamer.cli.reactions import replay, run
from streamer.cli.webhooks import webhooks


@click.group(
    epilog=examples("""
streamer react webhooks --config webhooks.toml
streamer react run reminders:app
streamer react replay cart-reminders --list
""")
)
def react() -> None:
    """Act on segment changes: by webhooks to other systems, or by functions of your own."""


react.add_command(webhooks)
react.add_command(run)
react.add_command(replay)
