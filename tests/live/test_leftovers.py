"""Nothing is left of who was erased: every byte is looked at that a promise is about.

Of the topics that is the compacted one; the others keep what they hold for their retention.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streamer.adapters.kafka import Topics
from tests.adapters.kafka.topics import (
    APPEND_TIME,
    COMPACTED,
    COMPACTS_AT_ONCE,
    LARGE,
    append,
    create_topic,
    fresh_topics,
)
from tests.leftovers import in_files, in_redis, in_topic, on_pages
from tests.live.serving import Serving
from tests.live.shop import PARTITIONS, Shop
from tests.live.test_erasing import DEVICE, USER, Orders
from tests.servers import KafkaServer, RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

pytestmark = pytest.mark.proof


def topics_of(address: str) -> Topics:
    topics = fresh_topics()
    create_topic(address, topics.events, PARTITIONS, APPEND_TIME)
    create_topic(address, topics.changes, PARTITIONS)
    create_topic(address, topics.memberships, PARTITIONS, COMPACTED)
    create_topic(address, topics.rejected, 1, LARGE)
    create_topic(address, topics.audit)
    return topics


@pytest.fixture
def quick_shop(own_redis: RedisServer, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose Kafka compacts at once."""
    with (
        KafkaServer(COMPACTS_AT_ONCE) as kafka,
        closing(Shop(kafka, own_redis, tmp_path, topics_of(kafka.address))) as shop,
    ):
        yield shop
        shop.show_journals()


class Looking:
    """Where an id is found in all that must not hold it."""

    def __init__(self, shop: Shop, folder: Path, ports: list[int]) -> None:
        self.shop = shop
        self.folder = folder
        self.ports = ports

    def places(self, who: str) -> list[str]:
        word = who.encode()
        return [
            *in_redis(self.shop.redis, word),
            *in_files(self.folder, word),  # journals, and the view of `serve`
            *in_topic(self.shop.kafka.address, self.shop.topics.memberships, word),
            *on_pages(self.ports, word),
        ]

    def compacted(self, *whose: str) -> bool:
        """Let the segments end in which somebody's last word is; whether it is gone."""
        address, topic = self.shop.kafka.address, self.shop.topics.memberships
        for partition in range(PARTITIONS):
            append(address, topic, [b"{}"], partition=partition, key=b"somebody else")
        return not any(in_topic(address, topic, one.encode()) for one in whose)


def test_nothing_of_an_erased_person_is_left_anywhere(quick_shop: Shop) -> None:
    shop, ports = quick_shop, [free_port(), free_port()]
    orders = Orders(shop, "--metrics-port", str(ports[0]))
    serving = Serving(shop, ports[1])
    look = Looking(shop, shop.folder, ports)
    for name in ("product_viewed", "product_viewed", "product_added"):
        orders.happens(name, anonymous_id=DEVICE)
    orders.happens("no name", user_id=USER)  # is rejected, and the page shows it
    orders.happens("product_added", user_id=USER, anonymous_id=DEVICE)
    wait_until(lambda: orders.causes(DEVICE) >= {"merge"}, "they join", 60)
    wait_until(lambda: serving.ask(f"/v1/customers/{USER}")[0] == 200, "the page knows", 60)
    wait_until(lambda: "view.db" in " ".join(look.places(USER)), "the file of the view", 60)

    orders.give("erase", USER)
    for who in (USER, DEVICE):
        assert orders.status(who)["done"]
    orders.happens(
        "product_viewed", user_id=USER, seconds_ago=60
    )  # from before: it leaves no trace
    wait_until(lambda: look.compacted(USER, DEVICE), "the topic is compacted", 120)
    for who in (USER, DEVICE):
        wait_until(lambda who=who: look.places(who) == [], f"nothing of {who}", 120)  # type: ignore[misc]

    planted = b'{"segments":[]}'
    append(shop.kafka.address, shop.topics.memberships, [planted], key=USER.encode())
    shop.redis.client.hset("a key", "a field", f"left of {USER}")
    (shop.folder / "a-log").write_text(f"left of {DEVICE}")
    found = look.places(USER)
    assert "a key" in found
    assert any(one.endswith(".rdb") for one in found)
    assert any(shop.topics.memberships in one for one in found)
    assert look.places(DEVICE) == ["a-log"]
    serving.process.stop()
