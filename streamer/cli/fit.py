"""`streamer fit`: a model of purchases, fitted on history and judged by a later time."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

import click
import orjson

from streamer.adapters.files import STANDARD
from streamer.adapters.output import whole
from streamer.analysis.fitting import LEAST_PURCHASES, Calibration, Each, FitRequest, Fitted
from streamer.analysis.fitting import fit as run
from streamer.app.inputs import open_events
from streamer.cli.failures import say_finding
from streamer.cli.intake import intake_lines
from streamer.cli.options import (
    events_argument,
    examples,
    identity_option,
    keep_apart,
    mapping_option,
    sort_option,
    until_option,
)
from streamer.cli.progress import progress_of
from streamer.cli.quantities import Duration
from streamer.cli.wording import counted, instant
from streamer.core.rules.spec import Joining
from streamer.types import DAY, Millis

_FORM: Final = "{:<28} {:>10} {:>10} {:>10} {:>10}"


@click.command(
    epilog=examples("""
streamer fit events.jsonl --model alive --out rules/alive.yaml
streamer fit orders.csv.gz --map mapping.yaml --each day --model alive --out rules/alive.yaml
streamer fit events.jsonl --until 2026-09-30T00:00:00Z --model alive --out - --scores scores.jsonl
""")
)
@events_argument
@click.option("--model", "key", required=True, metavar="KEY", help="The name that rules say.")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(),
    help="Write the model there, among the rules; - for stdout.",
)
@mapping_option
@sort_option
@identity_option
@click.option(
    "--purchase",
    "names",
    metavar="EVENT",
    multiple=True,
    default=("order_completed",),
    show_default=True,
    help="The event that is a purchase. May be given several times.",
)
@click.option(
    "--each",
    type=click.Choice(["event", "day"]),
    default="event",
    show_default=True,
    help="Whether each event is a purchase, or each day with one (of --zone).",
)
@click.option(
    "--zone", default="UTC", show_default=True, help="The zone of the rule set, for --each day."
)
@click.option("--unit", type=Duration(), default="7d", show_default=True, help="The unit of time.")
@until_option("Fit on the time up to there; the time after it judges the model.")
@click.option(
    "--value",
    metavar="PROPERTY",
    help="Fit what a purchase is worth, too: a second model, by gamma-gamma.",
)
@click.option(
    "--value-model",
    "value_key",
    metavar="KEY",
    help="The name of that second model: order_value in the shipped rules.  [default: that of "
    "--model, and _value]",
)
@click.option(
    "--scores", metavar="FILE", type=click.Path(), help="Write a JSON line about each customer."
)
@click.option(
    "--next",
    "ahead",
    type=Duration(),
    default="90d",
    show_default=True,
    help="The time ahead of the purchases expected in --scores.",
)
def fit(
    events: tuple[str, ...],
    key: str,
    out: str,
    mapping: str | None,
    sort: bool,
    anonymous: Joining,
    names: tuple[str, ...],
    each: str,
    zone: str,
    unit: Millis,
    until: Millis | None,
    value: str | None,
    value_key: str | None,
    scores: str | None,
    ahead: Millis,
) -> None:
    """Fit a model of purchases (BG/NBD) on history, for the condition `predicted`.

    EVENTS are JSON lines, also compressed (.gz), or what --map makes of others. The model file is
    a document of the rule set: put it among the rules. What is said of a later time that the model
    has not seen is shown beside two simple rules and what came true: the time after --until, or if
    nothing comes after it, the last third, judging a model of the first two thirds. The last line
    says whether the model is worth using.

    Fitting needs SciPy: pip install 'streamer[fit]'
    """
    keep_apart((*events, mapping), (out, scores))
    counted_by: Each = "day" if each == "day" else "event"
    source = _source(events)
    asked = FitRequest(
        key=key,
        events=frozenset(names),
        each=counted_by,
        unit=unit,
        zone=zone,
        until=until,
        ahead=ahead,
        value=value,
        source=source,
        anonymous=anonymous,
        value_key=value_key,
    )
    log, decode = open_events(events, mapping, warn=say_finding, sort=sort)
    with whole(out, scores) as (model, scored), log, progress_of(log, "fit") as step:
        fitted = run(asked, log, decode, step)
        if model is not None:
            model.write([fitted.text.rstrip("\n").encode()])
        if scored is not None:
            scored.write([orjson.dumps(one) for one in fitted.standings])
    for line in _story(fitted):
        click.echo(line, err="-" in (out, scores))


def _source(events: tuple[str, ...]) -> str:
    """Return what a model says of where its events are from: names of files, without folders."""
    first = "standard input" if events[0] == STANDARD else PurePath(events[0]).name
    more = len(events) - 1
    return f"{first} and {counted(more, 'more file')}" if more else first


def _story(fitted: Fitted) -> Iterator[str]:
    yield from intake_lines(fitted.histories.intake)
    yield from fitted.histories.names.never_seen()
    found = fitted.fit
    yield (
        f"fitted on {counted(fitted.customers, 'customer')} who bought up to "
        f"{instant(fitted.until)} UTC"
    )
    for name, value in found.parameters._asdict().items():
        yield f"  {name:<6}{value:.4g}"
    yield f"  log-likelihood {found.log_likelihood:,.1f}"
    for name in found.vague():
        yield f"note: {name} can hardly be told from these histories: more of them would tell it"
    if fitted.values is not None:
        yield "what a purchase is worth"
        for name, value in fitted.values.parameters._asdict().items():
            yield f"  {name:<6}{value:.4g}"
        yield f"  log-likelihood {fitted.values.log_likelihood:,.1f}"
    crowded = fitted.histories.crowded()
    if crowded is not None:
        yield f"note: {crowded}"
    yield ""
    yield from _judgement(fitted.calibration, tried=fitted.tried is not None)
    yield ""
    yield f"Verdict: {_verdict(fitted.calibration)}"


def _judgement(found: Calibration, *, tried: bool) -> Iterator[str]:
    if tried:
        yield "Judged by the last third of the time; the model judged is fitted on the rest alone."
    else:
        yield "Judged by the time after it."
    yield (
        f"From {instant(found.begin)} to {instant(found.end)} UTC, "
        f"{counted(found.customers, 'customer')} made {counted(found.actual, 'purchase')}."
    )
    yield ""
    yield _FORM.format("foretold by", "purchases", "rms error", "mean error", "right")
    for score in found.scores:
        yield _FORM.format(
            score.name,
            f"{score.total:,.0f}",
            f"{score.rms:.3f}",
            f"{score.mean:.3f}",
            f"{score.right:.1%}",
        )
    days = round(found.threshold / DAY)
    silence = counted(days, "day")
    yield f"The threshold is {silence} without a purchase: the best one, seen from the end."
    yield ""
    yield _FORM.format("purchases later, on average", "actual", "BG/NBD", "past", "recency")
    for row in found.rows:
        more = " or more" if row is found.rows[-1] else ""
        name = f"{row.repeats}{more} repeats, {counted(row.customers, 'customer')}"
        numbers = (row.actual, row.model, row.past, row.recency)
        yield _FORM.format(name, *(f"{number:.2f}" for number in numbers))


def _verdict(found: Calibration) -> str:
    """Return what the comparison means, for a reader of no tables."""
    rival, gain = found.rival.name, found.gain
    said = f"it foretold {found.scores[0].total:,.0f} of {found.actual:,} purchases"
    match found.verdict:
        case "better":
            return (
                f"worth using. The model's error per customer is {gain:.0%} smaller than that of "
                f"the better simple rule ({rival}), and {said}."
            )
        case "no better":
            return (
                f"no better than a simple rule. The model's error per customer is that of {rival}, "
                f"and {said}. A condition with `ago` says as much, and is easier to explain."
            )
        case "worse":
            return (
                f"not worth using. The model's error per customer is {-gain:.0%} larger than that "
                f"of a simple rule ({rival}), and {said}. Ask with `ago` how long the last "
                "purchase is past instead."
            )
    return (
        f"too early to say. {counted(found.actual, 'purchase')} in the time that judges, and by "
        f"fewer than {LEAST_PURCHASES} no model can be judged: give a longer history, or an "
        "earlier --until."
    )
