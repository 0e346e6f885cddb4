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

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from streamer.core.plan import NO_TIERS, Move
from streamer.core.profile import Profile
from streamer.core.ruleset import RuleSet
from streamer.hashes import fingerprint
from streamer.types import MINUTE, Event, Millis, Outcome, Reason, SegmentChange, Wake

MAX_AHEAD: Final[Millis] = 5 * MINUTE
"""How far an event's time may be ahead of its append time."""
_new: Final = tuple.__new__
FORGOTTEN: Final[tuple[Reason, ...]] = (
    ("nothing came from the customer for the whole retention time", ""),
)
Cause: TypeAlias = tuple[str, str | None]
"""What kind of thing made a change, and the id of the event if it was one."""
_TIME: Final[Cause] = ("time", None)


class Decision(NamedTuple):
    """What deciding yields. `profile` is None when it is gone, or never began.

    `beyond` lists the slots of memories that went beyond their stated bound, one for each time.
    """

    profile: Profile | None
    changes: tuple[SegmentChange, ...]
    outcome: Outcome
    beyond: tuple[int, ...]


def decide(  # noqa: C901 (written out, as it runs for every event)
    rules: RuleSet, profile: Profile | None, cause: Event | Wake
) -> Decision:
    """Decide what an event or a due wake does. The wake's instant is not before the clock."""
    changes: list[SegmentChange] = []
    if isinstance(cause, Wake):
        while profile is not None and profile.wake <= cause.at:
            profile = _wake(rules, profile, changes)
        return _decision(profile, changes)
    event_id, name, customer, time, _, traits, appended = cause[:7]
    max_lateness, printed = rules.max_lateness, fingerprint(event_id)
    if (
        profile is None
        or time < profile.clock
        or profile.ids.find(printed) >= 0  # half the time of `in`
        or (appended is not None and not -MAX_AHEAD <= appended - time <= max_lateness)
    ):
        refused = refusal(profile, cause, printed, max_lateness)
        if refused is not None:
            return Decision(profile, (), refused, ())
    while profile is not None and profile.wake <= time:
        profile = _wake(rules, profile, changes)
    if profile is None:
        profile = Profile(customer, time, len(rules.memories), len(rules.plans))
    if time - profile.last >= rules.patience:
        forget(rules, profile, time)
    profile.accept(printed, time, max_lateness)
    if traits or time < profile.seen or not profile.flips:
        moves = _react_in_full(rules, profile, cause)
    else:
        react = rules.reacts.get(name)  # most often there, and found faster than by []
        moves = (react or rules.reacts[name])(profile, cause)
    if moves:
        changes.extend(say(rules, profile, profile.clock, moves, ("event", event_id)))
    set_wake(rules, profile)
    if changes or profile.beyond:
        return _decision(profile, changes)
    return _new(Decision, (profile, (), "applied", ()))  # for half, once per event


def _react_in_full(rules: RuleSet, profile: Profile, event: Event) -> list[Move]:
    """Fold the event and its traits into the memories, and decide every plan."""
    memories, name = profile.memories, event.name
    if event.traits:
        for slot, fold in rules.trait_folds:
            memories[slot] = fold(memories[slot], event, profile)
    profile.flips = [0] * len(rules.plans)
    if event.time >= profile.clock:
        return rules.reacts_in_full[name](profile, event)
    for slot, fold in rules.folds[name]:
        memories[slot] = fold(memories[slot], event, profile)
    return rules.settle(profile, profile.clock)


def forget(rules: RuleSet, profile: Profile, now: Millis) -> None:
    """Forget, as the clock moves to `now`, what was too long ago for every leaf that asks for it.

    It spares the memories to look for what is old, and keeps profiles small that rest for long.
    """
    silence = now - profile.last
    if silence > rules.max_lateness:
        profile.ids = b""
    for horizon, slot in rules.horizons:
        if silence < horizon:
            break
        profile.memories[slot] = None


def set_wake(rules: RuleSet, profile: Profile) -> None:
    """Set the next instant to look at, once every plan has said until when its answer holds."""
    wake = profile.last + rules.retention
    for flip in profile.flips:
        if flip < wake:  # half the time of `min`
            wake = flip
    profile.wake = wake


def refusal(
    profile: Profile | None, event: Event, event_id: bytes, max_lateness: Millis
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
    beyond: tuple[int, ...] = ()
    if profile is not None and profile.beyond:
        beyond, profile.beyond = tuple(profile.beyond), []
    return Decision(profile, tuple(changes), "applied", beyond)


def _wake(rules: RuleSet, profile: Profile, changes: list[SegmentChange]) -> Profile | None:
    """Act on the profile's wake, at its instant."""
    now = profile.wake
    if now >= profile.last + rules.retention:
        changes.extend(leave_everything(rules, profile, now, _TIME))
        return None
    if not profile.flips:
        profile.flips = [0] * len(rules.plans)
    moves = rules.settle(profile, now)
    if moves:
        profile.clock = now
        if now - profile.last >= rules.patience:
            forget(rules, profile, now)
        changes.extend(say(rules, profile, now, moves, _TIME))
    set_wake(rules, profile)
    return profile


def leave_everything(
    rules: RuleSet, profile: Profile, now: Millis, cause: Cause
) -> list[SegmentChange]:
    """Return the exits of a profile whose retention is over."""
    ends = [(plan, profile.inside[plan.place], 0) for plan in rules.plans]
    exits = [end for end in ends if end[1]]
    return say(rules, profile, now, exits, cause, because=FORGOTTEN)


def say(
    rules: RuleSet,
    profile: Profile,
    now: Millis,
    moves: Sequence[Move],
    cause: Cause,
    *,
    because: tuple[Reason, ...] = (),
) -> list[SegmentChange]:
    """Return the changes of each move, a ladder's exit before its entry."""
    changes: list[SegmentChange] = []
    customer, born, version = profile.customer, profile.born, rules.version
    for plan, origin, target in moves:
        reasons = because or plan.because(profile, now, target)
        held_out = plan.held_out(customer) if plan.settings.holdout else False
        tiers = plan.tiers(origin, target) if plan.is_ladder else NO_TIERS
        for number, direction in ((origin, "exited"), (target, "entered")):
            if number:
                profile.sequence = sequence = profile.sequence + 1
                values = (
                    customer,
                    plan.rungs[number - 1].membership,
                    direction,
                    now,
                    sequence,
                    born,
                    *cause,
                    reasons,
                    version,
                    held_out,
                    False,
                    *tiers,
                )
                changes.append(_new(SegmentChange, values))
    return changes
