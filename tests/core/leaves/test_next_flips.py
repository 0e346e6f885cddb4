"""The next flip is exact: until then a leaf's answer stays, and at that very instant it changes."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.app.nodes import leaves_of
from streamer.codecs.events import decode
from streamer.core.engine.conditions import LeafNode
from streamer.core.engine.decide import decide
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.errors import InvalidEvent
from streamer.types import DAY, FOREVER, Event, Millis, Record
from tests.engine import compiled
from tests.strategies import conditions, documents_to_yaml, histories
from tests.strategies.conditions import Draw
from tests.strategies.words import DURATIONS, Node, Words, millis

FAR = 1_000 * DAY
REFERENCES = ("in_segment", "left_segment")
KINDS = sorted({kind.__name__ for kind in conditions.LEAVES})
BELOW: Node = {"segment": "below", "purpose": "To be asked.", "when": {"performed": "any"}}


@st.composite
def asked(draw: Draw, kind: str) -> list[Node]:
    """A rule set with one leaf of a kind; for references, with the segment that they name."""
    events = ("product_viewed", "product_added", "page_viewed")
    words = Words(events, tuple(draw(st.lists(st.sampled_from(DURATIONS), min_size=1))), ("below",))
    leaf = getattr(conditions, kind)(draw, words)
    document: Node = {"segment": "one", "purpose": "To be asked.", "when": leaf}
    if kind == "predicted":
        return [document, draw(conditions.models(words)), draw(conditions.value_models(words))]
    if kind not in REFERENCES:
        return [document]
    short = {"performed": "any", "within": draw(st.sampled_from(words.durations))}
    return [document, {**BELOW, "when": short}]


def events_in(lines: Sequence[bytes]) -> list[Event]:
    """The events of one customer among the lines."""
    events = []
    for line in lines:
        try:
            events.append(decode(Record(0, 0, line)))
        except InvalidEvent:
            continue
    return [event for event in events if event.customer == "c1"]


def leaf_of(rules: RuleSet) -> LeafNode:
    (segment,) = (segment for segment in rules.segments if segment.key == "one")
    (asked,) = leaves_of(segment)
    return asked


def check_flips(leaf: LeafNode, profile: Profile, gaps: list[Millis]) -> None:
    """Follow the flips from the clock on; between them, nothing changes at any instant."""
    now = profile.clock
    for _ in range(6):
        holds, until = leaf.test(profile, now)
        assert until > now
        assert leaf.leaf.detail(profile, now)
        end = min(until, now + FAR)
        instants = {now + gap for gap in gaps} | {end - gap for gap in gaps}
        instants |= {now + (end - now) * part // 4 for part in range(4)}
        for instant in instants:
            if now < instant < end:
                assert leaf.test(profile, instant) == (holds, until)
        if until == FOREVER:
            return
        assert leaf.test(profile, until)[0] is not holds
        now = until


@pytest.mark.parametrize("kind", [*KINDS, *REFERENCES])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_the_next_flip_is_exact(kind: str, data: st.DataObject) -> None:
    documents = data.draw(asked(kind))
    rules = compiled(documents_to_yaml(documents))
    leaf = leaf_of(rules)
    gaps = [1, 2, *(millis(text) + shift for text in DURATIONS for shift in (-1, 0, 1))]
    profile: Profile | None = None
    for event in events_in(data.draw(histories(documents))):
        profile = decide(rules, profile, event).profile
        if profile is not None:
            check_flips(leaf, profile, gaps)
