"""Straight-line code for what an event of one name does, made once per rule set.

A profile is moved and its plans are decided for every event, so the calls between folds, leaves
and conditions are most of the cost. For each event name this writes one function that does the
same steps in the same order without them: the most common folds and leaves are written out, every
other one is called. The objects remain the meaning: what is written out here must be what they
do, and the tests compare both.

An event that is not older than its customer's clock is the latest of everything remembered, which
makes its folds plain. An older one is folded by the objects.

The code is made from numbers and our own names alone; no text of a rule gets into it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from streamer.core.conditions import AllHold, AnyHolds, Asked, Node, NoneHold
from streamer.core.leaves.counting import Absent, Counted, Times
from streamer.core.leaves.frequent import MostFrequent
from streamer.core.memory import Leaf, Memory
from streamer.core.plan import Move, Plan, Reaction, hold_or_move
from streamer.core.profile import Profile
from streamer.core.since import Recall
from streamer.core.stamps import STAMP_BYTES
from streamer.types import FOREVER, Event, Millis

React: TypeAlias = Callable[[Profile, Event], list[Move]]
"""Folds an event at the clock, decides the plans of a reaction in order, returns the moves."""
Settle: TypeAlias = Callable[[Profile, Millis], list[Move]]
"""Lets every membership whose answer can have changed follow truth at an instant."""

_REACT = """\
def made(profile, event):
    now = profile.clock
    stamp = profile.stamp
    moves = []
    memories = profile.memories
    inside = profile.inside
    flips = profile.flips
"""
_SETTLE = """\
def made(profile, now):
    moves = []
    memories = profile.memories
    inside = profile.inside
    flips = profile.flips
"""


def generate_react(memories: Sequence[Memory], reaction: Reaction) -> React:
    """Return what an event does to a profile, whose clock has been moved to its time."""
    writer = _Writer(memories)
    lines = [line for slot, fold in reaction.folds for line in writer.fold(slot, fold)]
    for plan in reaction.plans:
        if plan.place in reaction.followers:
            lines.append("if moves:")
            lines += _indented(writer.plan(plan))
        else:
            lines += writer.plan(plan)
    react: React = writer.made(_REACT, [*lines, "profile.seen = now", "return moves"])
    return react


def generate_settle(memories: Sequence[Memory], plans: Sequence[Plan]) -> Settle:
    """Return what decides, in order, the plans whose last answer held until an instant or less."""
    writer = _Writer(memories)
    lines: list[str] = []
    for plan in plans:
        moved = " or moves" if plan.references else ""
        lines.append(f"if flips[{plan.place}] <= now{moved}:")
        lines += _indented(writer.plan(plan))
    settle: Settle = writer.made(_SETTLE, [*lines, "profile.seen = now", "return moves"])
    return settle


class _Writer:
    """Writes one function, and keeps the objects that it refers to by their names in it."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        self._memories = memories
        self._latest: set[int] = set()
        """The slots whose last stamp is that of the event."""
        self._names: dict[str, Any] = {
            "FOREVER": FOREVER,
            "hold_or_move": hold_or_move,
            "instant": int.from_bytes,
        }

    def made(self, head: str, lines: Iterable[str]) -> Any:  # noqa: ANN401 (the callers know)
        """Return the function with these lines as its body."""
        source = head + "".join(f"    {line}\n" for line in lines)
        exec(compile(source, "<generated>", "exec"), self._names)  # noqa: S102 (see above)
        return self._names["made"]

    def _name(self, kind: str, thing: object) -> str:
        name = f"{kind}_{len(self._names)}"
        self._names[name] = thing
        return name

    def fold(self, slot: int, fold: object) -> Iterator[str]:
        """Yield lines that fold the event into one memory."""
        memory = self._memories[slot]
        if not (isinstance(memory, Times) and memory.unconditional):
            call = f"{self._name('fold', fold)}(memories[{slot}], event, profile)"
            yield f"memories[{slot}] = {call}"
            return
        self._latest.add(slot)
        if memory.keep == 1:
            yield f"memories[{slot}] = run{slot} = stamp"
        else:
            yield f"run{slot} = memories[{slot}]"
            added = f"(run{slot} + stamp)[-{STAMP_BYTES * memory.keep}:]"
            yield f"memories[{slot}] = run{slot} = stamp if run{slot} is None else {added}"

    def plan(self, plan: Plan) -> Iterator[str]:
        """Yield lines that decide one plan."""
        if len(plan.rungs) == 1 and plan.rungs[0].when is not None:
            yield from self._node(plan.rungs[0].when, 0)
            target = "1 if holds0 else 0"
        else:
            yield from self._rungs(plan)
            target = "holds0"
        place, name = plan.place, self._name("plan", plan)
        if plan.lingers:
            yield f"if holds0 == inside[{place}]: flips[{place}] = until0"
            yield f"else: hold_or_move(profile, now, {name}, {target}, until0, moves)"
        else:  # nothing can hold a move back: what `hold_or_move` does then
            yield f"flips[{place}] = until0"
            yield f"if holds0 != inside[{place}]:"
            yield f"    moves.append(({name}, inside[{place}], {target}))"
            yield f"    inside[{place}] = {target}"
            yield f"    profile.since[{place}] = now if holds0 else 0"

    def _rungs(self, plan: Plan) -> Iterator[str]:
        """Yield lines that set `holds0` to the number of the first rung that holds."""
        yield "holds0 = 0"
        yield "until0 = FOREVER"
        for number, rung in enumerate(plan.rungs, 1):
            yield "if not holds0:"
            if rung.when is None:
                yield f"    holds0 = {number}"
                continue
            yield from _indented(self._node(rung.when, 1))
            yield "    if until1 < until0: until0 = until1"
            yield f"    if holds1: holds0 = {number}"

    def _node(self, node: Node, depth: int) -> Iterator[str]:
        """Yield lines that set `holds<depth>` and `until<depth>`."""
        if isinstance(node, Asked):
            yield from self._leaf(node.leaf, depth)
        elif isinstance(node, AllHold):
            yield from self._all(node, depth)
        else:
            yield from self._any(node, depth)
            if isinstance(node, NoneHold):
                yield f"holds{depth} = 0 if holds{depth} else 1"

    def _all(self, node: AllHold, depth: int) -> Iterator[str]:
        """Yield lines for `all`: what fails for ever comes first, since it settles the rest."""
        holds, until = f"holds{depth}", f"until{depth}"
        lasting: list[_Written] = []
        others: list[Node] = []
        for number, one in enumerate(node.conditions):
            written = self._written(one, f"until{depth}_{number}")
            if written is not None and written.fails == "FOREVER":
                lasting.append(written)
            else:
                others.append(one)
        untils = [one.until for one in lasting if one.until != "FOREVER"] or ["FOREVER"]
        yield f"if {' and '.join(f'({one.test})' for one in lasting) or 'True'}:"
        yield f"    {holds} = 1"
        yield f"    {until} = {untils[0]}"
        yield from (f"    if {one} < {until}: {until} = {one}" for one in untils[1:])
        if others:
            yield from _indented(self._together(others, depth))
        yield "else:"
        yield f"    {holds} = 0"
        yield f"    {until} = FOREVER"

    def _together(self, nodes: Sequence[Node], depth: int) -> Iterator[str]:
        """Yield lines that go on with `all` for conditions that may fail for some time only."""
        below = depth + 1
        yield f"blocked{depth} = 0"
        for number, node in enumerate(nodes):
            lines = [
                *self._node(node, below),
                f"if not holds{below}:",
                f"    if until{below} > blocked{depth}: blocked{depth} = until{below}",
                f"elif until{below} < until{depth}: until{depth} = until{below}",
            ]
            if number:
                yield f"if blocked{depth} != FOREVER:"
                yield from _indented(lines)
            else:
                yield from lines
        yield f"if blocked{depth}: holds{depth}, until{depth} = 0, blocked{depth}"

    def _any(self, node: AnyHolds | NoneHold, depth: int) -> Iterator[str]:
        below = depth + 1
        yield f"until{depth} = FOREVER"
        yield f"held{depth} = 0"
        for condition in node.conditions:
            yield f"if held{depth} != FOREVER:"
            yield from _indented(self._node(condition, below))
            yield f"    if holds{below}:"
            yield f"        if until{below} > held{depth}: held{depth} = until{below}"
            yield f"    elif until{below} < until{depth}: until{depth} = until{below}"
        yield f"holds{depth} = 1 if held{depth} else 0"
        yield f"if held{depth}: until{depth} = held{depth}"

    def _leaf(self, leaf: Leaf, depth: int) -> Iterator[str]:
        holds, until = f"holds{depth}", f"until{depth}"
        written = self._written_leaf(leaf, until)
        if written is None:
            yield f"{holds}, {until} = {self._name('test', leaf.test)}(profile, now)"
            return
        lasts = "" if written.until == until else f"; {until} = {written.until}"
        fails = "" if written.fails == until else f"; {until} = {written.fails}"
        yield f"if {written.test}: {holds} = 1{lasts}"
        yield f"else: {holds} = 0{fails}"

    def _written(self, node: Node, until: str) -> "_Written | None":
        return self._written_leaf(node.leaf, until) if isinstance(node, Asked) else None

    def _written_leaf(self, leaf: Leaf, until: str) -> "_Written | None":
        """Return a leaf as one expression, which may set the name `until`; None to call it."""
        match leaf:
            case Counted(high=None, ascending=True, within=int(within)):
                low = leaf.low * STAMP_BYTES
                many = f"len(state) >= {low} and " if leaf.low > 1 else ""
                first = f"instant(state[-{low}:{STAMP_BYTES - low or ''}])"
                found = self._found(leaf.recall)
                return _Written(f"{found} and {many}({until} := {first} + {within}) > now", until)
            case Absent(within=int(within)) if leaf.recall.slot in self._latest:
                return _Written("False", "FOREVER", f"now + {within}")
            case Absent(within=int(within)):
                last = f"({until} := instant(state[-{STAMP_BYTES}:]) + {within})"
                found = self._found(leaf.recall)
                return _Written(f"not ({found} and {last} > now)", "FOREVER", until)
            case Absent(within=None):
                return _Written(f"not ({self._found(leaf.recall)})", "FOREVER")
            case MostFrequent(within=int(within)):
                best = "(best := state[0]) is not None"
                best += f" and ({until} := instant(best) + {within}) > now"
                return _Written(f"{self._found(leaf.recall)} and {best}", until)
            case _:
                return None

    def _found(self, recall: Recall) -> str:
        """Return an expression: true if something is remembered, which `state` then is."""
        if recall.slot in self._latest:
            return f"(state := run{recall.slot})"
        found = f"(state := memories[{recall.slot}]) is not None"
        if recall.since:
            found += " and state[0] is not None and (state := state[1]) is not None"
        return found


class _Written(NamedTuple):
    """A leaf as an expression, and the instants until which its truth and its failure last.

    An instant is `FOREVER`, the name that the expression sets, or made from `now`.
    """

    test: str
    until: str
    fails: str = "FOREVER"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
