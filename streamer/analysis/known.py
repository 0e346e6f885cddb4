"""Everything that a profile knows of a customer, as JSON: with purposes, sources and how long.

What is kept is named as `streamer privacy` names it. Of each datum there is what it says in words,
and what it holds as it is stored: instants are milliseconds since 1970, each further one of a list
as the distance from the one before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from streamer.analysis.kept import KeptData, kept
from streamer.analysis.privacy import remembering
from streamer.app.inputs import Rules
from streamer.core.profile import Profile
from streamer.core.wording import duration
from streamer.instants import iso
from streamer.types import Millis

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class _Known:
    """What the leaves that share a datum say."""

    kept: KeptData
    slots: dict[int, None] = field(default_factory=dict)
    says: dict[str, None] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)


def known(rules: Rules, profile: Profile, now: Millis) -> Json:
    """Return what a profile knows, looked at at an instant that is not before its clock."""
    last, retention = profile.last, rules.compiled.retention
    links = profile.links
    return {
        "first_event": iso(profile.born),
        "last_event": iso(last),
        "changes": profile.sequence,
        "remembered_event_ids": len(profile.id_times),
        "kept_until": iso(last + retention),
        "kept_for": f"{duration(retention)} after the last event",
        "ids": [
            {"id": one, "linked_at": iso(at)}
            for one, at in ({} if links is None else links.linked).items()
        ],
        "segments": list(_segments(rules, profile)),
        "data": [_datum(rules, profile, one) for one in _data(rules, profile, now)],
    }


def _segments(rules: Rules, profile: Profile) -> Iterator[Json]:
    for segment in rules.compiled.segments:
        number = profile.inside[segment.index]
        if number:
            yield {
                "segment": segment.tiers[number - 1].membership,
                "title": segment.title,
                "purpose": segment.purpose,
                "since": iso(profile.since[segment.index]),
                "holdout": segment.held_out(profile.customer),
            }


def _data(rules: Rules, profile: Profile, now: Millis) -> Iterator[_Known]:
    """Yield the data that the profile holds; what no event has carried yet is left out."""
    found: dict[str, _Known] = {}
    evaluated = [one for one in rules.declared.declarations if one.settings.enabled]
    for rule, leaf, question in remembering(rules.compiled, evaluated):
        said = kept(question, leaf.leaf.label)
        datum = found.setdefault(said.what, _Known(said))
        datum.slots |= dict.fromkeys(leaf.slots)
        datum.says[leaf.leaf.detail(profile, now)] = None
        datum.purposes[rule.key] = rule.purpose
    for datum in found.values():
        if any(rules.compiled.cells[slot].state(profile) is not None for slot in datum.slots):
            yield datum


def _datum(rules: Rules, profile: Profile, datum: _Known) -> Json:
    cells = [rules.compiled.cells[slot] for slot in datum.slots]
    states = [(cell, cell.state(profile)) for cell in cells]
    counts_for = datum.kept.counts_for
    return {
        "what": datum.kept.what,
        "values_of": datum.kept.values,
        "says": [one for one in datum.says if one],
        "holds": [state.pack(0) for _, state in states if state is not None],
        "sources": sorted({name for cell in cells for name in cell.events or ("any event",)}),
        "counts_for": "always" if counts_for is None else duration(counts_for),
        "purposes": datum.purposes,
    }
