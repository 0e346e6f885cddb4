"""New rules for a profile that other rules decided last: what differs is said, once.

Theory of operation:

1. The profile comes in the order of the new rules: memories and memberships that both rule sets
   have are kept, memories that only the new ones have have just begun, and `lost` names the
   memberships that the new ones do not have.
2. Every plan is decided at one instant: the customer's clock, or the instant from which the new
   rules are in force if that is later. Nothing that only looks at it moves that instant, so the
   outcome does not depend on when, how often or by whom the customer is looked at.
3. First the lost memberships are exited, whatever `min_dwell` says, then come the moves of all
   plans in their order, as truth and their settings have it. All carry the cause `rules` and one
   instant. If anything is said the clock moves there; if not, nothing moves.
4. Under the new rules the end of retention may have passed: then everything is exited, and the
   profile is gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from streamer.core.decide import FORGOTTEN, Cause, Decision, forget, leave_everything, say, set_wake
from streamer.core.plan import Move, Plan
from streamer.core.profile import Profile
from streamer.core.ruleset import RuleSet
from streamer.types import Millis, Reason, SegmentChange

_RULES: Final[Cause] = ("rules", None)
_NO_LONGER: Final[tuple[Reason, ...]] = (("the rules no longer have it", ""),)


def renew(rules: RuleSet, profile: Profile, in_force: Millis, lost: Sequence[str] = ()) -> Decision:
    """Decide the profile anew under rules that are in force since the instant `in_force`.

    Takes the profile over, as `decide` does.
    """
    now = max(in_force, profile.clock)
    if now >= profile.last + rules.retention:
        changes = list(_leave(profile, now, lost, {}, rules.version, FORGOTTEN))
        changes += leave_everything(rules, profile, now, _RULES)
        return Decision(None, tuple(changes), "applied", ())
    bare = [plan for plan in rules.plans if plan.key in map(_key, lost)]
    moves = _settle(rules, profile, now, bare)
    joined = {plan.key: plan.rungs[to - 1].tier for plan, _, to in moves if to and plan in bare}
    changes = list(_leave(profile, now, lost, joined, rules.version, _NO_LONGER))
    left = {change.ladder: change.origin for change in changes if change.target is not None}
    changes += (
        change._replace(origin=left[change.ladder]) if change.ladder in left else change
        for change in say(rules, profile, now, moves, _RULES)
    )
    if changes:
        profile.clock = now
        if now - profile.last >= rules.patience:
            forget(rules, profile, now)
    set_wake(rules, profile)
    return Decision(profile, tuple(changes), "applied", ())


def _settle(rules: RuleSet, profile: Profile, now: Millis, bare: Sequence[Plan]) -> list[Move]:
    """Decide every plan; those in `bare` have lost the membership that the customer was in."""
    for plan in bare:
        profile.since[plan.place] = 0  # what was entered is over, and holds nothing back
    profile.flips = [0] * len(rules.plans)
    moves = rules.settle(profile, now)
    for plan in bare:
        if not profile.inside[plan.place] and plan.lingers:
            profile.since[plan.place] = now
    return moves


def _key(membership: str) -> str:
    """Return the key of a membership's segment or ladder."""
    return membership.partition(".")[0]


def _leave(
    profile: Profile,
    now: Millis,
    lost: Sequence[str],
    joined: Mapping[str, str | None],
    version: str,
    because: tuple[Reason, ...],
) -> Iterator[SegmentChange]:
    """Yield the exits of lost memberships; `joined` says which tiers ladders are moved to."""
    for membership in lost:
        key, _, tier = membership.partition(".")
        profile.sequence += 1
        yield SegmentChange(
            profile.customer,
            membership,
            "exited",
            now,
            profile.sequence,
            profile.born,
            *_RULES,
            because,
            version,
            holdout=False,
            ladder=key if tier else None,
            origin=tier or None,
            target=joined.get(key) if tier else None,
        )
