"""The one evaluator: what an event or a wake does to one customer.

Theory of operation (RULES.md, "Exact meaning", 2, 3, 18 to 22):

1. A profile stands between events at its clock. `profile.wake` is an instant after the clock
   before which nothing can flip: the earliest flip of any plan, the end of a `min_dwell` or
   `cooldown` that holds a difference back, or the end of retention.
2. A wake decides, at its own instant, the plans whose answer can have changed. If something is
   said the clock moves there; if not, nothing moves, and an event may still come before it.
3. An event is first judged: late, early or a duplicate leave no trace. Then every wake due at or
   before its time is acted on, one by one, without it. Then it is folded into the memories that
   listen to its name, and the plans that it can touch are decided at the clock.
4. Plans are decided in their order, so a plan that refers to another sees it as just decided.
5. At the end of retention everything exits and the profile is gone; an event that comes then
   begins a new one.

`decide` is a pure function of its arguments in all that it returns. It takes the profile over and
changes it in place, because copying would cost more than deciding: use the profile it returns.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

from streamer.core.profile import Profile, fingerprint
from streamer.core.ruleset import Plan, RuleSet
from streamer.types import FOREVER, MINUTE, Direction, Event, Millis, Outcome, SegmentChange, Wake

MAX_AHEAD: Final[Millis] = 5 * MINUTE
"""How far an event's time may be ahead of its append time."""


class Decision(NamedTuple):
    """What deciding yields. `profile` is None when it is gone, or never began.

    `beyond` lists the slots of memories that went beyond their stated bound, one for each time.
    """

    profile: Profile | None
    changes: tuple[SegmentChange, ...]
    outcome: Outcome
    beyond: tuple[int, ...] = ()


def decide(rules: RuleSet, profile: Profile | None, cause: Event | Wake) -> Decision:
    """Decide what an event or a due wake does. The wake's instant is not before the clock."""
    if isinstance(cause, Wake):
        changes: list[SegmentChange] = []
        while profile is not None and profile.wake <= cause.at:
            profile = _wake(rules, profile, changes)
        return _decision(profile, changes)
    return _event(rules, profile, cause)


def _event(rules: RuleSet, profile: Profile | None, event: Event) -> Decision:
    max_lateness = rules.header.max_lateness
    time = event.time
    event_id = fingerprint(event.id)
    refused = _refusal(profile, event, event_id, max_lateness)
    if refused is not None:
        return Decision(profile, (), refused)
    changes: list[SegmentChange] = []
    while profile is not None and profile.wake <= time:
        profile = _wake(rules, profile, changes)
    if profile is None:
        profile = Profile(event.customer, time, len(rules.memories), len(rules.plans))
    if time > profile.clock:
        profile.clock = time
    if time > profile.last:
        profile.last = time
    profile.remember(event_id, time, max_lateness)
    memories = profile.memories
    reaction = rules.reactions.get(event.name) or rules.other
    for slot, fold in reaction.folds:
        memories[slot] = fold(memories[slot], event, profile)
    plans = reaction.plans
    if event.traits:
        for slot, fold in rules.trait_folds:
            memories[slot] = fold(memories[slot], event, profile)
        plans = rules.plans
    now = profile.clock
    if profile.flips is None or now < profile.seen:
        profile.flips = [FOREVER] * len(rules.plans)
        plans = rules.plans
    _settle(rules, profile, now, plans, event, changes)
    profile.wake = min(profile.last + rules.header.retention, *profile.flips)
    return _decision(profile, changes)


def _refusal(
    profile: Profile | None, event: Event, event_id: int, max_lateness: Millis
) -> Outcome | None:
    """Return why the event is not accepted, or None."""
    time, appended = event.time, event.appended
    if appended is not None and appended - time > max_lateness:
        return "late"
    if profile is not None and profile.clock - time > max_lateness:
        return "late"
    if appended is not None and time - appended > MAX_AHEAD:
        return "early"
    if profile is not None and profile.knows(event_id, max_lateness):
        return "duplicate"
    return None


def _decision(profile: Profile | None, changes: list[SegmentChange]) -> Decision:
    if profile is not None and profile.beyond:
        beyond = tuple(profile.beyond)
        profile.beyond = []
        return Decision(profile, tuple(changes), "applied", beyond)
    return Decision(profile, tuple(changes), "applied")


def _wake(rules: RuleSet, profile: Profile, changes: list[SegmentChange]) -> Profile | None:
    """Act on the profile's wake, at its instant."""
    now = profile.wake
    if now >= profile.last + rules.header.retention:
        for plan in rules.plans:
            if profile.inside[plan.place]:
                _move(rules, profile, plan, 0, now, None, changes, (_RETENTION,))
        return None
    said = len(changes)
    flips = profile.flips
    if flips is None:
        profile.flips = flips = [0] * len(rules.plans)
    for plan in rules.plans:
        moved = len(changes) > said
        if flips[plan.place] <= now or (moved and plan.references):
            _settle(rules, profile, now, (plan,), None, changes)
    if len(changes) > said:
        profile.clock = now
    profile.wake = min(profile.last + rules.header.retention, *flips)
    return profile


_RETENTION: Final = "nothing was heard of the customer for the retention time"


def _settle(
    rules: RuleSet,
    profile: Profile,
    now: Millis,
    plans: Iterable[Plan],
    event: Event | None,
    changes: list[SegmentChange],
) -> None:
    """Let membership follow truth at `now`, as far as the settings let it."""
    flips = profile.flips or []
    inside = profile.inside
    for plan in plans:
        place = plan.place
        target, flip = plan.target(profile, now)
        if target != inside[place]:
            held = _held_until(plan, profile, target)
            if held <= now:
                _move(rules, profile, plan, target, now, event, changes, None)
            elif held < flip:
                flip = held
        flips[place] = flip
    profile.seen = now


def _held_until(plan: Plan, profile: Profile, target: int) -> Millis:
    """Return the instant from which the settings let the customer move."""
    since = profile.since[plan.place]
    if not since:
        return 0
    held = since + plan.settings.min_dwell
    if target and not profile.inside[plan.place]:
        return max(held, since + plan.settings.cooldown)
    return held


def _move(
    rules: RuleSet,
    profile: Profile,
    plan: Plan,
    target: int,
    now: Millis,
    event: Event | None,
    changes: list[SegmentChange],
    because: tuple[str, ...] | None,
) -> None:
    """Say that the customer moves to the rung `target` (0: to none)."""
    place = plan.place
    origin = profile.inside[place]
    if because is None:
        because = plan.because(profile, now, target)
    profile.inside[place] = target
    profile.since[place] = now
    left = plan.rungs[origin - 1].membership if origin else None
    joined = plan.rungs[target - 1].membership if target else None
    if left is not None:
        change = _change(rules, profile, plan, left, "exited", now, event, because, left, joined)
        changes.append(change)
    if joined is not None:
        change = _change(rules, profile, plan, joined, "entered", now, event, because, left, joined)
        changes.append(change)


def _change(
    rules: RuleSet,
    profile: Profile,
    plan: Plan,
    membership: str,
    direction: Direction,
    now: Millis,
    event: Event | None,
    because: tuple[str, ...],
    left: str | None,
    joined: str | None,
) -> SegmentChange:
    profile.sequence = sequence = profile.sequence + 1
    customer, born = profile.customer, profile.born
    identity = f"{customer}\n{born}\n{membership}\n{direction}\n{now}\n{sequence}"
    return SegmentChange(
        blake2b(identity.encode(), digest_size=16).hexdigest(),
        customer,
        membership,
        direction,
        now,
        sequence,
        born,
        "time" if event is None else "event",
        None if event is None else event.id,
        because,
        rules.version,
        plan.held_out(rules.header.name, customer),
        ladder=plan.key if plan.is_ladder else None,
        origin=_tier(left) if plan.is_ladder else None,
        target=_tier(joined) if plan.is_ladder else None,
    )


def _tier(membership: str | None) -> str | None:
    return None if membership is None else membership.partition(".")[2]
