"""`streamer serve` on a real Kafka: what it answers is what the oracle says of the log."""

import json
import signal
from collections import defaultdict

from tests.adapters.kafka.topics import committed_records
from tests.live.serving import Serving
from tests.live.shop import PARTITIONS, Shop
from tests.waiting import wait_until


def ids_of_events(shop: Shop, customer: str) -> set[str]:
    """The ids of all events of a customer that the topic holds."""
    records = committed_records(shop.kafka.address, shop.topics.events)
    events = [json.loads(one.value) for one in records if customer.encode() in one.value]
    return {
        one["id"] for one in events if customer in (one.get("user_id"), one.get("anonymous_id"))
    }


def test_members_and_flows_are_the_oracle_s_also_after_a_kill(shop: Shop) -> None:
    worker = shop.worker()
    wait_until(worker.works, "the worker works", 60)
    serving = Serving(shop)
    with shop.storefront(1) as storefront:
        storefront.wait_for_events(300)
        shop.wait_for_changes()
        serving.process.signal(signal.SIGKILL)
        serving.process.process.wait(30)
        shop.wait_for_changes()
        serving = Serving(shop)
        storefront.wait_for_events(100)
    expected = shop.expected()
    wanted = sum(map(len, expected.changes.values()))
    wait_until(lambda: len(shop.changes()) >= wanted, f"{wanted} changes", 180)
    members = {who: where for who, where in expected.members.items() if where}
    wait_until(lambda: serving.members(shop) == members, "the members of the oracle", 60)

    told = serving.ask("/v1/sizes?bucket=1h&buckets=48")[1]
    entered: defaultdict[str, int] = defaultdict(int)
    for changes in expected.changes.values():
        for change in changes:
            entered[change["segment"]] += change["direction"] == "entered"
    for series in told["series"]:
        assert sum(series["entered"]) == entered[series["segment"]]
        assert series["size"][-1] == sum(series["segment"] in where for where in members.values())
    serving.process.stop()
    serving = Serving(shop)  # goes on where the file stands, and there is nothing to read
    assert serving.records_read() == 0

    who = next(iter(members))
    segment = members[who][0]
    status, why = serving.ask(f"/v1/customers/{who}/segments/{segment}")
    assert status == 200
    assert why["membership"] == segment
    story = serving.ask(f"/v1/customers/{who}/changes?limit=500")[1]
    assert {one["id"] for one in story["events"]} == ids_of_events(shop, who)
    assert story["events_since"] is None
    assert serving.ask("/v1/health")[1]["healthy"]
    assert serving.ask("/v1/segments")[1]["as_of"].keys() <= set(map(str, range(PARTITIONS)))
    serving.process.stop()
