"""Records that cannot be events, among good ones: told apart, kept whole, stopping nothing.

The list is that of the command line's tests. Each goes through the topic of events as a storefront
gone wrong would send it: with any key or none, with headers of its own.
"""

import re
import urllib.request
from collections import Counter
from typing import Any

from tests.adapters.kafka.topics import committed_records, producer_of
from tests.cli.test_poison import BAD
from tests.live.shop import PARTITIONS, Shop
from tests.servers.ports import free_port
from tests.strategies.moves import POISON
from tests.waiting import wait_until

HEADERS = [("trace", b"\x00\xff"), ("trace", b"again"), ("ce_id", b"")]
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
    wait_until(lambda: outcomes(port).total() == len(events), "all records are counted", 120)
    counted = outcomes(port)
    assert worker.events().count("partition taken over") == PARTITIONS
    assert not {"unavailable", "adaptererror", "fenced"} & set(worker.events())
    shop.judge()

    found = rejected(shop)
    kinds = Counter(told(record)["rejected_kind"] for record in found)
    assert counted == kinds + Counter(applied=counted["applied"])
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
