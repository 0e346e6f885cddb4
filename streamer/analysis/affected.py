"""Which segments a change of rules can affect, and rule sets that decide just these.

A segment or ladder is affected where its declaration decides something else, where only one of the
two rule sets has it, and where it refers to an affected one, over any number of steps. All are
affected where the two headers decide something else. What is not affected changes at the same
instants under both rule sets, so it need not be replayed to know that it does not differ.

Nor does it decide what an affected segment does, with two exceptions. A change that time makes
moves its customer's clock, and an event from before the clock is decided at the clock. Without
append times, time never runs ahead of the customer's events. With them it can, and an event that
comes after log time has passed its time may meet a clock that a segment moved which is not
affected. `Arrivals` finds such events; with one of them, only both rule sets as a whole tell the
difference. The other exception stays: a profile beyond its bound drops what has most weight, and a
segment that is not replayed has none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from streamer.app.inputs import Decoder, Rules
from streamer.core.engine.program import RuleSet
from streamer.core.leaves.membership import InSegment, LeftSegment
from streamer.core.rules.compile import Declaration, compile_rules, leaf_specs
from streamer.core.rules.spec import Header
from streamer.types import Event, Millis, Record

_NO_HOLDOUT: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Affected:
    """The keys of the affected segments and ladders.

    `old` and `new` decide these and all that they refer to, as the whole rule sets do.
    """

    keys: frozenset[str]
    old: RuleSet
    new: RuleSet


def affected(old: Rules, new: Rules) -> Affected:
    """Return the segments that differ between two rule sets, or depend on those that do."""
    if _deciding_header(old.declared.header) != _deciding_header(new.declared.header):
        return everything(old, new)
    before, after = _enabled(old), _enabled(new)
    keys = before.keys() | after.keys()
    keys = {key for key in keys if _deciding(before.get(key)) != _deciding(after.get(key))}
    keys = _and_users(keys, [*before.values(), *after.values()])
    return Affected(frozenset(keys), _part(old, before, keys), _part(new, after, keys))


def everything(old: Rules, new: Rules) -> Affected:
    """Return two rule sets as if the change affected every segment."""
    keys = _enabled(old).keys() | _enabled(new).keys()
    return Affected(frozenset(keys), old.compiled, new.compiled)


class Arrivals:
    """Decodes records, and notes whether any event came after log time had passed its time.

    An event that is too late by its append time is refused under all rules, so it does not count.
    """

    def __init__(self, max_lateness: Millis, lateness: Millis) -> None:
        self._max_lateness = max_lateness
        self._lateness = lateness
        self._log_time: Millis = 0
        self.overtaken = False

    def noting(self, decode: Decoder) -> Decoder:
        """Return the decoder of one reading of the log, from its beginning."""
        self._log_time = 0

        def decode_and_note(record: Record) -> Event:
            event = decode(record)
            appended = event.appended
            if appended is not None:
                self._log_time = max(self._log_time, appended)
                passed = event.time < self._log_time - self._lateness
                if passed and appended - event.time <= self._max_lateness:
                    self.overtaken = True
            return event

        return decode_and_note


def _enabled(rules: Rules) -> dict[str, Declaration]:
    return {one.key: one for one in rules.declared.declarations if one.settings.enabled}


def _deciding(one: Declaration | None) -> str:
    """Return a text that is the same only for declarations that decide the same.

    What only describes a segment is left out, and the holdout, which flags changes but makes none.
    """
    if one is None:
        return ""
    settings = replace(one.settings, owner=None, tags=(), holdout=_NO_HOLDOUT)
    return repr(replace(one, title="", purpose="", settings=settings))


def _deciding_header(header: Header) -> str:
    return repr(replace(header, name="", events=()))


def _and_users(keys: Iterable[str], declarations: Sequence[Declaration]) -> set[str]:
    """Return the keys, and those of all that refer to them."""
    found = set(keys)
    while more := {one.key for one in declarations if _references(one) & found} - found:
        found |= more
    return found


def _references(one: Declaration) -> set[str]:
    asked = (spec for spec in leaf_specs(one) if isinstance(spec, InSegment | LeftSegment))
    return {question.key.partition(".")[0] for question in asked}


def _part(rules: Rules, declared: dict[str, Declaration], keys: Iterable[str]) -> RuleSet:
    """Compile those of the keys that the rule set has, with all that they refer to."""
    needed: set[str] = set()
    waiting = {key for key in keys if key in declared}
    while waiting:
        needed |= waiting
        waiting = {key for one in waiting for key in _references(declared[one])} - needed
    return compile_rules(rules.declared.header, [declared[key] for key in sorted(needed)])
