"""What is kept about a customer, which rules need it, why, and for how long.

A *datum* is what one or more cells hold of a customer, in words. Everything in a profile
is one of them, or in `ALWAYS`: what no rule reads is not kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from streamer.analysis.kept import KeptData, kept
from streamer.app.inputs import Rules
from streamer.app.nodes import leaves_of
from streamer.core.engine.conditions import LeafNode
from streamer.core.engine.program import RuleSet
from streamer.core.rules.compile import Declaration, leaf_specs
from streamer.errors import Finding
from streamer.types import Millis

ALWAYS: Final = (
    "the customer's id",
    "which segments the customer is in, and since when",
    "when the first and the last event came, and the number of segment changes so far",
    "hashes of the ids of the last 256 events, so that none counts twice",
)
"""What every profile holds, whatever the rules are."""
WITH_IDENTITY: Final = (
    "which anonymous ids are the customer's, at most 100, and when each was linked last",
    "of an anonymous id that has joined: whose it is, and the users of the last 7 days",
)
"""What profiles hold beside that where the rules have `identity`."""
OF_THE_ERASED: Final = (
    "of somebody who was erased: a keyed hash of the id and when that was, for as long as older "
    "events could come; of somebody who is suppressed the same, until released"
)
"""What is left where there is no profile any more."""

_FEWEST_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Datum:
    """One thing that is kept.

    `values` names the properties and traits of which values are kept, empty where it is only
    instants and counts. `rules` need it; the longest of them looks back `counts_for` ms, None for
    all of history. `bytes` is the most that it takes.
    """

    what: str
    values: tuple[str, ...]
    counts_for: Millis | None
    bytes: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleReason:
    """Why a rule needs what it needs, and how far it looks back (ms, None for all of history)."""

    key: str
    title: str
    purpose: str
    owner: str | None
    counts_for: Millis | None


@dataclass(frozen=True, slots=True)
class Privacy:
    """Everything that is kept about a customer.

    `always` is what is kept whatever the conditions are. All of it is deleted at the latest when
    the last event is `retention` ms old.
    """

    always: tuple[str, ...]
    data: tuple[Datum, ...]
    reasons: tuple[RuleReason, ...]
    retention: Millis


@dataclass(slots=True)
class _Growing:
    """A datum to which the leaves that share it are added one by one."""

    kept: KeptData
    slots: set[int] = field(default_factory=set)
    rules: dict[str, None] = field(default_factory=dict)
    windows: list[Millis | None] = field(default_factory=list)

    def done(self, compiled: RuleSet) -> Datum:
        return Datum(
            self.kept.what,
            self.kept.values,
            _longest(self.windows),
            sum(compiled.cells[slot].max_bytes() for slot in self.slots),
            tuple(self.rules),
        )


def privacy(rules: Rules) -> Privacy:
    """Return the data that rules keep: traits, then values, then instants; reasons in file order.

    Rules with `enabled: false` keep nothing.
    """
    evaluated = [one for one in rules.declared.declarations if one.settings.enabled]
    found: dict[str, _Growing] = {}
    windows: dict[str, list[Millis | None]] = {one.key: [] for one in evaluated}
    for one, leaf, question in remembering(rules.compiled, evaluated):
        said = kept(question, leaf.leaf.label)
        datum = found.setdefault(said.what, _Growing(said))
        datum.slots |= leaf.slots
        datum.rules[one.key] = None
        datum.windows.append(said.counts_for)
        windows[one.key].append(said.counts_for)
    data = sorted((one.done(rules.compiled) for one in found.values()), key=_order)
    reasons = (
        RuleReason(one.key, one.title, one.purpose, one.settings.owner, _longest(windows[one.key]))
        for one in evaluated
    )
    always = (*ALWAYS, *(WITH_IDENTITY if rules.compiled.joins else ()), OF_THE_ERASED)
    return Privacy(always, tuple(data), tuple(reasons), rules.compiled.retention)


def _longest(windows: Iterable[Millis | None]) -> Millis | None:
    """Return the longest of windows: None if one has no end, 0 if there is none."""
    known = [0]
    for window in windows:
        if window is None:
            return None
        known.append(window)
    return max(known)


def without_reason(rules: Rules) -> list[Finding]:
    """Return a finding for each evaluated rule whose purpose gives no reason for keeping anything.

    That a purpose is there and not blank is an error of the language; what is judged here is
    whether it says more than a placeholder, or than the rule's own name.
    """
    found = []
    for one in rules.declared.declarations:
        fault = _fault(one) if one.settings.enabled else None
        if fault is not None:
            file, line, column = rules.declared.places[one.key].rsplit(":", 2)
            message = f'the purpose of {one.key}, "{one.purpose}", {fault}'
            found.append(Finding(file, int(line), int(column), message))
    return found


def _fault(one: Declaration) -> str | None:
    words = one.purpose.split()
    if one.purpose.strip(" .").casefold() in (one.title.strip(" .").casefold(), one.key):
        return "only repeats its name: say what the data is kept for"
    if any(word.strip(".:!?").upper() in ("TODO", "TBD", "FIXME", "XXX") for word in words):
        return "is still to be written: say what the data is kept for"
    if len(words) < _FEWEST_WORDS:
        return f"is no sentence: say in {_FEWEST_WORDS} words or more what the data is kept for"
    return None


def remembering(
    compiled: RuleSet, evaluated: Iterable[Declaration]
) -> Iterator[tuple[Declaration, LeafNode, object]]:
    """Yield every leaf that remembers something, with its rule and as it was declared."""
    segments = {segment.key: segment for segment in compiled.segments}
    for one in evaluated:
        for leaf, question in zip(leaves_of(segments[one.key]), leaf_specs(one), strict=True):
            if leaf.slots:
                yield one, leaf, question


def _order(datum: Datum) -> tuple[bool, bool, str]:
    return not datum.what.startswith("trait"), not datum.values, datum.what
