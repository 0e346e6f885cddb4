"""Days begin where the zone's clocks say so, also where the clocks change at midnight."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from streamer.core.calendar import anniversary_in, crossings


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("zone", "day", "instants"),
    [
        ("UTC", "2026-03-29", ["2026-03-29T00:00"]),
        ("Europe/Berlin", "2026-03-29", ["2026-03-28T23:00"]),
        ("Europe/Berlin", "2026-03-30", ["2026-03-29T22:00"]),
        ("Asia/Kathmandu", "2026-01-01", ["2025-12-31T18:15"]),
        # The clock goes from 23:59 to 01:00: the day begins at one o'clock.
        ("Asia/Beirut", "2026-03-29", ["2026-03-28T22:00"]),
        ("Africa/Cairo", "2026-04-24", ["2026-04-23T22:00"]),
        # It goes from 23:59 back to 23:00: midnight is an hour later.
        ("Asia/Beirut", "2026-10-25", ["2026-10-24T22:00"]),
        # It goes from 00:59 back to 00:00: midnight comes twice, but it is the same day.
        ("America/Havana", "2026-11-01", ["2026-11-01T04:00"]),
        # It goes from 00:00:59 back to 23:01: the day before comes back for 59 minutes.
        (
            "America/St_Johns",
            "2010-11-07",
            ["2010-11-07T02:30", "2010-11-07T02:31", "2010-11-07T03:30"],
        ),
        # It went from 23:29 to 00:30, in the middle of which there was no midnight.
        ("America/Toronto", "1919-03-31", ["1919-03-31T04:30"]),
        # A day that was left out begins when the one after it does.
        ("Pacific/Apia", "2011-12-30", ["2011-12-30T10:00"]),
        ("Pacific/Apia", "2011-12-31", ["2011-12-30T10:00"]),
    ],
)
def test_a_day_begins_at_its_first_instant(zone: str, day: str, instants: list[str]) -> None:
    found = crossings(ZoneInfo(zone), date.fromisoformat(day))
    assert found == tuple(map(utc, instants))


@pytest.mark.parametrize(
    ("year", "day"), [(2026, "2026-02-28"), (2028, "2028-02-29"), (2100, "2100-02-28")]
)
def test_29_february_comes_round_on_the_28th_in_other_years(year: int, day: str) -> None:
    assert anniversary_in(year, (2, 29)) == date.fromisoformat(day)
