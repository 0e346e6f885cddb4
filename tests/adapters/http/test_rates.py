"""Token buckets: bursts, debts, and a bound on how many there are."""

from hypothesis import given
from hypothesis import strategies as st

from streamer.adapters.http.rates import Rates


def test_ten_seconds_of_the_rate_may_come_at_once() -> None:
    rates = Rates()
    rates.take("a", 2, 0.0, 19)
    assert rates.wait("a", 2, 0.0) == 0
    rates.take("a", 2, 0.0, 1)
    assert rates.wait("a", 2, 0.0) == 1
    assert rates.wait("a", 2, 1.0) == 0


def test_what_is_taken_beyond_is_paid_back() -> None:
    rates = Rates()
    rates.take("a", 1, 0.0, 30)
    assert rates.wait("a", 1, 0.0) == 20
    assert rates.wait("a", 1, 15.5) == 5
    assert rates.wait("a", 1, 20.5) == 0
    assert rates.wait("b", 1, 0.0) == 0


def test_the_longest_silent_are_forgotten() -> None:
    rates = Rates(most=2)
    for who in ("a", "b"):
        rates.take(who, 1, 0.0, 30)
    rates.wait("a", 1, 0.0)
    rates.wait("c", 1, 0.0)
    assert rates.wait("a", 1, 0.0) == 20
    assert rates.wait("b", 1, 0.0) == 0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=60), st.floats(0.1, 50))
def test_over_time_no_more_comes_through_than_the_rate(
    requests: list[tuple[float, int]], rate: float
) -> None:
    """Beyond the burst, and the one request that may overdraw it."""
    rates, now, taken = Rates(), 0.0, 0
    for pause, events in requests:
        now += pause
        if rates.wait("a", rate, now) == 0:
            rates.take("a", rate, now, events)
            taken += events
    assert taken <= max(1.0, rate * 10) + rate * now + 50 + 1e-6
