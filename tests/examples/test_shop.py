"""`examples/shop` from end to end: a real browser, a real Kafka and Redis, one command.

A cart that is left ends as one reminder and one webhook, an order in time as none.
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamer.adapters.kafka import Topics
from tests.adapters.kafka.topics import committed_records
from tests.cli.shop import run
from tests.collect.devtools import evaluate, page_of
from tests.collect.get import PACKAGES, missing_for_browser
from tests.collect.pages import opened
from tests.conftest import need
from tests.servers import KafkaServer, RedisServer
from tests.servers.ports import free_port
from tests.told import with_append_time
from tests.waiting import wait_until

pytestmark = pytest.mark.sdks

SHOP = Path(__file__).parents[2] / "examples" / "shop"
SCRIPT = (
    PACKAGES / "node_modules" / "@segment" / "analytics-next" / "dist" / "umd" / "standalone.js"
)


class Shop:
    """The example, started by its one command."""

    def __init__(self, kafka: KafkaServer, redis: RedisServer, folder: Path) -> None:
        self._kafka = kafka
        self.port, self.receiver, collector = free_port(), free_port(), free_port()
        self._log = (folder / "shop.log").open("w+b")
        self.process = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, str(SHOP / "start.py")],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={
                **os.environ,
                "STREAMER_KAFKA": kafka.address,
                "STREAMER_REDIS": redis.url,
                "SHOP_PORT": str(self.port),
                "SHOP_SCRIPT": str(SCRIPT),
                "RECEIVER_PORT": str(self.receiver),
                "COLLECTOR_PORT": str(collector),
            },
        )
        self._collector = collector
        wait_until(self._is_up, "the shop", 180)

    def reminders(self) -> list[str]:
        return [each["customer"] for each in self._get(self.port, "/reminders")]

    def events(self) -> list[bytes]:
        """Return the events in the log, with the times at which they were appended."""
        records = committed_records(self._kafka.address, Topics().events)
        return [
            with_append_time(one.value, one.timestamp)
            for one in records
            if "streamer-control" not in dict(one.headers)
        ]

    def hooks(self) -> list[tuple[str, str]]:
        """Return customer and segment of each webhook that was acted on."""
        found = self._get(self.receiver, "/hooks")
        return [(each["customer_id"], each["segment"]) for each in found]

    def text(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def close(self) -> None:
        self.process.terminate()
        assert self.process.wait(120) == 0, self.text()
        self._log.close()

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.text()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self._collector}/readyz", timeout=5).close()
            return self.reminders() == [] and self.hooks() == []
        except OSError:
            return False

    def _get(self, port: int, path: str) -> Any:  # noqa: ANN401 (any JSON)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def shop(own_kafka: KafkaServer, own_redis: RedisServer, tmp_path: Path) -> Iterator[Shop]:
    need("the example", missing_for_browser())
    shop = Shop(own_kafka, own_redis, tmp_path)
    yield shop
    shop.close()


def test_a_cart_left_ends_as_one_reminder_and_an_order_in_time_as_none(
    shop: Shop, tmp_path: Path
) -> None:
    for customer, clicks in (("orders", ["view", "add", "order"]), ("leaves", ["view", "add"])):
        folder = tmp_path / customer
        folder.mkdir()
        with opened(f"http://127.0.0.1:{shop.port}/", folder, customer=customer):
            page = page_of(folder / "profile")
            ready = "window.analytics?.initialized === true"
            wait_until(lambda: evaluate(page, ready) is True, "analytics.js", 60)  # noqa: B023
            for button in clicks:
                evaluate(page, f"document.getElementById('{button}').click()")
            said = "ordered" if "order" in clicks else "in the cart"
            shown = f"document.getElementById('said').textContent.includes('{said}')"
            wait_until(lambda: evaluate(page, shown) is True, said, 60)  # noqa: B023
            if customer == "leaves":
                wait_until(lambda: "leaves" in shop.reminders(), "the reminder", 120)
                wait_until(lambda: bool(shop.hooks()), "the webhook", 60)
                title = "document.title === 'A shop (1 reminders)'"
                wait_until(lambda: evaluate(page, title) is True, "the page shows it", 60)  # noqa: B023
    assert shop.reminders() == ["leaves"]
    assert shop.hooks() == [("leaves", "left_cart")]


def test_what_a_visitor_puts_in_and_buys_as_a_user_is_not_reminded_of(
    shop: Shop, tmp_path: Path
) -> None:
    visitors: dict[str, str] = {}
    for name, clicks in (("buys", ["add", "login", "order"]), ("leaves", ["add"])):
        folder = tmp_path / name
        folder.mkdir()
        with opened(f"http://127.0.0.1:{shop.port}/", folder, **{"as": "u-1"}):
            page = page_of(folder / "profile")
            ready = "window.analytics?.initialized === true"
            wait_until(lambda: evaluate(page, ready) is True, "analytics.js", 60)  # noqa: B023
            visitors[name] = str(evaluate(page, "window.analytics.user().anonymousId()"))
            pressed = "; ".join(f"document.getElementById('{one}').click()" for one in clicks)
            evaluate(page, pressed)
            said = "ordered" if "order" in clicks else "in the cart"
            shown = f"document.getElementById('said').textContent.includes('{said}')"
            wait_until(lambda: evaluate(page, shown) is True, said, 60)  # noqa: B023
            if name == "leaves":
                wait_until(lambda: visitors["leaves"] in shop.reminders(), "the reminder", 120)
    assert shop.reminders() == [visitors["leaves"]]

    log = tmp_path / "events.jsonl"
    log.write_bytes(b"\n".join(shop.events()) + b"\n")
    story = run("explain", "u-1", "--events", str(log), "--rules", str(SHOP / "rules"))
    assert story.exit_code == 0, story.output
    assert visitors["buys"] in story.stdout
    assert "u-1" in story.stdout
