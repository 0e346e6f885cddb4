"""`streamer effect`: what reacting to a segment brings."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, Final, Literal

import click
import orjson

from streamer.adapters.files import FileLog
from streamer.analysis.effect import (
    EffectEstimate,
    EffectGroup,
    EffectRequest,
    effect_of_changes,
    effect_of_rules,
)
from streamer.analysis.proportions import CONFIDENCE, POWER
from streamer.analysis.report import memberships_of
from streamer.app.hints import no_segment
from streamer.app.inputs import load_rules
from streamer.cli.garbage import look_rarely
from streamer.cli.intake import intake_facts, intake_lines
from streamer.cli.options import (
    events_argument,
    examples,
    format_option,
    identity_option,
    mapping_option,
    rules_option,
    sort_option,
    until_option,
)
from streamer.cli.quantities import Duration, Share
from streamer.cli.repeated import RepeatedReading
from streamer.cli.wording import counted, lasting
from streamer.core.engine.program import RuleSet
from streamer.core.rules.spec import Joining
from streamer.errors import UsageError
from streamer.types import Millis

_FORM: Final = "{:<14} {:>10} {:>10} {:>8}   {}"


@click.command(
    epilog=examples("""
streamer effect events.jsonl --changes changes.jsonl --segment cart_abandoner --within 3d
streamer effect events.jsonl --rules rules/ --segment browse_abandoner --within 3d --worth 2%
streamer effect events.jsonl --segment cart_abandoner --conversion cart_viewed --format json
""")
)
@events_argument
@click.option("--segment", "membership", required=True, metavar="KEY", help="Or ladder.tier.")
@click.option(
    "--conversion",
    "names",
    metavar="EVENT",
    multiple=True,
    default=("order_completed",),
    show_default=True,
    help="The event that is a conversion. May be given several times.",
)
@click.option(
    "--within",
    type=Duration(),
    default="7d",
    show_default=True,
    help="How long after entering the segment a conversion counts.",
)
@click.option(
    "--worth",
    type=Share(),
    default="1%",
    show_default=True,
    help="The smallest difference of the two shares that would be worth knowing.",
)
@click.option(
    "--changes",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="The changes that were told. Without it, EVENTS are run through the rules.",
)
@rules_option
@mapping_option
@sort_option
@identity_option
@until_option("Compare what happened up to there.")
@format_option("How the answer is written.")
def effect(
    events: tuple[str, ...],
    membership: str,
    names: tuple[str, ...],
    within: Millis,
    worth: float,
    changes: tuple[str, ...],
    rules: tuple[str, ...],
    mapping: str | None,
    sort: bool,
    anonymous: Joining,
    until: Millis | None,
    form: Literal["text", "json"],
) -> None:
    """Compare who was held out of a segment with who was not: do more of the others convert?

    Each customer counts once, with the first entry into the segment, and converts with one of the
    events after it, in time. The difference of the two shares is shown with its 95% interval, and
    in words whether that is enough data. It says what reacting brings only if nobody reacts to
    changes that say holdout. Where the rules make visitor and user one person, so does this; with
    --changes no rules are read, and --identity says so.
    """
    if not worth:
        raise UsageError("--worth is a share of more than 0, such as 1%")
    if anonymous != "none" and not changes:
        raise UsageError("--identity goes with --changes: without them the rules say so")
    asked = EffectRequest(membership, frozenset(names), within, worth, anonymous)
    source = RepeatedReading(events, mapping, "effect", sort=sort)
    look_rarely()
    if changes:
        with FileLog(changes) as log:
            found = effect_of_changes(log, source, asked, until)
    else:
        compiled = load_rules(rules).compiled
        _known(compiled, membership)
        asked = replace(asked, anonymous=compiled.header.anonymous)
        found = effect_of_rules(compiled, source, asked, until)
    click.echo(_as_json(found, asked) if form == "json" else "\n".join(_story(found, asked)))


def _known(rules: RuleSet, membership: str) -> None:
    known = memberships_of(rules)
    if membership not in known:
        raise UsageError(no_segment(membership, known))


def _story(found: EffectEstimate, asked: EffectRequest) -> Iterator[str]:
    what = " or ".join(sorted(asked.conversions))
    yield f"{what} within {lasting(asked.within)} of the first time in {asked.membership}"
    yield from intake_lines(found.intake)
    yield from found.never_seen
    yield ""
    yield _FORM.format("", "customers", "converted", "share", f"{CONFIDENCE:.0%} interval")
    for name, group in (("not held out", found.reacted), ("held out", found.held_out)):
        yield _row(name, group)
    if found.open_:
        yield f"left out: {counted(found.open_, 'customer')} whose time was not over at the end"
    yield ""
    low, high = found.interval
    yield (
        f"difference {_points(found.difference)}, {CONFIDENCE:.0%} interval "
        f"{100 * low:+.1f} to {_points(high)}"
    )
    yield from _words(found, asked)


def _row(name: str, group: EffectGroup) -> str:
    low, high = group.interval
    return _FORM.format(
        name,
        f"{group.customers:,}",
        f"{group.converted:,}",
        f"{group.share:.1%}",
        f"{low:.1%} to {high:.1%}",
    )


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f} points"


def _words(found: EffectEstimate, asked: EffectRequest) -> Iterator[str]:
    """Say what it means, and whether it is enough data."""
    worth = f"{100 * asked.worth:g} {'point' if asked.worth == 0.01 else 'points'}"  # noqa: PLR2004
    match found.verdict:
        case "more":
            yield "Enough data: those who were not held out convert more often."
        case "fewer":
            yield "Enough data: those who were not held out convert less often."
        case "alike":
            yield f"Enough data: if there is a difference, it is smaller than {worth}."
        case "unclear":
            yield "Not enough data: what is seen here can be chance."
            held_out = found.held_out.customers
            if found.needed > held_out:
                yield (
                    f"To show a difference of {worth}, about {found.needed:,} must be held out if "
                    f"others convert as these do; here there are {held_out:,}."
                )
            else:
                yield f"So many usually show a difference of {worth}: look again with some more."


def _as_json(found: EffectEstimate, asked: EffectRequest) -> str:
    facts = {
        "segment": asked.membership,
        "conversions": sorted(asked.conversions),
        "within_ms": asked.within,
        "input": intake_facts(found.intake),
        "worth": asked.worth,
        "confidence": CONFIDENCE,
        "power": POWER,
        "not_held_out": _group_facts(found.reacted),
        "held_out": _group_facts(found.held_out),
        "left_out": found.open_,
        "difference": found.difference,
        "interval": list(found.interval),
        "verdict": found.verdict,
        "needed_held_out": found.needed,
        "never_seen": list(found.never_seen),
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()


def _group_facts(group: EffectGroup) -> dict[str, Any]:
    return {**asdict(group), "interval": list(group.interval)}
