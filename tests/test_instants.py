"""Instants as text and back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.instants import EARLIEST, END, iso, parse_iso
from streamer.types import DAY, HOUR, MINUTE

AT = 1_795_323_600_123
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_1 = -62_135_596_800_000
YEAR_10000 = 253_402_300_800_000


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22T05:00:00.123Z", AT),
        ("2026-11-22 05:00:00.123Z", AT),
        ("2026-11-22T05:00:00.123z", AT),
        ("2026-11-22T05:00:00.123999Z", AT),
        ("2026-11-22T05:00:00.1239999999999999999Z", AT),
        ("2026-11-22T06:00:00.123+01:00", AT),
        ("2026-11-22T06:00:00.123+0100", AT),
        ("2026-11-22T06:00:00.123+01", AT),
        ("2026-11-22T05:00:00.123-00:00", AT),
        ("2026-11-21T22:30:00.123-06:30", AT),
        ("2026-11-22T05:00:00Z", AT - 123),
        ("2026-11-22T05:00Z", AT - 123),
        ("2026-11-22T05:00:00.1Z", AT - 23),
        ("2026-11-22T05:00:00.12Z", AT - 3),
        ("2024-02-29T00:00:00.000Z", 1_709_164_800_000),
        ("1990-01-01T00:00:00.000Z", EARLIEST),
        ("1990-01-01T00:00:00.000+14:00", EARLIEST - 14 * HOUR),
        ("2100-12-31T23:59:59.999Z", END - 1),
        ("2100-12-31T23:59:59.999-23:59", END - 1 + DAY - MINUTE),
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_text_is_read(text: str, at: int) -> None:
    assert parse_iso(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T05:00:00",
        "2026-11-22T05:00:00.123",
        "2026-11-22T05:00:00.Z",
        "2026-11-22T05:00:00,123Z",
        "2026-11-22T05Z",
        "2026-11-22T24:00:00.000Z",
        "2026-11-22T05:60:00.000Z",
        "2026-11-22T05:00:60.000Z",
        "2026-02-29T05:00:00.000Z",
        "2026-02-30T05:00:00.000Z",
        "2026-13-01T05:00:00.000Z",
        "2026-00-01T05:00:00.000Z",
        "2026-11-00T05:00:00.000Z",
        "2100-02-29T05:00:00.000Z",
        "0000-01-01T00:00:00.000Z",
        "2026-W47-7T05:00:00.123Z",
        "20261122T050000Z",
        "2026-1-122T05:00:00.123Z",
        "2026-11-22t05:00:00.123Z",
        "2026-11-22T05:00:00.123 Z",
        "2026-11-22T05:00:00.123Z ",
        "2026-11-22T05:00:00.123Z\n",
        " 2026-11-22T05:00:00.123Z",
        "2026-11-22T05:00:00.123+24:00",
        "2026-11-22T05:00:00.123+01:60",
        "2026-11-22T05:00:00.123+1:00",
        "2026-11-22T05:00:00.123+01:00:00",
        "+2026-11-22T05:00:00.123Z",
        "\uff12\uff10\uff12\uff16-11-22T05:00:00.123Z",
        "2026-11-22T05:00:0\u0663.123Z",
        "1795323600123",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no such|not ISO 8601"):
        parse_iso(text)


@given(st.integers(YEAR_1, YEAR_10000 - 1))
def test_iso_is_what_the_calendar_says_and_reads_back(at: int) -> None:
    text = iso(at)
    moment = EPOCH + timedelta(milliseconds=at)
    assert text == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert parse_iso(text) == at


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31)),  # noqa: DTZ001 - the zone follows
    st.integers(-1439, 1439),
    st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"]),
    st.sampled_from("T "),
)
def test_every_form_means_its_instant(
    local: datetime, offset: int, precision: str, between: str
) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(minutes=offset)))
    text = moment.isoformat(between, precision)
    expected = (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)
    assert parse_iso(text) == expected
