"""What a change of rules would do, beside what two replays say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.adapters.memory import MemoryLog, MemorySink
from streamer.analysis.difference import Difference, Side, difference
from streamer.app.inputs import Events, Reading
from streamer.app.replay import replay
from streamer.codecs.events import decode
from streamer.types import DAY, HOUR, Millis
from tests.cli.shop import event
from tests.engine import compiled

OLD = """
segment: loud
title: Loud
purpose: An example for tests.
when: {performed: any, at_least: 2, within: 1d}
---
segment: gone
title: Gone
purpose: An example for tests.
when: {quiet: 5d}
---
ladder: pace
title: Pace
purpose: An example for tests.
tiers:
  - fast: {performed: any, at_least: 3, within: 1d}
  - slow: otherwise
"""
NEW = """
segment: loud
title: Very loud
purpose: An example for tests.
when: {performed: any, at_least: 3, within: 2d}
---
segment: fresh
title: Fresh
purpose: An example for tests.
when: {performed: any, within: 1h}
---
ladder: pace
title: Pace
purpose: An example for tests.
tiers:
  - fast: {performed: any, at_least: 2, within: 1d}
  - slow: otherwise
"""


rules = cache(compiled)


def events_of(lines: Sequence[bytes]) -> Events:
    log = MemoryLog()
    for line in lines:
        log.append(line)

    @contextmanager
    def opened() -> Iterator[Reading]:
        yield Reading(log, decode, lambda: None)

    return opened


def differing(*lines: bytes, old: str = OLD, new: str = NEW, **more: Any) -> Difference:  # noqa: ANN401
    return difference(rules(old), rules(new), events_of(lines), **more)


def members(text: str, lines: Sequence[bytes]) -> dict[str, set[str]]:
    """Who is in each membership at the end of a replay."""
    sink = MemorySink()
    with events_of(lines)() as reading:
        replay(rules(text), reading.log, decode, sink)
    inside: dict[str, set[str]] = {}
    for change in sink.changes:
        who = inside.setdefault(change.segment, set())
        if change.direction == "entered":
            who.add(change.customer)
        else:
            who.discard(change.customer)
    return inside


TWICE = (event(1, 0), event(2, HOUR))
THRICE_SLOWLY = (event(3, 0, "u-2"), event(4, 26 * HOUR, "u-2"), event(5, 27 * HOUR, "u-2"))


def test_who_would_enter_and_who_would_leave() -> None:
    found = differing(*TWICE, *THRICE_SLOWLY)
    shifts = {one.membership: one for one in found.shifts}
    # At 27 h: by the old rules u-2 is loud (2 in a day); by the new ones too (3 in two days).
    assert (shifts["loud"].enters, shifts["loud"].leaves) == (0, 0)
    assert shifts["loud"].old == Side(members=1, entered=2, exited=1)
    assert shifts["loud"].new == Side(members=1, entered=1, exited=0)
    assert (shifts["pace.fast"].enters, shifts["pace.slow"].leaves) == (1, 1)
    assert found.customers == 2


def test_a_side_without_the_membership_is_none() -> None:
    shifts = {one.membership: one for one in differing(*TWICE).shifts}
    assert shifts["gone"].new is None
    assert shifts["fresh"].old is None
    assert shifts["fresh"].enters == 1
    assert [one for one in shifts if shifts[one].title == "Very loud"] == ["loud"]


def test_the_same_rules_differ_in_nothing() -> None:
    found = differing(*TWICE, new=OLD)
    assert not any(one.differs for one in found.shifts)
    assert found.examples == ()


def test_the_instant_can_be_chosen() -> None:
    lines = [*TWICE, event(9, 90 * DAY, "u-9")]
    found = differing(*lines, until=1_767_225_600_000 + HOUR)
    assert found.customers == 1
    assert {one.membership for one in found.shifts if one.enters} == {"pace.fast", "fresh"}


def test_an_example_is_explained_by_both_rule_sets() -> None:
    (example, *_) = [one for one in differing(*TWICE).examples if one.membership == "loud"]
    assert (example.customer, example.key, example.direction) == ("u-1", "loud", "leave")
    old = next(view for view in example.old.segments if view.key == "loud")
    new = next(view for view in example.new.segments if view.key == "loud")
    assert (old.membership, new.membership) == ("loud", None)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_so_many_examples_of_each_kind_as_asked_for(most: int) -> None:
    lines = [event(n, n % 2 * HOUR, f"u-{n // 2}") for n in range(8)]
    found = differing(*lines, examples=most)
    loud = [one.customer for one in found.examples if one.membership == "loud"]
    assert loud == ["u-0", "u-1", "u-2"][:most]


def test_nothing_happened() -> None:
    found = differing()
    assert (found.until, found.customers, found.examples) == (None, 0, ())


@given(
    st.lists(
        st.tuples(st.integers(0, 3 * DAY), st.sampled_from(["u-1", "u-2", "u-3"])), max_size=12
    )
)
@settings(deadline=None)
def test_the_difference_is_that_of_two_replays(history: list[tuple[Millis, str]]) -> None:
    lines = [event(number, at, who) for number, (at, who) in enumerate(sorted(history))]
    old, new = members(OLD, lines), members(NEW, lines)
    for one in differing(*lines, examples=1).shifts:
        was, would = old.get(one.membership, set()), new.get(one.membership, set())
        assert (one.enters, one.leaves) == (len(would - was), len(was - would))
        assert (one.old.members if one.old else 0) == len(was)
        assert (one.new.members if one.new else 0) == len(would)
