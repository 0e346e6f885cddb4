"""The one evaluator: what an event or a wake does to one customer.

Theory of operation (RULES.md, "Exact meaning", 2, 3, 18 to 22):

1. A profile stands between events at its clock. `profile.wake` is an instant after the clock
   before which nothing can flip: the earliest flip of any segment, the end of a `min_dwell` or
   `cooldown` that holds a difference back, or the end of retention.
2. A wake decides, at its own instant, the segments whose answer can have changed. If a membership
   changes the clock moves there; if not, nothing moves, and an event may still come before it.
3. An event is first judged: late, early or a duplicate leave no trace. Then every wake due at or
   before its time is applied, one by one, without it. Then it is folded into the cells that listen
   to its name, and the segments that it can touch are decided at the clock.
4. Segments are decided in their order, so one that refers to another sees it as just decided.
5. At the end of retention the customer exits everything and the profile is gone; an event that
   comes then begins a new one.

`decide` is a pure function of its arguments in all that it returns. It takes the profile over and
changes it in place, because copying would cost more than deciding: use the profile it returns.
"""

from typing import Final, TypeAlias, final

from mypy_extensions import mypyc_attr

from streamer.core.columns import Row
from streamer.core.engine.program import Reaction, RuleSet
from streamer.core.engine.segment import Transition
from streamer.core.profile import Profile, State
from streamer.core.standard import Unusable
from streamer.core.state.cell import Cell
from streamer.hashes import fingerprint
from streamer.types import MINUTE, Event, Millis, Outcome, SegmentChange, Wake

MAX_AHEAD: Final[Millis] = 5 * MINUTE
"""How far an event's time may be ahead of its append time."""
FORGOTTEN: Final = ("nothing came from the customer for the whole retention time",)
Cause: TypeAlias = tuple[str, str | None]
"""What kind of thing made a change, and the id of the event if it was one."""
_TIME: Final[Cause] = ("time", None)
_NOTHING: Final[Unusable] = {}
"""The unusable properties of nearly every event: none. It is shared and stays empty."""
_new: Final = tuple.__new__


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Decision:
    """The output of `decide`. `profile` is None if it was deleted or does not exist.

    `overflows` lists the slots of cells that dropped values over their bound, once for each time.
    `unusable` are the properties of the event that rules read and could not, with what stood there.
    """

    __slots__ = ("changes", "outcome", "overflows", "profile", "unusable")

    def __init__(
        self,
        profile: Profile | None,
        changes: tuple[SegmentChange, ...] = (),
        outcome: Outcome = "applied",
        overflows: tuple[int, ...] = (),
        unusable: Unusable = _NOTHING,
    ) -> None:
        self.profile = profile
        self.changes = changes
        self.outcome = outcome
        self.overflows = overflows
        self.unusable = unusable


def decide(rules: RuleSet, profile: Profile | None, cause: Event | Wake) -> Decision:
    """Decide what an event or a due wake does. The wake's instant is not before the clock."""
    changes: list[SegmentChange] = []
    if isinstance(cause, Wake):
        while profile is not None and profile.wake <= cause.at:
            profile = fire(rules, profile, changes)
        return decision_of(profile, changes)
    event_id, name, customer, time, properties, traits, appended, _, _, context = cause
    printed = fingerprint(event_id)
    refused = refusal(profile, time, appended, printed, rules.max_lateness)
    if refused is not None:
        return Decision(profile, (), refused)
    while profile is not None and profile.wake <= time:
        profile = fire(rules, profile, changes)
    if profile is None:
        profile = Profile(customer, time, len(rules.cells), len(rules.segments))
    if time - profile.last >= rules.patience:
        forget(rules, profile, time)
    profile.accept(printed, time, rules.max_lateness)
    reaction = rules.reaction(name)
    standard = reaction.standard
    row = Row(name, time, properties, traits, rules.columns, standard, context, rules.zone)
    transitions = apply(rules, profile, row, reaction)
    if transitions:
        changes += changes_of(rules, profile, profile.clock, transitions, ("event", event_id))
    set_wake(rules, profile)
    decision = decision_of(profile, changes)
    decision.unusable = row.unusable
    return decision


def refusal(
    profile: Profile | None,
    time: Millis,
    appended: Millis | None,
    event_id: bytes,
    max_lateness: Millis,
) -> Outcome | None:
    """Return why an event is not accepted, or None; `event_id` is its fingerprint."""
    if appended is not None and appended - time > max_lateness:
        return "late"
    if profile is not None and profile.clock - time > max_lateness:
        return "late"
    if appended is not None and time - appended > MAX_AHEAD:
        return "early"
    if profile is not None and profile.knows(event_id, max_lateness):
        return "duplicate"
    return None


def apply(rules: RuleSet, profile: Profile, row: Row, reaction: Reaction) -> list[Transition]:
    """Fold an accepted event, and decide the segments that it can touch at the clock."""
    in_full = row.time < profile.seen or row.time < profile.clock or not profile.valid_until
    if row.traits:
        in_full = True
        fold_into(rules.trait_cells, profile, row)
    fold_into(reaction.cells, profile, row)
    if profile.weight > rules.most_bytes:
        shrink(rules, profile)
        in_full = True
    now = profile.clock
    transitions: list[Transition] = []
    if in_full:
        profile.valid_until = [0] * len(rules.decided)
        for segment in rules.decided:
            segment.decide(profile, now, transitions)
    else:
        followers = reaction.followers
        for number, segment in enumerate(reaction.segments):
            if transitions or not followers[number]:
                segment.decide(profile, now, transitions)
    profile.seen = now
    return transitions


def fold_into(cells: list[Cell], profile: Profile, row: Row) -> None:
    """Fold an event into cells; what they were stored as is no longer what they hold."""
    states, frozen = profile.states, profile.frozen
    for cell in cells:
        slot = cell.slot
        state = states[slot]
        if state is None and frozen[slot] is not None:
            state = cell.state(profile)
        before = 0 if state is None else state.weight
        state = cell.fold(state, row, profile)
        states[slot] = state
        if state is not None:
            profile.weight += state.weight - before
        else:
            profile.weight -= before
        frozen[slot] = None


def shrink(rules: RuleSet, profile: Profile) -> None:
    """Drop the least recent of what has most weight, until three quarters of the bound are left."""
    while profile.weight > rules.most_bytes * 3 // 4:
        heaviest: Cell | None = None
        most = 0
        for cell in rules.cells:
            state = cell.state(profile)
            if state is not None and state.weight > most:
                heaviest, most = cell, state.weight
        if heaviest is None:
            return
        state = heaviest.state(profile)
        assert state is not None
        put(profile, heaviest.slot, heaviest.shrink(state, profile), most)


def put(profile: Profile, slot: int, state: State | None, before: int) -> None:
    """Put a state in place of one that had the weight `before`."""
    profile.states[slot] = state
    profile.frozen[slot] = None
    profile.weight += (0 if state is None else state.weight) - before


def forget(rules: RuleSet, profile: Profile, now: Millis) -> None:
    """Forget, as the clock moves to `now`, what was too long ago for every leaf that asks for it.

    It spares the cells to look for what is old, and keeps profiles small that rest for long.
    """
    silence = now - profile.last
    if silence > rules.max_lateness:
        profile.ids, profile.id_times = b"", []
    for cell in rules.forgetful:
        if silence < cell.horizon:
            break
        state = cell.state(profile)
        if state is not None:
            put(profile, cell.slot, None, state.weight)


def set_wake(rules: RuleSet, profile: Profile) -> None:
    """Set the wake to the earliest instant at which the answer of a segment can change."""
    wake = profile.last + rules.retention
    for until in profile.valid_until:
        if until < wake:
            wake = until
    profile.wake = wake


def decision_of(profile: Profile | None, changes: list[SegmentChange]) -> Decision:
    """Return the decision, and take the overflows out of the profile."""
    if profile is not None and profile.overflows:
        overflows, profile.overflows = tuple(profile.overflows), []
        return Decision(profile, tuple(changes), "applied", overflows)
    return Decision(profile, tuple(changes)) if changes else Decision(profile)


def fire(rules: RuleSet, profile: Profile, changes: list[SegmentChange]) -> Profile | None:
    """Apply the profile's wake, at its instant."""
    now = profile.wake
    if now >= profile.last + rules.retention:
        changes += leave_everything(rules, profile, now, _TIME)
        return None
    transitions = settle(rules, profile, now)
    if transitions:
        profile.clock = now
        if now - profile.last >= rules.patience:
            forget(rules, profile, now)
        changes += changes_of(rules, profile, now, transitions, _TIME)
    set_wake(rules, profile)
    return profile


def settle(rules: RuleSet, profile: Profile, now: Millis) -> list[Transition]:
    """Decide, in order, the segments whose answer can have changed by an instant."""
    if not profile.valid_until:
        profile.valid_until = [0] * len(rules.decided)
    valid_until = profile.valid_until
    transitions: list[Transition] = []
    for segment in rules.decided:
        if valid_until[segment.index] <= now or (transitions and segment.references):
            segment.decide(profile, now, transitions)
    profile.seen = now
    return transitions


def leave_everything(
    rules: RuleSet,
    profile: Profile,
    now: Millis,
    cause: Cause,
    because: tuple[str, ...] = FORGOTTEN,
) -> list[SegmentChange]:
    """Return the exits of a profile that ends; by default because its retention is over."""
    exits = [
        Transition(segment, profile.inside[segment.index], 0)
        for segment in rules.decided
        if profile.inside[segment.index]
    ]
    return changes_of(rules, profile, now, exits, cause, because)


def changes_of(
    rules: RuleSet,
    profile: Profile,
    now: Millis,
    transitions: list[Transition],
    cause: Cause,
    because: tuple[str, ...] = (),
) -> list[SegmentChange]:
    """Return the changes of each transition, a ladder's exit before its entry."""
    changes: list[SegmentChange] = []
    kind, event_id = cause
    for transition in transitions:
        segment, origin, target = transition.segment, transition.origin, transition.target
        reasons = because or tuple(segment.because(profile, now, target))
        held_out = segment.held_out(profile.customer)
        ladder, left, joined = segment.tiers_of(origin, target)
        for number in [origin, target]:  # a list is walked without an iterator
            if number:
                profile.sequence += 1
                values = (
                    profile.customer,
                    segment.tiers[number - 1].membership,
                    "exited" if number == origin else "entered",
                    now,
                    profile.sequence,
                    profile.born,
                    kind,
                    event_id,
                    reasons,
                    rules.version,
                    held_out,
                    False,
                    ladder,
                    left,
                    joined,
                )
                changes.append(_new(SegmentChange, values))  # half the time of a call
    return changes
