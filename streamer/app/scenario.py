"""The scenario driver: runs the tests that stand in rule files.

Every test is driven by the same `decide` and through the same wakes as a live customer: the given
events in their order, then each wake that is due up to the end of the test. What is expected must
happen at its very millisecond, and of the test's own segment or ladder nothing else may happen.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat, takewhile
from typing import Final, Literal, TypeAlias

from streamer.core.engine.decide import decide
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment
from streamer.core.profile import Profile
from streamer.core.wording import duration
from streamer.instants import iso, parse_iso
from streamer.language import NO_TIER, Expected, TestCase
from streamer.types import DAY, HOUR, MINUTE, SECOND, Event, Millis, SegmentChange, Wake

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
class Verdict:
    """How a test went: its story in order of time. `skipped` if its rule is not evaluated."""

    case: TestCase
    story: tuple[Line, ...]
    skipped: bool = False

    @property
    def passed(self) -> bool:
        """Whether everything expected happened and nothing else."""
        return not any(line.kind in ("missing", "unexpected") for line in self.story)


def run_tests(rules: RuleSet, tests: Iterable[TestCase]) -> list[Verdict]:
    """Run the tests against the rule set that they were read with."""
    segments = {segment.key: segment for segment in rules.segments}
    return [_run(rules, segments, case) for case in tests]


def render(verdict: Verdict) -> str:
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


@dataclass(slots=True)
class _Run:
    """One customer driven through events: the state, and what was said on the way."""

    rules: RuleSet
    profile: Profile | None
    changes: list[SegmentChange]
    refused: list[tuple[Event, str]]

    def take(self, event: Event) -> None:
        decision = decide(self.rules, self.profile, event)
        self.profile = decision.profile
        self.changes.extend(decision.changes)
        if decision.outcome != "applied":
            self.refused.append((event, decision.outcome))

    def wake_until(self, end: Millis) -> None:
        while self.profile is not None and self.profile.wake <= end:
            decision = decide(self.rules, self.profile, Wake(self.profile.wake))
            self.profile = decision.profile
            self.changes.extend(decision.changes)


def _driven(rules: RuleSet, events: Iterable[Event], end: Millis) -> _Run:
    run = _Run(rules, None, [], [])
    for event in events:
        run.take(event)
    run.wake_until(end)
    return run


def _run(rules: RuleSet, segments: dict[str, CompiledSegment], case: TestCase) -> Verdict:
    if case.document not in segments:
        return Verdict(case, (), skipped=True)
    run = _driven(rules, case.events, case.until)
    refused = {id(event): outcome for event, outcome in run.refused}
    story = [_given(event, refused.get(id(event))) for event in case.events]
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
        Line(change.at, "unexpected", _happened(change), change.because)
        for change in own
        if not _is_second_half(change, own)
    )
    return Verdict(case, tuple(sorted(story, key=lambda line: line.at)))


def _given(event: Event, refused: str | None) -> Line:
    facts = ", ".join(f"{name}: {value}" for name, value in event.properties.items())
    text = f"{event.name} ({facts})" if facts else event.name
    if refused is None:
        return Line(event.time, "given", text)
    return Line(event.time, "refused", f"{text}: {refused}, so it counts for nothing")


def _meeting(one: Expected, changes: Sequence[SegmentChange]) -> list[SegmentChange]:
    """Return the changes that are the expected one: of a ladder's move, exit and entry."""
    now = [change for change in changes if change.at == one.at]
    if one.kind == "moves":
        aimed = [c for c in now if c.ladder == one.membership and c.target == one.to]
        return [c for c in aimed[:2] if c is aimed[0] or _is_second_half(c, aimed)]
    direction = "entered" if one.kind == "enters" else "exited"
    return [c for c in now if c.segment == one.membership and c.direction == direction][:1]


def _is_second_half(change: SegmentChange, among: Sequence[SegmentChange]) -> bool:
    """Whether the change is the entry of a ladder's move whose exit is among the changes."""
    return change.direction == "entered" and any(
        exit_.direction == "exited"
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
    profile = _driven(rules, before, one.at).profile
    if segment is None or profile is None:
        return ("nothing is known of the customer then",)
    tier = profile.inside[segment.index]
    state = f"not in {segment.key} then"
    if tier:
        since = iso(profile.since[segment.index])
        state = f"in {segment.tiers[tier - 1].membership} then, since {since}"
    return (state, *segment.because(profile, one.at, tier))


def _said(one: Expected) -> str:
    if one.kind == "moves":
        return f"moves {one.membership}, to {one.to or NO_TIER}"
    return f"{one.kind} {one.membership}"


def _happened(change: SegmentChange) -> str:
    if change.ladder is not None and change.origin is not None:
        return f"moves {change.ladder}, to {change.target or NO_TIER} (from {change.origin})"
    return f"{'enters' if change.direction == 'entered' else 'exits'} {change.segment}"


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
