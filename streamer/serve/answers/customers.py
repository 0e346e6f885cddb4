"""One customer: where they are and why, why not elsewhere, what comes next, the story.

Why and what comes next are read from the stored profile, which is only looked at: it may be older
than what a worker has decided since.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from streamer.adapters.history import RecentEvents
from streamer.adapters.profiles import FoundProfile
from streamer.adapters.view.reading import CustomerRecord
from streamer.analysis.explain import explain_profile
from streamer.analysis.explanation import Branch, SegmentView
from streamer.app.shop_file import PARTITION
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.identity import user_of
from streamer.errors import Unavailable
from streamer.instants import iso
from streamer.serve.answers.context import Context, Json
from streamer.serve.problems import Problem
from streamer.types import Event, Millis, SegmentChange

_NEAR: Final = 5
"""So many near misses are listed, those with the fewest missing conditions."""


class _Explained(NamedTuple):
    """What a profile says at an instant, and since when its customer is where."""

    since: Mapping[str, Millis]
    at: Millis
    views: tuple[SegmentView, ...]


def one_customer(context: Context, customer: str) -> Json:
    """Return the memberships of a customer, who is unknown without a change and a profile."""
    where = context.reader.where(customer)
    if where is None and _found(context, customer, None) is None:
        raise _unknown()
    inside = () if where is None else where.memberships
    return context.of(
        {
            "customer_id": customer,
            "born": None if where is None else iso(where.born),
            "sequence": 0 if where is None else where.sequence,
            "segments": [
                {"segment": name, "since": iso(since), "title": _title(context, name)}
                for name, since in inside
            ],
        }
    )


def why(context: Context, customer: str, name: str) -> Json:
    """Return why a customer is in a segment, or why not."""
    entry = context.entry(name)
    if entry.compiled is None:
        raise Problem("no-explanation", f"{entry.key} is switched off: nobody is decided by it")
    since, at, (view,) = _explained(context, customer, entry.key)
    return context.of(
        {
            "customer_id": customer,
            "at": iso(at),
            **_placed(view, since),
            "tiers": [
                {
                    "tier": one.tier,
                    "condition": None if one.condition is None else _condition(one.condition),
                }
                for one in view.tiers
            ],
        }
    )


def outlook(context: Context, customer: str) -> Json:
    """Return a customer's memberships, near misses, and the changes if no event comes."""
    since, at, views = _explained(context, customer, None)
    placed = [_placed(one, since) for one in views]
    coming = sorted(
        (one for one in placed if one["next"] is not None), key=lambda one: one["next"]["at"]
    )
    near = sorted(
        (one for one in placed if one["membership"] is None and one["missing"]),
        key=lambda one: (len(one["missing"]), one["segment"]),
    )
    return context.of(
        {
            "customer_id": customer,
            "at": iso(at),
            "coming": coming,
            "inside": [one for one in placed if one["membership"] is not None],
            "near": near[:_NEAR],
        }
    )


def story(context: Context, customer: str, limit: int) -> Json:
    """Return the latest changes and events of a customer, the latest first.

    `events` is None where they cannot be read.
    """
    found = context.reader.story(customer, limit)
    recent = _recent_events(context, customer, limit)
    since = None if recent is None else recent.since
    return context.of(
        {
            "customer_id": customer,
            "changes": [orjson.Fragment(one) for one in found],
            "events": None if recent is None else [_event(one) for one in recent.events],
            "events_since": None if since is None else iso(since),
        }
    )


def _recent_events(context: Context, customer: str, limit: int) -> RecentEvents | None:
    """Return the latest events of a customer, those that were erased left out.

    The log still has these, until its retention: the customer was born after them.
    """
    history = context.stores.history
    if history is None:
        return None
    known = _known(context, customer)
    if known is None:
        return RecentEvents([], None)
    partition, born = known
    try:
        events, since = history.events_of(customer, partition, limit)
    except Unavailable:
        return None
    return RecentEvents([one for one in events if max(one.time, one.appended or 0) >= born], since)


def _known(context: Context, customer: str) -> tuple[int, Millis] | None:
    """Return in which partition a customer is and since when, None for one who is unknown.

    From the file of the embedded default nobody is erased, and it has one partition.
    """
    if context.stores.shop is not None:
        return PARTITION, 0
    where = context.reader.where(customer)
    if where is not None:
        return where.partition, where.born
    try:
        found = _found(context, customer, None)
    except Unavailable:
        return None
    if found is None:
        return None
    codec = ProfileCodec(context.catalogue.rules, found.layouts)
    return found.partition, codec.decode(customer, found.profile).born


def _found(context: Context, customer: str, where: CustomerRecord | None) -> FoundProfile | None:
    if context.stores.profiles is None:
        return None
    return context.stores.profiles.find(customer, None if where is None else where.partition)


def _explained(context: Context, customer: str, segment: str | None) -> _Explained:
    """Return the explanation by the profile; raises `Problem` where there is no profile."""
    if context.stores.profiles is None:
        message = "this server has no store to ask: start it with --redis"
        raise Problem("no-explanation", message)
    where = context.reader.where(customer)
    found = _found(context, customer, where)
    if found is None:
        raise _unknown()
    rules = context.catalogue.rules
    profile = ProfileCodec(rules, found.layouts).decode(customer, found.profile)
    user = user_of(profile)
    if user is not None:
        raise Problem("no-explanation", f"the events of this id are those of {user}")
    reached = [found.fired_at, profile.clock]
    if context.stores.profiles.live:
        reached.append(context.now - rules.lateness)
    elif found.log_time is not None:
        reached.append(found.log_time - rules.lateness)
    at = max(reached)
    views = explain_profile(rules, profile, at, segment=segment)
    if not views:
        raise _unknown()
    return _Explained(dict(() if where is None else where.memberships), at, views)


def _placed(view: SegmentView, since: Mapping[str, Millis]) -> Json:
    """Return a customer's place in a segment: in or out, what is missing, what comes next."""
    inside = view.membership
    missing = () if inside is not None else _fewest(view)
    return {
        "segment": view.key,
        "title": view.title,
        "membership": inside,
        "since": iso(since[inside]) if inside is not None and inside in since else None,
        "missing": [_condition(one) for one in missing],
        "next": None if view.next is None else _coming(view.next.change),
    }


def _event(event: Event) -> Json:
    return {
        "id": event.id,
        "name": event.name,
        "at": iso(event.time),
        "properties": event.properties,
        "traits": event.traits or {},
    }


def _title(context: Context, membership: str) -> str:
    entry = context.catalogue.by_name.get(membership)
    return membership if entry is None else entry.title


def _unknown() -> Problem:
    return Problem(
        "unknown-customer",
        "nothing is known of this customer: the id is mistyped, the customer was in no segment so "
        "far, or the profile is gone",
    )


def _fewest(view: SegmentView) -> Sequence[Branch]:
    """Return the conditions that keep a customer out of the tier that is nearest."""
    blockers = [list(one.condition.blockers()) for one in view.tiers if one.condition is not None]
    return min(blockers, key=len, default=[])


def _coming(change: SegmentChange) -> Json:
    return {
        "segment": change.segment,
        "direction": change.direction,
        "at": iso(change.at),
        "from": change.origin,
        "to": change.target,
    }


def _condition(one: Branch) -> Json:
    return {
        "text": one.text,
        "detail": one.detail,
        "missing": one.missing,
        "holds": one.truth.holds,
        "until": None if one.flips is None else iso(one.flips),
        "conditions": [_condition(each) for each in one.conditions],
    }
