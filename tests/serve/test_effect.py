"""The effect of a holdout is the one that `streamer effect` finds in the same events."""

from contextlib import nullcontext
from pathlib import Path
from zlib import crc32

import pytest
from confluent_kafka import Producer

from streamer.adapters.database import Database
from streamer.adapters.kafka import Connection
from streamer.adapters.kafka.history import KafkaHistory
from streamer.adapters.sqlite import SqliteLog
from streamer.analysis.effect import EffectRequest, effect_of_rules
from streamer.app.inputs import EventReading, load_rules, read_records
from streamer.codecs.events import decode
from streamer.types import DAY
from tests.adapters.kafka.topics import create_topic
from tests.serve.asking import Asking, asking
from tests.serve.conftest import RULES as SHOWN
from tests.serve.conftest import filled
from tests.servers import KafkaServer

RULES = """\
segment: cart
purpose: Remind of the cart.
settings: {holdout: 30%}
when: {performed: product_added, within: 2d}
"""


def test_both_groups_are_those_of_the_events(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    file = filled(tmp_path / "shop.db", 12 * DAY, [str(rules)], customers=150)
    with asking(file, [str(rules)], tmp_path) as ask:
        told = ask("/v1/segments/cart/effect?within=3d").body
        assert ask("/v1/segments/cart/effect?conversion=nothing").body["held_out"]["converted"] == 0
    asked = EffectRequest("cart", frozenset({"order_completed"}), 3 * DAY, 0.01)
    with Database(file) as database:
        found = effect_of_rules(
            load_rules([str(rules)]).compiled,
            lambda: nullcontext(EventReading(SqliteLog(database), decode)),
            asked,
        )
    for name, group in (("not_held_out", found.reacted), ("held_out", found.held_out)):
        assert told[name]["customers"] == group.customers > 0
        assert told[name]["converted"] == group.converted
    assert told["difference"] == pytest.approx(found.difference)
    assert told["verdict"] == found.verdict
    assert told["left_out"] == found.open_


def test_events_on_kafka_give_the_same(kafka: KafkaServer, own_name: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    file = filled(tmp_path / "shop.db", 12 * DAY, [str(rules)], customers=150)
    with asking(file, [str(rules)], tmp_path) as ask:
        told = ask("/v1/segments/cart/effect?within=3d").body
    create_topic(kafka.address, own_name, 3)
    producer, sent = Producer({"bootstrap.servers": kafka.address}), 0
    with Database(file) as database:
        for record in read_records(SqliteLog(database)):
            customer = decode(record).customer.encode()
            at = record.appended or 0
            producer.produce(own_name, record.value, customer, crc32(customer) % 3, timestamp=at)
            sent += 1
    assert producer.flush(60) == 0
    connection = Connection(kafka.address)
    for most, status in ((sent, 200), (sent - 1, 404)):
        with (
            KafkaHistory(connection, own_name, most=most) as history,
            asking(file, [str(rules)], tmp_path, events=history) as ask,
        ):
            answer = ask("/v1/segments/cart/effect?within=3d")
        assert answer.status == status
        if status == 200:
            assert answer.body == told
        else:
            assert "streamer effect EVENTS --segment cart" in answer.body["detail"]


def test_without_two_groups_it_says_what_is_missing(ask: Asking) -> None:
    answer = ask("/v1/segments/cart_abandoner/effect")
    assert answer.status == 404
    assert "holdout: 5%" in answer.body["detail"]


def test_without_events_it_names_the_command(shop_file: Path, tmp_path: Path) -> None:
    with asking(shop_file, SHOWN, tmp_path, events=False) as ask:
        answer = ask("/v1/segments/cart_abandoner/effect")
    assert answer.status == 404
    assert "streamer effect EVENTS --segment cart_abandoner" in answer.body["detail"]
