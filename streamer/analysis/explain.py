"""Why a customer is in a segment, and until when: found by following the customer closely.

What comes next is found by letting time pass on a copy of the customer, with nothing happening, up
to the end of retention.
"""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Final, NamedTuple

from streamer.analysis.explanation import Branch, Explanation, PendingMove, SegmentView, TierView
from streamer.analysis.following import Following, follow
from streamer.analysis.never_seen import NeverSeen
from streamer.analysis.watch import CustomerTrace, Said
from streamer.app.hints import no_segment
from streamer.app.inputs import EventReading, Rules
from streamer.app.nodes import leaves_of
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment
from streamer.core.profile import Profile
from streamer.core.rules.compile import leaf_specs
from streamer.errors import UsageError
from streamer.types import Millis

_NEAREST: Final = 3


def explain(
    rules: RuleSet,
    reading: EventReading,
    customer: str,
    *,
    segment: str | None = None,
    at: Millis | None = None,
    declared: Rules | None = None,
) -> Explanation:
    """Replay the log for one customer and explain its memberships at `at`.

    `at` None is the end: the larger of the largest time of an event and log time less lateness.
    `segment` is the key of a segment or ladder, or a membership. With the rules as `declared`, what
    is missing names also events, properties and values that the customer's events never had, unless
    ids join.
    Raises `UsageError` where there is no segment of that name.
    """
    segments = _chosen(rules, segment)
    following = Following(rules, [customer], at)
    unseen = None
    if declared is not None and not rules.joins:  # else the events of other ids count, too
        unseen = Unseen(declared, rules)
        following.followed[customer].note = unseen.seen.take
    follow(following, reading)
    return _explanation(following, customer, segments, unseen)


def explain_all(
    rules: RuleSet,
    reading: EventReading,
    customers: Collection[str],
    *,
    at: Millis | None = None,
) -> dict[str, Explanation]:
    """Read the log once, and explain all memberships of several customers."""
    following = Following(rules, customers, at)
    follow(following, reading)
    return {one: _explanation(following, one, rules.segments) for one in customers}


def explain_profile(
    rules: RuleSet, profile: Profile, now: Millis, *, segment: str | None = None
) -> tuple[SegmentView, ...]:
    """Explain the memberships of a customer of whom no more is known than the profile, at `now`.

    The truths have no `since` and no event, and a segment has no `last` change: a profile does not
    remember them. Empty where the customer is forgotten by `now`. `segment` is as for `explain`.
    """
    segments = _chosen(rules, segment)
    trace = CustomerTrace.standing(rules, profile, now)
    if trace.profile is None:
        return ()
    future = trace.ahead()
    looked = _Looked(trace.profile, trace, future, max(now, profile.clock), None)
    return tuple(_view(one, looked) for one in segments)


class Unseen:
    """What the events of one customer never had, asked for by a condition of the program."""

    def __init__(self, declared: Rules, rules: RuleSet) -> None:
        self.seen = NeverSeen(declared)
        self._specs: dict[Node, object] = {}
        by_key = {one.key: one for one in declared.declared.declarations}
        for segment in rules.segments:
            pairs = zip(leaves_of(segment), leaf_specs(by_key[segment.key]), strict=True)
            self._specs.update(pairs)

    def of(self, leaf: LeafNode) -> str | None:
        """Return the first part of a leaf that was never seen, None where all were."""
        return self.seen.of_leaf(self._specs[leaf])


def _explanation(
    following: Following,
    customer: str,
    segments: Iterable[CompiledSegment],
    unseen: Unseen | None = None,
) -> Explanation:
    """Return the explanation of a customer at the end of the events."""
    followed, now = following.followed[customer], following.at
    watch = followed.watch
    profile = watch.profile
    future = watch.ahead()
    views = []
    if profile is not None and now is not None:
        looked = _Looked(profile, watch, future, now, unseen)
        views = [_view(segment, looked) for segment in segments]
    nearest = [] if followed.occurs else get_close_matches(customer, following.others, _NEAREST)
    return Explanation(
        customer=customer,
        at=now,
        occurs=followed.occurs,
        nearest=tuple(nearest),
        born=None if profile is None else profile.born,
        events=watch.events,
        refused=followed.refused,
        unusable=dict(sorted(watch.unusable.items())),
        unreadable=following.refusals.invalid,
        reasons=following.refusals.reasons(),
        last=watch.last,
        forgotten=watch.forgotten,
        forgets=None if profile is None else profile.last + following.rules.retention,
        segments=tuple(views),
        links=tuple(watch.links),
        users=tuple(watch.users),
    )


def _chosen(rules: RuleSet, segment: str | None) -> list[CompiledSegment]:
    if segment is None:
        return list(rules.segments)
    known = {segment.key: segment for segment in rules.segments}
    known |= {tier.membership: segment for segment in rules.segments for tier in segment.tiers}
    if segment not in known:
        raise UsageError(no_segment(segment, known))
    return [known[segment]]


class _Looked(NamedTuple):
    """A customer at an instant: the past, the future, and what its events never had."""

    profile: Profile
    watch: CustomerTrace
    future: CustomerTrace
    now: Millis
    unseen: Unseen | None


def _view(segment: CompiledSegment, looked: _Looked) -> SegmentView:
    profile, watch, future, now, _ = looked
    number = profile.inside[segment.index]
    memberships = {tier.membership for tier in segment.tiers}
    return SegmentView(
        key=segment.key,
        title=segment.title,
        is_ladder=segment.is_ladder,
        membership=segment.tiers[number - 1].membership if number else None,
        last=_first(reversed(watch.said), memberships, profile.born),
        next=_first(iter(future.said), memberships, profile.born),
        waiting=_waiting(segment, profile, now),
        tiers=tuple(
            TierView(
                tier.tier,
                None if tier.when is None else _branch(tier.when, looked),
            )
            for tier in segment.tiers
        ),
    )


def _first(said: Iterator[Said], memberships: set[str], born: Millis) -> Said | None:
    return next(
        (s for s in said if s.change.segment in memberships and s.change.born == born), None
    )


def _waiting(segment: CompiledSegment, profile: Profile, now: Millis) -> PendingMove | None:
    target = segment.target(profile, now)
    if target == profile.inside[segment.index]:
        return None
    until = segment.held_until(profile, target)
    dwelt = profile.since[segment.index] + segment.settings.min_dwell
    return PendingMove(
        "min_dwell" if until == dwelt else "cooldown",
        segment.tiers[target - 1].membership if target else None,
        until,
    )


def _branch(node: Node, looked: _Looked) -> Branch:
    profile, watch, future, now, _ = looked
    leaf = node.leaf if isinstance(node, LeafNode) else None
    truth = watch.truths[node]
    unseen = "" if truth.holds else _unseen(node, looked)
    return Branch(
        text=node.word if leaf is None else leaf.label,
        detail="" if leaf is None else leaf.detail(profile, now),
        missing=unseen or ("" if truth.holds or leaf is None else leaf.lacks(profile, now)),
        unseen=unseen,
        truth=truth,
        flips=future.flips.get(node),
        conditions=tuple(_branch(one, looked) for one in node.conditions),
    )


def _unseen(node: Node, looked: _Looked) -> str:
    if not isinstance(node, LeafNode) or looked.unseen is None:
        return ""
    return looked.unseen.of(node) or ""
