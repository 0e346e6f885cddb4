"""Whatever dies, and whenever: what is told is what the oracle says, once each."""

import os
import signal
from random import Random

import pytest

from tests.live.fated import POINTS
from tests.live.shop import EVERYBODY, PARTITIONS, Shop
from tests.waiting import wait_until

KILLS = int(os.environ.get("STREAMER_KILLS", "3"))


def test_two_workers_share_the_partitions_and_stop_in_order(shop: Shop) -> None:
    workers = [shop.worker(), shop.worker()]
    with shop.storefront(1) as storefront:
        for worker in workers:
            wait_until(worker.works, "its share", 60)
        enough = storefront.sent + 500
        wait_until(lambda: storefront.sent > enough, "more events", 60)
    shop.judge()


def test_workers_come_and_go_one_after_the_other(shop: Shop) -> None:
    workers = [shop.worker(), shop.worker()]
    with shop.storefront(2):
        for _ in range(3):
            shop.wait_for_changes()
            workers.append(shop.worker())
            wait_until(workers[-1].works, "the new one has its share", 120)
            workers.pop(0).stop()
    shop.judge()


@pytest.mark.longer
def test_workers_are_killed_at_random(shop: Shop) -> None:
    random = Random(3)  # noqa: S311 (a seed, not secrecy)
    workers = [shop.worker(), shop.worker()]
    with shop.storefront(3):
        for _ in range(KILLS):
            shop.wait_for_changes(random.randrange(20, 200))
            workers.pop(random.randrange(2)).kill()
            workers.append(shop.worker())
    shop.judge()


def test_workers_die_at_every_point_at_which_anything_is_half_done(shop: Shop) -> None:
    with shop.storefront(11, burst=2):
        for number, point in enumerate(POINTS):
            doomed = shop.worker(fate=f"{point}:{1 + number % 3}:SIGKILL")
            assert doomed.process.wait(120) == -signal.SIGKILL, doomed.text
    shop.worker()
    shop.judge()


def test_a_worker_that_sleeps_past_its_session_is_refused_when_it_wakes(shop: Shop) -> None:
    """It falls asleep with a commit in its hands, and others have its partitions meanwhile."""
    workers = [shop.worker(fate="commit-before:20:SIGSTOP"), shop.worker()]
    with shop.storefront(4) as storefront:
        for worker in workers:
            wait_until(worker.works, "its share", 60)
        wait_until(workers[0].sleeps, "it falls asleep", 60)
        wait_until(
            lambda: len(workers[1].partitions()) == PARTITIONS,
            "the other takes over what it had",
            300,
        )
        enough = storefront.sent + 20
        wait_until(lambda: storefront.sent > enough, "events that only the other sees", 60)
        workers[0].signal(signal.SIGCONT)
        wait_until(lambda: "fenced" in workers[0].events(), "it is refused", 60)
    shop.judge()


def test_redis_dies_and_comes_back(own_shop: Shop) -> None:
    worker = own_shop.worker()
    with own_shop.storefront(5) as storefront:
        own_shop.wait_for_changes()
        own_shop.redis.kill()
        wait_until(lambda: "unavailable" in worker.events(), "it notices", 60)
        storefront.wait_for_events(100)
        own_shop.redis.start()
        own_shop.wait_for_changes()
    own_shop.judge()


def test_redis_goes_back_to_an_earlier_state(own_shop: Shop) -> None:
    worker = own_shop.worker()
    with own_shop.storefront(6):
        own_shop.wait_for_changes()
        earlier = own_shop.redis.snapshot()
        own_shop.wait_for_marks()
        own_shop.redis.rewind(earlier)
        wait_until(worker.restores, "it finds the store behind what is published", 300)
        own_shop.wait_for_changes()
    own_shop.judge()


def test_redis_loses_everything_and_it_is_built_again_from_the_log(own_shop: Shop) -> None:
    worker = own_shop.worker()
    with own_shop.storefront(7):
        own_shop.wait_for_changes()
        own_shop.redis.empty()
        wait_until(worker.restores, "it finds the store behind what is published", 300)
        own_shop.wait_for_changes()
    own_shop.judge()


def test_kafka_dies_and_comes_back(own_shop: Shop) -> None:
    own_shop.worker()
    with own_shop.storefront(8) as storefront:
        own_shop.wait_for_changes()
        own_shop.kill_kafka()
        storefront.wait_for_events(100)
        own_shop.kafka.start()
        own_shop.wait_for_changes()
    own_shop.judge()


@pytest.mark.proof
def test_both_are_away_until_it_has_lost_its_partitions_and_says_so(own_shop: Shop) -> None:
    worker = own_shop.worker()
    with own_shop.storefront(9, burst=2) as storefront:
        own_shop.wait_for_changes()
        own_shop.redis.kill()
        own_shop.kill_kafka()
        wait_until(lambda: worker.counts("partition revoked") >= PARTITIONS, "no session", 300)
        wait_until(lambda: " is silent: " in worker.text, "it says that Kafka is silent", 300)
        storefront.wait_for_events(200)
        assert worker.process.poll() is None
        own_shop.redis.start()
        own_shop.kafka.start()
        own_shop.wait_for_changes()
    own_shop.judge()


def test_a_customer_with_a_third_of_all_traffic_and_one_with_a_long_name(shop: Shop) -> None:
    shop.worker()
    busy = EVERYBODY[0]
    with shop.storefront(12, (*EVERYBODY, *[busy] * 20, "x" * 1_000), burst=5) as storefront:
        wait_until(lambda: storefront.sent > 600, "some events", 60)
    shop.judge()


def test_silence_brings_changes_too(shop: Shop) -> None:
    shop.worker()
    with shop.storefront(10) as storefront:
        wait_until(lambda: storefront.sent > 200, "a few events", 60)
    shop.judge()
