"""New rules for a profile that other rules decided last: what differs is published, once.

Theory of operation:

1. The profile comes in the order of the new rules: cells and memberships that both rule sets have
   are kept, cells that only the new ones have are cold, and `removed` names the memberships that
   the new ones do not have.
2. Every segment is decided at one instant: the customer's clock, or the instant from which the new
   rules are effective if that is later. Nothing that only looks at the profile moves that instant,
   so the outcome does not depend on when, how often or by whom the customer is looked at.
3. First the customer exits the removed memberships, whatever `min_dwell` says, then come the
   transitions of all segments in their order, as truth and their settings have it. All carry the
   cause `rules` and one instant. If there is any change the clock moves there; if not, nothing
   moves.
4. Under the new rules the end of retention may have passed: then the customer exits everything, and
   the profile is gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from streamer.core.engine.decide import (
    FORGOTTEN,
    Cause,
    Decision,
    changes_of,
    decision_of,
    forget,
    leave_everything,
    set_wake,
    settle,
    shrink,
)
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment, Transition
from streamer.core.profile import Profile
from streamer.types import Millis, SegmentChange

_RULES: Final[Cause] = ("rules", None)
_NO_LONGER: Final = ("the rules no longer have it",)


def migrate(
    rules: RuleSet, profile: Profile, effective_from: Millis, removed: Sequence[str] = ()
) -> Decision:
    """Decide the profile under rules that are effective since an instant.

    Takes the profile over, as `decide` does.
    """
    now = max(effective_from, profile.clock)
    if now >= profile.last + rules.retention:
        changes = list(_exits(profile, now, removed, {}, rules.version, FORGOTTEN))
        changes += leave_everything(rules, profile, now, _RULES)
        return Decision(None, tuple(changes))
    if profile.weight > rules.most_bytes:
        shrink(rules, profile)
    keys = {_key(membership) for membership in removed}
    bereft = [segment for segment in rules.segments if segment.key in keys]
    transitions = _settle(rules, profile, now, bereft)
    joined = {
        one.segment.key: one.segment.tiers[one.target - 1].tier
        for one in transitions
        if one.target and one.segment in bereft
    }
    changes = list(_exits(profile, now, removed, joined, rules.version, _NO_LONGER))
    left = {change.ladder: change.origin for change in changes if change.target is not None}
    changes += (
        change._replace(origin=left[change.ladder]) if change.ladder in left else change
        for change in changes_of(rules, profile, now, transitions, _RULES)
    )
    if changes:
        profile.clock = now
        if now - profile.last >= rules.patience:
            forget(rules, profile, now)
    set_wake(rules, profile)
    return decision_of(profile, changes)


def _settle(
    rules: RuleSet, profile: Profile, now: Millis, bereft: Sequence[CompiledSegment]
) -> list[Transition]:
    """Decide every segment; those in `bereft` have lost the membership of the customer."""
    for segment in bereft:
        profile.since[segment.index] = 0  # what was entered is over, and holds nothing back
    profile.valid_until = []
    transitions = settle(rules, profile, now)
    for segment in bereft:
        if not profile.inside[segment.index] and segment.lingers:
            profile.since[segment.index] = now
    return transitions


def _key(membership: str) -> str:
    """Return the key of a membership's segment or ladder."""
    return membership.partition(".")[0]


def _exits(
    profile: Profile,
    now: Millis,
    removed: Sequence[str],
    joined: Mapping[str, str | None],
    version: str,
    because: tuple[str, ...],
) -> Iterator[SegmentChange]:
    """Yield the exits of removed memberships; `joined` says which tiers ladders are moved to."""
    for membership in removed:
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
