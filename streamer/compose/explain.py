"""Why a customer is in a segment, and until when: found by following the customer closely.

Of the other customers only the append times matter, because they move log time. What comes next
is found by letting time pass on a copy of the customer, with nothing happening, up to the end of
retention.
"""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Final

from streamer.compose.explanation import Branch, Explanation, RungView, SegmentView, Waiting
from streamer.compose.inputs import Decoder
from streamer.compose.watch import Said, Watch
from streamer.core.conditions import Asked, Node
from streamer.core.decide import MAX_AHEAD
from streamer.core.plan import Plan, held_until
from streamer.core.profile import Profile
from streamer.core.ruleset import RuleSet
from streamer.errors import InvalidEvent, UsageError
from streamer.ports import Log
from streamer.types import Event, Millis, told
from streamer.worker import Pace

_BATCH: Final = 2_000
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
    plans = _chosen(rules, segment)
    course = _Course(rules, customer, at)
    offset = 0
    while records := log.read(0, offset, _BATCH):
        for record in records:
            try:
                event = decode(record)
            except InvalidEvent:
                continue
            course.take(event)
        offset = records[-1].offset + 1
        watch()
    now = at if at is not None else course.end
    if now is not None:
        course.watch.pass_to(now)
    return course.explanation(plans, now)


class _Course:
    """The log read for one customer: log time, and what happens to the customer."""

    def __init__(self, rules: RuleSet, customer: str, at: Millis | None) -> None:
        self._customer = customer
        self._horizon = at
        self._max_lateness = rules.header.max_lateness
        self._lateness = Pace().lateness
        self._log_time: Millis | None = None
        self._others: set[str] = set()
        self._occurs = False
        self._refused = 0
        self._retention = rules.header.retention
        self.end: Millis | None = None
        self.watch = Watch(rules)

    def take(self, event: Event) -> None:
        """Let one event of any customer pass."""
        if event.appended is not None:
            self._log_time = max(event.appended, self._log_time or 0)
            self._reach(self._log_time - self._lateness)
        if event.customer != self._customer:
            self._others.add(event.customer)
            if self._in_time(event):
                self._reach(event.time, moves=False)
            return
        self._occurs = True
        if self._horizon is not None and event.time > self._horizon:
            return
        if self.watch.take(event) == "applied":
            self._reach(event.time, moves=False)
        else:
            self._refused += 1

    def _in_time(self, event: Event) -> bool:
        if event.appended is None:
            return True
        return -self._max_lateness <= event.time - event.appended <= MAX_AHEAD

    def _reach(self, instant: Millis, *, moves: bool = True) -> None:
        """Move the end of the log, and with log time the customer."""
        self.end = instant if self.end is None else max(self.end, instant)
        if moves:
            self.watch.wake(instant if self._horizon is None else min(instant, self._horizon))

    def explanation(self, plans: list[Plan], now: Millis | None) -> Explanation:
        """Return what is to be said of the customer at `now`."""
        watch = self.watch
        profile = watch.profile
        future = watch.ahead()
        views = []
        if profile is not None and now is not None:
            views = [_view(plan, profile, watch, future, now) for plan in plans]
        nearest = () if self._occurs else get_close_matches(self._customer, self._others, _NEAREST)
        return Explanation(
            customer=self._customer,
            at=now,
            occurs=self._occurs,
            nearest=tuple(nearest),
            born=None if profile is None else profile.born,
            events=watch.events,
            refused=self._refused,
            last=watch.last,
            forgotten=watch.forgotten,
            forgets=None if profile is None else profile.last + self._retention,
            segments=tuple(views),
        )


def _chosen(rules: RuleSet, segment: str | None) -> list[Plan]:
    if segment is None:
        return list(rules.plans)
    known = {plan.key: plan for plan in rules.plans}
    known |= {rung.membership: plan for plan in rules.plans for rung in plan.rungs}
    if segment not in known:
        near = get_close_matches(segment, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
        raise UsageError(f"no segment {segment} in the rules: {hint}")
    return [known[segment]]


def _view(plan: Plan, profile: Profile, watch: Watch, future: Watch, now: Millis) -> SegmentView:
    number = profile.inside[plan.place]
    memberships = {rung.membership for rung in plan.rungs}
    return SegmentView(
        key=plan.key,
        title=plan.title,
        is_ladder=plan.is_ladder,
        membership=plan.rungs[number - 1].membership if number else None,
        last=_first(reversed(watch.said), memberships, profile.born),
        next=_first(iter(future.said), memberships, profile.born),
        waiting=_waiting(plan, profile, now),
        rungs=tuple(
            RungView(
                rung.tier,
                None if rung.when is None else _branch(rung.when, profile, watch, future, now),
            )
            for rung in plan.rungs
        ),
    )


def _first(said: Iterator[Said], memberships: set[str], born: Millis) -> Said | None:
    return next(
        (s for s in said if s.change.segment in memberships and s.change.born == born), None
    )


def _waiting(plan: Plan, profile: Profile, now: Millis) -> Waiting | None:
    target, _ = plan.target(profile, now)
    if target == profile.inside[plan.place]:
        return None
    until = held_until(plan, profile, target)
    dwelt = profile.since[plan.place] + plan.settings.min_dwell
    return Waiting(
        "min_dwell" if until == dwelt else "cooldown",
        plan.rungs[target - 1].membership if target else None,
        until,
    )


def _branch(node: Node, profile: Profile, watch: Watch, future: Watch, now: Millis) -> Branch:
    leaf = node.leaf if isinstance(node, Asked) else None
    return Branch(
        text=node.word if leaf is None else leaf.label,
        detail="" if leaf is None else told(("", leaf.detail(profile, now))),
        truth=watch.truths[node],
        flips=future.flips.get(node),
        conditions=tuple(_branch(one, profile, watch, future, now) for one in node.conditions),
    )
