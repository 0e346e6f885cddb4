"""One person of several ids (24): what joins, whose an event is, and what is not linked."""

import json
from typing import Any

import pytest

from streamer.core.engine.decide import decide
from streamer.core.engine.merge import merge
from streamer.core.profile import Profile
from streamer.types import DAY, HOUR, MINUTE, Event
from tests.engine import Cut, compiled, engine_run
from tests.oracle import oracle_run
from tests.strategies import Until, documents_to_yaml
from tests.strategies.words import Node

START = 1_767_225_600_000
CART: Node = {
    "segment": "cart",
    "purpose": "To be compared.",
    "when": {"abandoned": {"did": "product_added", "without": "order_completed", "for": "30m"}},
}
VIEWED: Node = {
    "segment": "viewed",
    "purpose": "To be compared.",
    "when": {"performed": "product_viewed", "at_least": 2},
}
FIRST: Node = {"ruleset": "shop", "identity": {"anonymous": "first"}}
LAST: Node = {"ruleset": "shop", "identity": {"anonymous": "last"}}
NONE: Node = {"ruleset": "shop", "identity": {"anonymous": "none"}}

Told = tuple[str, str, str, float, str]


def event(minute: float, name: str, user: str = "", anonymous: str = "", **more: Any) -> Node:  # noqa: ANN401 (JSON)
    ids = {"user_id": user, "anonymous_id": anonymous}
    told = {"id": f"{name} {minute} {user} {anonymous}", "name": name} | more
    time = START + round(minute * MINUTE)
    return {"time": time, "properties": {"product_id": "shoe"}, **told, **ids}


def told(header: Node, *events: Node, until: int | None = None) -> list[Told]:
    """What is said, after the oracle has agreed: whose, what, which way, in which minute, why."""
    documents = [header, CART, VIEWED]
    lines = [json.dumps(one).encode() for one in events]
    end: Until = "end" if until is None else START + until
    judged = oracle_run(documents, lines, end)
    rules = compiled(documents_to_yaml(documents))
    for cut in (None, Cut(batch=1, cache=0), Cut(batch=2, cache=1)):
        answer = engine_run(rules, lines, end, cut)
        assert answer.changes == judged.changes
        assert answer.rejected == judged.rejected
    return [
        (who, one["segment"], one["direction"], (one["at"] - START) / MINUTE, one["cause"])
        for who, changes in judged.changes.items()
        for one in changes
    ]


def test_a_visitor_who_logs_in_and_buys_is_not_reminded() -> None:
    browsed = event(0, "product_added", anonymous="a")
    bought = event(10, "order_completed", user="u", anonymous="a")
    assert told(LAST, browsed, bought, until=DAY) == []
    assert told(NONE, browsed, bought, until=DAY) == [("a", "cart", "entered", 30, "time")]


def test_a_cart_of_before_the_login_is_the_users() -> None:
    browsed = event(0, "product_added", anonymous="a")
    login = event(10, "identified", user="u", anonymous="a")
    assert told(LAST, browsed, login, until=DAY) == [("u", "cart", "entered", 30, "time")]


def test_what_the_visitor_was_in_is_left_and_the_user_enters_it() -> None:
    views = [event(minute, "product_viewed", anonymous="a") for minute in (0, 1)]
    login = event(10, "identified", user="u", anonymous="a")
    assert told(LAST, *views, login) == [
        ("a", "viewed", "entered", 1, "event"),
        ("a", "viewed", "exited", 1, "merge"),
        ("u", "viewed", "entered", 10, "merge"),
    ]


def test_a_user_who_is_in_it_already_is_told_nothing_again() -> None:
    views = [event(minute, "product_viewed", user="u") for minute in (0, 1)]
    other = [event(minute, "product_viewed", anonymous="a") for minute in (2, 3)]
    again = [event(minute, "identified", user="u", anonymous="a") for minute in (4, 5, 6)]
    assert told(LAST, *views, *other, *again) == [
        ("u", "viewed", "entered", 1, "event"),
        ("a", "viewed", "entered", 3, "event"),
        ("a", "viewed", "exited", 3, "merge"),
    ]


def test_what_was_due_of_the_visitor_by_the_login_happens_before_it() -> None:
    browsed = event(0, "product_added", anonymous="a")
    login = event(40, "identified", user="u", anonymous="a")
    assert told(LAST, browsed, login) == [
        ("a", "cart", "entered", 30, "time"),
        ("a", "cart", "exited", 30, "merge"),
        ("u", "cart", "entered", 40, "merge"),
    ]


def test_later_events_of_the_device_are_the_users_and_duplicates_are_known_by_both() -> None:
    seen = event(0, "product_viewed", anonymous="a")
    login = event(1, "identified", user="u", anonymous="a")
    late = event(0.5, "product_viewed", anonymous="a")
    assert told(LAST, seen, login, seen, late) == [("u", "viewed", "entered", 1, "event")]


@pytest.mark.parametrize(("header", "owner"), [(LAST, "v"), (FIRST, "u")])
def test_a_shared_device_goes_with_the_user_who_came_last_or_first(
    header: Node, owner: str
) -> None:
    logins = [event(minute, "identified", user, "a") for minute, user in ((0, "u"), (1, "v"))]
    views = [event(minute, "product_viewed", anonymous="a") for minute in (2, 3)]
    assert told(header, *logins, *views) == [(owner, "viewed", "entered", 3, "event")]


def test_a_user_who_comes_back_to_a_device_has_its_events_again() -> None:
    users = ((0, "u"), (1, "v"), (2, "u"))
    logins = [event(minute, "identified", user, "a") for minute, user in users]
    views = [event(minute, "product_viewed", anonymous="a") for minute in (3, 4)]
    assert told(LAST, *logins, *views) == [("u", "viewed", "entered", 4, "event")]


def test_of_two_histories_the_ids_stay_that_may_come_again() -> None:
    rules = compiled(documents_to_yaml([LAST, VIEWED]))
    ends: list[Profile] = []
    for who, hours in (("a", (60, 80, 98)), ("u", (61, 81, 99))):
        profile = None
        for hour in hours:
            view = Event(f"{who}-{hour}", "product_viewed", who, START + hour * HOUR, {})
            profile = decide(rules, profile, view).profile
        assert profile is not None
        ends.append(profile)
    visitor, user = ends
    merged = merge(rules, user, visitor).profile
    assert merged is not None
    assert merged.id_times == [START + hour * HOUR for hour in (80, 81, 98, 99)]
    for hour, who in ((80, "a"), (81, "u"), (98, "a"), (99, "u")):
        again = Event(f"{who}-{hour}", "product_viewed", "u", START + hour * HOUR, {})
        assert decide(rules, merged, again).outcome == "duplicate"


@pytest.mark.parametrize(
    "placeholder",
    [
        "null",
        "Undefined",
        "NONE",
        "anonymous",
        "guest",
        "unknown",
        "test",
        "0",
        "-1",
        "0000",
        "0-0",
    ],
)
def test_ids_that_stand_for_nobody_are_not_linked(placeholder: str) -> None:
    views = [event(minute, "product_viewed", anonymous=placeholder) for minute in (0, 1)]
    login = event(2, "identified", user="u", anonymous=placeholder)
    assert told(LAST, *views, login) == [(placeholder, "viewed", "entered", 1, "event")]
    views = [event(minute, "product_viewed", anonymous="a") for minute in (0, 1)]
    login = event(2, "identified", user=placeholder, anonymous="a")
    assert told(LAST, *views, login) == [("a", "viewed", "entered", 1, "event")]


def test_a_user_is_not_joined_into_another_one() -> None:
    victim = [event(minute, "product_viewed", user="v") for minute in (0, 1)]
    taken = event(2, "identified", user="u", anonymous="v")
    later = event(3, "product_viewed", user="v")
    assert told(LAST, *victim, taken, later) == [("v", "viewed", "entered", 1, "event")]


def test_an_id_that_comes_as_a_users_is_no_alias_any_more() -> None:
    login = event(0, "identified", user="u", anonymous="a")
    views = [event(minute, "product_viewed", user="a") for minute in (1, 2)]
    assert told(LAST, login, *views) == [("a", "viewed", "entered", 2, "event")]


def test_a_hundred_ids_of_a_user_are_linked_and_no_more() -> None:
    logins = [event(number / 60, "identified", "u", f"a{number}") for number in range(101)]
    views = [
        event(minute, "product_viewed", anonymous=device)
        for device in ("a99", "a100")
        for minute in (10, 11)
    ]
    assert told(LAST, *logins, *views) == [
        ("u", "viewed", "entered", 11, "event"),
        ("a100", "viewed", "entered", 11, "event"),
    ]


def test_five_users_of_a_device_within_seven_days_are_linked_and_no_more() -> None:
    week = 7 * 24 * 60
    logins = [event(minute, "identified", f"u{minute}", "a") for minute in range(6)]
    views = [event(minute, "product_viewed", anonymous="a") for minute in (10, 11)]
    later = event(week, "identified", "w", "a")
    more = [event(week + minute, "product_viewed", anonymous="a") for minute in (1, 2)]
    assert told(LAST, *logins, *views, later, *more) == [
        ("u4", "viewed", "entered", 11, "event"),
        ("w", "viewed", "entered", week + 2, "event"),
    ]


def test_an_alias_ends_with_the_retention_and_a_pair_that_is_used_does_not() -> None:
    header = {**LAST, "retention": "10d"}
    day = 24 * 60
    login = event(0, "identified", "u", "a")
    views = [event(minute, "product_viewed", anonymous="a") for minute in (10 * day, 10 * day + 1)]
    assert told(header, login, *views) == [("a", "viewed", "entered", 10 * day + 1, "event")]
    used = event(5 * day, "identified", "u", "a")
    assert told(header, login, used, *views) == [("u", "viewed", "entered", 10 * day + 1, "event")]


def test_log_time_makes_due_before_a_join_what_it_makes_due_before_an_event() -> None:
    browsed = event(0, "product_added", anonymous="a", appended=START)
    login = event(10, "identified", "u", "a", appended=START + 45 * MINUTE)
    assert told(LAST, browsed, login) == [
        ("a", "cart", "entered", 30, "time"),
        ("a", "cart", "exited", 30, "merge"),
        ("u", "cart", "entered", 30, "merge"),
    ]


def test_rules_without_identity_have_the_version_that_they_had() -> None:
    bare: Node = {"ruleset": "shop"}
    versions = [
        compiled(documents_to_yaml([header, CART])).version for header in (bare, NONE, LAST, FIRST)
    ]
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3
