"""`date`: whole days of the zone around a day that comes once."""

from typing import Any

import pytest

from streamer.core.leaves.date import OnDate
from streamer.types import DAY
from tests.core.leaves.dated import expected, told
from tests.core.state.asking import Asking, known


def days(before: int, after: int) -> OnDate:
    return OnDate("born", before * DAY, after * DAY)


@pytest.mark.parametrize(
    ("window", "born", "now", "holds", "until"),
    [
        # the day itself, once
        ((0, 0), "2026-05-20", "2026-05-19T23:59:59.999", False, "2026-05-20T00:00"),
        ((0, 0), "2026-05-20", "2026-05-20T00:00", True, "2026-05-21T00:00"),
        ((0, 0), "2026-05-20", "2026-05-21T00:00", False, None),
        ((0, 0), "2025-05-20", "2026-05-20T12:00", False, None),
        # days before and after
        ((3, 0), "2026-05-20", "2026-05-16T23:59:59.999", False, "2026-05-17T00:00"),
        ((3, 0), "2026-05-20", "2026-05-17T00:00", True, "2026-05-21T00:00"),
        ((0, 2), "2026-05-20", "2026-05-22T23:59:59.999", True, "2026-05-23T00:00"),
        # over New Year, on a leap day, far ahead
        ((7, 0), "2027-01-03", "2026-12-27T00:00", True, "2027-01-04T00:00"),
        ((0, 0), "2028-02-29", "2026-02-28T12:00", False, "2028-02-29T00:00"),
        ((0, 0), "2050-05-20", "2026-05-20T12:00", False, "2050-05-20T00:00"),
        # across a change of the clocks: the days are whole, whatever their hours
        ((1, 0), "2026-03-29", "2026-03-28T12:00", True, "2026-03-30T00:00"),
        # several dates
        ((0, 0), ["2026-05-20", "x", "2026-05-21"], "2026-05-20T12:00", True, "2026-05-22T00:00"),
        ((0, 0), ["2026-05-20", "2026-06-21"], "2026-05-21T00:00", False, "2026-06-21T00:00"),
        # the ends of the calendar
        ((400, 0), "0001-01-01", "2026-05-20T12:00", False, None),
        ((0, 400), "9999-12-30", "2026-05-20T12:00", False, "9999-12-30T00:00"),
    ],
)
def test_the_day_comes_once(
    window: tuple[int, int],
    born: Any,  # noqa: ANN401  as in JSON
    now: str,
    holds: bool,  # noqa: FBT001  a row of the table
    until: str | None,
) -> None:
    assert told(days(*window), born, now) == expected(holds=holds, until=until)


def test_what_is_no_date_never_comes() -> None:
    assert told(days(7, 7), "20.5.2026", "2026-05-20T12:00") == expected(holds=False, until=None)


def test_it_says_what_it_rests_on() -> None:
    customer = Asking(days(3, 1)).customer(known(0, born="2026-01-03"))
    assert customer.asking.leaves[0].label == "date born from 3d before until 1d after"
    assert customer.detail(0) == "born 2026-01-03; today is 2026-01-01"
