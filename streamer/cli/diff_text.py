"""A difference of rules as a person reads it, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import IO, Any, Final

import click
import orjson

from streamer.analysis.difference import Difference, Example, Shift, Side
from streamer.analysis.explanation import Explanation, SegmentView
from streamer.cli.intake import intake_facts, intake_lines
from streamer.cli.tables import show_table
from streamer.cli.tree import segment_facts, segment_lines
from streamer.cli.wording import counted, instant
from streamer.instants import iso

_HEADS: Final = ("segment", "enter", "leave", "members", "by new", "entered", "by new")


def show(found: Difference, stream: IO[str]) -> None:
    """Write the difference for a person: a table of what differs, and the examples."""
    differing = [one for one in found.shifts if one.differs]
    for line in _story(found, differing):
        click.echo(line, file=stream)
    if differing:
        click.echo(file=stream)
        show_table(_HEADS, [_row(one) for one in differing], stream)
        click.echo(
            "\nenter, leave: customers at the end, by the new rules; entered: how often until then",
            file=stream,
        )
    for example in found.examples:
        click.echo("\n".join(("", *_example(example))), file=stream)


def as_json(found: Difference) -> str:
    """Return the difference as one JSON object."""
    facts = {
        "until": None if found.until is None else iso(found.until),
        "input": intake_facts(found.intake),
        "customers": found.customers,
        "old": found.old,
        "new": found.new,
        "segments": [_shift_facts(one) for one in found.shifts],
        "examples": [_example_facts(one) for one in found.examples],
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()


def _story(found: Difference, differing: list[Shift]) -> Iterator[str]:
    at = "" if found.until is None else f", compared at {instant(found.until)} UTC"
    yield from intake_lines(found.intake)
    yield f"{counted(found.customers, 'customer')}{at}"
    if found.old == found.new:
        yield "the rules are the same"
    elif differing:
        yield f"{len(differing):,} of {counted(len(found.shifts), 'segment')} differ"
    elif not found.intake.applied:
        yield "nothing was compared: without an accepted event both rule sets say nothing"
    else:
        yield "no segment differs: for these events both rule sets say the same"
    same = sum(one.same for one in found.shifts)
    if found.old != found.new and same:
        yield f"{same:,} have the same rules in both and were not replayed"


def _row(one: Shift) -> tuple[str, ...]:
    added = " (new)" if one.old is None else ""
    removed = " (removed)" if one.new is None else ""
    return (
        f"{one.membership}{added}{removed}",
        f"{one.enters:,}",
        f"{one.leaves:,}",
        *(_number(side, "members") for side in (one.old, one.new)),
        *(_number(side, "entered") for side in (one.old, one.new)),
    )


def _number(side: Side | None, name: str) -> str:
    return "-" if side is None else f"{getattr(side, name):,}"


def _example(one: Example) -> Iterator[str]:
    title = f"{one.customer} would {one.direction} {one.membership}"
    yield click.style(title, bold=True)
    for which, explanation in (("new", one.new), ("old", one.old)):
        yield f"by the {which} rules"
        view = _view(one, explanation)
        if view is None:
            yield "     " + _absent(one, explanation)
        else:
            yield from segment_lines(view, explanation)


def _view(one: Example, explanation: Explanation) -> SegmentView | None:
    return next((view for view in explanation.segments if view.key == one.key), None)


def _absent(one: Example, explanation: Explanation) -> str:
    if explanation.segments:
        return f"there is no {one.key}"
    if explanation.forgotten is not None:
        return f"the customer is forgotten since {instant(explanation.forgotten)}"
    return "the customer is not known"


def _shift_facts(one: Shift) -> dict[str, Any]:
    facts = asdict(one)
    return {"segment": facts.pop("membership"), **facts, "differs": one.differs}


def _example_facts(one: Example) -> dict[str, Any]:
    views = {"old": _view(one, one.old), "new": _view(one, one.new)}
    return {
        "customer_id": one.customer,
        "segment": one.membership,
        "direction": one.direction,
        **{name: None if view is None else segment_facts(view) for name, view in views.items()},
    }
