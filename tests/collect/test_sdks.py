"""Real SDKs, unchanged, against the collector: every event that they send is in the topic.

Each is asked for the same, once in peace and once with a Kafka that is killed between its two
halves and started again while it sends the second. An SDK that had to try again may have sent an
event twice under one id, which is one event.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
_LOG = logging.getLogger(__name__)

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
BROWSER: dict[str, tuple[str, dict[str, str]]] = {
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


@contextmanager
def started(client: str, site: Site, prefix: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a client's program; it must end well."""
    words = [*command(client), site.url, SECRET, prefix, str(COUNT)]
    environment = {
        **os.environ,
        "NODE_PATH": str(PACKAGES / "node_modules"),
        "PYTHONPATH": str(PYTHON_PACKAGES),
    }
    process = subprocess.Popen(words, env=environment, stdin=subprocess.PIPE)  # noqa: S603 (our own command)
    try:
        yield process
        assert process.wait(300) == 0
    finally:
        process.kill()
        process.communicate()


def go_on(process: subprocess.Popen[bytes]) -> None:
    """Have a program send its second half."""
    assert process.stdin is not None
    process.stdin.write(b"go on\n")
    process.stdin.flush()


def die_meanwhile(site: Site, prefix: str, go_on: Callable[[], None]) -> None:
    """Kill Kafka between the halves; start it once the collector has refused some of the second."""
    wait_until(lambda: len(sent_by(site, prefix)) >= COUNT // 2, "the first half", 60)
    site.kafka.kill()
    go_on()
    wait_until(
        lambda: b"429" in site.ask("GET", "/metrics", port=site.metrics_port).body, "429", 60
    )
    site.kafka.start()


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
    with started(client, site, prefix) as process:
        go_on(process)
    assert sent_by(site, prefix) == everything(prefix)


@pytest.mark.parametrize("client", [*PYTHON, *NODE])
def test_a_kafka_that_dies_costs_an_sdk_nothing(own_site: Site, client: str) -> None:
    prefix = fresh()
    with started(client, own_site, prefix) as process:
        die_meanwhile(own_site, prefix, lambda: go_on(process))
    found = sent_by(own_site, prefix)
    assert found.keys() == everything(prefix).keys()
    _LOG.info("%s: %d events, %d times in the topic", client, COUNT, sum(found.values()))


@pytest.mark.parametrize("client", BROWSER)
def test_every_event_of_a_browser_is_in_the_topic_once(
    site: Site, pages: Pages, tmp_path: Path, client: str
) -> None:
    need(client, missing_for_browser())
    prefix = fresh()
    pages.go_on.set()
    with opened(f"{pages.origin}/{page(client)}", tmp_path, **question(client, site, prefix)):
        wait_until(pages.sent.is_set, f"the page: {tmp_path}", 120)
        wait_until(lambda: len(sent_by(site, prefix)) >= COUNT, "every event", 60)
    assert sent_by(site, prefix) == everything(prefix)


@pytest.mark.parametrize("client", ["@segment/analytics-next", "@rudderstack/analytics-js"])
def test_a_kafka_that_dies_costs_a_browser_nothing(
    own_site: Site, pages: Pages, tmp_path: Path, client: str
) -> None:
    need(client, missing_for_browser())
    prefix, site = fresh(), own_site
    with opened(f"{pages.origin}/{page(client)}", tmp_path, **question(client, site, prefix)):
        die_meanwhile(site, prefix, pages.go_on.set)
        wait_until(lambda: len(sent_by(site, prefix)) >= COUNT, "every event", 300)
    found = sent_by(site, prefix)
    assert found.keys() == everything(prefix).keys()
    _LOG.info("%s: %d events, %d times in the topic", client, COUNT, sum(found.values()))


def page(client: str) -> str:
    return BROWSER[client][0]


def question(client: str, site: Site, prefix: str) -> dict[str, str]:
    """Return what a page is asked for."""
    asked = {"url": site.url, "key": ANYWHERE, "prefix": prefix, "count": str(COUNT)}
    return {**asked, **BROWSER[client][1]}
