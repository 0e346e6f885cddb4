"""What a cycle has to tell once it is committed."""

from streamer.core.profile import Profile
from streamer.core.ruleset import RuleSet
from streamer.ports import OutboxEntry
from streamer.types import Membership, Millis
from streamer.worker.cycle import Cycle


def told_by(cycle: Cycle, number: int, rules: RuleSet, partition: int) -> OutboxEntry | None:
    """Return what the cycle has to tell as the commit of this number, None if nothing."""
    if not (cycle.changes or cycle.rejections):
        return None
    last = {change.customer: change for change in cycle.changes}
    return OutboxEntry(
        number,
        tuple(cycle.changes),
        tuple(cycle.rejections),
        tuple(
            Membership(
                customer,
                change.sequence,
                change.born,
                _memberships(rules, cycle.profiles[customer]),
            )
            for customer, change in last.items()
        ),
        partition,
        cycle.offset,
        cycle.swept,
    )


def _memberships(rules: RuleSet, profile: Profile | None) -> tuple[tuple[str, Millis], ...] | None:
    if profile is None:
        return None
    plans, since = rules.plans, profile.since
    return tuple(
        [
            (plans[place].rungs[rung - 1].membership, since[place])
            for place, rung in enumerate(profile.inside)
            if rung
        ]
    )
