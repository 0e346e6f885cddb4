"""Properties that rules read and could not are said: which, how often, with an example."""

import json
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from streamer.adapters.metrics import Metrics
from streamer.adapters.readings import Readings
from tests.cli.shop import event, run, shop

RULES = """\
segment: big_spender
purpose: Thank them.
when: {total: price, times: units, of: order_completed, where: {currency: EUR}, at_least: 100}
"""
SAID = 'could not be read: price in 2 events, such as "12,50 <b>"; it counts as no value'


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    order = {"name": "order_completed", "user_id": "u-1"}
    odd = {"price": "12,50 <b>", "currency": "eur", "rating": "five"}
    several = {"products": [{"price": "x"}, {"price": True}], "currency": "EUR"}
    lines = [
        event(1, 0, **order, properties=odd),
        event(1, 1, **order, properties=odd),
        event(2, 2, **order, properties=several),
        event(3, 3, **order, properties={"price": "20", "currency": "EUR", "units": "2"}),
        event(4, 4, "u-2", name="page_viewed", properties={"price": "none"}),
    ]
    events, rules = shop(tmp_path, *lines, rules=RULES)
    return [events, "--rules", rules]


def test_replay_says_so(files: list[str]) -> None:
    said = run("replay", *files).stdout
    assert SAID in said
    assert 'could not be read: units in 1 event, such as ["2"]' in said
    facts = json.loads(run("replay", *files, "--format", "json").stdout)
    assert facts["unusable"] == {
        "price": {"count": 2, "example": '"12,50 <b>"'},
        "units": {"count": 1, "example": '["2"]'},
    }


def test_a_report_says_so(files: list[str], tmp_path: Path) -> None:
    page, facts = tmp_path / "page.html", tmp_path / "facts.json"
    said = run("report", *files, "--html", str(page), "--json", str(facts)).stdout
    assert SAID in said
    assert json.loads(facts.read_text())["unusable"]["price"]["count"] == 2
    assert "12,50 &lt;b&gt;" in page.read_text()


def test_an_explanation_says_so_of_its_customer(files: list[str]) -> None:
    said = run("explain", "u-1", "--events", *files).stdout
    assert SAID in said
    facts = json.loads(run("explain", "u-1", "--events", *files, "--format", "json").stdout)
    assert set(facts["unusable"]) == {"price", "units"}
    assert "could not be read" not in run("explain", "u-2", "--events", *files).stdout


def test_a_metric_counts_it() -> None:
    exposed = generate_latest(Metrics(lambda: Readings(unusable={"price": 3})).registry())
    assert b'streamer_unusable_properties_total{property="price"} 3.0' in exposed
