"""What a change of rules would do: who would enter and leave, told from history.

Both rule sets see the same events up to the same instant; what differs there is the difference.
Memory grows with customers. The events are read once for each rule set, and once more for each to
explain the examples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from streamer.analysis.explain import explain_all
from streamer.analysis.explanation import Explanation
from streamer.analysis.report import Course, memberships_of
from streamer.analysis.report.measures import members_of
from streamer.app.inputs import Events
from streamer.app.replay import Summary, replay_into
from streamer.core.engine.program import RuleSet
from streamer.types import Millis

Direction: TypeAlias = Literal["enter", "leave"]

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
    """

    membership: str
    title: str
    old: Side | None
    new: Side | None
    enters: int
    leaves: int

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
    new ones last.
    """

    until: Millis | None
    customers: int
    old: str
    new: str
    shifts: tuple[Shift, ...]
    examples: tuple[Example, ...]


def difference(
    old: RuleSet,
    new: RuleSet,
    events: Events,
    *,
    until: Millis | None = None,
    examples: int = 2,
) -> Difference:
    """Return what would change if `new` came in the place of `old`, up to `until` or the end.

    Up to `examples` customers are explained for each membership and direction, those whose ids
    come first.
    """
    names = list(dict.fromkeys([*memberships_of(old), *memberships_of(new)]))
    before, was = _outcome(old, names, events, until)
    after, would = _outcome(new, names, events, until)
    counts = {direction: [0] * len(names) for direction in _DIRECTIONS}
    chosen = []
    for customer in sorted(was.keys() | would.keys()):
        one, other = was.get(customer, 0), would.get(customer, 0)
        for direction, moved in zip(_DIRECTIONS, (other & ~one, one & ~other), strict=True):
            for number in members_of(moved):
                counts[direction][number] += 1
                if counts[direction][number] <= examples:
                    chosen.append((number, direction, customer))
    return Difference(
        until=after.until,
        customers=max(before.customers, after.customers),
        old=old.version,
        new=new.version,
        shifts=tuple(_shifts(names, before, after, counts["enter"], counts["leave"])),
        examples=tuple(_explained(old, new, names, events, after.until, sorted(chosen))),
    )


def _outcome(
    rules: RuleSet, names: Sequence[str], events: Events, until: Millis | None
) -> tuple[Summary, dict[str, int]]:
    """Return what a replay did, and the mask of every customer who ever had a change."""
    course = Course(names)
    with events() as reading:
        return replay_into(course, rules, reading, until=until), course.inside


def _shifts(
    names: Sequence[str],
    before: Summary,
    after: Summary,
    enters: Sequence[int],
    leaves: Sequence[int],
) -> Iterator[Shift]:
    old, new = _sides(before), _sides(after)
    titles = {one.membership: one.title for one in (*before.accounts, *after.accounts)}
    for number, name in enumerate(names):
        yield Shift(
            name, titles[name], old.get(name), new.get(name), enters[number], leaves[number]
        )


def _sides(summary: Summary) -> dict[str, Side]:
    return {one.membership: Side(one.members, one.entered, one.exited) for one in summary.accounts}


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
    told = []
    for rules in (old, new):
        with events() as (log, decode, watch):
            told.append(explain_all(rules, log, decode, customers, at=at, watch=watch))
    before, after = told
    for number, direction, customer in chosen:
        name = names[number]
        key = name.partition(".")[0]
        yield Example(customer, name, key, direction, before[customer], after[customer])
