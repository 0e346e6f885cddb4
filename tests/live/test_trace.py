"""`streamer trace` tells of a change what an independent reader finds in the topics."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streamer.cli import main
from streamer.instants import parse_iso
from tests.adapters.kafka.topics import committed_records
from tests.live.shop import Shop
from tests.waiting import wait_until
from tests.webhooks.hooks import Hooks
from tests.webhooks.receiver import Receiver

UNKNOWN = "0" * 32


@pytest.fixture
def told(shop: Shop) -> list[dict[str, Any]]:
    """The changes of a shop that was busy for a while, by events and by time."""
    worker = shop.worker()
    with shop.storefront(1):
        wait_until(lambda: causes(shop) == {"event", "time"}, "changes of both kinds", 120)
    worker.stop()
    return shop.changes()


@pytest.fixture
def hooks(shop: Shop, tmp_path: Path) -> Iterator[Hooks]:
    with Hooks(shop.kafka, tmp_path) as found:
        found.changes = shop.topics.changes
        yield found


def causes(shop: Shop) -> set[str]:
    return {change["cause"]["kind"] for change in shop.changes()}


def traced(shop: Shop, *words: str) -> Result:
    topics = ["--events-topic", shop.topics.events, "--changes-topic", shop.topics.changes]
    return CliRunner().invoke(main, ["trace", *words, "--kafka", shop.kafka.address, *topics])


def stages(done: Result) -> dict[str, dict[str, Any]]:
    assert done.exit_code == 0, done.output
    return {one["stage"]: one for one in json.loads(done.stdout)["stages"]}


def at(record: Any) -> int:  # noqa: ANN401 (a record of kafka-python)
    return int(record.timestamp)


def test_a_change_by_an_event_has_the_event_and_its_append(
    shop: Shop, told: list[dict[str, Any]]
) -> None:
    change = next(one for one in told if one["cause"]["kind"] == "event")
    done = traced(shop, change["change_id"], "--format", "json")
    found = stages(done)
    assert list(found) == ["happened", "appended", "published"]
    assert json.loads(done.stdout)["change"] == change
    events = committed_records(shop.kafka.address, shop.topics.events)
    event_id = change["cause"]["event_id"]
    cause = next(one for one in events if f'"{event_id}"'.encode() in one.value)
    assert parse_iso(found["appended"]["at"]) == at(cause)
    assert parse_iso(found["happened"]["at"]) == json.loads(cause.value)["time"]
    assert f"partition {cause.partition}, offset {cause.offset}" in found["appended"]["where"]
    said = committed_records(shop.kafka.address, shop.topics.changes)
    own = next(one for one in said if change["change_id"].encode() in one.value)
    assert parse_iso(found["published"]["at"]) == at(own)
    assert found["published"]["milliseconds_after"] == at(own) - at(cause)


def test_a_change_by_time_has_when_it_was_due(shop: Shop, told: list[dict[str, Any]]) -> None:
    change = next(one for one in told if one["cause"]["kind"] == "time")
    found = stages(traced(shop, change["change_id"], "--format", "json"))
    assert list(found) == ["due", "published"]
    assert found["due"]["at"] == change["at"]
    text = traced(shop, change["change_id"]).stdout
    assert text.startswith(f"{change['customer_id']} ")
    assert "published" in text


def test_a_delivered_change_has_the_endpoint(
    shop: Shop, told: list[dict[str, Any]], hooks: Hooks
) -> None:
    with Receiver() as receiver:
        hooks.configure(receiver, 'begin = "earliest"')
        hooks.start()
        hooks_page = f"http://127.0.0.1:{hooks.metrics_port}"
        change = told[0]["change_id"]
        wait_until(lambda: any(one.change_id == change for one in receiver.requests), "it is sent")
        wait_until(
            lambda: any(one["change_id"] == change for one in hooks.deliveries()), "it is noted"
        )
        found = stages(traced(shop, change, "--format", "json", "--react", hooks_page))
        assert found["delivered"]["where"] == "crm, try 1: delivered 200"
        assert list(found)[-1] == "delivered"


def test_what_is_not_there_is_said_with_what_was_looked_through(shop: Shop) -> None:
    done = traced(shop, UNKNOWN)
    assert done.exit_code == 1
    assert f"no change {UNKNOWN} was published to {shop.topics.changes} since" in done.stderr


@pytest.mark.parametrize("words", [("not an id",), (UNKNOWN[1:],), (UNKNOWN + "\x00",)])
def test_what_is_no_change_id_is_said(shop: Shop, words: tuple[str]) -> None:
    done = traced(shop, *words)
    assert done.exit_code == 2
    assert "is no change_id" in done.stderr


@pytest.mark.parametrize("url", ["crm", "file:///etc/passwd", "http://127.0.0.1:1"])
def test_a_page_of_deliveries_that_cannot_be_read_is_said(shop: Shop, url: str) -> None:
    done = traced(shop, UNKNOWN, "--react", url)
    assert done.exit_code == 2
    assert url in done.stderr
