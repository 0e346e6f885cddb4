"""Webhooks keep nothing of who was erased: in journal, metrics, deliveries and what waits."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.kafka.topics import COMPACTED, COMPACTS_AT_ONCE, append, create_topic
from tests.leftovers import in_files, in_topic, on_pages
from tests.servers import KafkaServer
from tests.waiting import wait_until
from tests.webhooks.changes import change
from tests.webhooks.hooks import PARTITIONS, Hooks
from tests.webhooks.receiver import Act, Receiver, Request, well

pytestmark = pytest.mark.proof
WHO = "u-to-be-erased"


@pytest.fixture
def quick_hooks(tmp_path: Path) -> Iterator[Hooks]:
    """Webhooks on a Kafka that compacts at once."""
    with KafkaServer(COMPACTS_AT_ONCE) as kafka, Hooks(kafka, tmp_path) as hooks:
        create_topic(kafka.address, hooks.waiting, PARTITIONS, COMPACTED)
        yield hooks


def places(hooks: Hooks) -> list[str]:
    word = WHO.encode()
    return [
        *in_files(hooks.folder, word),
        *in_topic(hooks.kafka.address, hooks.waiting, word),
        *on_pages([hooks.metrics_port], word, "/metrics", "/deliveries"),
    ]


def test_nothing_of_an_erased_person_is_left_of_webhooks(
    quick_hooks: Hooks, receiver: Receiver
) -> None:
    hooks, seen = quick_hooks, threading.Event()

    def script(_request: Request, before: int) -> Act:
        if before:
            seen.wait(60)
        return Act(500)

    receiver.script = script
    hooks.configure(receiver, 'retries = ["1ms"]', 'timeout = "60s"')
    hooks.start()
    hooks.publish(change(WHO, 1), change(WHO, 2, "vip"))
    wait_until(lambda: any(hooks.waiting in one for one in places(hooks)), "it waits", 60)
    seen.set()
    wait_until(lambda: hooks.said().count("change given up") == 2, "both are given up", 60)
    receiver.script = well
    exits = [change(WHO, 3, direction="exited"), change(WHO, 4, "vip", "exited")]
    hooks.publish(*(each._replace(cause="erasure") for each in exits))
    wait_until(lambda: receiver.delivered() == [(WHO, 3), (WHO, 4)], "the exits are told", 60)
    last = exits[1].change_id.encode()
    wait_until(lambda: on_pages([hooks.metrics_port], last, "/deliveries") != [], "the page", 60)

    def compacted() -> bool:
        """Let the segments end in which somebody's last word is; whether it is gone."""
        for partition in range(PARTITIONS):
            append(hooks.kafka.address, hooks.waiting, [None], partition=partition, key=b"nobody/0")
        return places(hooks) == []

    wait_until(compacted, "nothing is left", 120)

    append(hooks.kafka.address, hooks.waiting, [b"{}"], key=WHO.encode())
    (hooks.folder / "a-log").write_text(f"left of {WHO}")
    found = places(hooks)
    assert found[0] == "a-log"
    assert hooks.waiting in found[1]
