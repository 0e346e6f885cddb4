"""An explanation as a person reads it, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
import orjson

from streamer.analysis.explanation import Branch, Explanation, SegmentView, TierView
from streamer.analysis.watch import Linked, Said, Truth
from streamer.cli.intake import late_line, reason_lines
from streamer.cli.wording import counted, instant, lasting, plain, unusable
from streamer.codecs.changes import encode_change
from streamer.instants import iso
from streamer.types import Event, Millis

_STEP = "    "
_PARTS = {"all": "all of these", "any": "at least one of these", "none": "none of these"}


def as_text(found: Explanation) -> str:
    """Return the explanation for a person; times are in UTC."""
    lines = list(_head(found))
    for view in sorted(found.segments, key=lambda view: view.membership is None):
        lines.append("")
        lines.extend(segment_lines(view, found))
    return "\n".join(lines)


def as_json(found: Explanation) -> str:
    """Return the explanation as one JSON object."""
    facts = {
        "customer_id": found.customer,
        "at": _iso(found.at),
        "born": _iso(found.born),
        "events": found.events,
        "refused": sum(found.refused.values()),
        "refused_by_kind": dict(found.refused),
        "unusable": {name: asdict(one) for name, one in found.unusable.items()},
        "unreadable": found.unreadable,
        "reasons": [reason._asdict() for reason in found.reasons],
        "last_event": _event_facts(found.last),
        "forgotten": _iso(found.forgotten),
        "forgets": _iso(found.forgets),
        "links": [_link_facts(one) for one in found.links],
        "users": [_link_facts(one) for one in found.users],
        "segments": [segment_facts(view) for view in found.segments],
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()


def _head(found: Explanation) -> Iterator[str]:
    at = "" if found.at is None else f" on {instant(found.at)} (all times UTC)"
    yield click.style(f"Customer {found.customer}{at}", bold=True)
    known = counted(found.events, "event")
    if found.refused:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(found.refused.items()))
        known += f" ({sum(found.refused.values()):,} more not accepted: {kinds})"
    if found.last is not None:
        known += f", the last to come {_by(found.last)} at {instant(found.last.time)}"
    yield known
    late = found.refused.get("late", 0)
    if late and found.last is not None and found.last.appended is None:
        yield late_line(late)
    yield from unusable(found.unusable)
    yield from unreadable(found)
    for link in found.links:
        until = "" if link.until is None else f", until {_at(link.until)}"
        yield f"one person with {link.customer} since {_at(link.since)}{until}"
    for link in found.users:
        yield f"one person with the user {link.customer} since {_at(link.since)}"
    if found.users:
        yield f"what is known of this id is the user's: explain {found.users[-1].customer}"
    if found.forgotten is not None:
        again = "" if found.born is None else f", known again since {instant(found.born)}"
        yield f"forgotten on {instant(found.forgotten)}: no event for the retention time{again}"
    if found.forgets is not None:
        yield f"will be forgotten on {instant(found.forgets)} if nothing happens"
    yield "what is said of the future holds if nothing happens before"


def unreadable(found: Explanation) -> Iterator[str]:
    """Yield how many lines, also of other customers, were found to be no events, and why."""
    if found.unreadable:
        yield f"{found.unreadable:,} or more lines are no events"
        yield from reason_lines(found.reasons)


def segment_lines(view: SegmentView, found: Explanation) -> Iterator[str]:
    """Yield the lines about one segment of an explanation; times are in UTC."""
    inside = view.membership is not None
    where = f"IN   {view.membership}" if inside else f"OUT  {view.key}"
    title = "" if view.title == view.key else f": {view.title}"
    yield click.style(where, fg="green" if inside else None, bold=True) + title
    yield f"     {_standing(view, found)}"
    yield from _why_not(view, found)
    for tier in view.tiers:
        yield from _tier(tier, view, found)


def _standing(view: SegmentView, found: Explanation) -> str:
    """Say since when, why, and until when."""
    if view.last is None:
        said = "never in it"
    else:
        verb = "in it since" if view.membership is not None else "left it on"
        said = f"{verb} {instant(view.last.change.at)}, {_reason(view.last)}"
    if view.waiting is not None:
        goal = f"to enter {view.waiting.target}" if view.waiting.target else "to leave it"
        said += f"; the rule wants {goal}, held back by {view.waiting.setting}"
    if view.next is not None:
        said += f"; {_coming(view, view.next, found)}"
    elif view.membership is None:
        said += "; will not enter it if nothing happens"
    return said


def _why_not(view: SegmentView, found: Explanation) -> Iterator[str]:
    """Say what keeps the customer out: of a ladder, out of the tiers above the customer's."""
    for tier in view.tiers:
        if view.membership in {tier.membership(view.key), view.key} or tier.condition is None:
            return
        head = "why not:" if tier.tier is None else f"why not {tier.tier}:"
        for blocker in tier.condition.blockers():
            yield f"     {head} {_blocker(blocker, found)}"
            head = " " * len(head)


def _blocker(branch: Branch, found: Explanation) -> str:
    said = f"{branch.text}: {plain(branch.missing or branch.detail)}"
    if branch.flips is None or found.at is None or branch.flips == found.forgets:
        return said
    return f"{said}; in {lasting(branch.flips - found.at)}, if nothing happens"


def _coming(view: SegmentView, coming: Said, found: Explanation) -> str:
    at = instant(coming.change.at)
    if coming.change.at == found.forgets:
        return f"until {at}, when the customer is forgotten, if nothing happens"
    if view.membership is None:
        return f"will enter {coming.change.segment} on {at} if nothing happens"
    moved = f", then {view.key}.{coming.change.target}" if coming.change.target else ""
    return f"until {at} if nothing happens{moved}"


def _tier(tier: TierView, view: SegmentView, found: Explanation) -> Iterator[str]:
    depth = 1
    if tier.tier is not None:
        mine = " (the customer's)" if view.membership == tier.membership(view.key) else ""
        otherwise = "" if tier.condition is not None else ": otherwise"
        yield f"     tier {tier.tier}{mine}{otherwise}"
        depth = 2
    if tier.condition is not None:
        inside = view.membership is not None  # of whom is outside it stands under "why not"
        yield from _branch(tier.condition, depth, found, tell=inside)


def _branch(branch: Branch, depth: int, found: Explanation, *, tell: bool) -> Iterator[str]:
    """Yield the lines of a condition; `tell` has it say what was never seen and had to be."""
    truth = branch.truth
    mark = click.style("yes", fg="green") if truth.holds else click.style("no ", fg="red")
    indent = _STEP * (depth - 1)
    if branch.conditions:
        yield f"{mark}  {indent}{_PARTS[branch.text]}"
        tell = tell and branch.text != "none"
        for one in branch.conditions:
            yield from _branch(one, depth + 1, found, tell=tell)
        return
    yield f"{mark}  {indent}{branch.text}: {plain(branch.detail)}"
    unseen = f": {plain(branch.unseen)}" if tell and branch.unseen else ""
    yield f"     {indent}{_STEP}{_history(truth, branch.flips, found)}{unseen}"


def _history(truth: Truth, flips: Millis | None, found: Explanation) -> str:
    if truth.since is None:
        return "" if flips is None else f"until {instant(flips)}"
    if not truth.holds and truth.since == found.born:
        return "never true so far" + (f", but from {instant(flips)} on" if flips else "")
    word = "true" if truth.holds else "false"
    said = f"{word} since {instant(truth.since)}, {_cause(truth.event)}"
    if flips is not None:
        return f"{said}, until {instant(flips)}"
    return f"{said}, without an end" if truth.holds else said


def _reason(said: Said) -> str:
    return _cause(said.event) if said.setting is None else f"as the {said.setting} ended"


def _cause(event: Event | None) -> str:
    return "as time passed" if event is None else f"by {_by(event)}"


def _at(event: Event) -> str:
    return f"{instant(event.time)}, {_cause(event)}"


def _by(event: Event) -> str:
    return f"{event.name} ({event.id})"


def segment_facts(view: SegmentView) -> dict[str, Any]:
    """Return one segment of an explanation as JSON values."""
    waiting = view.waiting
    return {
        "segment": view.key,
        "title": view.title,
        "membership": view.membership,
        "last_change": _said_facts(view.last),
        "next_change": _said_facts(view.next),
        "waiting": waiting
        and {
            "setting": waiting.setting,
            "target": waiting.target,
            "until": _iso(waiting.until),
        },
        "rungs": [
            {
                "tier": tier.tier,
                "condition": tier.condition and _branch_facts(tier.condition),
                "why_not": [
                    {"condition": one.text, "missing": one.missing, "flips": _iso(one.flips)}
                    for one in (tier.condition.blockers() if tier.condition else ())
                ],
            }
            for tier in view.tiers
        ],
    }


def _branch_facts(branch: Branch) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "condition": branch.text,
        "holds": branch.truth.holds,
        "missing": branch.missing,
        "since": _iso(branch.truth.since),
        "cause": _event_facts(branch.truth.event) or "time",
        "flips": _iso(branch.flips),
    }
    if branch.conditions:
        facts["conditions"] = [_branch_facts(one) for one in branch.conditions]
    else:
        facts["detail"] = branch.detail
    return facts


def _said_facts(said: Said | None) -> Any:  # noqa: ANN401 (a JSON value)
    return None if said is None else orjson.loads(encode_change(said.change))


def _event_facts(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    return {"id": event.id, "name": event.name, "time": iso(event.time)}


def _link_facts(link: Linked) -> dict[str, Any]:
    until = _event_facts(link.until)
    return {"customer_id": link.customer, "since": _event_facts(link.since), "until": until}


def _iso(at: Millis | None) -> str | None:
    return None if at is None else iso(at)
