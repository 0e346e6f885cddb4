"""A test event of the page: in the log, decided, in the story; nothing else gets in that way."""

from pathlib import Path

import orjson
import pytest

from streamer.adapters.held import HeldFile
from streamer.instants import parse_iso
from streamer.types import DAY
from tests.serve.asking import Answer, Asking, asking
from tests.serve.conftest import RULES, filled
from tests.waiting import wait_until

ADDED = {"name": "product_added", "user_id": "u-new", "properties": {"product_id": "shoe-1"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a shop that a test may write to."""
    return filled(tmp_path / "shop.db", 2 * DAY)


def send(ask: Asking, event: object, **headers: str) -> Answer:
    body = event if isinstance(event, bytes) else orjson.dumps(event)
    return ask("/v1/events", "POST", body, **{"Content_Type": "application/json"} | headers)


def test_it_is_decided_and_shows_in_the_story(file: Path, tmp_path: Path) -> None:
    with asking(file, RULES, tmp_path) as ask:
        before = ask("/v1/segments").body["as_of"]["0"]
        assert ask("/v1/health").body["test_events"]
        answer = send(ask, ADDED)
        assert answer.status == 202
        assert answer.body["decided"]
        assert parse_iso(answer.body["at"]) >= parse_iso(before)

        def memberships() -> list[str]:
            told = ask("/v1/customers/u-new")
            return [one["segment"] for one in told.body["segments"]] if told.status == 200 else []

        wait_until(lambda: "engagement.semi_active" in memberships(), "the change", 30)
        story = ask("/v1/customers/u-new/changes").body
        assert [one["id"] for one in story["events"]] == [answer.body["id"]]
        assert story["events"][0]["properties"] == ADDED["properties"]
        causes = {one["cause"].get("event_id") for one in story["changes"]}
        assert causes == {answer.body["id"]}
        again = send(ask, ADDED | {"id": answer.body["id"]})
        assert again.status == 202

        def kinds() -> list[str]:
            return [one["kind"] for one in ask("/v1/rejected").body["groups"]]

        wait_until(lambda: "duplicate" in kinds(), "the repeated id", 30)


def test_who_holds_the_file_decides_it(file: Path, tmp_path: Path) -> None:
    with asking(file, RULES, tmp_path) as ask, HeldFile(file) as held:
        assert held.is_held
        assert not send(ask, ADDED).body["decided"]
        story = ask("/v1/customers/u-new/changes").body
        assert len(story["events"]) == 1
        assert story["changes"] == []


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        (b"no json", 400, "bad-request"),
        (b"[]", 400, "bad-request"),
        ({"name": "product_added"}, 400, "bad-request"),
        (ADDED | {"time": "yesterday"}, 400, "bad-request"),
        (ADDED | {"properties": {"note": "x" * 100_000}}, 413, "too-large"),
    ],
)
def test_what_is_no_event_is_refused_with_what_to_write(
    ask: Asking, event: object, status: int, kind: str
) -> None:
    answer = send(ask, event)
    assert answer.status == status
    assert answer.body["type"] == f"urn:streamer:problem:{kind}"
    assert status == 413 or answer.body["write"]


def test_pages_of_others_and_forms_send_nothing(ask: Asking) -> None:
    assert send(ask, ADDED, Origin="https://elsewhere.example").status == 403
    assert send(ask, ADDED, Sec_Fetch_Site="cross-site").status == 403
    assert send(ask, ADDED, Content_Type="text/plain").status == 400
    assert ask("/v1/events").status == 405
    assert ask("/v1/customers/u-new").status == 404


def test_on_kafka_events_come_from_the_shop(shop_file: Path, tmp_path: Path) -> None:
    with asking(shop_file, RULES, tmp_path, events=False) as ask:
        assert not ask("/v1/health").body["test_events"]
        answer = send(ask, ADDED)
        assert answer.status == 404
        assert answer.body["type"] == "urn:streamer:problem:no-test-events"
        customer = ask("/v1/changes").body["changes"][0]["customer_id"]
        assert ask(f"/v1/customers/{customer}/changes").body["events"] is None


def test_a_file_that_other_rules_have_decided_is_left_alone(file: Path, tmp_path: Path) -> None:
    rules = tmp_path / "other.yaml"
    rules.write_text("segment: other\npurpose: A test.\nwhen: {performed: product_added}\n")
    with asking(file, [str(rules)], tmp_path) as ask:
        answer = send(ask, ADDED)
        assert answer.status == 409
        assert "--rules" in answer.body["detail"]
