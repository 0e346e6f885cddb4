"""What a change of rules would do: who would enter and leave, by history.

Both rule sets see the same events up to the same instant; what differs there is the difference.
Only segments that the change can affect are replayed (`affected` says which, and why that is
exact), unless an event that came too late makes it necessary to replay all of them. Memory grows
with customers. The events are read once for each rule set, and once more to explain the examples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from streamer.analysis.affected import Affected, Arrivals, affected, everything
from streamer.analysis.explain import explain_all
from streamer.analysis.explanation import Explanation
from streamer.analysis.report import SizeHistory, memberships_of
from streamer.analysis.report.measures import members_of
from streamer.app.inputs import Events, Rules
from streamer.app.intake import Intake
from streamer.app.replay import ReplaySummary, replay_into
from streamer.core.engine.program import RuleSet
from streamer.types import Millis

Direction: TypeAlias = Literal["enter", "leave"]

_Outcome: TypeAlias = tuple[ReplaySummary, dict[str, int]]
"""What a replay did, and the mask of every customer who ever had a change."""
_DIRECTIONS: Final[tuple[Direction, ...]] = ("enter", "leave")


@dataclass(frozen=True, slots=True)
class Side:
    """One membership under one of the rule sets.

    `members` are inside at the end; `entered` and `exited` count over the whole history.
    """

    members: int
    entered: int
    exited: int


@dataclass(frozen=True, slots=True)
class Shift:
    """What becomes of one membership; a side is None where that rule set does not have it.

    At the end, `enters` customers would be inside who are not now, and `leaves` the other way.
    `same` says that the change of rules cannot affect the membership: then it was not replayed,
    and both sides are None.
    """

    membership: str
    title: str
    old: Side | None
    new: Side | None
    enters: int
    leaves: int
    same: bool = False

    @property
    def differs(self) -> bool:
        """Whether anything differs: who is inside, or how often it is entered or left."""
        return self.old != self.new or self.enters > 0 or self.leaves > 0


@dataclass(frozen=True, slots=True)
class Example:
    """A customer who would enter or leave a membership, explained by each of the rule sets.

    `key` is the segment or ladder.
    """

    customer: str
    membership: str
    key: str
    direction: Direction
    old: Explanation
    new: Explanation


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference at `until`, None where nothing happened; `old` and `new` are the versions.

    `customers` had a profile at some time. `shifts` has every membership of either rule set, the
    new ones last. `intake` is what became of the lines.
    """

    until: Millis | None
    customers: int
    old: str
    new: str
    shifts: tuple[Shift, ...]
    examples: tuple[Example, ...]
    intake: Intake


def difference(
    old: Rules,
    new: Rules,
    events: Events,
    *,
    until: Millis | None = None,
    examples: int = 2,
) -> Difference:
    """Return the changes of membership that `new` instead of `old` makes, by `until` or the end.

    Up to `examples` customers are explained for each membership and direction, those whose ids
    come first.
    """
    names = list(dict.fromkeys([*memberships_of(old.compiled), *memberships_of(new.compiled)]))
    part = affected(old, new)
    arrivals = Arrivals(part.new.max_lateness, part.new.lateness)
    found = _outcomes(part, names, events, until, arrivals)
    whole = everything(old, new)
    if arrivals.overtaken and part.keys != whole.keys:
        part = whole
        found = _outcomes(part, names, events, until, arrivals)
    (before, was), (after, would) = found
    counts = {direction: [0] * len(names) for direction in _DIRECTIONS}
    chosen = []
    compared = sum(1 << number for number, name in enumerate(names) if _key(name) in part.keys)
    for customer in sorted(was.keys() | would.keys()):
        one, other = was.get(customer, 0) & compared, would.get(customer, 0) & compared
        for direction, moved in zip(_DIRECTIONS, (other & ~one, one & ~other), strict=True):
            for number in members_of(moved):
                counts[direction][number] += 1
                if counts[direction][number] <= examples:
                    chosen.append((number, direction, customer))
    titles = _titles(old.compiled) | _titles(new.compiled)
    old_sides, new_sides = _sides(part, before), _sides(part, after)
    shifts = (
        Shift(
            name,
            titles[name],
            old_sides.get(name),
            new_sides.get(name),
            counts["enter"][number],
            counts["leave"][number],
            same=_key(name) not in part.keys,
        )
        for number, name in enumerate(names)
    )
    return Difference(
        until=after.until,
        customers=max(before.customers, after.customers),
        old=old.compiled.version,
        new=new.compiled.version,
        shifts=tuple(shifts),
        examples=tuple(
            _explained(old.compiled, new.compiled, names, events, after.until, sorted(chosen))
        ),
        intake=after.intake,
    )


def _outcomes(
    part: Affected,
    names: Sequence[str],
    events: Events,
    until: Millis | None,
    arrivals: Arrivals,
) -> tuple[_Outcome, _Outcome]:
    """Replay each rule set; where nothing is affected, one replay is that of both."""
    before = _outcome(part.old, names, events, until, arrivals)
    if not part.keys:
        return before, before
    return before, _outcome(part.new, names, events, until, arrivals)


def _outcome(
    rules: RuleSet,
    names: Sequence[str],
    events: Events,
    until: Millis | None,
    arrivals: Arrivals,
) -> _Outcome:
    course = SizeHistory(names)
    with events() as opened:
        reading = opened._replace(decode=arrivals.noting(opened.decode))
        return replay_into(course, rules, reading, until=until), course.inside


def _sides(part: Affected, summary: ReplaySummary) -> dict[str, Side]:
    return {
        one.membership: Side(one.members, one.entered, one.exited)
        for one in summary.accounts
        if _key(one.membership) in part.keys
    }


def _titles(rules: RuleSet) -> dict[str, str]:
    return {tier.membership: segment.title for segment in rules.segments for tier in segment.tiers}


def _key(membership: str) -> str:
    """Return the key of the segment or ladder that a membership is of."""
    return membership.partition(".")[0]


def _explained(
    old: RuleSet,
    new: RuleSet,
    names: Sequence[str],
    events: Events,
    at: Millis | None,
    chosen: Sequence[tuple[int, Direction, str]],
) -> Iterator[Example]:
    if not chosen:
        return
    customers = dict.fromkeys(customer for _, _, customer in chosen)
    with events() as reading:
        before = explain_all(old, reading, customers, at=at)
    with events() as reading:
        after = explain_all(new, reading, customers, at=at)
    for number, direction, customer in chosen:
        name = names[number]
        yield Example(customer, name, _key(name), direction, before[customer], after[customer])
