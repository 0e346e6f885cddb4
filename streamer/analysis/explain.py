"""Why a customer is in a segment, and until when: found by following the customer closely.

Of the other customers only the times matter, because they move log time and the end. What comes
next is found by letting time pass on a copy of the customer, with nothing happening, up to the end
of retention.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from streamer.analysis.explanation import Branch, Explanation, SegmentView, TierView, Waiting
from streamer.analysis.watch import Said, Watch
from streamer.app.hints import hint
from streamer.app.inputs import Decoder, Reading, read_events
from streamer.core.engine.conditions import LeafNode, Node
from streamer.core.engine.decide import MAX_AHEAD
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment
from streamer.core.profile import Profile
from streamer.errors import UsageError
from streamer.ports import Log
from streamer.types import FOREVER, Event, Millis

_NEAREST: Final = 3


def explain(
    rules: RuleSet,
    log: Log,
    decode: Decoder,
    customer: str,
    *,
    segment: str | None = None,
    at: Millis | None = None,
    watch: Callable[[], object] = lambda: None,
) -> Explanation:
    """Replay the log for one customer and explain its memberships at `at`.

    `at` None is the end: the larger of the largest time of an event and log time less lateness.
    `segment` is the key of a segment or ladder, or a membership. Raises `UsageError` where there
    is none of that name.
    """
    segments = _chosen(rules, segment)
    following = _read(rules, log, decode, [customer], at, watch)
    return following.explanation(customer, segments)


def explain_all(
    rules: RuleSet,
    log: Log,
    decode: Decoder,
    customers: Iterable[str],
    *,
    at: Millis | None = None,
    watch: Callable[[], object] = lambda: None,
) -> dict[str, Explanation]:
    """Replay the log once for several customers and explain all memberships of each at `at`."""
    following = _read(rules, log, decode, customers, at, watch)
    return {one: following.explanation(one, list(rules.segments)) for one in following.followed}


def _read(
    rules: RuleSet,
    log: Log,
    decode: Decoder,
    customers: Iterable[str],
    at: Millis | None,
    watch: Callable[[], object],
) -> "_Following":
    following = _Following(rules, customers, at)
    for event in read_events(Reading(log, decode, watch)):
        following.take(event)
    return following


@dataclass(slots=True)
class _Followed:
    """One customer that is followed; `refused` counts the events that were not accepted."""

    watch: Watch
    occurs: bool = False
    refused: int = 0


class _Following:
    """The log read for some customers: log time, and what happens to them.

    Log time moves a customer just before its next event, and at the end: between them nothing
    happens to the customer that could make a difference.
    """

    def __init__(self, rules: RuleSet, customers: Iterable[str], at: Millis | None) -> None:
        self._at = at
        self._max_lateness = rules.header.max_lateness
        self._retention = rules.header.retention
        self._lateness = rules.lateness
        self._log_time: Millis | None = None
        self._end: Millis | None = None
        self._others: set[str] = set()
        self.followed = {customer: _Followed(Watch(rules)) for customer in customers}

    def take(self, event: Event) -> None:
        """Let one event of any customer pass."""
        if event.appended is not None:
            self._log_time = max(event.appended, self._log_time or 0)
            self._reach(self._log_time - self._lateness)
        followed = self.followed.get(event.customer)
        if followed is None:
            self._others.add(event.customer)
            if self._in_time(event):
                self._reach(event.time)
            return
        followed.occurs = True
        if self._at is not None and event.time > self._at:
            return
        if self._log_time is not None:
            followed.watch.wake(min(self._log_time - self._lateness, self._at or FOREVER))
        if followed.watch.take(event) == "applied":
            self._reach(event.time)
        else:
            followed.refused += 1

    def _in_time(self, event: Event) -> bool:
        if event.appended is None:
            return True
        return -self._max_lateness <= event.time - event.appended <= MAX_AHEAD

    def _reach(self, instant: Millis) -> None:
        """Move the end of the log."""
        self._end = instant if self._end is None else max(self._end, instant)

    def explanation(self, customer: str, segments: list[CompiledSegment]) -> Explanation:
        """Return what is to be said of a customer at the end."""
        followed = self.followed[customer]
        watch = followed.watch
        now = self._end if self._at is None else self._at
        if now is not None:
            watch.pass_to(now)
        profile = watch.profile
        future = watch.ahead()
        views = []
        if profile is not None and now is not None:
            views = [_view(segment, profile, watch, future, now) for segment in segments]
        nearest = [] if followed.occurs else get_close_matches(customer, self._others, _NEAREST)
        return Explanation(
            customer=customer,
            at=now,
            occurs=followed.occurs,
            nearest=tuple(nearest),
            born=None if profile is None else profile.born,
            events=watch.events,
            refused=followed.refused,
            unusable=dict(sorted(watch.unusable.items())),
            last=watch.last,
            forgotten=watch.forgotten,
            forgets=None if profile is None else profile.last + self._retention,
            segments=tuple(views),
        )


def _chosen(rules: RuleSet, segment: str | None) -> list[CompiledSegment]:
    if segment is None:
        return list(rules.segments)
    known = {segment.key: segment for segment in rules.segments}
    known |= {rung.membership: segment for segment in rules.segments for rung in segment.tiers}
    if segment not in known:
        raise UsageError(f"no segment {segment} in the rules: {hint(segment, known)}")
    return [known[segment]]


def _view(
    segment: CompiledSegment, profile: Profile, watch: Watch, future: Watch, now: Millis
) -> SegmentView:
    number = profile.inside[segment.index]
    memberships = {rung.membership for rung in segment.tiers}
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
                rung.tier,
                None if rung.when is None else _branch(rung.when, profile, watch, future, now),
            )
            for rung in segment.tiers
        ),
    )


def _first(said: Iterator[Said], memberships: set[str], born: Millis) -> Said | None:
    return next(
        (s for s in said if s.change.segment in memberships and s.change.born == born), None
    )


def _waiting(segment: CompiledSegment, profile: Profile, now: Millis) -> Waiting | None:
    target = segment.target(profile, now)
    if target == profile.inside[segment.index]:
        return None
    until = segment.held_until(profile, target)
    dwelt = profile.since[segment.index] + segment.settings.min_dwell
    return Waiting(
        "min_dwell" if until == dwelt else "cooldown",
        segment.tiers[target - 1].membership if target else None,
        until,
    )


def _branch(node: Node, profile: Profile, watch: Watch, future: Watch, now: Millis) -> Branch:
    leaf = node.leaf if isinstance(node, LeafNode) else None
    return Branch(
        text=node.word if leaf is None else leaf.label,
        detail="" if leaf is None else leaf.detail(profile, now),
        truth=watch.truths[node],
        flips=future.flips.get(node),
        conditions=tuple(_branch(one, profile, watch, future, now) for one in node.conditions),
    )
