"""`season`: days of the year in the zone, both included, and the instants at which they turn."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from streamer.core.calendar import Calendar
from streamer.core.leaves.season import InSeason, MonthDay, Season
from streamer.core.profile import Profile
from streamer.types import FOREVER

NOBODY = Profile("u", 0, 0, 0)


def at(text: str, zone: str = "Europe/Berlin") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def season(begins: MonthDay, ends: MonthDay, zone: str = "Europe/Berlin") -> InSeason:
    return InSeason(Season(begins, ends), Calendar(zone))


VALENTINE = season((2, 7), (2, 14))
NEW_YEAR = season((12, 24), (1, 6))
ONCE = season((2026, 11, 24), (2027, 1, 1))


@pytest.mark.parametrize(
    ("leaf", "now", "holds", "until"),
    [
        (VALENTINE, "2026-02-06T23:59:59.999", False, "2026-02-07T00:00"),
        (VALENTINE, "2026-02-07T00:00", True, "2026-02-15T00:00"),
        (VALENTINE, "2026-02-14T23:59:59.999", True, "2026-02-15T00:00"),
        (VALENTINE, "2026-02-15T00:00", False, "2027-02-07T00:00"),
        (ONCE, "2026-11-23T23:59:59.999", False, "2026-11-24T00:00"),
        (ONCE, "2026-11-24T00:00", True, "2027-01-02T00:00"),
        (NEW_YEAR, "2026-12-31T12:00", True, "2027-01-07T00:00"),
        (NEW_YEAR, "2027-01-06T12:00", True, "2027-01-07T00:00"),
        (NEW_YEAR, "2027-01-07T00:00", False, "2027-12-24T00:00"),
    ],
)
def test_both_days_are_included(*, leaf: InSeason, now: str, holds: bool, until: str) -> None:
    assert leaf.flip(NOBODY, at(now)) == (at(until) if holds else -at(until))


def test_a_season_with_years_does_not_come_back() -> None:
    assert ONCE.flip(NOBODY, at("2027-01-02T00:00")) == -FOREVER
    assert ONCE.label == "season from 2026-11-24 to 2027-01-01"


def test_a_season_up_to_29_february_ends_on_the_28th_in_other_years() -> None:
    leaf = season((2, 20), (2, 29))
    assert leaf.flip(NOBODY, at("2026-02-28T12:00")) == at("2026-03-01T00:00")
    assert leaf.flip(NOBODY, at("2028-02-28T12:00")) == at("2028-03-01T00:00")
    only = season((2, 29), (2, 29))
    assert only.flip(NOBODY, at("2097-01-01T00:00")) == -at("2104-02-29T00:00")


def test_a_season_of_the_whole_year_never_turns() -> None:
    assert season((1, 1), (12, 31)).flip(NOBODY, at("2026-05-05T05:05")) == FOREVER
    assert season((3, 1), (2, 29)).flip(NOBODY, at("2026-05-05T05:05")) == FOREVER


def test_a_day_begins_when_it_does_in_the_zone() -> None:
    # In Beirut the clock goes from 23:59 to 01:00 on 29 March 2026: the day has no midnight.
    leaf = season((3, 29), (3, 29), "Asia/Beirut")
    assert leaf.flip(NOBODY, at("2026-03-28T12:00", "Asia/Beirut")) == -at(
        "2026-03-28T22:00", "UTC"
    )


def test_a_day_that_comes_back_is_shown_again() -> None:
    # At 00:01 on 7 November 2010 the clock of St John's went back to 23:01 on the 6th.
    leaf = season((11, 7), (11, 7), "America/St_Johns")
    midnight = at("2010-11-07T02:30", "UTC")
    back, again = midnight + 60_000, midnight + 3_600_000
    assert leaf.flip(NOBODY, midnight - 1) == -midnight
    assert leaf.flip(NOBODY, midnight) == back
    assert leaf.flip(NOBODY, back) == -again
    assert leaf.flip(NOBODY, again) == at("2010-11-08T00:00", "America/St_Johns")


def test_a_day_that_a_zone_left_out_is_no_season() -> None:
    # Samoa went from 29 to 31 December 2011.
    leaf = season((12, 30), (12, 30), "Pacific/Apia")
    before = at("2011-12-29T12:00", "Pacific/Apia")
    assert leaf.flip(NOBODY, before) == -at("2012-12-30T00:00", "Pacific/Apia")


def test_answers_are_the_same_in_any_order_of_asking() -> None:
    instants = [at(f"2026-02-{day:02}T12:00") for day in range(5, 17)]
    forth = [season((2, 7), (2, 14)).flip(NOBODY, now) for now in instants]
    leaf = season((2, 7), (2, 14))
    back = [leaf.flip(NOBODY, now) for now in reversed(instants)]
    assert back[::-1] == forth == [leaf.flip(NOBODY, now) for now in instants]
