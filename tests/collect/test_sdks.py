"""Real SDKs, unchanged, against the collector: every event that they send is in the topic.

Each is asked for the same, once in peace and once with a Kafka that is killed and started again.
An SDK that had to try again may have sent an event twice under one id, which is one event.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collect.calls import fresh
from tests.collect.get import (
    PACKAGES,
    PROGRAMS,
    PYTHON_PACKAGES,
    missing_for_browser,
    missing_for_node,
    missing_for_python,
)
from tests.collect.pages import Pages, opened
from tests.collect.site import ANYWHERE, SECRET, Site
from tests.conftest import need
from tests.waiting import wait_until

pytestmark = pytest.mark.sdks

COUNT = 200
CLIENTS = Path(__file__).with_name("clients")
PYTHON = {
    "segment-analytics-python": "segment_python.py",
    "rudder-sdk-python": "rudder_python.py",
    "cloudevents": "cloud_events.py",
}
NODE = {
    "@segment/analytics-node": "segment-node.cjs",
    "@rudderstack/rudder-sdk-node": "rudder-node.cjs",
}
BROWSER = {
    "@segment/analytics-next": ("segment-next.html", {}),
    "@segment/analytics-next in batches": ("segment-next.html", {"batching": "1"}),
    "@rudderstack/analytics-js": ("rudder-js.html", {}),
    "@rudderstack/analytics-js by beacon": ("rudder-js.html", {"beacon": "1"}),
}


@pytest.fixture
def pages() -> Iterator[Pages]:
    pages = Pages()
    yield pages
    pages.close()


def command(client: str) -> list[str]:
    """Return the program of a client; skips the test where it cannot run."""
    if client in NODE:
        need(client, missing_for_node())
        return ["node", str(PROGRAMS / NODE[client])]
    need(client, missing_for_python())
    return [sys.executable, str(CLIENTS / PYTHON[client])]


def started(client: str, site: Site, prefix: str) -> subprocess.Popen[bytes]:
    """Start a client's program."""
    words = [*command(client), site.url, SECRET, prefix, str(COUNT)]
    environment = {
        **os.environ,
        "NODE_PATH": str(PACKAGES / "node_modules"),
        "PYTHONPATH": str(PYTHON_PACKAGES),
    }
    return subprocess.Popen(words, env=environment)  # noqa: S603 (our own command)


def sent_by(site: Site, prefix: str) -> dict[str, int]:
    """Return how often each event of a client is in the topic."""
    found: dict[str, int] = {}
    for event in site.events():
        properties = event.get("properties") or {}
        event_id = str(properties.get("id") or event.get("messageId") or event.get("id"))
        if event_id.startswith(prefix):
            found[event_id] = found.get(event_id, 0) + 1
    return found


def everything(prefix: str) -> dict[str, int]:
    return {f"{prefix}-{number}": 1 for number in range(COUNT)}


@pytest.mark.parametrize("client", [*PYTHON, *NODE])
def test_every_event_of_an_sdk_is_in_the_topic_once(site: Site, client: str) -> None:
    prefix = fresh()
    assert started(client, site, prefix).wait(120) == 0
    assert sent_by(site, prefix) == everything(prefix)


@pytest.mark.parametrize("client", [*PYTHON, *NODE])
def test_a_kafka_that_dies_costs_an_sdk_nothing(own_site: Site, client: str) -> None:
    prefix, site = fresh(), own_site
    process = started(client, site, prefix)
    wait_until(lambda: len(sent_by(site, prefix)) > COUNT // 10, "some events", 60)
    site.kafka.kill()
    wait_until(
        lambda: b"429" in site.ask("GET", "/metrics", port=site.metrics_port).body, "429", 60
    )
    site.kafka.start()
    assert process.wait(300) == 0
    assert sent_by(site, prefix).keys() == everything(prefix).keys()


@pytest.mark.parametrize("client", BROWSER)
def test_every_event_of_a_browser_is_in_the_topic_once(
    site: Site, pages: Pages, tmp_path: Path, client: str
) -> None:
    need(client, missing_for_browser())
    prefix = fresh()
    page, question = BROWSER[client]
    asked = {"url": site.url, "key": ANYWHERE, "prefix": prefix, "count": str(COUNT), **question}
    with opened(f"{pages.origin}/{page}", tmp_path, **asked):
        wait_until(pages.sent.is_set, f"the page: {tmp_path}", 120)
        wait_until(lambda: len(sent_by(site, prefix)) >= COUNT, "every event", 60)
    assert sent_by(site, prefix) == everything(prefix)


@pytest.mark.parametrize("client", ["@segment/analytics-next", "@rudderstack/analytics-js"])
def test_a_kafka_that_dies_costs_a_browser_nothing(
    own_site: Site, pages: Pages, tmp_path: Path, client: str
) -> None:
    need(client, missing_for_browser())
    prefix, site = fresh(), own_site
    page, question = BROWSER[client]
    asked = {"url": site.url, "key": ANYWHERE, "prefix": prefix, "count": str(COUNT), **question}
    with opened(f"{pages.origin}/{page}", tmp_path, **asked):
        wait_until(lambda: len(sent_by(site, prefix)) > COUNT // 10, "some events", 60)
        site.kafka.kill()
        wait_until(
            lambda: b"429" in site.ask("GET", "/metrics", port=site.metrics_port).body, "429", 60
        )
        site.kafka.start()
        wait_until(lambda: len(sent_by(site, prefix)) >= COUNT, "every event", 300)
    assert sent_by(site, prefix).keys() == everything(prefix).keys()
