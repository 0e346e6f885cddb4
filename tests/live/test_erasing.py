"""A person asks to be erased: on real servers nothing is left of the id where it must not be."""

import json
import time
from typing import Any

from click.testing import CliRunner
from confluent_kafka import Producer

from streamer.cli import main
from streamer.types import SECOND
from tests.adapters.kafka.topics import committed_records
from tests.leftovers import in_redis
from tests.live.serving import Serving
from tests.live.shop import Shop
from tests.servers import RedisServer
from tests.waiting import wait_until

USER, DEVICE = "u-to-be-erased", "a-of-the-erased"
REASON = "request number 7"


class Orders:
    """A shop with one worker, in which events are published one by one and orders given."""

    def __init__(self, shop: Shop, *options: str) -> None:
        self.shop = shop
        self.sent = 0
        shop.join_ids()
        self.worker = shop.worker(*options)
        wait_until(self.worker.works, "its share", 60)

    def happens(self, name: str, *, seconds_ago: int = 0, **ids: str) -> None:
        self.sent += 1
        at = time.time_ns() // 1_000_000 - seconds_ago * SECOND
        event = {"id": f"e-{self.sent}", "name": name, "time": at, **ids}
        key = ids.get("user_id") or ids["anonymous_id"]
        settings = {"bootstrap.servers": self.shop.kafka.address, "partitioner": "murmur2_random"}
        producer = Producer(settings)
        producer.produce(self.shop.topics.events, json.dumps(event).encode(), key.encode())
        assert producer.flush(60) == 0

    def give(
        self, command: str, customer: str, *more: str, status: int = 0, key: str = "control.key"
    ) -> str:
        topics = self.shop.topics
        result = CliRunner().invoke(
            main,
            [
                *(command, customer, "--reason", REASON),
                *("--kafka", self.shop.kafka.address, "--group", self.shop.group),
                *("--events-topic", topics.events, "--audit-topic", topics.audit),
                *("--control-key-file", str(self.shop.folder / key)),
                *more,
            ],
        )
        assert result.exit_code == status, result.output
        return result.stdout

    def status(self, customer: str, status: int = 0, key: str = "control.key") -> Any:  # noqa: ANN401 (JSON)
        asked = [
            *("--redis", self.shop.redis.url, "--format", "json"),
            *("--rejected-topic", self.shop.topics.rejected),
        ]
        return json.loads(self.give("status", customer, *asked, status=status, key=key))

    def export(self, customer: str, status: int = 0) -> Any:  # noqa: ANN401 (JSON)
        topics = self.shop.topics
        rules = self.shop.folder / "rules.yaml"
        asked = [
            *("--redis", self.shop.redis.url, "--rules", str(rules)),
            *("--changes-topic", topics.changes, "--memberships-topic", topics.memberships),
            *("--rejected-topic", topics.rejected),
        ]
        return json.loads(self.give("export", customer, *asked, status=status))

    def changes(self, customer: str) -> list[tuple[str, str, str]]:
        found = [one for one in self.shop.changes() if one["customer_id"] == customer]
        return [(one["segment"], one["direction"], one["cause"]["kind"]) for one in found]

    def causes(self, customer: str) -> set[str]:
        return {cause for _, _, cause in self.changes(customer)}

    def last_word(self, customer: str) -> Any:  # noqa: ANN401 (JSON)
        """The last value for a customer in the topic of memberships, `never` without one."""
        records = committed_records(self.shop.kafka.address, self.shop.topics.memberships)
        values = [one.value for one in records if one.key == customer.encode()]
        return values[-1] if values else "never"


def holds(redis: RedisServer, customer: str) -> bool:
    """Whether Redis holds the id: in a key, in a value, or in its files once they are rewritten."""
    return bool(in_redis(redis, customer.encode()))


def test_nothing_of_an_erased_person_is_left_in_redis_and_the_last_word_is_null(
    own_shop: Shop,
) -> None:
    orders = Orders(own_shop)
    orders.happens("product_viewed", anonymous_id=DEVICE)
    orders.happens("product_added", user_id=USER, anonymous_id=DEVICE)
    wait_until(lambda: orders.causes(DEVICE) >= {"merge"}, "they join", 60)
    wait_until(lambda: holds(own_shop.redis, USER), "the user is in Redis", 60)
    assert holds(own_shop.redis, DEVICE)
    known = orders.export(DEVICE)
    assert (known["asked_for"], known["customer_id"]) == (DEVICE, USER)
    assert [one["id"] for one in known["profile"]["ids"]] == [DEVICE]
    assert "product_added" in {name for one in known["profile"]["data"] for name in one["sources"]}
    assert all(one["purposes"] for one in known["profile"]["data"])
    of_events = known["topics"][0]["records"]
    assert {"e-1", "e-2"} <= {one["value"]["id"] for one in of_events if "id" in one["value"]}
    said = orders.give("erase", USER)
    assert "erase stands at offset" in said
    assert USER not in said
    wait_until(lambda: orders.last_word(USER) is None, "the null", 60)
    wait_until(lambda: orders.last_word(DEVICE) is None, "that of the device", 60)
    assert "erasure" in orders.causes(USER)

    wait_until(
        lambda: not holds(own_shop.redis, USER) and not holds(own_shop.redis, DEVICE),
        "Redis holds neither id",
        60,
    )
    for customer in (USER, DEVICE):
        found = orders.status(customer)
        assert found["done"], found
    ((erase,), partitions) = orders.status(USER)["orders"], orders.status(USER)["partitions"]
    assert partitions[erase["partition"]]["read_to"] > erase["offset"]
    assert sum(one["erased_ids"] for one in partitions) == 2
    assert "profile" not in orders.export(USER)
    audit = committed_records(own_shop.kafka.address, own_shop.topics.audit)
    entries = [json.loads(one.value) for one in audit]
    assert {one["action"] for one in entries} == {"erase", "status", "export"}
    assert {one["reason"] for one in entries} == {REASON}
    for one in audit:
        assert USER.encode() not in one.value + one.key
        assert DEVICE.encode() not in one.value + one.key
    assert USER not in orders.worker.text
    orders.happens("product_viewed", user_id=USER)
    wait_until(lambda: holds(own_shop.redis, USER), "a later event begins a new profile", 60)
    assert orders.export(USER)["profile"]["changes"] > 0  # beside the marks
    serving = Serving(own_shop)
    story = serving.ask(f"/v1/customers/{USER}/changes")[1]
    serving.process.stop()
    assert [one["id"] for one in story["events"]] == ["e-3"]  # the topic still has the others


def test_a_suppressed_person_is_not_taken_until_released(own_shop: Shop) -> None:
    orders = Orders(own_shop)
    orders.give("suppress", USER)
    orders.happens("product_viewed", user_id=USER)
    orders.give("release", USER)
    orders.happens("product_added", user_id=USER)
    wait_until(lambda: bool(orders.changes(USER)), "something is said of the user", 60)
    orders.worker.stop()
    assert orders.worker.said()[-1]["records"]["suppressed"] == 1


def test_an_order_that_workers_refuse_is_not_done(own_shop: Shop) -> None:
    orders = Orders(own_shop)
    orders.happens("product_added", user_id=USER)
    wait_until(lambda: bool(orders.changes(USER)), "the first change", 60)
    (own_shop.folder / "other.key").write_text("another secret of more than 32 characters")
    orders.give("erase", USER, key="other.key")
    found = orders.status(USER, status=1, key="other.key")
    ((erase,), done) = found["orders"], found["done"]
    assert (erase["refused"], done) == ("a control record whose signature is wrong", False)
    assert "erasure" not in orders.causes(USER)

    orders.give("erase", USER)
    assert orders.status(USER)["done"]
