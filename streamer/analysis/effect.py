"""What reacting to a segment brings: those who are held out beside those who are not.

A customer counts once, with the first entry into the membership, in the group that the change
says: held out, so that no subscriber reacts to the segment, or not. The customer converts with a
conversion event later than the entry, and no later than `within` after it. Who entered so late
that this time is not over is left out, converted or not, or the groups would not be alike.

Where visitors become users, a person is one customer: a visitor who enters and buys as a user has
converted. The group is that of the person's first entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from streamer.analysis.proportions import Interval, needed, newcombe, wilson
from streamer.app.hints import EventNames
from streamer.app.inputs import EventReading, Events, read_changes, read_events
from streamer.app.intake import Intake, Refusals
from streamer.app.persons import Persons
from streamer.app.replay import replay_into
from streamer.core.engine.program import RuleSet
from streamer.core.rules.spec import Joining
from streamer.errors import UsageError
from streamer.ports import Log
from streamer.types import Millis, SegmentChange

Verdict: TypeAlias = Literal["more", "fewer", "alike", "unclear"]


@dataclass(frozen=True, slots=True)
class EffectRequest:
    """What is compared: conversions within `within` ms of entering `membership`.

    `worth` is the smallest difference of the shares that would be worth knowing (0.01: a point).
    `anonymous` says how visitors become users.
    """

    membership: str
    conversions: frozenset[str]
    within: Millis
    worth: float
    anonymous: Joining = "none"


@dataclass(frozen=True, slots=True)
class EffectGroup:
    """The customers of one group, how many converted, and the interval of that share (Wilson)."""

    customers: int
    converted: int
    share: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class EffectEstimate:
    """The two groups, and the difference of their shares with its interval (Newcombe).

    `open_` customers entered too late to count. `verdict` is `more` or `fewer` (those reacted to
    convert so), `alike` (if there is a difference, it is smaller than what is worth knowing) or
    `unclear`: not enough data. `needed` is how many must be held out, at the present ratio of the
    groups and the share of both together, to show a difference of that size with a probability of
    80%: the share of a few who are held out says little. `intake` is what became of the lines, and
    `never_seen` says of each conversion that never occurred what there is instead.
    """

    reacted: EffectGroup
    held_out: EffectGroup
    open_: int
    difference: float
    interval: Interval
    verdict: Verdict
    needed: int
    intake: Intake
    never_seen: tuple[str, ...] = ()


class _Entry(NamedTuple):
    at: Millis
    held_out: bool


class Entries:
    """The first entry of each customer into one membership."""

    def __init__(self, membership: str) -> None:
        self._membership = membership
        self.first: dict[str, _Entry] = {}

    def enter(self, changes: Iterable[SegmentChange]) -> None:
        """Take up changes, in any order."""
        for change in changes:
            if change.segment == self._membership and change.direction == "entered":
                known = self.first.get(change.customer)
                if known is None or change.at < known.at:
                    self.first[change.customer] = _Entry(change.at, change.holdout)


def effect_of_rules(
    rules: RuleSet, events: Events, asked: EffectRequest, until: Millis | None = None
) -> EffectEstimate:
    """Replay the events for the entries, then read them again for the conversions.

    Raises `UsageError` where there are no two groups to compare, `NothingAccepted` where no line is
    an event, and otherwise as `replay` does.
    """
    entries = Entries(asked.membership)
    with events() as reading:
        done = replay_into(entries, rules, reading, until=until)
    with events() as again:
        return _compared(entries, again, asked, done.until, done.intake)


def effect_of_changes(
    changes: Log, events: Events, asked: EffectRequest, until: Millis | None = None
) -> EffectEstimate:
    """Take the entries from published changes, and the conversions from the events.

    Raises `UsageError` where there are no two groups to compare, or a line is no change, and
    `NothingAccepted` where no line is an event.
    """
    entries = Entries(asked.membership)
    entries.enter(change for _, change in read_changes(changes))
    return effect_of_entries(entries, events, asked, until)


def effect_of_entries(
    entries: Entries, events: Events, asked: EffectRequest, until: Millis | None = None
) -> EffectEstimate:
    """Take the conversions from the events; raises as `effect_of_changes` does."""
    with events() as reading:
        return _compared(entries, reading, asked, until, None)


def verdict(interval: Interval, worth: float) -> Verdict:
    """Return what the interval of a difference says, beside a difference that is worth knowing."""
    if interval.low > 0:
        return "more"
    if interval.high < 0:
        return "fewer"
    return "alike" if -worth < interval.low and interval.high < worth else "unclear"


def _compared(
    entries: Entries,
    events: EventReading,
    asked: EffectRequest,
    until: Millis | None,
    intake: Intake | None,
) -> EffectEstimate:
    """Compare the groups; `intake` is that of a replay, None where the events are read once."""
    first = entries.first
    if not first:
        why = f"nobody entered {asked.membership}: there is nothing to compare"
        raise UsageError(why) if intake is None else intake.no_answer(why)
    persons = None if asked.anonymous == "none" else Persons(asked.anonymous)
    bought: dict[str, list[Millis]] = {}
    end = until
    refusals, accepted, names = Refusals(), 0, EventNames(asked.conversions)
    for event in read_events(events._replace(decode=refusals.noting(events.decode))):
        accepted += 1
        names.note(event.name)
        if until is None:
            end = event.time if end is None else max(end, event.time)
        elif event.time > until:
            continue
        customer = event.customer if persons is None else persons.take(event)
        if customer is None or event.name not in asked.conversions:
            continue
        if persons is not None or customer in first:
            bought.setdefault(customer, []).append(event.time)
    if persons is not None:
        first, bought = _by_person(first, persons), persons.gathered(bought)
    converted = {
        who
        for who, entry in first.items()
        if any(entry.at < time <= entry.at + asked.within for time in bought.get(who, ()))
    }
    intake = intake or _read(accepted, refusals)
    over = {who: it for who, it in first.items() if end is not None and it.at + asked.within <= end}
    groups = []
    for held_out in (False, True):
        members = {who for who, entry in over.items() if entry.held_out is held_out}
        if not members:
            raise intake.no_answer(_no_group(asked, len(over), held_out=held_out))
        groups.append((len(members & converted), len(members)))
    (one, of), (other, of_held_out) = groups
    held, interval = _group(other, of_held_out), newcombe(one, of, other, of_held_out)
    return EffectEstimate(
        reacted=_group(one, of),
        held_out=held,
        open_=len(first) - len(over),
        difference=one / of - held.share,
        interval=interval,
        verdict=verdict(interval, asked.worth),
        needed=needed((one + other) / (of + of_held_out), asked.worth, of / of_held_out),
        intake=intake,
        never_seen=names.never_seen(),
    )


def _by_person(first: dict[str, _Entry], persons: Persons) -> dict[str, _Entry]:
    """Return the first entries of customers as those of persons."""
    found: dict[str, _Entry] = {}
    for who, entry in first.items():
        person = persons.person(who)
        known = found.get(person, entry)
        found[person] = entry if entry.at < known.at else known
    return found


def _read(accepted: int, refusals: Refusals) -> Intake:
    lines, reasons = accepted + refusals.invalid, refusals.reasons()
    intake = Intake(lines, accepted, invalid=refusals.invalid, reasons=reasons)
    if intake.unusable:
        raise intake.no_answer("nobody can have converted")
    return intake


def _group(converted: int, customers: int) -> EffectGroup:
    return EffectGroup(customers, converted, converted / customers, wilson(converted, customers))


def _no_group(asked: EffectRequest, entered: int, *, held_out: bool) -> str:
    key = asked.membership.partition(".")[0]
    if not entered:
        return f"nobody entered {asked.membership} early enough: the time to convert is not over"
    if held_out:
        return (
            f"none of {entered:,} who entered {asked.membership} is held out: "
            f"give {key} a share of them in its settings, such as holdout: 5%"
        )
    return f"all {entered:,} who entered {asked.membership} are held out: nobody was reacted to"
