"""`streamer init`: the shipped rules in a folder of one's own."""

from pathlib import Path

import click

from streamer.app.own_rules import copy_rules, kinds
from streamer.cli.options import examples, identity_option
from streamer.cli.wording import counted
from streamer.core.rules.spec import Joining


@click.command(
    epilog=examples("""
streamer init my-rules --currency RON --zone Europe/Bucharest
streamer init my-rules --currency GBP --zone Europe/London --kinds value,cart_abandonment
streamer init my-rules --currency EUR --zone Europe/Berlin --identity last
""")
)
@click.argument("folder", type=click.Path(path_type=Path), default="rules")
@click.option("--currency", required=True, metavar="CODE", help="The currency of the shop: EUR …")
@click.option(
    "--zone", required=True, metavar="ZONE", help="The time zone of its days: Europe/Berlin …"
)
@click.option(
    "--kinds",
    "chosen",
    multiple=True,
    metavar="KIND,…",
    help="Only these folders of the shipped rules, and what they refer to.",
)
@identity_option
def init(
    folder: Path, currency: str, zone: str, chosen: tuple[str, ...], anonymous: Joining
) -> None:
    """Copy the shipped rules into FOLDER, with the currency and the time zone of a shop.

    FOLDER is new or empty; the default is rules. Amounts of money are left as they are, and the
    files that have any are listed.
    """
    names = [name.strip() for one in chosen for name in one.split(",") if name.strip()]
    copied = copy_rules(folder, currency, zone, names, anonymous=anonymous)
    click.echo(f"{counted(len(copied.files), 'file')} of rules in {folder}, zone {zone}")
    if copied.along:
        click.echo(f"with what they refer to in {', '.join(copied.along)}")
    if names:
        others = [kind for kind in kinds() if kind not in names]
        click.echo(f"other kinds: {', '.join(others)}")
    if copied.amounts:
        click.echo(f"set the amounts to what is much in {currency}:")
        for file in copied.amounts:
            click.echo(f"  {file}")
    click.echo(f"then: streamer check {folder}; streamer test {folder}")
