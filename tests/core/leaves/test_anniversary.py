"""`anniversary`: whole days of the zone around a day that comes round every year."""

from typing import Any

import pytest

from streamer.core.leaves.anniversary import Anniversary
from streamer.types import DAY, FOREVER
from tests.core.leaves.dated import expected, told
from tests.core.state.asking import Asking, known


def days(before: int, after: int) -> Anniversary:
    return Anniversary("born", before * DAY, after * DAY)


@pytest.mark.parametrize(
    ("window", "born", "now", "holds", "until"),
    [
        # the day itself
        ((0, 0), "1990-05-20", "2026-05-19T23:59:59.999", False, "2026-05-20T00:00"),
        ((0, 0), "1990-05-20", "2026-05-20T00:00", True, "2026-05-21T00:00"),
        ((0, 0), "1990-05-20", "2026-05-21T00:00", False, "2027-05-20T00:00"),
        # days before and after
        ((7, 0), "1990-05-20", "2026-05-12T23:59:59.999", False, "2026-05-13T00:00"),
        ((7, 0), "1990-05-20", "2026-05-13T00:00", True, "2026-05-21T00:00"),
        ((0, 2), "1990-05-20", "2026-05-22T23:59:59.999", True, "2026-05-23T00:00"),
        # over New Year, both ways
        ((7, 0), "1990-01-03", "2026-12-27T00:00", True, "2027-01-04T00:00"),
        ((0, 7), "1990-12-30", "2027-01-06T12:00", True, "2027-01-07T00:00"),
        ((0, 7), "1990-12-30", "2027-01-07T00:00", False, "2027-12-30T00:00"),
        # 29 February
        ((0, 0), "1996-02-29", "2026-02-28T12:00", True, "2026-03-01T00:00"),
        ((0, 0), "1996-02-29", "2028-02-28T12:00", False, "2028-02-29T00:00"),
        ((1, 0), "1996-02-29", "2026-02-27T12:00", True, "2026-03-01T00:00"),
        ((0, 1), "1996-02-29", "2026-03-01T12:00", True, "2026-03-02T00:00"),
        # across a change of the clocks: the days are whole, whatever their hours
        ((1, 0), "1990-03-29", "2026-03-28T12:00", True, "2026-03-30T00:00"),
        ((0, 0), "1990-10-25", "2026-10-25T23:59:59.999", True, "2026-10-26T00:00"),
        # also a date that is still to come, and one of long ago
        ((0, 0), "2050-05-20", "2026-05-20T12:00", True, "2026-05-21T00:00"),
        ((0, 0), "0001-05-20", "2026-05-20T12:00", True, "2026-05-21T00:00"),
        # several dates
        ((0, 0), ["1990-05-20", "x", "1990-05-21"], "2026-05-20T12:00", True, "2026-05-22T00:00"),
        ((0, 0), ["1990-05-20", "2001-05-20"], "2026-05-20T12:00", True, "2026-05-21T00:00"),
        # windows that leave out one day every leap year, and none
        ((364, 0), "1990-05-20", "2026-06-01T00:00", True, "2027-05-21T00:00"),
        ((364, 0), "1990-05-20", "2027-05-21T00:00", False, "2027-05-22T00:00"),
        ((364, 1), "1990-05-20", "2027-05-21T00:00", True, None),
        ((200, 200), "1990-05-20", "2027-05-21T00:00", True, None),
        ((200, 0), ["1990-01-01", "1990-07-01"], "2027-05-21T00:00", True, None),
    ],
)
def test_the_day_comes_round(
    window: tuple[int, int],
    born: Any,  # noqa: ANN401  as in JSON
    now: str,
    holds: bool,  # noqa: FBT001  a row of the table
    until: str | None,
) -> None:
    assert told(days(*window), born, now) == expected(holds=holds, until=until)


@pytest.mark.parametrize(
    "born",
    [
        *("1990-02-30", "1990-5-20", "0000-05-20", "1990-05-20 00:00", "20.5.1990"),
        *("", " 1990-05-20", "\u0661990-05-20", 19900520, True, None, []),
        *(["1990-13-01"], {"day": "1990-05-20"}),
    ],
)
def test_what_is_no_date_never_comes_round(born: Any) -> None:  # noqa: ANN401  as in JSON
    assert told(days(7, 7), born, "2026-05-20T12:00") == expected(holds=False, until=None)


def test_a_day_whose_midnight_is_left_out_begins_an_hour_later() -> None:
    answer = told(days(0, 0), "1990-03-29", "2026-03-28T23:59:59.999", "Asia/Beirut")
    assert answer == expected(holds=False, until="2026-03-29T01:00", zone="Asia/Beirut")


def test_the_latest_dates_count_also_if_older_ones_come_late() -> None:
    customer = Asking(days(0, 0)).customer(known(1_000, born="1990-01-01"))
    assert customer.flip(1_000) == DAY
    customer.does(known(500, born="1990-05-20"))
    assert customer.flip(1_000) == DAY
    customer.does(known(1_000, born=None))
    assert customer.flip(1_000) == -FOREVER
    customer.does(known(500, born="1990-01-01"))
    assert customer.reread().flip(1_000) == -FOREVER


def test_a_birthday_comes_and_goes_by_time_alone() -> None:
    born = known(0, born="1990-01-03")
    customer = Asking(days(1, 0)).customer(born)
    assert customer.flip(0) == -DAY
    assert customer.flip(DAY) == 3 * DAY


def test_it_says_what_it_rests_on() -> None:
    customer = Asking(days(7, 0)).customer(known(0, born="1990-01-03"))
    assert customer.asking.leaves[0].label == "anniversary of born from 7d before"
    assert customer.detail(0) == "born 1990-01-03; today is 2026-01-01"
