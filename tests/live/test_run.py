"""`streamer run` where something is wrong: one clear line, and patience where that helps."""

import re
import signal
import urllib.request
from dataclasses import astuple
from socket import create_server
from urllib.error import HTTPError

import pytest
from redis import Redis

from tests.adapters.kafka.topics import add_partitions, create_topic
from tests.live.shop import PARTITIONS, Shop, Worker
from tests.servers import RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def port() -> int:
    return free_port()


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as got:
            return got.status, got.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def is_up(port: int) -> bool:
    try:
        return page(port, "/healthz") == (200, "alive\n")
    except OSError:
        return False


def ends_with(worker: Worker, pattern: str) -> None:
    assert worker.process.wait(60) == 2, worker.text
    last = worker.text.splitlines()[-1]
    assert re.search(pattern, last), worker.text
    assert "Traceback" not in worker.text


def waits_saying(worker: Worker, port: int, pattern: str) -> None:
    """It is alive, not ready, says why in both places, and goes when asked."""
    wait_until(lambda: "unavailable" in worker.events(), "the first failure", 60)
    errors = [line["error"] for line in worker.said() if line["event"] == "unavailable"]
    assert re.search(pattern, errors[0]), errors
    wait_until(lambda: is_up(port), "the pages", 60)
    status, text = page(port, "/readyz")
    assert status == 503
    assert re.search(pattern, text), text
    worker.stop()
    assert "Traceback" not in worker.text


def test_its_pages_and_its_journal_say_how_it_is(shop: Shop, port: int) -> None:
    worker = shop.worker("--metrics-port", str(port))
    with shop.storefront(1) as storefront:
        wait_until(lambda: worker.works() and storefront.sent > 100, "work", 60)
        wait_until(lambda: page(port, "/readyz") == (200, "ready\n"), "readiness", 60)
        wait_until(
            lambda: 'streamer_records_total{outcome="applied"}' in page(port, "/metrics")[1],
            "records in the metrics",
            60,
        )
    shop.rules.write_text("segment: broken\nwhen: {performd: any}\n", encoding="utf-8")
    worker.signal(signal.SIGHUP)
    wait_until(lambda: "rules refused" in worker.events(), "the refusal", 60)
    status, text = page(port, "/readyz")
    assert status == 503
    assert "rules.yaml:1:1" in text
    assert "streamer_rules_refused_total 1.0" in page(port, "/metrics")[1]
    shop.judge()


def test_kafka_at_a_wrong_address_is_waited_for(shop: Shop, port: int) -> None:
    worker = shop.worker("--kafka", NOWHERE, "--metrics-port", str(port))
    waits_saying(worker, port, f"Kafka at {NOWHERE} cannot be reached.*--kafka")


def test_redis_at_a_wrong_address_is_waited_for(shop: Shop, port: int) -> None:
    worker = shop.worker("--redis", f"redis://{NOWHERE}/0", "--metrics-port", str(port))
    waits_saying(worker, port, f"Redis at {NOWHERE}")


def test_a_missing_topic_is_named_with_the_command_that_makes_it(shop: Shop) -> None:
    worker = shop.worker("--events-topic", "no-such-topic")
    ends_with(worker, "there is no topic no-such-topic: .*streamer topics create")


def test_topics_of_different_partitions_are_refused(shop: Shop) -> None:
    odd = f"{shop.topics.changes}-odd"
    create_topic(shop.kafka.address, odd, 3)
    ends_with(shop.worker("--changes-topic", odd), "3 partitions.*streamer topics create")


def test_a_topic_without_append_times_is_refused(shop: Shop) -> None:
    odd = f"{shop.topics.events}-odd"
    create_topic(shop.kafka.address, odd, 4)
    ends_with(shop.worker("--events-topic", odd), "CreateTime.*streamer topics create --apply")


def test_a_topic_that_has_got_more_partitions_is_refused(shop: Shop) -> None:
    """Its keys are other partitions' now: nobody's history would be in one place."""
    worker = shop.worker()
    with shop.storefront(3) as storefront:
        wait_until(lambda: worker.works() and storefront.sent > 50, "work", 60)
    wait_until(lambda: worker.events().count("partition assigned") == PARTITIONS, "all", 60)
    add_partitions(shop.kafka.address, dict.fromkeys(astuple(shop.topics), PARTITIONS + 2))
    ends_with(shop.worker(), "has got more partitions .*another --group")


def test_wrong_settings_are_named(shop: Shop, port: int) -> None:
    ends_with(shop.worker("--kafka-config", "/nowhere/client.properties"), "client.properties")
    ends_with(shop.worker("--redis", "localhost"), "redis://")
    with create_server(("", port)):
        ends_with(shop.worker("--metrics-port", str(port)), f"port {port} .*--metrics-port")


@pytest.fixture
def its_redis(own_redis: RedisServer, shop: Shop) -> RedisServer:
    """The Redis of the shop, of its own: a test may change its settings."""
    own_redis.configure(appendfsync="always")
    shop.redis = own_redis
    return own_redis


def test_a_redis_that_can_lose_our_keys_is_refused(shop: Shop, its_redis: RedisServer) -> None:
    its_redis.configure(maxmemory_policy="allkeys-lru")
    ends_with(shop.worker(), "maxmemory-policy to noeviction")


def test_a_redis_that_keeps_nothing_is_taken_when_told_to(
    shop: Shop, its_redis: RedisServer
) -> None:
    its_redis.configure(appendonly="no", save="")
    ends_with(shop.worker(), "set appendonly to yes.*--allow-volatile-redis")
    worker = shop.worker("--allow-volatile-redis")
    wait_until(worker.works, "work", 60)
    worker.stop()


def test_a_wrong_password_is_named_and_never_shown(shop: Shop, its_redis: RedisServer) -> None:
    its_redis.configure(requirepass="right")
    address = its_redis.url.removeprefix("redis://")
    try:
        wrong = shop.worker("--redis", f"redis://:hunter2@{address}")
        ends_with(wrong, "refuses the user or the password: correct them in the address")
        assert "hunter2" not in wrong.text
    finally:
        Redis.from_url(f"redis://:right@{address}").config_set("requirepass", "")


@pytest.mark.parametrize("trouble", ["a replica", "full"])
def test_a_redis_that_takes_no_writes_is_waited_for(
    shop: Shop, its_redis: RedisServer, port: int, trouble: str
) -> None:
    """Nothing is lost meanwhile, and it goes on by itself."""
    worker = shop.worker("--metrics-port", str(port))
    wait_until(worker.works, "work", 60)
    with shop.storefront(2) as storefront:
        wait_until(lambda: storefront.sent > 50, "events", 60)
        if trouble == "full":
            its_redis.configure(maxmemory=1)
            said = "is full: raise its maxmemory"
        else:
            its_redis.client.replicaof(*NOWHERE.split(":"))
            said = "is a replica and takes no writes"
        wait_until(lambda: said in worker.text, "the reason", 60)
        wait_until(lambda: page(port, "/readyz")[0] == 503, "no readiness", 60)
        its_redis.configure(maxmemory=0)
        its_redis.client.replicaof("NO", "ONE")
    wait_until(lambda: page(port, "/readyz")[0] == 200, "readiness", 60)
    shop.judge()
