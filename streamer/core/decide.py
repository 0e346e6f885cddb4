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

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, TypeAlias

from streamer.core.profile import Profile, fingerprint
from streamer.core.ruleset import Plan, RuleSet
from streamer.types import FOREVER, MINUTE, Direction, Event, Millis, Outcome, SegmentChange, Wake

MAX_AHEAD: Final[Millis] = 5 * MINUTE
"""How far an event's time may be ahead of its append time."""
_FORGOTTEN: Final = "nothing came from the customer for the whole retention time"
Move: TypeAlias = tuple[Plan, int, int]
"""A plan, the rung left and the rung joined (0: none)."""


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
    refused = refusal(profile, event, event_id, max_lateness)
    if refused is not None:
        return Decision(profile, (), refused)
    changes: list[SegmentChange] = []
    while profile is not None and profile.wake <= time:
        profile = _wake(rules, profile, changes)
    if profile is None:
        profile = Profile(event.customer, time, len(rules.memories), len(rules.plans))
    profile.accept(event_id, time, max_lateness)
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
    moves = _settle(profile, now, plans)
    if moves:
        changes.extend(_say(rules, profile, now, moves, event))
    profile.wake = _next_wake(rules, profile)
    return _decision(profile, changes)


def refusal(
    profile: Profile | None, event: Event, event_id: int, max_lateness: Millis
) -> Outcome | None:
    """Return why the event is not accepted, or None; `event_id` is its fingerprint."""
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
        ends = [(plan, profile.inside[plan.place], 0) for plan in rules.plans]
        exits = [end for end in ends if end[1]]
        changes.extend(_say(rules, profile, now, exits, None, because=_FORGOTTEN))
        return None
    if profile.flips is None:
        profile.flips = [0] * len(rules.plans)
    flips = profile.flips
    moves: list[Move] = []
    for plan in rules.plans:
        if flips[plan.place] <= now or (moves and plan.references):
            moves.extend(_settle(profile, now, (plan,)))
    if moves:
        profile.clock = now
        changes.extend(_say(rules, profile, now, moves, None))
    profile.wake = _next_wake(rules, profile)
    return profile


def _next_wake(rules: RuleSet, profile: Profile) -> Millis:
    end = profile.last + rules.header.retention
    flip = min(profile.flips or (end,))
    return flip if flip < end else end


def _settle(profile: Profile, now: Millis, plans: Sequence[Plan]) -> Sequence[Move]:
    """Let membership follow truth at `now`, as far as the settings let it; return the moves."""
    flips = profile.flips or []
    inside = profile.inside
    moves: list[Move] | None = None
    for plan in plans:
        place = plan.place
        target, flip = plan.target(profile, now)
        origin = inside[place]
        if target != origin:
            held = held_until(plan, profile, target)
            if held <= now:
                inside[place] = target
                profile.since[place] = now
                moves = moves or []
                moves.append((plan, origin, target))
            elif held < flip:
                flip = held
        flips[place] = flip
    profile.seen = now
    return moves or ()


def held_until(plan: Plan, profile: Profile, target: int) -> Millis:
    """Return the instant from which the settings let the customer move."""
    since = profile.since[plan.place]
    if not since:
        return 0
    held = since + plan.settings.min_dwell
    if target and not profile.inside[plan.place]:
        return max(held, since + plan.settings.cooldown)
    return held


def _say(
    rules: RuleSet,
    profile: Profile,
    now: Millis,
    moves: Sequence[Move],
    event: Event | None,
    *,
    because: str | None = None,
) -> Iterator[SegmentChange]:
    """Yield the changes of each move, a ladder's exit before its entry."""
    for plan, origin, target in moves:
        reasons = (because,) if because else plan.because(profile, now, target)
        left = plan.rungs[origin - 1].tier if origin else None
        joined = plan.rungs[target - 1].tier if target else None
        directions: tuple[tuple[int, Direction], ...] = ((origin, "exited"), (target, "entered"))
        for number, direction in directions:
            if number:
                membership = plan.rungs[number - 1].membership
                profile.sequence += 1
                yield SegmentChange(
                    _change_id(profile, membership, direction, now),
                    profile.customer,
                    membership,
                    direction,
                    now,
                    profile.sequence,
                    profile.born,
                    "time" if event is None else "event",
                    None if event is None else event.id,
                    reasons,
                    rules.version,
                    plan.held_out(rules.header.name, profile.customer),
                    ladder=plan.key if plan.is_ladder else None,
                    origin=left,
                    target=joined,
                )


def _change_id(profile: Profile, membership: str, direction: Direction, now: Millis) -> str:
    """Return the deterministic id; the parts hold no line break, so no two join to the same."""
    parts = f"{profile.customer}\n{profile.born}\n{membership}\n{direction}\n{now}\n"
    return blake2b(f"{parts}{profile.sequence}".encode(), digest_size=16).hexdigest()
