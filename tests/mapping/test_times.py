"""Times of foreign files."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.mapping.times import FormatError, has_zone, time_reader
from streamer.types import HOUR

AT = 1_795_323_600_123
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("form", "text", "at"),
    [
        ("iso", "2026-11-22T05:00:00.123Z", AT),
        ("milliseconds", "1795323600123", AT),
        ("milliseconds", "1795323600123.9", AT),
        ("seconds", "1795323600.123", AT),
        ("microseconds", "1795323600123456", AT),
        ("microseconds", "1.795323600123456e15", AT),
        ("seconds", "1.795323600123e9", AT),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-11-22 06:00:00.123", AT),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-11-22 06:00:00.123999", AT),
        ("%Y-%m-%dT%H:%M:%S", "2026-11-22T06:00:00", AT - 123),
        ("%m/%d/%Y %H:%M", "11/22/2026 6:00", AT - 123),
        ("%m/%d/%y %H:%M", "11/22/26 6:00", AT - 123),
        ("%m/%d/%Y %I:%M %p", "11/22/2026 6:00 am", AT - 123),
        ("%d %b %Y %I %p", "22 NOV 2026 06 AM", AT - 123),
        ("%Y-%m-%d %H:%M%z", "2026-11-22 05:00Z", AT - 123),
        ("%Y-%m-%d %H:%M%z", "2026-11-22 10:30+0530", AT - 123),
        ("%Y-%m-%d %H:%M%z", "2026-11-21 23:30-05:30", AT - 123),
        ("%Y%m%d%H%M%S", "20261122060000", AT - 123),
        ("100%% %Y-%m-%d", "100% 2026-11-22", AT - 123 - 6 * HOUR),
        ("%d.%m.%Y", "22.11.2026", AT - 123 - 6 * HOUR),
    ],
)
def test_times_are_read(form: str, text: str, at: int) -> None:
    assert time_reader(form, BERLIN)(text) == at


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("milliseconds", ""),
        ("milliseconds", "nan"),
        ("milliseconds", "inf"),
        ("milliseconds", "1e999999999"),
        ("microseconds", "1e999999999"),
        ("milliseconds", "5" * 50),
        ("seconds", "soon"),
        ("%Y-%m-%d", "2026-02-30"),
        ("%Y-%m-%d", "2026-13-01"),
        ("%Y-%m-%d", "0000-01-01"),
        ("%Y-%m-%d", "2026-11-22 "),
        ("%Y-%m-%d", "2026-11-22\n"),
        ("%Y.%m.%d", "2026-11-22"),
        ("%Y-%m-%d %H", "2026-11-22 24"),
        ("%Y-%m-%d %I%p", "2026-11-22 13pm"),
        ("%Y-%m-%d %I%p", "2026-11-22 00am"),
        ("%Y-%m-%d%z", "2026-11-22+24:00"),
    ],
)
def test_what_is_no_time_is_refused(form: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        time_reader(form, BERLIN)(text)


def test_noon_and_midnight() -> None:
    read = time_reader("%Y-%m-%d %I %p", UTC)
    assert read("2026-11-22 12 pm") - read("2026-11-22 12 am") == 12 * HOUR


def test_an_hour_that_comes_twice_is_the_first() -> None:
    read = time_reader("%Y-%m-%d %H:%M", BERLIN)
    assert read("2026-10-25 02:30") - read("2026-10-25 01:30") == HOUR
    assert read("2026-10-25 03:30") - read("2026-10-25 02:30") == 2 * HOUR


def test_formats_that_need_a_zone() -> None:
    assert all(map(has_zone, ["iso", "seconds", "milliseconds", "%Y%z", "%%%z"]))
    assert not any(map(has_zone, ["%Y", "%Y%%z"]))


@pytest.mark.parametrize("form", ["", "%Y", "%Y-%m", "%Y-%m-%d %", "%Y-%m-%d %x", "%Y-%m-%d %p"])
def test_formats_that_cannot_be_read(form: str) -> None:
    with pytest.raises(FormatError):
        time_reader(form, UTC)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31)),  # noqa: DTZ001 - the zone follows
    st.sampled_from(["%Y-%m-%d %H:%M:%S.%f", "%d/%b/%Y %I:%M:%S.%f %p", "%f %S %M %H %d %m %Y"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_written_time_reads_back(local: datetime, form: str, zone: str) -> None:
    moment = local.replace(tzinfo=ZoneInfo(zone))
    expected = int(moment.timestamp()) * 1000 + local.microsecond // 1000
    assert time_reader(form, ZoneInfo(zone))(moment.strftime(form)) == expected
