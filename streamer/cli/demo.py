"""`streamer demo`: the whole product in one process, on simulated shoppers in accelerated time."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from streamer.adapters.database import Database
from streamer.adapters.held import HeldFile
from streamer.app.demo import Demo, play
from streamer.app.inputs import Rules, load_rules
from streamer.app.shipped import demo_rules, shipped_rules
from streamer.cli.journal import QuietJournal
from streamer.cli.options import examples
from streamer.cli.servers import port_option
from streamer.cli.stage import show_sizes, stage_for, status
from streamer.cli.tree import as_text
from streamer.cli.wording import lasting
from streamer.core.wording import duration
from streamer.errors import UsageError
from streamer.simulation import Simulation
from streamer.types import MINUTE, SECOND

_CUSTOMERS: Final = 250
_SECONDS: Final = 20.0
_CALM: Final = 1_200.0
"""How many seconds of the shop pass in a second, once the page is up."""


@click.command(
    epilog=examples("""
streamer demo
streamer demo --serve
streamer demo --seconds 60 --speed 3600
streamer demo --rules rules/ --seed 7
streamer demo --file shop.db
""")
)
@click.option(
    "--seconds",
    metavar="N",
    type=click.FloatRange(0, 3_600, min_open=True),
    help="How long it runs: 20 without it, and with --serve until Ctrl-C.",
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
@click.option(
    "--serve", "served", is_flag=True, help="Show it on a live page, too, and answer over HTTP."
)
@port_option(
    "STREAMER_SERVE_PORT", 8090, "The port of the page on this machine; 0 takes a free one."
)
def demo(
    seconds: float | None,
    speed: float,
    seed: int,
    rules: tuple[str, ...],
    kept: Path | None,
    served: bool,
    port: int,
) -> None:
    """Watch a made-up shop: events come in, customers enter and leave segments.

    Log, store and sink are one SQLite file; the worker is the same as in production. By
    default forty days pass in twenty seconds. It ends by itself, or with Ctrl-C. With --serve the
    shop then goes on more slowly, twenty minutes in a second, until Ctrl-C.
    """
    if kept is not None and kept.exists():
        raise UsageError(f"{kept} is there already: name a new file")
    named = rules or (_short(shipped_rules()),)
    paths = rules or [str(path) for path in demo_rules()]
    loaded = load_rules(paths)
    compiled = loaded.compiled
    with ExitStack() as stack:
        file = kept or _temporary(stack)
        stack.enter_context(HeldFile(file))
        database = stack.enter_context(Database(file))
        shop = Demo(compiled, database, Simulation(seed=seed, customers=_CUSTOMERS))
        click.echo(_opening(len(compiled.segments), named, speed))
        if served:
            address = _serve(stack, loaded, paths, file, port)
            click.secho(f"The live page: {address} (Ctrl-C ends it)\n", bold=True)
        with stage_for(shop) as stage:
            through = play(shop, seconds or _SECONDS, speed, time.monotonic, time.sleep, stage.show)
            if through and served and seconds is None:
                play(shop, inf, _CALM, time.monotonic, time.sleep, stage.show)
        click.echo(status(shop))
        show_sizes(shop)
        _explain_one(shop)
    _try_next(shop, named, seed, kept)


def _serve(stack: ExitStack, loaded: Rules, paths: Sequence[str], file: Path, port: int) -> str:
    """Serve the page beside the shop until the stack is left; return its address."""
    if find_spec("aiohttp") is None:
        raise UsageError("--serve needs aiohttp: install it with pip install 'streamer[serve]'")
    from streamer.serve.beside import beside
    from streamer.serve.opening import server_of_file
    from streamer.serve.rulebook import Rulebook
    from streamer.serve.server import Access, ServerOptions

    view = Path(stack.enter_context(TemporaryDirectory(prefix="streamer-"))) / "view.db"
    access = Access(ServerOptions("127.0.0.1", port))
    server = server_of_file(file, view, Rulebook(loaded, paths), access, QuietJournal())
    stack.enter_context(beside(server))
    return server.address


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
