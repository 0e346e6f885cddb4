"""What was rejected is told by reason, with one example and with what to write instead."""

import json
from pathlib import Path

import pytest

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteLog
from streamer.app.demo import Demo
from streamer.app.inputs import load_rules
from streamer.codecs.events import decode
from streamer.serve.answers.advice import instead_of
from streamer.simulation import Simulation
from streamer.types import DAY, HOUR, Record
from tests.serve.asking import asking
from tests.serve.conftest import RULES

WRONG = [
    b'{"id": "1", "name": "product_viewed", "time": "yesterday", "user_id": "u-1"}',
    b'{"id": "2", "name": "product_viewed", "time": "tomorrow", "user_id": "u-2"}',
    b'{"id": "3", "name": "Product Viewed!", "time": "2026-01-01T00:00:00Z", "user_id": "u-3"}',
    b'{"id": "4", "name": "product_viewed", "time": "2026-01-01T00:00:00Z"}',
    b"no json <script>alert(1)</script>",
]


def test_reasons_are_grouped_and_each_says_what_to_write(tmp_path: Path) -> None:
    with Database(tmp_path / "shop.db") as database:
        shop = Demo(load_rules(RULES).compiled, database, Simulation(seed=1, customers=40))
        shop.advance(shop.began + DAY)
        log = SqliteLog(database)
        for value in WRONG:
            log.append(value, shop.now)
        shop.advance(shop.now + HOUR)
        with asking(tmp_path / "shop.db", RULES, tmp_path) as ask:
            told = ask("/v1/rejected").body
            sentence = ask("/v1/health").body["sentence"]
    assert told["total"] == told["last_hour"] == len(WRONG)
    assert "5 records rejected in the last hour" in sentence
    groups = {one["path"]: one for one in told["groups"]}
    assert groups["/properties/time"]["times"] == 2
    assert groups["/properties/time"]["example"] == WRONG[1].decode()
    assert groups["/properties/time"]["write"] == '"time": "2026-11-22T05:00:00.123Z"'
    assert groups["/properties/name"]["write"] == '"name": "product_added"'
    for path in ("/anyOf", ""):
        value = groups[path]["write"].encode()
        assert decode(Record(0, 0, value)).customer == "u-7"
    assert all(one["last"] and one["instead"] for one in told["groups"])


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/properties/user_id", {"user_id": "u-7"}),
        ("/properties/properties/properties/products/items", {"properties": {}}),
        ("/properties/userId", {"userId": "u-7"}),
        ("/properties/timestamp", {"timestamp": "2026-11-22T05:00:00.123Z"}),
    ],
)
def test_a_field_is_written_as_in_the_example_of_its_schema(
    path: str, written: dict[str, object]
) -> None:
    advice = instead_of("invalid", path)
    found = json.loads(f"{{{advice.write}}}")
    assert found.keys() == written.keys()
    assert advice.said


@pytest.mark.parametrize("kind", ["late", "early", "duplicate"])
def test_what_is_no_fault_of_the_form_has_advice_of_its_own(kind: str) -> None:
    advice = instead_of(kind, "")
    assert advice.said
    assert not advice.write
