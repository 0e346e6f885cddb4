"""A profile kept under one rule set goes on under another, for random rules and histories.

Both rule sets hold the same documents, and each some of its own. What the shared ones say of a
customer does not change by the change of rules: neither what they remember nor what they say next.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.codecs.events import decode
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import decide
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile, State
from streamer.core.rules.identity import cell_key
from streamer.core.state.times import Times, TimesState
from streamer.errors import InvalidEvent
from streamer.types import DAY, Event, Record, SegmentChange, Wake
from tests.engine import compiled
from tests.strategies import documents_to_yaml, histories, rule_documents
from tests.strategies.conditions import Draw
from tests.strategies.documents import CONSENTS
from tests.strategies.words import OWN_EVENT, Node

HEADER: Node = {"ruleset": "shop", "events": [OWN_EVENT], "consents": CONSENTS}
NAMES = ("segment", "ladder", "model", "in_segment", "left_segment", "predicted")
EVERYTHING = cell_key(Times((), (), None, 1).identity())
SHARED, OLD, NEW = "shared_", "old_", "new_"


def named(part: Any, prefix: str) -> Any:  # noqa: ANN401  a parsed document
    """The documents with a prefix to all names that they give and refer to."""
    if isinstance(part, list):
        return [named(one, prefix) for one in part]
    if isinstance(part, dict):
        return {
            key: prefix + value if key in NAMES and isinstance(value, str) else named(value, prefix)
            for key, value in part.items()
        }
    return part


@st.composite
def changes_of_rules(draw: Draw) -> tuple[list[Node], list[Node], list[Event]]:
    """The documents before and after, and the first customer's events."""
    shared, before, after = (
        named([one for one in draw(rule_documents()) if "ruleset" not in one], prefix)
        for prefix in (SHARED, OLD, NEW)
    )
    old, new = [HEADER, *shared, *before], draw(st.permutations([HEADER, *shared, *after]))
    return old, new, events_in(draw(histories(old)))


def events_in(lines: Sequence[bytes]) -> list[Event]:
    """The events of customer c1 among the lines, without append times."""
    events = []
    for number, line in enumerate(lines):
        try:
            event = decode(Record(0, number, line))
        except InvalidEvent:
            continue
        if event.customer == "c1":
            events.append(event._replace(appended=None))
    return events


def shared_changes(rules: RuleSet, profile: Profile, events: Sequence[Event]) -> list[Any]:
    """What the shared segments say of the events that are in order, and of the days after."""
    said: list[SegmentChange] = []
    standing: Profile | None = profile
    causes: list[Event | Wake] = [*events, Wake(max(event.time for event in events) + 3 * DAY)]
    for cause in causes:
        decision = decide(rules, standing, cause)
        standing = decision.profile
        said += decision.changes
    return [
        (one.segment, one.direction, one.at, one.cause, one.event_id, one.origin, one.target)
        for one in said
        if one.segment.startswith(SHARED)
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(changes_of_rules(), st.integers(1, 20))
def test_what_rules_share_goes_on(
    change: tuple[list[Node], list[Node], list[Event]], split: int
) -> None:
    old, new = (compiled(documents_to_yaml(documents)) for documents in change[:2])
    profile = None
    for event in change[2][:split]:
        profile = decide(old, profile, event).profile
    if profile is None:
        return
    written = ProfileCodec(old)
    data = written.encode(profile)
    same, other = written.read("c1", data), ProfileCodec(new, written.own).read("c1", data)
    assert (same.rules, same.removed) == (None, ())
    assert other.rules == (None if old.version == new.version else old.version)
    assert set(other.removed) == {one for one in inside(old, profile) if one.startswith(OLD)}
    assert inside(new, other.profile) == [
        one for one in inside(old, profile) if one.startswith(SHARED)
    ]
    kept = dict(zip(old.cell_keys, packed(old, same.profile), strict=True))
    most = dict(zip(old.cell_keys, [cell.max_bytes() for cell in old.cells], strict=True))
    for key, cell, state in zip(new.cell_keys, new.cells, packed(new, other.profile), strict=True):
        begins = TimesState([profile.last]).pack(0) if key == EVERYTHING else None
        if most.get(key) in {None, cell.max_bytes()}:  # else rules of their own ask it for more
            assert state == kept.get(key, begins)
    later = in_order(change[2][split:], profile)
    assert shared_changes(new, other.profile, later) == shared_changes(old, profile, later)


def packed(rules: RuleSet, profile: Profile) -> list[Any]:
    """What each cell holds, in plain values; as much as it must keep."""
    states: list[State | None] = [cell.state(profile) for cell in rules.cells]
    return [None if state is None else state.pack(0) for state in states]


def inside(rules: RuleSet, profile: Profile) -> list[str]:
    """The memberships of a profile, in order."""
    return sorted(
        segment.tiers[rung - 1].membership
        for segment, rung in zip(rules.segments, profile.inside, strict=True)
        if rung
    )


def in_order(events: Sequence[Event], profile: Profile) -> list[Event]:
    """The events with ids of their own, each not before the one before it.

    The two rule sets move the customer's clock differently, and so would differ in which late
    events they accept.
    """
    later: list[Event] = []
    time = profile.clock
    for number, event in enumerate(events):
        time = max(time, event.time)
        later.append(event._replace(id=f"later-{number}", time=time))
    return later or [Event("later", "page_viewed", "c1", time, {})]
