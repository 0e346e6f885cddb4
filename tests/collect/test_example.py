"""The page in examples/storefront in a real browser: what is clicked is in the topic."""

from pathlib import Path

import pytest

from streamer.codecs.events import decode
from streamer.types import Record
from tests.collect.devtools import evaluate, page_of
from tests.collect.get import PACKAGES, missing_for_browser
from tests.collect.pages import Pages, opened
from tests.collect.site import ANYWHERE, Site
from tests.conftest import need
from tests.waiting import wait_until

pytestmark = pytest.mark.sdks

EXAMPLE = Path(__file__).parents[2] / "examples" / "storefront"
CLICKS = ["view-shoe-1", "add-shoe-1", "add-mug-1", "remove-mug-1", "order"]
EVENTS = [
    "page_viewed",
    "product_viewed",
    "product_added",
    "product_added",
    "product_removed",
    "order_completed",
]


def test_what_is_clicked_in_the_example_is_in_the_topic(site: Site, tmp_path: Path) -> None:
    need("the example", missing_for_browser())
    pages = Pages((EXAMPLE, PACKAGES))
    try:
        asked = {"collector": site.url, "key": ANYWHERE}
        with opened(f"{pages.origin}/index.html", tmp_path, **asked):
            page = page_of(tmp_path / "profile")
            there = f"document.getElementById('{CLICKS[0]}') !== null"
            wait_until(lambda: evaluate(page, there) is True, "the page", 60)
            for button in CLICKS:
                evaluate(page, f"document.getElementById('{button}').click()")
            wait_until(lambda: len(site.events()) >= len(EVENTS), "every event", 60)
    finally:
        pages.close()
    found = [decode(Record(0, 0, record.value)) for record in site.records()]
    assert sorted(event.name for event in found) == sorted(EVENTS)
    assert len({event.customer for event in found}) == 1
    (order,) = [event for event in found if event.name == "order_completed"]
    assert [line["product_id"] for line in order.properties["products"]] == ["shoe-1"]
