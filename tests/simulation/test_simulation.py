"""The simulated shop: as the published funnels say, the same for a seed, and well-formed."""

import json
from collections import Counter
from itertools import islice, pairwise, takewhile
from typing import Any

import pytest

from streamer.codecs.events import decode
from streamer.errors import InvalidEvent
from streamer.instants import parse_iso
from streamer.simulation import (
    DEFAULT_START,
    Arrival,
    Mishaps,
    Simulation,
    as_they_happen,
    batches,
    simulate,
    visits_for,
)
from streamer.types import DAY, HOUR, Record

CALM = Simulation()


def arrivals(count: int, simulation: Simulation = CALM) -> list[Arrival]:
    return list(islice(simulate(simulation), count))


def events(count: int, simulation: Simulation = CALM) -> list[dict[str, Any]]:
    return [json.loads(arrival.line) for arrival in arrivals(count, simulation)]


@pytest.fixture(scope="module")
def crowded() -> list[dict[str, Any]]:
    return events(60_000, Simulation(customers=2_000))


def test_the_shares_are_as_published(crowded: list[dict[str, Any]]) -> None:
    published = {
        "product_viewed": 0.896,
        "product_added": 0.055,
        "product_added_to_wishlist": 0.029,
        "order_completed": 0.020,
    }
    seen = Counter(event["name"] for event in crowded)
    behaviours = sum(seen[name] for name in published)
    for name, share in published.items():
        assert seen[name] / behaviours == pytest.approx(share, abs=0.003), name


def test_as_many_carts_are_abandoned_as_published(crowded: list[dict[str, Any]]) -> None:
    # Carts of the last days are left out: some of them are bought after the end.
    end = parse_iso(crowded[-1]["time"]) - 4 * DAY
    filled = {
        event["properties"]["cart_id"]
        for event in crowded
        if event["name"] == "product_added" and parse_iso(event["time"]) < end
    }
    bought = {
        event["properties"].get("cart_id")
        for event in crowded
        if event["name"] == "order_completed"
    }
    assert 1 - len(filled & bought) / len(filled) == pytest.approx(0.73, abs=0.02)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    mishaps = Mishaps(late=0.05, duplicates=0.05, poison=0.05)
    first = arrivals(2_000, Simulation(seed=7, mishaps=mishaps, appended=True))
    assert first == arrivals(2_000, Simulation(seed=7, mishaps=mishaps, appended=True))
    assert first != arrivals(2_000, Simulation(seed=8, mishaps=mishaps, appended=True))


def test_lines_come_in_order_of_time_and_ids_are_unique() -> None:
    found = events(20_000)
    assert all(one["time"] <= two["time"] for one, two in pairwise(found))
    assert len({event["id"] for event in found}) == len(found)
    assert parse_iso(found[0]["time"]) > DEFAULT_START


def test_every_line_is_an_event() -> None:
    for offset, arrival in enumerate(arrivals(5_000)):
        decode(Record(0, offset, arrival.line))


def test_customers_come_back_and_no_more_come_than_there_are() -> None:
    visits = Counter(event["anonymous_id"] for event in events(20_000, Simulation(customers=50)))
    assert len(visits) == 50
    assert min(visits.values()) > 10


def test_a_member_is_identified_once_with_traits_and_a_guest_never() -> None:
    found = events(20_000, Simulation(customers=100))
    identified = Counter(event["user_id"] for event in found if event["name"] == "identified")
    assert set(identified) == {event["user_id"] for event in found if "user_id" in event}
    assert set(identified.values()) == {1}
    assert any("user_id" not in event for event in found)
    assert all(event["traits"]["country"] for event in found if event["name"] == "identified")


def test_an_order_carries_the_products_of_its_cart() -> None:
    found = events(20_000, Simulation(customers=100))
    carts: dict[str, list[str]] = {}
    for event in found:
        if event["name"] == "product_added":
            cart = carts.setdefault(event["properties"]["cart_id"], [])
            cart.append(event["properties"]["product_id"])
    orders = [event["properties"] for event in found if event["name"] == "order_completed"]
    from_carts = [order for order in orders if "cart_id" in order]
    assert from_carts
    for order in from_carts:
        assert [one["product_id"] for one in order["products"]] == carts[order["cart_id"]]
        worth = sum(one["price"] * one["quantity"] for one in order["products"])
        assert order["revenue"] == pytest.approx(worth)


def test_mishaps_change_no_shopper() -> None:
    calm = {event["id"]: event for event in events(5_000)}
    rough = arrivals(9_000, Simulation(mishaps=Mishaps(late=0.3, duplicates=0.3)))
    met = {event["id"]: event for event in map(json.loads, (one.line for one in rough))}
    both = calm.keys() & met.keys()
    assert len(both) > 4_000
    assert all(calm[name] == met[name] for name in both)


def test_late_events_arrive_after_others_that_happened_later() -> None:
    found = arrivals(20_000, Simulation(mishaps=Mishaps(late=0.1)))
    delays = [one.at - parse_iso(json.loads(one.line)["time"]) for one in found]
    late = [delay for delay in delays if delay > HOUR]
    assert 0.03 < len(late) / len(found) < 0.1
    assert max(delays) > DAY
    assert all(one.at <= two.at for one, two in pairwise(found))


def test_duplicates_repeat_an_event_of_a_moment_ago() -> None:
    found = arrivals(5_000, Simulation(mishaps=Mishaps(duplicates=0.2)))
    seen = Counter(one.line for one in found)
    assert set(seen.values()) <= {1, 2}
    assert sum(seen.values()) - len(seen) == pytest.approx(5_000 / 6, rel=0.1)


def test_nobody_accepts_a_poison_line() -> None:
    found = arrivals(4_000, Simulation(mishaps=Mishaps(poison=1.0), appended=True))
    refused = set()
    for offset, arrival in enumerate(found):
        try:
            decode(Record(0, offset, arrival.line))
        except InvalidEvent as error:
            refused.add(error.path or error.reason.split(":")[0])
    good = sum(1 for one in found if _is_event(one.line))
    assert good == pytest.approx(2_000, rel=0.02)
    assert len(refused) == 8


def _is_event(line: bytes) -> bool:
    try:
        decode(Record(0, 0, line))
    except InvalidEvent:
        return False
    return True


def test_appended_is_when_the_line_arrives() -> None:
    for arrival in arrivals(
        1_000, Simulation(appended=True, mishaps=Mishaps(late=0.1, duplicates=0.1))
    ):
        assert parse_iso(json.loads(arrival.line)["appended"]) == arrival.at


def test_without_a_rate_lines_come_in_large_batches() -> None:
    waits: list[float] = []
    found = list(batches(iter([b"x"] * 2_500), None, lambda: 0.0, waits.append))
    assert [len(batch) for batch in found] == [1_000, 1_000, 500]
    assert waits == []


def test_with_a_rate_no_second_has_more_lines_than_asked_for() -> None:
    now = 0.0

    def wait(seconds: float) -> None:
        nonlocal now
        now += seconds

    written = 0
    for batch in batches(iter([b"x"] * 1_000), 100, lambda: now, wait):
        written += len(batch)
        assert written <= 100 * now + 5.01
    assert now == pytest.approx(10)


def test_a_rate_below_one_writes_line_by_line() -> None:
    waits: list[float] = []
    found = list(batches(iter([b"x"] * 3), 0.5, lambda: 0.0, waits.append))
    assert [len(batch) for batch in found] == [1, 1, 1]
    assert waits == [2.0, 4.0, 6.0]


def test_live_lines_come_when_they_happen_and_never_before() -> None:
    now = 1_000

    def wait(seconds: float) -> None:
        nonlocal now
        now += round(seconds * 1_000)

    arriving = [Arrival(at, b"%d" % at) for at in (900, 1_000, 1_500, 1_500, 4_000)]
    came = [(now, batch) for batch in as_they_happen(iter(arriving), lambda: now, wait)]
    assert came == [(1_000, [b"900", b"1000"]), (1_500, [b"1500", b"1500"]), (4_000, [b"4000"])]


def test_a_rate_of_live_lines_is_that_of_a_day_on_average() -> None:
    visits = visits_for(0.5, 4_000)
    simulation = Simulation(customers=4_000, visits=visits)
    end = simulation.start + DAY
    count = sum(1 for _ in takewhile(lambda one: one.at < end, simulate(simulation)))
    assert count == pytest.approx(0.5 * 86_400, rel=0.1)
