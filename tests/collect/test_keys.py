"""What a key lets its bearer do: browsers show theirs to everybody."""

import hmac
import signal
from typing import Any

import pytest

from tests.collect.calls import NOW, fresh, track
from tests.collect.site import ORIGIN, PUBLIC, SECRET, SIGNED, SLOW, USER_SECRET, Site, basic
from tests.waiting import wait_until


def reason(site: Site, path: str, call: dict[str, Any], key: str) -> str | None:
    """Why a call was rejected, None if it was taken."""
    answer = site.post(path, call, key)
    assert answer.status == 200, answer
    rejected = answer.json.get("rejected")
    return rejected[0]["reason"] if rejected else None


def proof(user: str) -> dict[str, Any]:
    return {"userHash": hmac.new(USER_SECRET.encode(), user.encode(), "sha256").hexdigest()}


@pytest.mark.parametrize("key", [None, "no such key", "", "\xff"])
def test_without_a_right_key_nothing_is_taken(site: Site, key: str | None) -> None:
    event_id = fresh()
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    answer = site.ask("POST", "/v1/track", b"{}", headers)
    assert (answer.status, answer.json["code"]) == (401, "key")
    assert event_id not in site.ids()


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Digest x", "Basic /w=="])
def test_a_broken_authorization_is_named(site: Site, header: str) -> None:
    answer = site.ask("POST", "/v1/track", b"{}", {"Authorization": header})
    assert answer.status == 401
    assert "Authorization" in answer.json["message"] or "key" in answer.json["message"]


def test_the_key_in_the_query_is_for_beacons_only(site: Site) -> None:
    answer = site.ask(
        "POST", f"/v1/track?writeKey={SECRET}", b"{}", {"Content-Type": "application/json"}
    )
    assert answer.status == 401


@pytest.mark.parametrize(
    "where",
    [
        {"traits": {"vip": True}},
        {"context": {"traits": {"vip": True}}},
        {"context": {"consent": {"categoryPreferences": {"marketing": True}}}},
    ],
)
def test_a_public_key_names_no_protected_trait(site: Site, where: dict[str, Any]) -> None:
    call = {"messageId": fresh(), "userId": "u-1", "timestamp": NOW, **where}
    assert "protected" in (reason(site, "/v1/identify", call, PUBLIC) or "")
    assert "protected" in (reason(site, "/v1/track", {**call, "event": "X"}, PUBLIC) or "")
    assert reason(site, "/v1/identify", call, SECRET) is None


def test_a_protected_trait_is_found_in_an_event_of_any_form(site: Site) -> None:
    inside = {"name": "identified", "user_id": "u-1", "traits": {"vip": True}}
    plain = {"id": fresh(), "time": NOW, **inside}
    envelope = {"specversion": "1.0", "id": fresh(), "source": "/", "type": "t", "time": NOW}
    assert "protected" in (reason(site, "/v1/events", plain, PUBLIC) or "")
    assert "protected" in (reason(site, "/v1/events", {**envelope, "data": inside}, PUBLIC) or "")


def test_a_key_that_asks_for_it_says_who_a_user_is_with_the_hmac_only(site: Site) -> None:
    call = {"messageId": fresh(), "userId": "u-1", "timestamp": NOW, "traits": {"plan": "pro"}}
    assert "HMAC" in (reason(site, "/v1/identify", call, SIGNED) or "")
    forged = {**call, "context": proof("u-2")}
    assert "HMAC" in (reason(site, "/v1/identify", forged, SIGNED) or "")
    assert "HMAC" in (reason(site, "/v1/track", {**call, "event": "X"}, SIGNED) or "")
    alias = {"messageId": fresh(), "userId": "u-1", "previousId": "a-1", "timestamp": NOW}
    assert "HMAC" in (reason(site, "/v1/alias", alias, SIGNED) or "")
    assert reason(site, "/v1/identify", {**call, "context": proof("u-1")}, SIGNED) is None
    assert reason(site, "/v1/alias", {**alias, "context": proof("u-1")}, SIGNED) is None
    assert not any("userHash" in str(event) for event in site.events())
    nobody = {
        "messageId": fresh(),
        "anonymousId": "a-1",
        "timestamp": NOW,
        "traits": {"plan": "pro"},
    }
    assert reason(site, "/v1/identify", nobody, SIGNED) is None


def test_without_the_hmac_an_event_links_nobody(site: Site) -> None:
    loose, proven = fresh(), fresh()
    site.post("/v1/track", track(loose, anonymousId="a-1"), SIGNED)
    site.post("/v1/track", track(proven, anonymousId="a-1", context=proof("u-7")), SIGNED)
    events = {event.get("messageId"): event for event in site.events()}
    assert "anonymousId" not in events[loose]
    assert events[proven]["anonymousId"] == "a-1"


def test_a_public_key_without_a_secret_links_nobody(site: Site) -> None:
    event_id = fresh()
    site.post("/v1/track", track(event_id, anonymousId="a-1"), PUBLIC)
    (event,) = [one for one in site.events() if one.get("messageId") == event_id]
    assert "anonymousId" not in event
    alias = {"messageId": fresh(), "userId": "u-1", "previousId": "a-1", "timestamp": NOW}
    assert "links no ids" in (reason(site, "/v1/alias", alias, PUBLIC) or "")


def test_a_page_may_send_from_the_origins_of_its_key(site: Site) -> None:
    wanted = {"Origin": ORIGIN, "Access-Control-Request-Headers": "authorization"}
    asked = site.ask("OPTIONS", "/v1/track", headers=wanted)
    assert asked.status == 200
    assert asked.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert asked.headers["Access-Control-Allow-Headers"] == "authorization"
    answer = site.post("/v1/track", track(fresh()), PUBLIC, Origin=ORIGIN)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"


@pytest.mark.parametrize(("key", "origin"), [(PUBLIC, "https://other.example"), (SECRET, ORIGIN)])
def test_a_page_of_another_origin_and_a_secret_key_in_a_page_are_refused(
    site: Site, key: str, origin: str
) -> None:
    answer = site.post("/v1/track", track(fresh()), key, Origin=origin)
    assert (answer.status, answer.json["code"]) == (403, "origin")


def test_a_preflight_carries_no_key_and_goes_by_the_origin_alone(site: Site) -> None:
    other, stranger = "https://other.example", "https://stranger.example"

    def allowed(origin: str) -> str | None:
        answer = site.ask("OPTIONS", "/v1/track", headers={"Origin": origin})
        return answer.headers.get("Access-Control-Allow-Origin")

    before = site.keys.read_text(encoding="utf-8")
    keys = [(PUBLIC, ORIGIN), ("pk_other_key", other)]
    tables = [
        f'[{number}]\nkind = "public"\nkey = "{key}"\norigins = ["{origin}"]\n'
        for number, (key, origin) in enumerate(keys)
    ]
    site.keys.write_text("\n".join(tables), encoding="utf-8")
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: allowed(stranger) is None, "the key for every page is gone")
    assert (allowed(ORIGIN), allowed(other)) == (ORIGIN, other)
    answer = site.post("/v1/track", track(fresh()), PUBLIC, Origin=other)
    assert (answer.status, answer.json["code"]) == (403, "origin")
    assert answer.headers["Access-Control-Allow-Origin"] == other, "the page can read why"
    site.keys.write_text(before, encoding="utf-8")
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: allowed(stranger) == stranger, "the keys from before")


def test_a_key_that_sends_too_much_is_told_when_to_go_on(site: Site) -> None:
    """Ten seconds of its rate are let through at once."""
    batch = {"batch": [track(fresh()) for _ in range(15)]}
    assert site.post("/v1/batch", batch, SLOW).status == 200
    answer = site.post("/v1/batch", batch, SLOW)
    assert (answer.status, answer.json["code"]) == (429, "rate")
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert site.post("/v1/batch", batch).status == 200, "another key is not slowed down"


def test_the_keys_are_read_anew_on_sighup(site: Site) -> None:
    before = site.keys.read_text(encoding="utf-8")
    added = '\n[added]\nkind = "secret"\nkey = "sk_added_later"\n'
    site.keys.write_text(before + added, encoding="utf-8")
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: site.post("/v1/track", track(fresh()), "sk_added_later").status == 200, "it")
    site.keys.write_text("[web]\nkind = 7\n", encoding="utf-8")
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "keys refused" in site.said(), "the refusal")
    assert site.post("/v1/track", track(fresh()), "sk_added_later").status == 200
    page = site.ask("GET", "/readyz", port=site.metrics_port)
    assert page.status == 503
    assert b"kind" in page.body
    site.keys.write_text(before, encoding="utf-8")
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: site.post("/v1/track", b"{}", "sk_added_later").status == 401, "the removal")


def test_the_settings_that_browser_sdks_ask_for_are_there(site: Site) -> None:
    segment = site.ask("GET", f"/v1/projects/{PUBLIC}/settings", headers={"Origin": ORIGIN})
    assert segment.json["integrations"]["Segment.io"]["apiKey"] == PUBLIC
    assert segment.headers["Access-Control-Allow-Origin"] == ORIGIN
    key = {"Authorization": basic(PUBLIC)}
    rudder = site.ask("GET", f"/sourceConfig/?writeKey={PUBLIC}", headers=key)
    assert rudder.json["source"]["destinations"] == []
    assert site.ask("GET", "/v1/projects/no-such-key/settings").status == 401


def test_metrics_name_keys_by_their_names(site: Site) -> None:
    assert reason(site, "/v1/track", track(fresh()), SECRET) is None
    page = site.ask("GET", "/metrics", port=site.metrics_port).body.decode()
    assert 'streamer_collect_events_total{key="backend",outcome="accepted"}' in page
    assert SECRET not in page
    assert site.ask("GET", "/healthz").status == 200
