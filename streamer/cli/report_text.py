"""A report on segments as a table for a person, and as JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import IO, Any, Final

import click
import orjson

from streamer.analysis.never_seen import Missing
from streamer.analysis.report import (
    FindingLimits,
    Judgement,
    Report,
    SegmentReport,
    is_large,
    is_small,
    shares_of,
)
from streamer.app.books import MOST_STAYS
from streamer.cli.intake import intake_facts, intake_lines
from streamer.cli.tables import show_table
from streamer.cli.wording import counted, instant, lasting, unusable
from streamer.core.values import SCALE
from streamer.instants import iso

_HEADS = ("segment", "size", "mean size", "entered", "exited", "volatility", "median stay")
_MOST_NAMES = 12
_MOST_ENDINGS = 2


ORDERS: Final[Mapping[str, Callable[[SegmentReport], float]]] = {
    "rules": lambda _: 0,
    "size": lambda one: -one.size,
    "entered": lambda one: -one.entered,
    "volatility": lambda one: -(one.volatility or 0),
    "stay": lambda one: -(one.median_stay or 0),
    "sales": lambda one: -(one.sales or 0),
}
"""By what the segments of a report can be ordered; the largest comes first."""


def show(report: Report, judgement: Judgement, stream: IO[str], by: str = "rules") -> None:
    """Write the report for a person: those segments that ever had a member, and what to look at.

    `by` is one of `ORDERS`.
    """
    for line in _story(report):
        click.echo(line, file=stream)
    click.echo(file=stream)
    live = [one for one in report.segments if one.customers]
    heads = list(_HEADS)
    heads += ["sales"] * (report.sales is not None) + ["stays ended by"]
    heads += ["unreachable"] * (report.reachable is not None)
    rows = [_row(one, report) for one in sorted(live, key=ORDERS[by])]
    show_table(heads, rows, stream)
    click.echo(file=stream)
    for line in _notes(report, judgement):
        click.echo(line, file=stream)


def as_json(report: Report, limits: FindingLimits, missing: Sequence[Missing]) -> bytes:
    """Return the whole report as one JSON object, as `report.schema.json` says."""
    facts = {
        "source": report.source,
        "input": intake_facts(report.intake),
        "ruleset": report.ruleset,
        "rules": report.rules,
        "begin": None if report.begin is None else iso(report.begin),
        "end": None if report.end is None else iso(report.end),
        "changes": report.changes,
        "unknown": report.unknown,
        "unusable": {name: asdict(one) for name, one in report.unusable.items()},
        "customers": report.customers,
        "forgotten": report.forgotten,
        "in_no_segment": report.in_no_segment,
        "in_rest_only": report.in_rest_only,
        "reachable": report.reachable,
        "currency": None if report.sales is None else report.sales.currency,
        "limits": asdict(limits),
        "step_ms": report.width,
        "steps": [iso(step) for step in report.steps],
        "segments": [_segment_facts(one, report, limits) for one in report.segments],
        "models": [
            {
                "model": one.key,
                "fitted_on": one.fitted_on,
                "segments": list(one.segments),
                "foreign": one.foreign,
            }
            for one in report.models
        ],
        "overlaps": list(_overlap_facts(report, limits)),
        "missing": [one._asdict() for one in missing],
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2)


def story(report: Report) -> str:
    """Return who and what the report is about, in one sentence."""
    said = f"{counted(report.customers, 'customer')}, {counted(report.changes, 'segment change')}"
    if report.begin is not None and report.end is not None:
        said += f" from {instant(report.begin)} to {instant(report.end)} UTC"
    return said


def _story(report: Report) -> Iterator[str]:
    if report.intake is not None:
        yield from intake_lines(report.intake)
    yield story(report)
    if report.forgotten:
        yield f"{counted(report.forgotten, 'more customer')} forgotten: no event for the retention"
    if report.unknown:
        names = ", ".join(sorted(report.unknown))
        left_out = counted(sum(report.unknown.values()), "change")
        yield f"left out: {left_out} of memberships that the rules do not have: {names}"
    yield from unusable(report.unusable)


def stay(one: SegmentReport) -> str:
    """Return the median stay of a membership."""
    if one.median_stay is None:
        return "-"
    return f"~{lasting(one.median_stay)}" if one.sampled else lasting(one.median_stay)


def number(value: float | None) -> str:
    """Return a measure, `-` where there is none."""
    return "-" if value is None else f"{value:,.1f}"


def sales_share(one: SegmentReport, report: Report) -> float | None:
    """Return the share of all sales that the members at the end have made, None of no sales."""
    total = 0 if report.sales is None else sum(report.sales.by_customer.values())
    return None if one.sales is None or total <= 0 else one.sales / total


def ended(one: SegmentReport) -> str:
    """Return what ended most stays: `64% time, 36% order_completed`."""
    total = sum(one.ended.values())
    first = sorted(one.ended.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_ENDINGS]
    return ", ".join(f"{number / total:.0%} {cause}" for cause, number in first) or "-"


def ran_out(one: SegmentReport) -> str:
    """Return the condition that most of the stays which time ended are due to, "" where none is."""
    if not one.ran_out:
        return ""
    number, condition = max((number, condition) for condition, number in one.ran_out.items())
    of = one.ended["time"]
    return f"{number:,} of {counted(of, 'stay')}: {condition}"


def _ran_out_lines(report: Report) -> Iterator[str]:
    """Yield what ran out in those segments in which time ended most stays."""
    found = [one for one in report.segments if one.ran_out]
    if found:
        yield "where time ended stays, what ran out most often:"
    for one in sorted(found, key=lambda one: -one.ended["time"])[:_MOST_NAMES]:
        yield f"  {one.membership}, {ran_out(one)}"
    if len(found) > _MOST_NAMES:
        yield f"  and in {len(found) - _MOST_NAMES:,} segments more: --json lists them"


def sales_lines(report: Report) -> Iterator[str]:
    """Yield how sales are counted, and which orders are left out of them."""
    if report.sales is not None:
        currency, sold, left_out = report.sales
        amount = f"{sum(sold.values()) / 10_000:,.2f}".removesuffix(".00")
        total = f"{amount} {currency or 'of no currency'}"
        yield f"sales: the share of {total} that the members at the end bought for"
        if left_out:
            yield f"left out of the sales: {counted(left_out, 'order')} in other currencies"


def model_lines(report: Report) -> Iterator[str]:
    """Yield for each model which segments ask it, and on what it was fitted."""
    for one in report.models:
        asking = _names(one.segments)
        if not one.foreign:
            yield f"by the model {one.key}, fitted on {one.fitted_on or 'this shop'}: {asking}"
        elif one.fitted_on is None:
            yield (
                f"by the model {one.key}, which does not say on what it was fitted, so not fitted "
                f"on this shop as far as is known (streamer fit fits one): {asking}"
            )
        else:
            yield (
                f"by the model {one.key}, not fitted on this shop but on {one.fitted_on} "
                f"(streamer fit fits one): {asking}"
            )


def held_line(report: Report) -> str | None:
    """Return which memberships have settings that hold moves back, None where none has."""
    held = [f"{one.ladder or one.membership} ({one.held})" for one in report.segments if one.held]
    if not held:
        return None
    return f"sizes are as told, held back by settings: {_names(list(dict.fromkeys(held)))}"


def _row(one: SegmentReport, report: Report) -> tuple[str, ...]:
    share = sales_share(one, report)
    cells: tuple[str, ...] = (
        one.membership,
        f"{one.size:,}",
        number(one.mean_size),
        f"{one.entered:,}",
        f"{one.exited:,}",
        number(one.volatility),
        stay(one),
    )
    if report.sales is not None:
        cells += ("-" if share is None else f"{share:.0%}",)
    cells += (ended(one),)
    return cells if one.unreachable is None else (*cells, f"{one.unreachable:,}")


def _notes(report: Report, judgement: Judgement) -> Iterator[str]:
    yield "size: members at the end; volatility: (entered + exited) / mean size"
    yield from _ran_out_lines(report)
    yield from sales_lines(report)
    held = held_line(report)
    if held is not None:
        yield held
    yield from model_lines(report)
    if any(one.sampled for one in report.segments):
        yield f"~: median of a sample of {MOST_STAYS:,} stays"
    yield f"in no segment: {report.in_no_segment:,} customers"
    yield f"in nothing but otherwise tiers: {report.in_rest_only:,} customers"
    for what, found in (
        ("too small", judgement.small),
        ("too large", judgement.large),
        ("nobody was ever in", judgement.never),
    ):
        if found:
            yield f"{what}: {_names([one.membership for one in found])}"
    for pair in judgement.alike:
        one, other = report.segments[pair.one], report.segments[pair.other]
        share = shares_of(pair, report)[1]
        yield f"alike: {one.membership} and {other.membership} share {share:.0%} of their customers"
    if report.reachable is None:
        yield "who can be reached is not known: --reachable KEY names the segment that says so"


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES])
    return f"{listed} and {more:,} more" if more > 0 else listed


def _segment_facts(one: SegmentReport, report: Report, limits: FindingLimits) -> dict[str, Any]:
    return {
        "segment": one.membership,
        "title": one.full_title,
        "purpose": one.purpose,
        "definition": one.definition,
        "held": one.held,
        "ladder": one.ladder,
        "otherwise": one.is_rest,
        "size": one.size,
        "peak": one.peak,
        "mean_size": one.mean_size,
        "entered": one.entered,
        "exited": one.exited,
        "customers": one.customers,
        "volatility": one.volatility,
        "median_stay_ms": one.median_stay,
        "sampled": one.sampled,
        "ended": dict(one.ended),
        "ran_out": dict(one.ran_out),
        "sales": None if one.sales is None else one.sales / SCALE,
        "sales_share": sales_share(one, report),
        "unreachable": one.unreachable,
        "never": not one.customers,
        "too_small": bool(one.customers) and is_small(one, report, limits),
        "too_large": is_large(one, report, limits),
        "entered_by_step": one.entered_by_step,
        "exited_by_step": one.exited_by_step,
        "size_by_step": one.size_by_step,
    }


def _overlap_facts(report: Report, limits: FindingLimits) -> Iterator[dict[str, Any]]:
    for pair in report.overlaps:
        of_smaller, jaccard = shares_of(pair, report)
        yield {
            "segments": [
                report.segments[pair.one].membership,
                report.segments[pair.other].membership,
            ],
            "both": pair.both,
            "of_smaller": of_smaller,
            "jaccard": jaccard,
            "alike": jaccard >= limits.overlap,
        }
