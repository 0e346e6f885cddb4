"""What a condition keeps of a customer, in words, and of which values.

The instants of events are kept for every condition on events; the values of a property only where
the condition is about them. What `where` reads decides whether an event counts, and is not kept.
"""

from dataclasses import replace
from typing import NamedTuple

from streamer.core import wording
from streamer.core.leaves.abandoned import Abandoned
from streamer.core.leaves.age import Age
from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.ago import Ago
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.leaves.date import OnDate
from streamer.core.leaves.extreme import Extreme
from streamer.core.leaves.favours import Favours
from streamer.core.leaves.latest import Latest
from streamer.core.leaves.membership import LeftSegment
from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.leaves.predicted import Predicted
from streamer.core.leaves.ratio import Ratio
from streamer.core.leaves.sequence import Sequence
from streamer.core.leaves.trait import Trait
from streamer.core.leaves.worth import Worth
from streamer.core.rules.spec import Clause, Comparison, Names, Scope
from streamer.types import Millis


class KeptData(NamedTuple):
    """What one condition keeps.

    `values` names the properties and traits of which values are kept; `counts_for` is how long an
    event counts, in ms, None for ever.
    """

    what: str
    values: tuple[str, ...]
    counts_for: Millis | None


def kept(question: object, label: str) -> KeptData:
    """Return the data that a condition keeps; a kind not known here is described by its label."""
    match question:
        case Trait(name=name, comparisons=asked):
            return _single(f"trait {name}", name, asked, None)
        case OnDate(name=name) | Anniversary(name=name) | Age(name=name):
            return KeptData(f"trait {name}", (name,), None)
        case LeftSegment(key=key, within=within):
            return KeptData(f"when {key} was left last", (), within)
        case Latest(property=name, events=events, where=where, which=which, within=within):
            of = f"{which} {name} of {_of(events, where)}"
            return _single(f"the {of}", name, question.comparisons, within)
        case Favours(property=name, events=events, where=where, within=within):
            return KeptData(f"each {name} of {_of(events, where)}, and when", (name,), within)
        case Aggregate() | Ratio():
            return _added_up(question)
        case Extreme(property=name, scope=scope):
            what = f"when {name} of {_scope(scope)} last lay beyond each limit"
            return KeptData(what, (), scope.within)
        case _:
            return _of_times(question, label)


def _of_times(question: object, label: str) -> KeptData:
    """Return what is kept by a condition on how often, when, and in which order."""
    match question:
        case Performed(scope=scope):
            return _counted(question, scope)
        case NotPerformed(scope=scope):
            return KeptData(f"the last times of {_scope(scope)}", (), scope.within)
        case Quiet(duration=duration, events=events):
            return KeptData(f"the last times of {_of(events)}", (), duration)
        case Ago(events=events, where=where, which=which):
            times = "the last times" if which == "last" else "the first time"
            return KeptData(f"{times} of {_of(events, where)}", (), None)
        case Predicted(model=model) if model.each == "day":
            what = f"the first and the last time of {_of(model.events)}, and the days with any"
            return KeptData(what, (), None)
        case Predicted(model=model):
            what = f"the first and the last time of {_of(model.events)}, and how many there were"
            return KeptData(what, (), None)
        case Worth(model=model):
            days = ", and the days with any" if model.each == "day" else ""
            what = f"number and sum of {model.property} of {_of(model.events)}{days}"
            return KeptData(what, (model.property,), None)
        case Abandoned(same=same, did=did, without=without, where=where, within=within):
            each = "the last times of" if same is None else f"each {same} of"
            what = f"{each} {_of(did, where)} without {_of(without)} since, and when"
            read = (same, question.net)
            return KeptData(what, tuple(one for one in read if one is not None), within)
        case Sequence(steps=steps, same=same, within=within):
            chain = ", then ".join(_of(step.events, step.where) for step in steps)
            each = "" if same is None else f", for each {same}"
            return KeptData(f"when {chain}{each}", () if same is None else (same,), within)
        case _:
            return KeptData(label, (), None)


def _added_up(question: Aggregate | Ratio) -> KeptData:
    """Return what is kept of sums, and of counts that are divided."""
    if isinstance(question, Ratio):
        both = [
            kept(replace(part, scope=replace(part.scope, since=question.since)), part.label())
            for part in (question.part, question.whole)
        ]
        named = tuple(dict.fromkeys(name for one in both for name in one.values))
        return KeptData("; ".join(one.what for one in both), named, question.within)
    name, times, per, minus = question.property, question.times, question.per, question.minus
    what = f"sums of {_multiplied(name, times)} of {_scope(question.scope)}, and when"
    read = [name, times, per]
    if per is not None:
        what += f", for each {per}"
    if minus is not None:
        amounts = _multiplied(minus.property, minus.times)
        what += f", and sums of {amounts} of {_of(minus.events, minus.where)}"
        read += [minus.property, minus.times]
    values = dict.fromkeys(one for one in read if one is not None)
    return KeptData(what, tuple(values), question.scope.within)


def _multiplied(name: str, times: str | None) -> str:
    return name if times is None else f"{name} times {times}"


def _single(what: str, name: str, asked: tuple[Comparison, ...], within: Millis | None) -> KeptData:
    """Return what is kept of the latest value: itself, or that it exists where that is enough."""
    if any(one.operator == "exists" for one in asked):
        return KeptData(f"whether there is {what}", (), within)
    return KeptData(what, (name,), within)


def _counted(question: Performed, scope: Scope) -> KeptData:
    """Return what is kept to count events, days, or values."""
    name, of = question.property or "", _scope(scope)
    match question.counting:
        case "events":
            return KeptData(f"the last times of {of}", (), scope.within)
        case "days":
            return KeptData(f"the last days with {of}", (), scope.within)
        case "distinct":
            return KeptData(f"the last different {name} of {of}, and when", (name,), scope.within)
        case "same":
            return KeptData(f"each {name} of {of}, and its last times", (name,), scope.within)
        case "per":
            undone = "" if question.without is None else f" or {wording.names(question.without)}"
            return KeptData(f"each {name} of {of}{undone}, and when", (name,), scope.within)


def _scope(scope: Scope) -> str:
    since = "" if scope.since is None else f" since {wording.names(scope.since)}"
    return _of(scope.events, scope.where) + since


def _of(events: Names, where: tuple[Clause, ...] = ()) -> str:
    return wording.names(events) + wording.where(where)
