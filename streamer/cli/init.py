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
streamer init my-rules --currency EUR --zone UTC --country AT
""")
)
@click.argument("folder", type=click.Path(path_type=Path), default="rules")
@click.option("--currency", required=True, metavar="CODE", help="The currency of the shop: EUR …")
@click.option(
    "--zone", required=True, metavar="ZONE", help="The time zone of its days: Europe/Berlin …"
)
@click.option(
    "--country",
    metavar="CODE",
    help="The country of the shop: AT …  [default: the one that the time zone lies in]",
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
    folder: Path,
    currency: str,
    zone: str,
    country: str | None,
    chosen: tuple[str, ...],
    anonymous: Joining,
) -> None:
    """Copy the shipped rules into FOLDER, with the currency, time zone and country of a shop.

    FOLDER is new or empty; the default is rules. Amounts of money are left as they are, and the
    files that have any are listed, as are the lines with what else only the shop can say.
    """
    names = [name.strip() for one in chosen for name in one.split(",") if name.strip()]
    copied = copy_rules(folder, currency, zone, names, country=country, anonymous=anonymous)
    where = f"zone {zone}" + (f", country {copied.country}" if copied.country else "")
    click.echo(f"{counted(len(copied.files), 'file')} of rules in {folder}, {where}")
    if copied.along:
        click.echo(f"with what they refer to in {', '.join(copied.along)}")
    if names:
        others = [kind for kind in kinds() if kind not in names]
        click.echo(f"other kinds: {', '.join(others)}")
    if copied.amounts:
        click.echo(f"set the amounts to what is much in {currency}:")
        for file in copied.amounts:
            click.echo(f"  {file}")
    if copied.own:
        click.echo("set what only the shop can say:")
        for line in copied.own:
            click.echo(f"  {line}")
    click.echo(f"then: streamer check {folder}; streamer test {folder}")
