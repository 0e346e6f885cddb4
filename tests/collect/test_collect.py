"""What comes over HTTP is in Kafka when it is answered 200: calls, events and what is refused."""

import gzip
import json
from typing import Any

import pytest

from streamer.codecs.events import decode
from streamer.types import Record
from tests.collect.calls import NOW, fresh, track
from tests.collect.site import PUBLIC, SECRET, Site, basic


def found(site: Site, event_id: str) -> dict[str, Any]:
    """The one event of this id in the topic."""
    (event,) = [
        each for each in site.events() if event_id in (each.get("messageId"), each.get("id"))
    ]
    return event


@pytest.mark.parametrize("path", ["track", "t", "identify", "i", "page", "p", "screen", "s"])
def test_a_single_call_of_every_kind_is_in_the_topic(site: Site, path: str) -> None:
    event_id = fresh()
    call = track(event_id)
    del call["type"]
    answer = site.post(f"/v1/{path}", call)
    assert (answer.status, answer.json) == (200, {"success": True})
    kinds = {"t": "track", "i": "identify", "p": "page", "s": "screen"}
    assert found(site, event_id)["type"] == kinds[path[0]]


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"])
def test_a_batch_is_split_and_shares_its_context(site: Site, path: str) -> None:
    first, second = fresh(), fresh()
    calls = [track(first, context={"locale": "de"}), track(second)]
    assert site.post(path, {"batch": calls, "context": {"locale": "en", "app": 1}}).status == 200
    assert found(site, first)["context"] == {"locale": "de", "app": 1}
    assert found(site, second)["context"] == {"locale": "en", "app": 1}


def test_one_bad_event_does_not_cost_its_batch(site: Site) -> None:
    good, bad = fresh(), fresh()
    answer = site.post("/v1/batch", {"batch": [track(good), {**track(bad), "event": 7}, "no call"]})
    assert answer.status == 200
    assert [told["index"] for told in answer.json["rejected"]] == [1, 2]
    assert good in site.ids()
    assert bad not in site.ids()
    ((value, why),) = [each for each in site.rejected() if bad.encode() in each[0]]
    assert json.loads(value)["event"] == 7
    assert why["rejected_kind"] == "invalid"
    assert why["rejected_reason"] == "event must be text"
    assert why["rejected_path"] == "/then/properties/event"
    assert (why["rejected_sender"], why["rejected_endpoint"]) == ("backend", "/v1/batch")


def test_strict_mode_takes_nothing_and_says_every_reason(site: Site) -> None:
    good, bad = fresh(), fresh()
    batch = [track(good), {**track(bad), "event": 7}, {**track(bad), "userId": None}]
    answer = site.post("/v1/batch", {"batch": batch}, X_Strict_Mode="1")
    assert answer.status == 400
    assert [error["index"] for error in answer.json["errors"]] == [1, 2]
    assert good not in site.ids()


@pytest.mark.parametrize(
    "text", [rb'"half \ud83d"', b'"no \xff UTF-8"', b"NaN", b"1e999", b"9" * 5_000]
)
def test_what_only_python_can_read_costs_one_event(site: Site, text: bytes) -> None:
    """Texts that JavaScript has cut within an emoji, and numbers that Python makes up."""
    good, bad = fresh(), fresh()
    odd = json.dumps(track(bad, properties={"odd": "HERE"})).encode().replace(b'"HERE"', text)
    body = b'{"batch": [' + json.dumps(track(good)).encode() + b"," + odd + b"]}"
    assert site.post("/v1/batch", body).status == 200
    assert good in site.ids()
    assert bad not in site.ids()
    assert any(bad.encode() in value for value, _ in site.rejected())


def test_a_retry_of_a_call_without_an_id_is_the_same_event(site: Site) -> None:
    call = track(properties={"it": fresh()})
    for sent_at in ("2026-01-01T00:00:11Z", "2026-01-01T00:00:12Z"):
        assert site.post("/v1/batch", {"batch": [call], "sentAt": sent_at}).status == 200
        assert site.post("/v1/track", {**call, "sentAt": sent_at}).status == 200
    ids = [
        each["messageId"] for each in site.events() if each.get("properties") == call["properties"]
    ]
    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_a_wrong_clock_is_put_right_by_when_the_call_was_sent(site: Site) -> None:
    """The clock of the device is 16 years behind; the call was sent ten seconds late."""
    event_id = fresh()
    call = track(event_id, timestamp="2010-01-01T00:00:00.000Z")
    answer = site.post("/v1/batch", {"batch": [call], "sentAt": "2010-01-01T00:00:10.000Z"})
    assert answer.status == 200
    event = found(site, event_id)
    received = decode(record({**event, "timestamp": event["receivedAt"]})).time
    assert received - decode(record(event)).time == 10_000
    assert event["originalTimestamp"] == "2010-01-01T00:00:00.000Z"


def record(event: dict[str, Any]) -> Record:
    return Record(0, 0, json.dumps(event).encode())


@pytest.mark.parametrize("key", ["header", "bearer", "body", "query"])
def test_the_key_may_come_in_every_way_that_sdks_send_it(site: Site, key: str) -> None:
    event_id = fresh()
    body = json.dumps(track(event_id) | ({"writeKey": SECRET} if key == "body" else {})).encode()
    headers = {"Content-Type": "text/plain"}
    if key == "header":
        headers["Authorization"] = basic(SECRET)
    elif key == "bearer":
        headers["Authorization"] = f"Bearer {SECRET}"
    path = "/v1/track" + (f"?writeKey={SECRET}" if key == "query" else "")
    assert site.ask("POST", path, body, headers).status == 200
    assert "writeKey" not in found(site, event_id)


def test_gzip_is_unpacked(site: Site) -> None:
    event_id = fresh()
    assert site.post("/v1/track", track(event_id), Content_Encoding="gzip").status == 200
    assert event_id in site.ids()


def test_an_alias_call_goes_into_the_log_as_it_is(site: Site) -> None:
    event_id = fresh()
    call = {"messageId": event_id, "previousId": "a-1", "userId": "u-1", "timestamp": NOW}
    assert site.post("/v1/alias", call).status == 200
    event = found(site, event_id)
    assert (event["type"], event["previousId"], event["userId"]) == ("alias", "a-1", "u-1")


def test_a_group_call_is_rejected_by_what_it_is(site: Site) -> None:
    call = {"messageId": fresh(), "userId": "u-1", "groupId": "g-1", "timestamp": NOW}
    answer = site.post("/v1/group", call)
    assert answer.status == 200
    assert "group call" in answer.json["rejected"][0]["reason"]


def plain(event_id: str) -> dict[str, Any]:
    return {"id": event_id, "name": "product_added", "time": NOW, "user_id": "u-7"}


def test_plain_events_come_single_and_in_lists(site: Site) -> None:
    ids = [fresh() for _ in range(3)]
    assert site.post("/v1/events", plain(ids[0])).status == 200
    assert site.post("/v1/events", [plain(each) for each in ids[1:]]).status == 200
    assert set(ids) <= site.ids().keys()


def test_cloud_events_come_structured_in_batches_and_binary(site: Site) -> None:
    ids = [fresh() for _ in range(3)]
    inside = {"name": "cart_viewed", "user_id": "u-7"}
    envelopes = [
        {"specversion": "1.0", "id": each, "source": "/s", "type": "t", "time": NOW, "data": inside}
        for each in ids[:2]
    ]
    one = site.post("/v1/events", envelopes[0], Content_Type="application/cloudevents+json")
    many = site.post(
        "/v1/events", [envelopes[1]], Content_Type="application/cloudevents-batch+json"
    )
    attributes = {"specversion": "1.0", "id": ids[2], "source": "/s", "type": "t", "time": NOW}
    binary = site.post("/v1/events", inside, **{f"ce_{k}": v for k, v in attributes.items()})
    assert [one.status, many.status, binary.status] == [200, 200, 200]
    for each in ids:
        assert decode(record(found(site, each))).name == "cart_viewed"


def test_no_address_of_a_machine_is_kept(site: Site) -> None:
    good, bad = fresh(), fresh()
    names = ("ip", "requestIp", "request_ip")
    places = {"context": {"ip": "192.0.2.7"}, **dict.fromkeys(names, "192.0.2.7")}
    calls = [{**track(each), **places, **more} for each, more in ((good, {}), (bad, {"event": 7}))]
    assert site.post("/v1/batch", {"batch": calls}, X_Forwarded_For="192.0.2.7").status == 200
    kept = [json.dumps(found(site, good)).encode(), *(value for value, _ in site.rejected())]
    assert not any(b"192.0.2.7" in value or b"127.0.0.1" in value for value in kept)
    assert "192.0.2.7" not in site.text


def test_what_crawlers_send_is_marked_and_kept(site: Site) -> None:
    ids = [fresh() for _ in range(3)]
    bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    site.post("/v1/track", track(ids[0]), PUBLIC, User_Agent=bot)
    site.post("/v1/track", track(ids[1], context={"userAgent": bot}))
    site.post("/v1/track", track(ids[2]), User_Agent=bot)
    assert found(site, ids[0])["context"] == {"bot": True}
    assert found(site, ids[1])["context"]["bot"] is True
    assert "context" not in found(site, ids[2]), "a backend's own user agent says nothing"


def test_gzip_of_the_body_is_what_rudderstacks_sdk_calls_a_form(site: Site) -> None:
    event_id = fresh()
    headers = {
        "Authorization": basic(SECRET),
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Encoding": "gzip",
    }
    body = gzip.compress(json.dumps({"batch": [track(event_id)]}).encode())
    assert site.ask("POST", "/v1/batch", body, headers).status == 200
    assert event_id in site.ids()


TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("sent", "own", "kept"),
    [
        (TRACEPARENT, {}, [("traceparent", TRACEPARENT.encode())]),
        ("00-of no form", {}, []),
        (TRACEPARENT, {"traceparent": TRACEPARENT.replace("4bf9", "aaaa")}, []),
    ],
)
def test_the_trace_of_a_request_goes_on_with_its_events(
    site: Site, sent: str, own: dict[str, str], kept: list[tuple[str, bytes]]
) -> None:
    event_ids = [fresh(), fresh()]
    inside = {"name": "cart_viewed", "user_id": "u-7"}
    envelope = {"specversion": "1.0", "source": "/s", "type": "t", "time": NOW, "data": inside}
    events = [{**envelope, **own, "id": one} for one in event_ids]
    kind = "application/cloudevents-batch+json"
    assert site.post("/v1/events", events, Content_Type=kind, traceparent=sent).status == 200
    for event_id in event_ids:
        (record,) = [one for one in site.records() if event_id.encode() in one.value]
        assert list(record.headers) == kept
