"""What a change of rules would do, beside what two replays say."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from streamer.adapters.memory import MemorySink
from streamer.analysis import difference as module
from streamer.analysis.affected import affected, everything
from streamer.analysis.difference import Difference, Side, difference
from streamer.app.inputs import Rules
from streamer.app.replay import replay
from streamer.cli.diff_text import as_json
from streamer.codecs.events import decode
from streamer.core.rules.compile import compile_rules
from streamer.errors import StreamerError
from streamer.language import read_rules_text
from streamer.types import DAY, HOUR, SECOND, Millis
from tests.analysis.opened import events_of
from tests.cli.shop import START, event
from tests.strategies import Until, documents_to_yaml, histories, rule_documents, untils
from tests.strategies.conditions import Draw
from tests.strategies.words import DURATION, DURATIONS, Node

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
title: Batching
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
title: Batching
purpose: An example for tests.
tiers:
  - fast: {performed: any, at_least: 2, within: 1d}
  - slow: otherwise
"""


@cache
def rules(text: str) -> Rules:
    declared = read_rules_text(text)
    return Rules(declared, compile_rules(declared.header, declared.declarations))


def differing(*lines: bytes, old: str = OLD, new: str = NEW, **more: Any) -> Difference:  # noqa: ANN401
    return difference(rules(old), rules(new), events_of(lines), **more)


def members(text: str, lines: Sequence[bytes]) -> dict[str, set[str]]:
    """Who is in each membership at the end of a replay."""
    sink = MemorySink()
    with events_of(lines)() as reading:
        replay(rules(text).compiled, reading.log, decode, sink)
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


USERS = """
segment: base
title: Base
purpose: An example for tests.
when: {performed: any, at_least: 2, within: 1d}
---
segment: user
title: User
purpose: An example for tests.
when: {in_segment: base}
---
segment: user_of_user
title: User of user
purpose: An example for tests.
when: {all: [{in_segment: user}, {in_segment: other.fast}]}
---
ladder: other
title: Other
purpose: An example for tests.
tiers:
  - fast: {quiet: 1d}
---
segment: apart
title: Apart
purpose: An example for tests.
when: {quiet: 5d}
"""


def parts(old: str, new: str) -> tuple[set[str], set[str]]:
    """What is affected, and what is replayed of the new rules."""
    part = affected(rules(old), rules(new))
    return set(part.keys), {segment.key for segment in part.new.segments}


def test_what_refers_to_a_changed_segment_is_affected_and_what_it_asks_is_replayed() -> None:
    new = USERS.replace("at_least: 2", "at_least: 3")
    users = {"base", "user", "user_of_user"}
    assert parts(USERS, new) == (users, users | {"other"})
    assert parts(USERS, USERS.replace("quiet: 5d", "quiet: 6d")) == ({"apart"}, {"apart"})


def test_who_has_left_a_changed_segment_is_affected() -> None:
    old = USERS.replace("when: {in_segment: base}", "when: {left_segment: base, within: 1d}")
    new = old.replace("at_least: 2", "at_least: 3")
    users = {"base", "user", "user_of_user"}
    assert parts(old, new) == (users, users | {"other"})
    asking = USERS.replace("quiet: 5d", "left_segment: other.fast, within: 5d")
    assert parts(asking, asking.replace("within: 5d", "within: 6d")) == (
        {"apart"},
        {"apart", "other"},
    )


def test_what_only_one_side_asks_for_is_not_compared() -> None:
    """`other` is replayed with the old rules only, as only they have somebody who refers to it."""
    new = USERS.replace("{in_segment: other.fast}", "{in_segment: base}")
    found = differing(*TWICE, event(9, 3 * DAY, "u-9"), old=USERS, new=new)
    assert {one.membership for one in found.shifts if not one.same} == {"user_of_user"}
    assert not any(one.enters or one.leaves for one in found.shifts if one.same)


def test_what_only_describes_affects_nothing() -> None:
    new = USERS.replace("title: Base", "title: Basis\nsettings: {owner: crm, holdout: 5%}")
    assert parts(USERS, new) == (set(), set())
    found = differing(*TWICE, old=USERS, new=new)
    assert (found.customers, found.until) == (1, START + HOUR)
    assert {one.title for one in found.shifts if one.membership == "base"} == {"Basis"}
    assert all(one.same and one.old is one.new is None for one in found.shifts)


def test_a_header_that_decides_something_else_affects_everything() -> None:
    everyone = {"base", "user", "user_of_user", "other", "apart"}
    assert parts(USERS, "ruleset: shop\nretention: 30d\n---" + USERS)[0] == everyone
    assert parts(USERS, "ruleset: shop\n---" + USERS)[0] == set()


def test_a_number_is_not_the_truth_value_that_python_takes_for_the_same() -> None:
    one = "segment: s\ntitle: S\npurpose: P.\nwhen: {trait: x, is: 1}\n"
    assert parts(one, one.replace("is: 1", "is: true"))[0] == {"s"}


def test_all_is_replayed_where_time_has_passed_an_event_before_it_came() -> None:
    """`gone` moves the clock to day 5. The late event is decided there: too old for `fresh`."""
    old = NEW + "---" + OLD.split("---")[1]
    new = old.replace("within: 1h", "within: 2h")
    after = 5 * DAY + HOUR
    lines = [event(1, 0, appended=START), event(2, after, "u-2", appended=START + after)]
    late = event(3, 5 * DAY - 12 * HOUR, appended=START + after)
    found = {one.membership: one for one in differing(*lines, late, old=old, new=new).shifts}
    assert not any(one.same for one in found.values())
    assert found["fresh"].new == Side(members=1, entered=2, exited=1)
    punctual = event(3, after - 2 * SECOND, appended=START + after)
    found = {one.membership: one for one in differing(*lines, punctual, old=old, new=new).shifts}
    assert {key for key, one in found.items() if not one.same} == {"fresh"}
    assert found["fresh"].new == Side(members=2, entered=3, exited=1)


Place = tuple[Any, Any]


def places(node: Any) -> Iterator[Place]:  # noqa: ANN401 (a part of a document)
    """Every whole number and every duration under a node, by what holds it."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(pairs):
        if isinstance(value, dict | list):
            yield from places(value)
        elif type(value) is int or (isinstance(value, str) and DURATION.fullmatch(value)):
            yield node, key


@st.composite
def changes_of_rules(draw: Draw) -> tuple[str, str, list[bytes], Until]:
    """A rule set, the same with a number or a duration changed or a document gone, a history."""
    old = draw(rule_documents())
    new: list[Node] = deepcopy(old)
    found = list(places(new))
    if found and draw(st.integers(0, 3)):
        holder, key = draw(st.sampled_from(found))
        number = type(holder[key]) is int
        holder[key] = holder[key] + 1 if number else draw(st.sampled_from(DURATIONS))
    else:
        del new[draw(st.integers(0, len(new) - 1))]
    lines = draw(histories(old))
    return documents_to_yaml(old), documents_to_yaml(new), lines, draw(untils(old, lines))


@given(changes_of_rules())
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink it would take minutes
)
def test_what_is_affected_differs_as_in_whole_replays(
    case: tuple[str, str, list[bytes], Until],
) -> None:
    one, other, lines, until = case
    try:
        old, new = rules(one), rules(other)
    except StreamerError:  # what is gone is referred to, or was all
        reject()
    at = until if isinstance(until, int) else None
    found = difference(old, new, events_of(lines), until=at, examples=1)
    with patch.object(module, "affected", everything):
        whole = difference(old, new, events_of(lines), until=at, examples=1)
    assert not any(shift.same for shift in whole.shifts)
    for part, shift in zip(found.shifts, whole.shifts, strict=True):
        if part.same:
            assert (part.membership, part.title) == (shift.membership, shift.title)
            assert not part.differs
            assert not shift.differs
        else:
            assert part == shift
    assert as_json(replace(found, shifts=())) == as_json(replace(whole, shifts=()))
