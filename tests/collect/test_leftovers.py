"""The collector keeps nothing of anybody: what it took is in the topics, and nowhere else."""

import pytest

from tests.collect.calls import fresh, track
from tests.collect.site import ORIGIN, PUBLIC, Site
from tests.collect.test_bad_input import talk
from tests.leftovers import in_files, in_topic, on_pages

WHO = f"u-{fresh()}"
CALLS = [
    ("/v1/identify", {"userId": WHO, "traits": {"email": f"{WHO}@shop.example"}}),
    ("/v1/alias", {"previousId": WHO, "userId": f"{WHO}-new"}),
    ("/v1/batch", {"batch": [track(fresh(), userId=WHO), {"type": "track", "userId": WHO}]}),
    ("/v1/track", b'{"userId": "' + WHO.encode()),
    (f"/v1/nowhere/{WHO}", {}),
    (f"/v1/track?userId={WHO}", track(fresh(), userId=WHO)),
]


@pytest.mark.parametrize("key", [PUBLIC, None])
def test_no_id_is_in_its_journal_or_its_metrics(site: Site, key: str | None) -> None:
    word = WHO.encode()
    for path, document in CALLS:
        site.post(path, document, key, Origin=ORIGIN)
        site.post(path, document)
    assert b" 400 " in talk(site, b"GET /" + word + b" no HTTP\r\n\r\n")
    assert in_topic(site.kafka.address, site.topics.events, word)
    assert in_topic(site.kafka.address, site.topics.rejected, word)
    assert on_pages([site.metrics_port], b"streamer_collect_events_total")
    assert on_pages([site.metrics_port], word) == []
    assert in_files(site.folder, b"listening")
    assert in_files(site.folder, word) == []
