"""What is exported of a profile: what, from what, why, how long, and which ids have joined."""

from streamer.analysis.known import known
from streamer.app.inputs import Rules
from streamer.core.engine.people import People
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules_text
from streamer.types import DAY, HOUR, Event

START = 1_767_225_600_000
TEXT = """
ruleset: shop
identity: {anonymous: last}
retention: 90d
---
segment: curious
title: Looked twice
purpose: Show what was looked at.
when: {performed: product_viewed, at_least: 2, within: 7d}
---
segment: spender
title: Spends much
purpose: Thank who spends much.
when: {total: price, of: order_completed, within: 30d, at_least: 150}
"""


def rules() -> Rules:
    declared = read_rules_text(TEXT)
    return Rules(declared, compile_rules(declared.header, declared.declarations))


def test_a_profile_is_told_with_purposes_sources_and_how_long() -> None:
    loaded = rules()
    people = People(loaded.compiled, {})
    browsed = Event("e-0", "product_viewed", "a-1", START, {}, anonymous_id="a-1")
    login = Event(
        "e-1", "product_viewed", "u-1", START + HOUR, {}, user_id="u-1", anonymous_id="a-1"
    )
    people.happen(browsed)
    people.happen(login)
    profile = people.profiles["u-1"]
    assert profile is not None
    told = known(loaded, profile, START + DAY)
    assert told["ids"] == [{"id": "a-1", "linked_at": "2026-01-01T01:00:00.000Z"}]
    assert (told["kept_for"], told["kept_until"]) == (
        "90d after the last event",
        "2026-04-01T01:00:00.000Z",
    )
    (segment,) = told["segments"]
    assert (segment["segment"], segment["purpose"]) == ("curious", "Show what was looked at.")
    (datum,) = told["data"]  # of orders nothing is there
    assert datum["sources"] == ["product_viewed"]
    assert datum["counts_for"] == "7d"
    assert datum["purposes"] == {"curious": "Show what was looked at."}
    assert datum["says"] == ["2 or more, last at 2026-01-01T01:00:00.000Z"]
    assert datum["holds"] == [[START, HOUR]]
