"""Records that cannot be events, among good ones: told apart, kept whole, stopping nothing.

The list is that of the command line's tests. Each goes through the topic of events as a storefront
gone wrong would send it: with any key or none, with headers of its own.
"""

import re
import urllib.request
from collections import Counter
from typing import Any

from confluent_kafka import Producer

from tests.adapters.kafka.topics import committed_records, producer_of
from tests.cli.test_poison import BAD
from tests.live.shop import PARTITIONS, Shop
from tests.servers.ports import free_port
from tests.strategies.moves import POISON
from tests.waiting import wait_until

HEADERS = [("trace", b"\x00\xff"), ("trace", b"again"), ("ce_id", b"")]
MIB = 1 << 20
EVERYTHING = [*BAD.values(), *POISON]


def send_poison(shop: Shop) -> None:
    """Send every record into every partition, some with a key, some with headers."""
    with producer_of(shop.kafka.address) as producer:
        sent = [
            producer.send(
                shop.topics.events,
                value,
                b"u-%d" % number if number % 3 else None,
                HEADERS if number % 2 else [],
                partition,
            )
            for partition in range(PARTITIONS)
            for number, value in enumerate(EVERYTHING)
        ]
        for each in sent:
            each.get(60)


def rejected(shop: Shop) -> list[Any]:
    return committed_records(shop.kafka.address, shop.topics.rejected)


def told(record: Any) -> dict[str, str]:  # noqa: ANN401 (kafka-python carries no types)
    """Return the headers that say why and where; they are the last."""
    return {name: value.decode() for name, value in record.headers[-6:]}


def outcomes(port: int) -> Counter[str]:
    """Return how many records a worker has counted, by outcome."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as got:
        text = got.read().decode()
    found = re.findall(r'^streamer_records_total\{outcome="(\w+)"\} (\S+)', text, re.MULTILINE)
    return Counter({outcome: int(float(count)) for outcome, count in found})


def test_poison_is_rejected_untouched_and_good_events_decide_as_if_it_were_not_there(
    shop: Shop,
) -> None:
    port = free_port()
    worker = shop.worker("--metrics-port", str(port))
    with shop.storefront(21) as storefront:
        wait_until(lambda: worker.works() and storefront.sent > 100, "work", 60)
        send_poison(shop)
        enough = storefront.sent + 100
        wait_until(lambda: storefront.sent > enough, "good events after it", 60)
    events = committed_records(shop.kafka.address, shop.topics.events)
    wait_until(lambda: outcomes(port).total() >= len(events), "all records are counted", 120)
    counted = outcomes(port)
    shop.judge()

    found = rejected(shop)
    kinds = Counter(told(record)["rejected_kind"] for record in found)
    assert kinds.total() < len(events)
    if worker.events().count("partition assigned") == PARTITIONS:  # else it has counted again
        assert counted == kinds + Counter(applied=len(events) - kinds.total())
    by_place = {(record.partition, record.offset): record for record in events}
    for record in found:
        why = told(record)
        assert why["rejected_topic"] == shop.topics.events
        assert why["rejected_reason"]
        place = int(why["rejected_partition"]), int(why["rejected_offset"])
        original = by_place.pop(place)
        assert (record.key, record.value) == (original.key, original.value)
        assert record.headers[:-6] == original.headers
    values = [record.value for record in found]
    for value in EVERYTHING:
        assert values.count(value) >= PARTITIONS
    assert not set(EVERYTHING) & {record.value for record in by_place.values()}


def test_a_record_larger_than_kafka_takes_back_is_cut_and_stops_nothing(shop: Shop) -> None:
    """Limits count compressed bytes, so a storefront can send more than anybody writes again."""
    worker = shop.worker()
    wait_until(worker.works, "work", 60)
    topic = shop.topics.events
    producer = Producer(
        {
            "bootstrap.servers": shop.kafka.address,
            "compression.type": "gzip",
            "message.max.bytes": 64 * MIB,
        }
    )
    large, long_key = b"[" + b" " * (20 * MIB) + b"]", b"k" * (5 * MIB)
    producer.produce(topic, large, b"u-1", partition=0, headers=[("trace", b"1")])
    producer.produce(topic, b"small", long_key, partition=0)
    producer.produce(topic, b"small", b"u-2", partition=0, headers=[("trace", b"x" * (5 * MIB))])
    producer.produce(topic, b"last", b"u-3", partition=0)
    assert producer.flush(60) == 0
    wait_until(lambda: len(rejected(shop)) == 4, "all are rejected", 60)
    found = rejected(shop)
    assert [(record.key, record.value) for record in found] == [
        (b"u-1", large[:MIB]),
        (long_key[:MIB], b"small"),
        (b"u-2", b"small"),
        (b"u-3", b"last"),
    ]
    sizes = [len(large) + 9, len(long_key) + 5, 5 * MIB + 13]
    for offset, (record, size) in enumerate(zip(found, sizes, strict=False)):
        assert len(record.headers) == 7
        headers = {name: value.decode() for name, value in record.headers}
        assert headers["rejected_size"] == str(size)
        assert headers["rejected_offset"] == str(offset)
