"""The breaker's states at the instants at which they change."""

from streamer.types import MINUTE, SECOND
from streamer.webhooks.breaker import Breaker
from streamer.webhooks.settings import BreakerBounds

PAUSE = 30 * SECOND


def failing(count: int = 10, now: int = 0) -> Breaker:
    breaker = Breaker(BreakerBounds())
    for _ in range(count):
        breaker.failed(now)
    return breaker


def test_nine_failures_are_too_few() -> None:
    assert failing(9).allows(0)


def test_it_opens_with_ten_failures_and_rests_for_30_seconds() -> None:
    breaker = failing()
    assert not breaker.allows(PAUSE - 1)
    assert breaker.allows(PAUSE)


def test_it_stays_closed_while_less_than_70_percent_fail() -> None:
    breaker = Breaker(BreakerBounds())
    for _ in range(5):
        breaker.succeeded(0)
    for _ in range(11):
        breaker.failed(0)
    assert breaker.allows(0)  # 11 of 16 are 69 %
    breaker.failed(0)
    assert not breaker.allows(0)  # 12 of 17 are 71 %


def test_failures_of_more_than_five_minutes_ago_do_not_count() -> None:
    breaker = failing(9)
    breaker.failed(5 * MINUTE)
    assert breaker.state == "closed"


def test_one_probe_goes_out_and_its_success_closes() -> None:
    breaker = failing()
    assert breaker.allows(PAUSE)
    breaker.sent()
    assert not breaker.allows(PAUSE)
    breaker.succeeded(PAUSE)
    assert breaker.state == "closed"
    breaker.failed(PAUSE)
    assert breaker.state == "closed"  # the failures before are forgotten


def test_what_was_on_its_way_when_it_opened_is_no_probe() -> None:
    breaker = failing()
    breaker.failed(1)
    breaker.succeeded(2)
    assert breaker.state == "open"


def test_a_probe_without_an_outcome_may_be_sent_again() -> None:
    breaker = failing()
    assert breaker.allows(PAUSE)
    breaker.sent()
    breaker.aborted()
    assert breaker.allows(PAUSE)


def test_it_is_off_after_ten_failed_probes_in_a_row() -> None:
    breaker, now = failing(), 0
    for number in range(10):
        now += PAUSE
        assert breaker.allows(now), number
        breaker.sent()
        breaker.failed(now)
    assert breaker.state == "off"
    assert not breaker.allows(now + 365 * 24 * 60 * MINUTE)
