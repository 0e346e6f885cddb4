"""Two profiles become one: the history of one customer joins that of another.

Guarantees (RULES.md, "Exact meaning", 24): what is decided from then on is what would be if the
events of both had always been the one customer's, each at its own time, up to the stated bounds of
the cells. Of equal times, the joined profile's come first. The customer keeps its `born`, its
`sequence` and its memberships; the clock is the larger of both.

The states are merged here, and every segment is decided at the clock; only what differs is a
change, with the cause `merge`.
"""

from typing import Final

from streamer.core.engine.decide import (
    Cause,
    Decision,
    changes_of,
    decision_of,
    put,
    set_wake,
    settle,
    shrink,
)
from streamer.core.engine.program import RuleSet
from streamer.core.profile import MOST_IDS, Profile
from streamer.hashes import ID_BYTES

_MERGE: Final[Cause] = ("merge", None)


def merge(rules: RuleSet, profile: Profile, joined: Profile) -> Decision:
    """Join a profile to another one, and decide that. Takes both over."""
    profile.last = max(profile.last, joined.last)
    profile.clock = max(profile.clock, joined.clock)
    _join_ids(rules, profile, joined)
    for cell in rules.cells:
        earlier = None if cell.of_memberships else cell.state(joined)
        if earlier is None:
            continue
        later = cell.state(profile)
        if later is None:
            put(profile, cell.slot, earlier, 0)
        else:
            before = later.weight
            put(profile, cell.slot, cell.merge(earlier, later, profile), before)
    if profile.weight > rules.most_bytes:
        shrink(rules, profile)
    profile.valid_until = []
    transitions = settle(rules, profile, profile.clock)
    changes = changes_of(rules, profile, profile.clock, transitions, _MERGE)
    set_wake(rules, profile)
    return decision_of(profile, changes)


def _join_ids(rules: RuleSet, profile: Profile, joined: Profile) -> None:
    """Keep the last ids of both rings that still matter, in order of time."""
    joined.clock = profile.clock
    joined.forget_ids(rules.max_lateness)
    if not joined.id_times:
        return
    profile.forget_ids(rules.max_lateness)
    ids, times = joined.ids + profile.ids, joined.id_times + profile.id_times
    order = sorted(range(len(times)), key=times.__getitem__)[-MOST_IDS:]
    profile.ids = b"".join([ids[one * ID_BYTES : (one + 1) * ID_BYTES] for one in order])
    profile.id_times = [times[one] for one in order]
