"""Kafka and the collector die: nothing that was answered 200 is missing from the topic."""

import signal
import threading

import pytest

from tests.collect.calls import fresh, track
from tests.collect.senders import Sender
from tests.collect.site import Site
from tests.waiting import wait_until


def check_nothing_is_missing(site: Site, senders: list[Sender]) -> None:
    found = site.ids()
    taken = set().union(*(sender.taken for sender in senders))
    assert taken
    assert taken <= found.keys()


def test_a_kafka_that_is_killed_loses_nothing(own_site: Site) -> None:
    """Meanwhile the answer is 429 with whole seconds, and the collector is alive and not ready."""
    site = own_site
    with Sender(site) as one, Sender(site) as other:
        for _ in range(2):
            one.wait_for_more()
            site.kafka.kill()
            wait_until(lambda: site.ask("GET", "/readyz").status == 503, "no readiness", 60)
            assert site.ask("GET", "/healthz").status == 200
            answer = site.post("/v1/track", track(fresh()))
            assert (answer.status, answer.json["code"]) == (429, "away")
            assert answer.headers["Retry-After"] == "5"
            site.kafka.start()
        one.wait_for_more()
        other.wait_for_more()
    assert one.statuses | other.statuses <= {200, 429}
    check_nothing_is_missing(site, [one, other])
    assert "unavailable" in site.said()


def test_a_kafka_that_stands_still_is_answered_in_time(own_site: Site) -> None:
    """Before any SDK's own time-out of ten seconds."""
    site = own_site
    with Sender(site) as sender:
        sender.wait_for_more()
        site.kafka.pause()
        try:
            wait_until(lambda: 429 in sender.statuses, "429", 30)
        finally:
            site.kafka.resume()
        sender.wait_for_more()
    assert {answer.headers["Retry-After"] for answer in sender.answers} <= {"1", "5"}
    check_nothing_is_missing(site, [sender])


def test_a_collector_that_is_killed_loses_nothing_it_has_answered(own_site: Site) -> None:
    site = own_site
    with Sender(site) as one, Sender(site) as other:
        for _ in range(5):
            one.wait_for_more()
            site.kill()
            site.start()
        other.wait_for_more()
    assert one.statuses | other.statuses <= {200, 429, None}
    check_nothing_is_missing(site, [one, other])


def test_a_collector_that_is_stopped_answers_what_it_has(own_site: Site) -> None:
    """Every event that was taken is in the topic once: nobody had to send it again."""
    site = own_site
    with Sender(site) as one, Sender(site) as other:
        for _ in range(2):
            one.wait_for_more()
            site.process.send_signal(signal.SIGTERM)
            assert site.process.wait(60) == 0
            site.start()
        other.wait_for_more()
    assert one.statuses | other.statuses <= {200, 429, None}
    check_nothing_is_missing(site, [one, other])
    assert set(site.ids().values()) == {1}


def test_a_request_in_hand_is_answered_when_the_collector_is_stopped(own_site: Site) -> None:
    site = own_site
    event_id = fresh()
    site.kafka.pause()
    answers: list[int] = []
    sending = threading.Thread(
        target=lambda: answers.append(site.post("/v1/track", track(event_id)).status)
    )
    sending.start()
    try:
        wait_until(lambda: bytes_in_hand(site) > 0, "the request is in hand")
        site.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in site.said(), "the stop")
    finally:
        site.kafka.resume()
    sending.join(60)
    assert site.process.wait(60) == 0
    assert answers == [200]
    assert event_id in site.ids()


def bytes_in_hand(site: Site) -> float:
    page = site.ask("GET", "/metrics", port=site.metrics_port).body.decode()
    (line,) = [x for x in page.splitlines() if x.startswith("streamer_collect_bytes_in_hand ")]
    return float(line.split()[1])


@pytest.mark.parametrize("topic", ["events", "rejected"])
def test_a_missing_topic_is_named(own_site: Site, topic: str) -> None:
    site = own_site
    site.close()
    site.options = (f"--{topic}-topic", "no-such-topic")
    site.launch()
    wait_until(lambda: site.is_up() and b"no topic" in site.ask("GET", "/readyz").body, "it", 60)
    assert b"streamer topics create" in site.ask("GET", "/readyz").body
    assert site.post("/v1/track", track(fresh())).status == 429
