"""When a change is tried again."""

from random import Random

import pytest

from streamer.types import DAY, HOUR, SECOND
from streamer.webhooks.retries import next_try, retry_after
from streamer.webhooks.settings import PAUSES

NOW = 1_767_225_600_000
"""2026-01-01T00:00:00Z"""


def test_there_are_ten_tries_over_75_6_hours() -> None:
    tries, at = 1, 0
    while (again := next_try(PAUSES, tries, at, Random(7))) is not None:  # noqa: S311 (a seed)
        tries, at = tries + 1, again
    assert tries == 10
    assert sum(PAUSES) / HOUR == pytest.approx(75.6, abs=0.05)
    assert 0.9 * sum(PAUSES) <= at <= 1.1 * sum(PAUSES)


def test_two_changes_that_fail_together_are_not_tried_together() -> None:
    chance = Random(7)  # noqa: S311 (a seed)
    assert len({next_try(PAUSES, 2, NOW, chance) for _ in range(100)}) > 90


@pytest.mark.parametrize(
    ("header", "after"),
    [
        (None, None),
        ("", None),
        ("120", 120 * SECOND),
        (" 5 ", 5 * SECOND),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("99999999999999999999", DAY),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60 * SECOND),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("Fri, 01 Jan 2027 00:00:00 GMT", DAY),
        ("١٢", None),
    ],
)
def test_retry_after(header: str | None, after: int | None) -> None:
    assert retry_after(header, NOW) == (None if after is None else NOW + after)
