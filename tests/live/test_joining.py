"""Visitors become users on real servers, whatever dies: what is told is what the oracle says.

The oracle reads the events and the control records as they stand in the topic of events, and says
what must be told to subscribers, and what the partitions must tell each other.
"""

import signal

import pytest

from tests.live.fated import JOINS, POINTS
from tests.live.shop import EVERYBODY, PARTITIONS, Shop
from tests.waiting import wait_until


@pytest.fixture
def joining(shop: Shop) -> Shop:
    """A shop whose rules make visitors and users one person."""
    shop.join_ids()
    return shop


def test_two_workers_join_ids_across_their_partitions(joining: Shop) -> None:
    workers = [joining.worker(), joining.worker()]
    with joining.storefront(41) as storefront:
        for worker in workers:
            wait_until(worker.works, "its share", 60)
        storefront.wait_for_events(500)
    joining.judge()
    told = {kind for kind, _, _ in joining.joined()[2]}
    assert told == {"link", "join", "forward", "dropped"}


@pytest.mark.proof
def test_workers_die_at_every_point_while_ids_join(joining: Shop) -> None:
    few = EVERYBODY[:12]  # who come back to the devices that they share
    with joining.storefront(42, few, burst=2):
        for number, point in enumerate(JOINS | POINTS):
            for times in (1, 2) if point in JOINS else (1 + number % 3, PARTITIONS):
                doomed = joining.worker(fate=f"{point}:{times}:SIGKILL")
                assert doomed.process.wait(120) == -signal.SIGKILL, doomed.text
    joining.worker()
    joining.judge()


@pytest.mark.proof
def test_redis_goes_back_while_ids_join(own_shop: Shop) -> None:
    own_shop.join_ids()
    worker = own_shop.worker()
    with own_shop.storefront(43):
        own_shop.wait_for_changes()
        earlier = own_shop.redis.snapshot()
        own_shop.wait_for_marks()
        own_shop.redis.rewind(earlier)
        wait_until(worker.restores, "it restores", 60)
        own_shop.wait_for_changes()
    own_shop.judge()


def test_without_a_key_nothing_joins_and_the_worker_says_so(joining: Shop) -> None:
    joining.joining = False
    worker = joining.worker()
    wait_until(worker.works, "its share", 60)
    assert "ids are not joined" in worker.events()
    worker.stop()
