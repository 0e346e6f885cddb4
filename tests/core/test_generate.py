"""The code written out for each event name does what the objects do, event by event."""

from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.codecs.events import decode
from streamer.core.decide import decide
from streamer.core.generate import React, Settle
from streamer.core.plan import Move, Plan, Reaction, hold_or_move
from streamer.core.profile import Profile
from streamer.core.ruleset import RuleSet
from streamer.errors import InvalidEvent
from streamer.types import Event, Millis, Record, Wake
from tests.core.shopper import everything
from tests.engine import compiled
from tests.strategies import documents_to_yaml, histories, rule_documents


def follow(profile: Profile, now: Millis, plan: Plan, moves: list[Move]) -> None:
    """Decide one plan: its conditions are asked."""
    target, until = plan.target(profile, now)
    if target == profile.inside[plan.place]:
        profile.flips[plan.place] = until
    else:
        hold_or_move(profile, now, plan, target, until, moves)


def settle_by_objects(plans: tuple[Plan, ...]) -> Settle:
    """What decides the plans that are due."""

    def settle(profile: Profile, now: Millis) -> list[Move]:
        moves: list[Move] = []
        for plan in plans:
            if profile.flips[plan.place] <= now or (moves and plan.references):
                follow(profile, now, plan, moves)
        profile.seen = now
        return moves

    return settle


def react_by_objects(reaction: Reaction) -> React:
    """What an event does: each fold is called, then each plan asked."""

    def react(profile: Profile, event: Event) -> list[Move]:
        moves: list[Move] = []
        for slot, fold in reaction.folds:
            profile.memories[slot] = fold(profile.memories[slot], event, profile)
        for plan in reaction.plans:
            follow(profile, profile.clock, plan, moves)
        profile.seen = profile.clock
        return moves

    return react


def by_objects(text: str) -> RuleSet:
    """The rule set with nothing written out."""
    rules = compiled(text)
    for name in (*rules.names, ""):
        reaction = rules.reaction(name)
        rules.reacts[name] = react_by_objects(reaction)
        rules.reacts_in_full[name] = react_by_objects(Reaction(reaction.folds, rules.plans))
    rules.settle = settle_by_objects(rules.plans)
    return rules


def events_in(lines: list[bytes]) -> Iterator[Event]:
    """The events among the lines, as if all were one customer's."""
    for line in lines:
        try:
            yield decode(Record(0, 0, line))._replace(customer="c1")
        except InvalidEvent:
            continue


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    rule_documents().flatmap(lambda rules: st.tuples(st.just(rules), histories(rules))), st.data()
)
def test_what_is_written_out_does_what_the_objects_do(
    pair: tuple[list[Any], list[bytes]], data: st.DataObject
) -> None:
    documents, lines = pair
    text = documents_to_yaml(documents)
    written, asked = compiled(text), by_objects(text)
    ahead = data.draw(st.lists(st.sampled_from([-1, -1, 0, 1, 1_000]), min_size=1, max_size=5))
    profile: Profile | None = None
    other: Profile | None = None
    for number, event in enumerate(events_in(lines)):
        causes: list[Event | Wake] = [event]
        if profile is not None:
            causes.insert(0, Wake(profile.wake + ahead[number % len(ahead)]))
        for cause in causes:
            one, two = decide(written, profile, cause), decide(asked, other, cause)
            profile, other = one.profile, two.profile
            assert one._replace(profile=None) == two._replace(profile=None)
            assert everything(profile) == everything(other)
