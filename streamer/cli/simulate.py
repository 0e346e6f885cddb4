"""`streamer simulate`: shoppers that behave like published funnels, as JSON lines."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, takewhile

import click
from click.core import ParameterSource

from streamer.adapters.clock import wall_time
from streamer.adapters.output import STANDARD, Output
from streamer.cli.failures import silence_standard_output
from streamer.cli.options import Instant, examples
from streamer.cli.quantities import Duration, Rate, Share
from streamer.errors import UsageError
from streamer.instants import EARLIEST, END, iso
from streamer.simulation import (
    DEFAULT_START,
    Mishaps,
    Simulation,
    as_they_happen,
    batches,
    visits_for,
)
from streamer.simulation import simulate as run
from streamer.types import Millis

_SHARE = Share()


@click.command(
    epilog=examples("""
streamer simulate | head -20
streamer simulate --events 100000 --out events.jsonl
streamer simulate --customers 500 --for 30d --late 2% --appended --out month.jsonl
streamer simulate --for 7d | streamer replay - --rules rules/
streamer simulate --rate 50
streamer simulate --live --rate 50 --customers 20000
""")
)
@click.option("--events", metavar="N", type=click.IntRange(1), help="Stop after N lines.")
@click.option(
    "--for",
    "duration",
    metavar="DURATION",
    type=Duration(),
    help="Stop when so much time has passed in the simulated shop (30m, 7d).",
)
@click.option(
    "--customers",
    metavar="N",
    type=click.IntRange(1, 10_000_000),
    default=1_000,
    show_default=True,
    help="How many people know the shop. They come every fourth day on average, few of them often.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Same seed, same bytes.",
)
@click.option(
    "--start",
    metavar="TIME|now",
    type=Instant(),
    default=iso(DEFAULT_START),
    show_default=True,
    help="When it begins.",
)
@click.option(
    "--rate",
    metavar="R",
    type=Rate(),
    help="Write R lines a second, with --live on the average of a day. Without it: as fast as "
    "possible.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Begin now, and write each line when it happens: what a storefront publishes live.",
)
@click.option("--late", metavar="SHARE", type=_SHARE, default=0.0, help="Share of late events.")
@click.option(
    "--duplicates", metavar="SHARE", type=_SHARE, default=0.0, help="Share of events sent twice."
)
@click.option(
    "--poison",
    metavar="SHARE",
    type=_SHARE,
    default=0.0,
    help="Put in broken lines, as many as this share of the events.",
)
@click.option("--appended", is_flag=True, help="Give each line the time at which it arrived.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(),
    default=STANDARD,
    help="Write there instead of to standard output.",
)
def simulate(
    events: int | None,
    duration: Millis | None,
    customers: int,
    seed: int,
    start: Millis | None,
    rate: float | None,
    live: bool,
    late: float,
    duplicates: float,
    poison: float,
    appended: bool,
    out: str,
) -> None:
    """Write the events of a made-up shop as JSON lines, without end or as many as asked for.

    Of all views, carts, wishes and purchases, 89.6 % are products viewed, 5.5 % put into a cart,
    2.9 % put on a wish list and 2.0 % orders; 73 % of carts are never bought. Page views,
    checkouts, log-ins, removals and refunds come on top. Prices, brands and people are made up.

    Late events are held back from a minute to two days; most rule sets reject what is older than
    a day. Broken lines are none that any rule set could accept.
    """
    if live:
        start = wall_time()
        source = click.get_current_context().get_parameter_source("start")
        if source is not ParameterSource.DEFAULT:
            raise UsageError("--live begins now: leave --start out")
    if start is None:
        raise UsageError("--start is a time or now: a simulation has no end to begin at")
    if not EARLIEST <= start < END:
        raise UsageError("--start lies outside of the years 1990 to 2100, in which events happen")
    if out != STANDARD and events is None and duration is None:
        raise UsageError("a file needs an end: say --events or --for")
    simulation = Simulation(
        seed=seed,
        start=start,
        customers=customers,
        mishaps=Mishaps(late=late, duplicates=duplicates, poison=poison),
        appended=appended,
    )
    if live and rate is not None:
        simulation = replace(simulation, visits=visits_for(rate, customers))
    arrivals = run(simulation)
    end = END if duration is None else min(END, start + duration)
    arrivals = takewhile(lambda arrival: arrival.at < end, arrivals)
    arrivals = islice(arrivals, events)
    if live:
        written = as_they_happen(arrivals, wall_time, time.sleep)
    else:
        lines = (arrival.line for arrival in arrivals)
        written = batches(lines, rate, time.monotonic, time.sleep)
    if out == STANDARD:
        _write_standard(written)
    else:
        _write_file(out, written)


def _write_standard(written: Iterator[list[bytes]]) -> None:
    """Write the batches; a reader that has seen enough (`| head`) and Ctrl-C are good ends."""
    stream = click.get_binary_stream("stdout")
    try:
        for batch in written:
            stream.write(b"\n".join(batch) + b"\n")
            stream.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        silence_standard_output()


def _write_file(name: str, written: Iterator[list[bytes]]) -> None:
    """Write the file whole or not at all."""
    output = Output(name)
    try:
        for batch in written:
            output.write(batch)
        output.finish()
        output.install()
    except BaseException:
        output.discard()
        raise
