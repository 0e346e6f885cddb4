"""Whose an event is where ids join and no rules are there: as the rules' header would have it."""

import pytest

from streamer.app.persons import Persons
from streamer.core.rules.spec import Joining
from streamer.types import HOUR, Event

START = 1_767_225_600_000


def event(number: int, user: str | None = None, device: str | None = None) -> Event:
    who = user or device
    assert who is not None
    time = START + number * HOUR
    return Event(f"e-{number}", "x", who, time, {}, user_id=user, anonymous_id=device)


@pytest.mark.parametrize(
    ("policy", "whose"),
    [
        ("last", ["u-1", "u-1", "u-1", "u-2", "u-2"]),
        ("first", ["u-1", "u-1", "u-1", "u-2", "u-1"]),
    ],
)
def test_what_a_visitor_did_is_the_user_s(policy: Joining, whose: list[str]) -> None:
    persons = Persons(policy)
    keys = [
        persons.take(one)
        for one in (
            event(0, device="a"),
            event(1, "u-1", "a"),
            event(2, device="a"),
            event(3, "u-2", "a"),
            event(4, device="a"),
        )
    ]
    assert None not in keys
    assert [persons.person(key or "") for key in keys] == whose


def test_an_event_that_comes_again_under_the_other_id_counts_once() -> None:
    persons = Persons("last")
    assert persons.take(event(0, device="a")) == "a"
    persons.take(event(1, "u", "a"))
    assert persons.take(event(0, device="a")) is None
    assert persons.gathered({"a": [1], "u": [2]}) == {"u": [1, 2]}
