"""`streamer demo`: the whole product in one process, on simulated shoppers in accelerated time."""

import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from streamer.adapters.database import Database
from streamer.app.demo import Demo, play
from streamer.app.inputs import load_rules
from streamer.app.shipped import demo_rules, shipped_rules
from streamer.cli.options import examples
from streamer.cli.stage import show_sizes, stage_for, status
from streamer.cli.tree import as_text
from streamer.cli.wording import lasting
from streamer.core.wording import duration
from streamer.errors import UsageError
from streamer.simulation import Simulation
from streamer.types import MINUTE, SECOND

_CUSTOMERS = 250


@click.command(
    epilog=examples("""
streamer demo
streamer demo --seconds 60 --speed 3600
streamer demo --rules rules/ --seed 7
streamer demo --file shop.db
""")
)
@click.option(
    "--seconds",
    metavar="N",
    type=click.FloatRange(0, 3_600, min_open=True),
    default=20.0,
    show_default=True,
    help="How long it runs.",
)
@click.option(
    "--speed",
    metavar="N",
    type=click.FloatRange(0, 10_000_000, min_open=True),
    default=172_800.0,
    show_default=True,
    help="How many seconds pass in the shop in one second; 3600 shows an hour, 86400 a day.",
)
@click.option("--seed", metavar="N", type=int, default=1, show_default=True, help="Other shoppers.")
@click.option(
    "--rules",
    metavar="PATH",
    multiple=True,
    type=click.Path(),
    envvar="STREAMER_RULES",
    show_envvar=True,
    help="A rule file or folder, instead of some of the rules that come with Streamer.",
)
@click.option(
    "--file",
    "kept",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep the SQLite file there; it must be a new one.",
)
def demo(
    seconds: float, speed: float, seed: int, rules: tuple[str, ...], kept: Path | None
) -> None:
    """Watch a made-up shop: events come in, customers enter and leave segments.

    Log, store and sink are one SQLite file; the worker is the same as in production. By
    default forty days pass in twenty seconds. It ends by itself, or with Ctrl-C.
    """
    if kept is not None and kept.exists():
        raise UsageError(f"{kept} is there already: name a new file")
    named = rules or (_short(shipped_rules()),)
    compiled = load_rules(rules or [str(path) for path in demo_rules()]).compiled
    with ExitStack() as stack:
        file = kept or _temporary(stack)
        database = stack.enter_context(Database(file))
        shop = Demo(compiled, database, Simulation(seed=seed, customers=_CUSTOMERS))
        click.echo(_opening(len(compiled.segments), named, speed))
        with stage_for(shop) as stage:
            play(shop, seconds, speed, time.monotonic, time.sleep, stage.show)
        click.echo(status(shop))
        show_sizes(shop)
        _explain_one(shop)
    _try_next(shop, named, seed, kept)


def _temporary(stack: ExitStack) -> Path:
    """Return the name of a file that is gone when the stack is left."""
    return Path(stack.enter_context(TemporaryDirectory(prefix="streamer-"))) / "demo.db"


def _short(path: Path) -> str:
    """Return the path as seen from here, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _opening(rules: int, paths: tuple[str, ...], speed: float) -> str:
    return (
        f"A shop with {_CUSTOMERS} customers, {rules} rules from {' '.join(paths)}; "
        f"{lasting(int(speed * SECOND))} pass in a second.\n"
    )


def _explain_one(shop: Demo) -> None:
    chosen = shop.example()
    if chosen is not None:
        customer, segment = chosen
        _heading(f"Why is {customer} in {segment}, and until when?")
        click.echo(as_text(shop.explain(customer, segment)))


def _try_next(shop: Demo, paths: tuple[str, ...], seed: int, kept: Path | None) -> None:
    """Say how to get the same as files, and how to go on with rules of one's own."""
    rules = " ".join(f"--rules {path}" for path in paths)
    minutes = max(MINUTE, (shop.now - shop.began) // MINUTE * MINUTE)
    bounds = f"--customers {_CUSTOMERS} --seed {seed} --for {duration(minutes)}"
    _heading("What to try next")
    click.echo(
        "The same events as a file, and all these rules over them:\n"
        f"  streamer simulate {bounds} --out events.jsonl\n"
        f"  streamer replay events.jsonl {rules} --out changes.jsonl"
    )
    chosen = shop.example()
    if chosen is not None:
        customer, membership = chosen
        asked = f"{rules} --segment {membership}"
        click.echo(f"  streamer explain {customer} --events events.jsonl {asked}")
    click.echo(
        "Rules of your own: copy them, change a rule, see what it changes:\n"
        f"  cp -r {' '.join(paths)} my-rules\n"
        "  streamer check my-rules\n"
        "  streamer test my-rules\n"
        "  streamer demo --rules my-rules"
    )
    if kept is not None:
        click.echo(f"Log, profiles and changes stay in {kept}.")


def _heading(text: str) -> None:
    click.secho(f"\n{text}", bold=True)
