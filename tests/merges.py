"""Cases for merges: a rule set, one customer's history and what follows, splits of the history.

`python -m tests.merges SPLITS SEED` looks for a split whose merged profile says anything else than
the profile of the whole history, or than the oracle, and ends with 1 at the first one. It works in
parts with seeds of their own, because Hypothesis remembers all that it has drawn in one run.

What depends on more than the history is left out of the rules: `min_dwell`, `cooldown`,
`left_segment` and the `for` of `in_segment` depend on when a membership was reported, and a merged
customer keeps the memberships of one of the two.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeAlias

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from streamer.codecs.events import decode
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import decide
from streamer.core.engine.merge import merge
from streamer.core.engine.program import RuleSet
from streamer.core.leaves.abandoned import LeftOpen, NotAllGone
from streamer.core.leaves.followed import MostFrequentOld
from streamer.core.leaves.membership import Inside
from streamer.core.leaves.performed import MostFrequent
from streamer.core.leaves.sequence import InOrder
from streamer.core.profile import Profile
from streamer.core.state.chain import FEW
from streamer.errors import InvalidEvent
from streamer.types import Event, Millis, Record, SegmentChange, Wake
from tests.engine import compiled
from tests.oracle import oracle_run
from tests.strategies import documents_to_yaml, histories, rule_documents
from tests.strategies.conditions import Draw
from tests.strategies.histories import distances
from tests.strategies.words import Node

SPLITS = 4
"""Splits of each history."""
LONG_RUN = 20
"""The same in a long run: a rule set and its oracle take longer than they."""
PART = 2_000
FEWEST = 6
"""So many lines are drawn at least: less is hardly a history to be split."""
CUSTOMER = "c"
BOUNDARY = "boundary"

Split: TypeAlias = tuple[bool, int, int]
"""Whether it cuts in the order of time; where, or which events are of the joined-in history, a bit
for each; which parts are woken up to the boundary before they are merged: the one, the other."""
NAMES_OTHERS: Final = (Inside, InOrder, LeftOpen, MostFrequent, MostFrequentOld, NotAllGone)
"""Leaves whose reason says since when a membership was reported, or names one of several values
that are as good as each other."""
KEYS: Final = ("segment", "direction", "at", "cause", "event", "ladder", "from", "to")


@dataclass(frozen=True)
class Case:
    """One rule set, a history of one customer, what follows it, and splits."""

    documents: list[Node]
    lines: list[bytes]
    later: list[bytes]
    silence: Millis
    splits: list[Split]


@st.composite
def cases(draw: Draw, number: int = SPLITS) -> Case:
    """A rule set and a history that suits it."""
    documents = [of_history(one) for one in draw(rule_documents())]
    lines = draw(histories(documents).filter(lambda drawn: len(drawn) >= FEWEST))
    known = len(lines) - draw(st.integers(0, len(lines) // 2))
    split = st.tuples(st.booleans(), st.integers(1, (1 << known) - 2), st.integers(0, 3))
    splits = draw(st.lists(split, min_size=number, max_size=number))
    silence = abs(draw(st.sampled_from(distances(documents))))
    return Case(documents, lines[:known], lines[known:], silence, splits)


def of_history(document: Node) -> Node:
    """The document without what depends on more than the history."""
    kept: Node = {key: without_waits(value) for key, value in document.items()}
    if "settings" in kept:
        kept["settings"] = {key: on for key, on in kept["settings"].items() if key == "enabled"}
    return kept


def without_waits(part: Any) -> Any:  # noqa: ANN401  a parsed document
    """The same without the `for` of `in_segment`, and with it in place of `left_segment`."""
    if isinstance(part, list):
        return [without_waits(one) for one in part]
    if isinstance(part, dict):
        if "left_segment" in part:
            return {"in_segment": part["left_segment"]}
        left_out = {"for"} if "in_segment" in part else set()
        return {key: without_waits(value) for key, value in part.items() if key not in left_out}
    return part


def asks_sequence(part: Any) -> bool:  # noqa: ANN401  a parsed document
    """Say whether a `sequence` stands anywhere in the documents."""
    if isinstance(part, list):
        return any(asks_sequence(one) for one in part)
    if isinstance(part, dict):
        return "sequence" in part or any(asks_sequence(value) for value in part.values())
    return False


def said(changes: Sequence[SegmentChange]) -> list[dict[str, Any]]:
    """What changes say, but for what counts changes and births."""
    return [
        {
            "segment": change.segment,
            "direction": change.direction,
            "at": change.at,
            "cause": change.cause,
            "event": change.event_id,
            "ladder": change.ladder,
            "from": change.origin,
            "to": change.target,
        }
        for change in changes
    ]


def events_of(lines: Sequence[bytes]) -> list[Event]:
    """The events in some lines, all of one customer and with no append times."""
    events = []
    for line in lines:
        try:
            event = decode(Record(partition=0, offset=0, value=line))
        except InvalidEvent:
            continue
        events.append(event._replace(customer=CUSTOMER, appended=None))
    return events


def line_of(event: Event) -> bytes:
    """The line of an event."""
    record = {"id": event.id, "name": event.name, "time": event.time, "user_id": CUSTOMER}
    record["properties"] = event.properties
    if event.traits is not None:
        record["traits"] = event.traits
    if event.context is not None:
        record["context"] = event.context
    return json.dumps(record).encode()


class Trial:
    """One rule set and one history, to be split again and again."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.text = documents_to_yaml(case.documents)
        self.rules = compiled(self.text)
        self.codec = ProfileCodec(self.rules)
        self.any_order = not asks_sequence(case.documents)
        self.history, whole = self._accepted(events_of(case.lines))
        self.whole = whole
        self.later: list[Event] = []
        self.boundary = self.end = 0
        self.judged: list[dict[str, Any]] | None = None
        if whole is not None:
            later = events_of(case.later)
            first = Event(BOUNDARY, "page_viewed", CUSTOMER, whole.last, {})
            if later:
                first = later[0]._replace(id=BOUNDARY, time=max(later[0].time, whole.last))
            self.later = [first, *later[1:]]
            self.boundary = first.time
            self.end = max(event.time for event in self.later) + case.silence

    def _accepted(self, events: list[Event]) -> tuple[list[Event], Profile | None]:
        """Return the events that are accepted one after another, and the profile after them.

        Events of before a time at which the customer was forgotten are history no more.
        """
        profile: Profile | None = None
        accepted: list[Event] = []
        born = 0
        for event in events:
            decision = decide(self.rules, profile, event)
            profile = decision.profile
            if decision.outcome == "applied":
                if profile is not None and profile.born != born:
                    accepted, born = [], profile.born
                accepted.append(event)
        return accepted, profile

    def parts(self, split: Split) -> tuple[list[Event], list[Event]] | None:
        """Return the profile's own and the joined-in history, None where there is no such split.

        Of equal times the joined-in events come first.
        """
        in_time, number, _ = split
        ordered = sorted(self.history, key=_time)
        if in_time or not (self.any_order or len(ordered) <= FEW):
            cut = number % (len(ordered) + 1)
            if number & 1 or not 0 < cut < len(ordered):
                theirs = ordered[:cut]
            else:
                theirs = [event for event in ordered if event.time > ordered[cut].time]
        else:
            theirs = []
            bits = iter(range(len(ordered)))
            for _, group in groupby(ordered, key=_time):
                together = list(group)
                theirs += together[: sum(number >> next(bits) & 1 for _ in together)]
        joined = {id(event) for event in theirs}
        one = [event for event in self.history if id(event) not in joined]
        other = [event for event in self.history if id(event) in joined]
        return (one, other) if one and other else None

    def folded(self, events: list[Event], woken: Millis | None) -> bytes | None:
        """Return the profile of a part, None where part of it was refused or forgotten."""
        profile: Profile | None = None
        for event in events:
            decision = decide(self.rules, profile, event)
            profile = decision.profile
            if decision.outcome != "applied" or profile is None:
                return None
            if profile.born != events[0].time:
                return None
        if woken is not None:
            profile = decide(self.rules, profile, Wake(woken)).profile
        return None if profile is None else self.codec.encode(profile)

    def disagreement(self, split: Split) -> tuple[bool, str]:
        """Say whether the split could be tried, and how the merged profile differs."""
        parts = self.parts(split)
        if parts is None or self.whole is None:
            return False, ""
        woken = split[2]
        one = self.folded(parts[0], self.boundary if woken & 1 else None)
        other = self.folded(parts[1], self.boundary if woken & 2 else None)
        if one is None or other is None:
            return False, ""
        own = self.codec.decode(CUSTOMER, one)
        before = list(own.inside)
        decision = merge(self.rules, own, self.codec.decode(CUSTOMER, other))
        assert decision.profile is not None
        found = self._merge_differs(before, decision.profile, decision.changes)
        return True, found or self._goes_on(decision.profile, self._again(self.whole))

    def _again(self, profile: Profile) -> Profile:
        return self.codec.decode(CUSTOMER, self.codec.encode(profile))

    def _merge_differs(
        self, before: list[int], merged: Profile, changes: Sequence[SegmentChange]
    ) -> str:
        """Check that the changes lead from the memberships of before to those of after."""
        places = {}
        for segment in self.rules.segments:
            for number, tier in enumerate(segment.tiers, 1):
                places[tier.membership] = (segment.index, number)
        for change in changes:
            index, number = places[change.segment]
            entered = change.direction == "entered"
            if change.cause != "merge" or before[index] != (0 if entered else number):
                return f"the merge said {change}"
            before[index] = number if entered else 0
        return "" if before == merged.inside else f"the merge said {changes}"

    def _goes_on(self, merged: Profile, whole: Profile) -> str:
        """Let both go on, and compare them with each other and with the oracle."""
        one, other = (decide(self.rules, each, Wake(self.boundary)) for each in (merged, whole))
        found = differs(self.rules, one.profile, other.profile, self.boundary)
        if found:
            return f"at the boundary: {found}"
        if other.profile is None:  # forgotten at the boundary
            return ""
        before = other.profile.sequence
        told: list[dict[str, Any]] = []
        causes: list[Event | Wake] = [*self.later, Wake(self.end)]
        for cause in causes:
            one = decide(self.rules, one.profile, cause)
            other = decide(self.rules, other.profile, cause)
            mine, theirs = said(one.changes), said(other.changes)
            if (one.outcome, mine) != (other.outcome, theirs):
                return f"{cause}:\nmerged {one.outcome} {mine}\nwhole {other.outcome} {theirs}"
            if isinstance(cause, Event):
                now = max(each.clock for each in (one.profile, other.profile) if each is not None)
                found = differs(self.rules, one.profile, other.profile, now)
                if found:
                    return f"after {cause}: {found}"
            told += theirs
        return self._oracle_differs(before, told)

    def _oracle_differs(self, before: int, told: list[dict[str, Any]]) -> str:
        """Compare what was said after so many changes with what the oracle says."""
        if self.judged is None:
            lines = [line_of(event) for event in (*self.history, *self.later)]
            changes = oracle_run(self.case.documents, lines, self.end).changes
            self.judged = changes.get(CUSTOMER, [])
        judged = [{key: change[key] for key in KEYS} for change in self.judged[before:]]
        return "" if judged == told else f"oracle {judged}\nmerged {told}"


def differs(rules: RuleSet, merged: Profile | None, whole: Profile | None, now: Millis) -> str:
    """How two profiles differ in memberships, and in what each leaf says and until when."""
    if merged is None or whole is None:
        return "" if merged is whole else f"merged {merged}, whole {whole}"
    for segment in rules.segments:
        one, other = merged.inside[segment.index], whole.inside[segment.index]
        if one != other:
            return f"{segment.key}: merged in {one}, whole in {other}"
        for leaf in leaves_of(segment.tiers):
            mine, theirs = leaf.flip(merged, now), leaf.flip(whole, now)
            if mine != theirs:
                return f"{leaf.label}: merged until {mine}, whole until {theirs} at {now}"
            if mine > 0 and not isinstance(leaf, NAMES_OTHERS):
                one_says, other_says = leaf.detail(merged, now), leaf.detail(whole, now)
                if one_says != other_says:
                    return f"{leaf.label}: merged {one_says!r}, whole {other_says!r}"
    return ""


def leaves_of(tiers: Sequence[Any]) -> list[Any]:
    """The leaves of all tiers."""
    waiting = [tier.when for tier in tiers if tier.when is not None]
    leaves = []
    while waiting:
        node = waiting.pop()
        waiting += node.conditions
        if not node.conditions:
            leaves.append(node.leaf)
    return leaves


def _time(event: Event) -> Millis:
    return event.time


def disagreement(case: Case) -> tuple[int, str]:
    """The number of splits that could be tried, and the first difference as a person reads it."""
    trial = Trial(case)
    tried = 0
    for split in case.splits:
        counts, found = trial.disagreement(split)
        tried += counts
        if found:
            history = "\n".join(map(str, trial.history))
            parts = trial.parts(split)
            return tried, f"{trial.text}\n{history}\n{split} {parts}\n{trial.later}\n{found}"
    return tried, ""


def main(splits: int, number: int) -> None:
    """Compare so many splits, drawn from a numbered seed, and say so after each part."""
    done = 0
    start = 0
    while done < splits:
        done += compare(PART, number * 1_000_000 + start)
        start += 1
        sys.stdout.write(f"{done:,} splits of a history: no difference\n")
        sys.stdout.flush()


def compare(splits: int, number: int) -> int:
    """Draw so many splits from a seed and return how many could be tried."""
    tried = 0

    @seed(number)
    @settings(
        max_examples=max(1, splits // LONG_RUN),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(LONG_RUN))
    def agree(case: Case) -> None:
        nonlocal tried
        counts, found = disagreement(case)
        tried += counts
        assert not found, found

    agree()
    return tried


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
