"""The scenario driver: runs the tests that stand in rule files.

Every test is driven by the same `decide` and through the same wakes as live customers: the given
events in their order, then each wake that is due up to the end of the test. What is expected must
happen at its very millisecond, and of the test's own segment or ladder nothing else may happen, to
none of the test's customers.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise, repeat, takewhile
from typing import Final, Literal, TypeAlias

from streamer.app.inputs import Rules
from streamer.core.engine.decide import Decision
from streamer.core.engine.identity import user_of
from streamer.core.engine.people import People
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment
from streamer.core.wording import duration, written
from streamer.instants import iso, parse_iso
from streamer.language import NO_TIER, Expected, Model, TestCase
from streamer.types import DAY, HOUR, MINUTE, SECOND, Event, Millis, Outcome, SegmentChange

LineKind: TypeAlias = Literal["given", "refused", "as expected", "missing", "unexpected"]

_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a test's story: what was given, expected or happened, and why.

    `at` is absolute.
    """

    at: Millis
    kind: LineKind
    text: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScenarioVerdict:
    """How a test went: its story in order of time. `skipped` if its rule is not evaluated."""

    case: TestCase
    story: tuple[Line, ...]
    skipped: bool = False

    @property
    def passed(self) -> bool:
        """Whether everything expected happened and nothing else."""
        return not any(line.kind in ("missing", "unexpected") for line in self.story)


def run_tests(rules: Rules) -> list[ScenarioVerdict]:
    """Run the tests of a rule set, each with the models that it brings."""
    verdicts = []
    known: dict[tuple[Model, ...], RuleSet] = {}
    for case in rules.declared.tests:
        if case.models not in known:
            known[case.models] = rules.closely(case.models)
        verdicts.append(_run(known[case.models], case))
    return verdicts


def render(verdict: ScenarioVerdict) -> str:
    """Return a test's outcome for a person; for a failed one, the whole story."""
    case = verdict.case
    outcome = "skipped" if verdict.skipped else "passed" if verdict.passed else "FAILED"
    head = f"{outcome}  {case.document}: {case.name}"
    if verdict.skipped:
        return f"{head} (its settings say enabled: false)"
    if verdict.passed:
        return head
    times = [_relative(line.at - case.start) for line in verdict.story]
    width = max(map(len, times))
    lines = [f"{head}  ({case.file}:{case.line}:{case.column})"]
    for time, line in zip(times, verdict.story, strict=True):
        lines.append(f"  {time:>{width}}  {line.kind:<11}  {line.text}")
        for word, reason in zip(chain(["because"], repeat("and")), line.because, strict=False):
            lines.append(f"  {'':{width + 15}}{word:>7} {_timed(reason, case.start)}")
    return "\n".join(lines)


class _Run(People):
    """Customers driven through events: their profiles, and the changes on the way."""

    def __init__(self, rules: RuleSet) -> None:
        super().__init__(rules, {})
        self.changes: list[SegmentChange] = []
        self.refused: dict[int, Outcome] = {}
        self.unusable: dict[int, list[str]] = {}

    def take(self, event: Event) -> None:
        outcome = self.happen(event) if self.rules.joins else self._alone(event)
        if outcome != "applied":
            self.refused[id(event)] = outcome

    def took(self, customer: str, decision: Decision, event: Event | None) -> None:
        super().took(customer, decision, event)
        self.changes.extend(decision.changes)
        if event is not None and decision.unusable:
            self.unusable[id(event)] = list(decision.unusable)

    def wake_until(self, end: Millis) -> None:
        while due := [
            (profile.wake, customer)
            for customer, profile in self.profiles.items()
            if profile is not None and profile.wake <= end
        ]:
            self.fire(min(due)[1])

    def _alone(self, event: Event) -> Outcome:
        decision = self.decide(event)
        self.took(event.customer, decision, event)
        return decision.outcome


def _driven(rules: RuleSet, events: Iterable[Event], end: Millis) -> _Run:
    run = _Run(rules)
    for event in events:
        run.take(event)
    run.wake_until(end)
    return run


def _run(rules: RuleSet, case: TestCase) -> ScenarioVerdict:
    segments = {segment.key: segment for segment in rules.segments}
    if case.document not in segments:
        return ScenarioVerdict(case, (), skipped=True)
    run = _driven(rules, case.events, case.until)
    named = len({event.customer for event in case.events}) > 1
    story = [
        _given(event, run.refused.get(id(event)), run.unusable.get(id(event), ()), named=named)
        for event in case.events
    ]
    if any(one.time > other.time for one, other in pairwise(case.events)):
        story = [
            replace(line, text=f"{line.text}, number {number} to arrive")
            for number, line in enumerate(story, 1)
        ]
    left = [change for change in run.changes if change.at <= case.until]
    for one in case.expect:
        met = _meeting(one, left)
        left = [change for change in left if change not in met]
        if met:
            story.append(Line(one.at, "as expected", _said(one)))
        else:
            why = _why_not(rules, segments, case, one)
            story.append(Line(one.at, "missing", _said(one), why))
    own = [change for change in left if (change.ladder or change.segment) == case.document]
    story.extend(
        Line(change.at, "unexpected", _happened(change, named=named), change.because)
        for change in own
        if not _is_second_half(change, own)
    )
    return ScenarioVerdict(case, tuple(sorted(story, key=lambda line: line.at)))


def _given(event: Event, refused: str | None, unusable: Iterable[str], *, named: bool) -> Line:
    facts = [f"{written(name)}: {written(value)}" for name, value in event.properties.items()]
    more = (("traits", event.traits), ("context", event.context))
    facts += [f"{name}: {written(value)}" for name, value in more if value]
    text = f"{event.name} ({', '.join(facts)})" if facts else event.name
    if named:
        ids = [one for one in (event.user_id, event.anonymous_id) if one is not None]
        text = f"{' with '.join(ids or [event.customer])}: {text}"
    text += "".join(f": {name} cannot be read, so it is no value" for name in unusable)
    if refused is None:
        return Line(event.time, "given", text)
    return Line(event.time, "refused", f"{text}: {refused}, so it counts for nothing")


def _meeting(one: Expected, changes: Sequence[SegmentChange]) -> list[SegmentChange]:
    """Return the changes that are the expected one: of a ladder's move, exit and entry."""
    now = [
        change
        for change in changes
        if change.at == one.at and one.customer in (None, change.customer)
    ]
    if one.kind == "moves":
        aimed = [c for c in now if c.ladder == one.membership and c.target == one.to]
        return [c for c in aimed[:2] if c is aimed[0] or _is_second_half(c, aimed)]
    direction = "entered" if one.kind == "enters" else "exited"
    return [c for c in now if c.segment == one.membership and c.direction == direction][:1]


def _is_second_half(change: SegmentChange, among: Sequence[SegmentChange]) -> bool:
    """Whether the change is the entry of a ladder's move whose exit is among the changes."""
    return change.direction == "entered" and any(
        exit_.direction == "exited"
        and exit_.customer == change.customer
        and exit_.ladder == change.ladder is not None
        and (exit_.born, exit_.sequence + 1) == (change.born, change.sequence)
        for exit_ in among
    )


def _why_not(
    rules: RuleSet, segments: dict[str, CompiledSegment], case: TestCase, one: Expected
) -> tuple[str, ...]:
    """Return what the rule's truth rests on at the instant at which a change was expected."""
    segment = segments.get(one.membership.partition(".")[0])
    before = list(takewhile(lambda event: event.time <= one.at, case.events))
    profiles = _driven(rules, before, one.at).profiles
    known = [each for each in profiles.values() if each is not None and user_of(each) is None]
    customers = {each.customer: each for each in known}
    who = next(iter(customers), None) if one.customer is None else one.customer
    profile = customers.get(who or "")
    if segment is None or profile is None:
        return ("nothing is known of the customer then",)
    tier = profile.inside[segment.index]
    state = f"not in {segment.key} then"
    if tier:
        since = iso(profile.since[segment.index])
        state = f"in {segment.tiers[tier - 1].membership} then, since {since}"
    if len(customers) > 1:
        state = f"{who} is {state}"
    return (state, *segment.because(profile, one.at, tier))


def _said(one: Expected) -> str:
    whose = "" if one.customer is None else f"{one.customer} "
    if one.kind == "moves":
        return f"{whose}moves {one.membership}, to {one.to or NO_TIER}"
    return f"{whose}{one.kind} {one.membership}"


def _happened(change: SegmentChange, *, named: bool) -> str:
    whose = f"{change.customer} " if named else ""
    if change.ladder is not None and change.origin is not None:
        to = change.target or NO_TIER
        return f"{whose}moves {change.ladder}, to {to} (from {change.origin})"
    return f"{whose}{'enters' if change.direction == 'entered' else 'exits'} {change.segment}"


def _timed(reason: str, start: Millis) -> str:
    """Return the text with its times as distances from the start of the test."""
    return _ISO.sub(lambda match: _relative(parse_iso(match[0]) - start), reason)


def _relative(millis: Millis) -> str:
    """Return a time after the start as a test says it, and with its parts if it has several."""
    if millis == 0:
        return "0s"
    parts = []
    rest = millis
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return f"{duration(millis)} ({' '.join(parts)})" if len(parts) > 1 else duration(millis)
