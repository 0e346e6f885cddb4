"""Workers stand still between any two calls, past their session or not: time runs past no record.

Rules have windows of seconds and customers are many, so at every instant some wake is about to be
due. Where a worker takes the end of the log for known that it does not know, one of thousands of
customers is told what the log forbids.
"""

import os
import signal
from random import Random

import pytest

from tests.live.fated import STALLS
from tests.live.shop import PARTITIONS, Shop, Storefront, Worker
from tests.waiting import wait_until

STOPS = int(os.environ.get("STREAMER_KILLS", "3"))
MANY = tuple(f"c-{number}" for number in range(4_000))
A_SECOND = 500
"""Events in a second at least, where the machine keeps up: 50 every tenth."""
SESSION = 4


def has_taken_over(other: Worker) -> None:
    """Wait until the group has given all that a stopped worker had to the other one."""
    wait_until(lambda: len(other.partitions()) == PARTITIONS, "the other takes over", 300)


def has_come_back(other: Worker) -> None:
    """Wait until the other one has given partitions back to a worker that goes on."""
    wait_until(lambda: 0 < len(other.partitions()) < PARTITIONS, "it has a share again", 300)


def stop_for(worker: Worker, storefront: Storefront, seconds: float) -> None:
    """Stop a worker until the storefront has sent the events of so many seconds."""
    worker.signal(signal.SIGSTOP)
    storefront.wait_for_events(round(seconds * A_SECOND))
    worker.signal(signal.SIGCONT)


@pytest.mark.longer
def test_workers_are_stopped_past_their_session_and_continued(shop: Shop) -> None:
    random = Random(31)  # noqa: S311 (a seed, not secrecy)
    workers = [shop.worker(), shop.worker()]
    with shop.storefront(31, MANY, burst=50) as storefront:
        for worker in workers:
            wait_until(worker.works, "its share", 120)
        for number in range(STOPS):
            stopped, other = workers[number % 2], workers[1 - number % 2]
            has_come_back(other)
            stopped.signal(signal.SIGSTOP)
            has_taken_over(other)
            storefront.wait_for_events(random.randrange(1, 3 * SESSION * A_SECOND))
            stopped.signal(signal.SIGCONT)
            has_come_back(other)
            storefront.wait_for_events(random.randrange(1, SESSION * A_SECOND))
    shop.judge()


@pytest.mark.proof
def test_workers_stall_for_less_than_their_session(shop: Shop) -> None:
    random = Random(32)  # noqa: S311 (a seed, not secrecy)
    workers = [shop.worker(), shop.worker()]
    with shop.storefront(32, MANY, burst=50) as storefront:
        for worker in workers:
            wait_until(worker.works, "its share", 120)
        for _ in range(8 * STOPS):
            stop_for(random.choice(workers), storefront, random.uniform(1, SESSION - 0.5))
            storefront.wait_for_events(random.randrange(1, 2 * A_SECOND))
    shop.judge()


@pytest.mark.proof
@pytest.mark.parametrize("point", STALLS)
def test_a_worker_stops_just_where_time_is_about_to_move(shop: Shop, point: str) -> None:
    """Events are so few that wakes become due between them: only then is the log asked."""
    other = shop.worker()
    with shop.storefront(33, MANY[:100], burst=2) as storefront:
        wait_until(other.works, "all partitions", 120)
        for times in range(STOPS):
            doomed = shop.worker(fate=f"{point}:{20 + 7 * times}:SIGSTOP")
            wait_until(doomed.sleeps, f"it stops at {point}", 300)
            assert doomed.works()
            has_taken_over(other)
            storefront.wait_for_events(SESSION * 20)
            doomed.signal(signal.SIGCONT)
            storefront.wait_for_events(40)
            doomed.stop()
    shop.judge()
