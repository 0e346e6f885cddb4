"""The heavy-tailed load is the same for the same arguments, and heavy-tailed."""

from collections import Counter

import orjson
from heavy_tailed import END, LONGEST_SESSION, lines


def test_the_same_arguments_give_the_same_events() -> None:
    assert list(lines(2_000)) == list(lines(2_000))
    assert list(lines(2_000)) != list(lines(2_000, seed=2))


def test_the_events_are_in_order_of_time_and_end_where_they_are_told_to() -> None:
    times = [orjson.loads(line)["time"] for line in lines(2_000)]
    assert times == sorted(times)
    assert times[-1] == END


def test_few_customers_make_many_of_the_events() -> None:
    events = Counter(orjson.loads(line)["user_id"] for line in lines(20_000, customers=1_000))
    busiest = sum(count for _, count in events.most_common(100))
    assert busiest > 0.3 * events.total()
    assert max(events.values()) > LONGEST_SESSION
    assert min(events.values()) < 5
