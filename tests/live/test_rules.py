"""Rules change under running workers, on real servers, while one of them is killed for good."""

import signal
from collections import defaultdict
from typing import Any

from redis import Redis

from streamer.codecs.profiles import ProfileCodec
from tests.engine import compiled
from tests.live.shop import EVERYBODY, PARTITIONS, Shop, check_told_once
from tests.strategies import documents_to_yaml
from tests.waiting import wait_until

BOUGHT = {"performed": "order_completed"}
BUSY = {"performed": "any", "at_least": 4, "within": "4s"}


def segment(key: str, when: dict[str, Any]) -> dict[str, Any]:
    return {"segment": key, "title": key, "purpose": "To change.", "when": when}


# Both remember the same, so the oracle can be asked what holds under the new ones.
OLD = [segment("busy", BUSY), segment("buyer", BOUGHT), segment("gone", {"none": [BUSY]})]
NEW = [
    segment("busy", BUSY),
    segment("buyer", {"none": [BOUGHT]}),
    segment("resting", {"all": [BOUGHT, {"none": [BUSY]}]}),
]
SILENT, LOUD = EVERYBODY[:20], EVERYBODY[20:]


def renewed(shop: Shop) -> bool:
    """Whether no profile of other rules can be left on any partition."""
    only = [ProfileCodec(compiled(documents_to_yaml(NEW))).id]
    with Redis.from_url(shop.redis.url) as client:
        keys = [f"{{{shop.group}:{partition}}}:layouts" for partition in range(PARTITIONS)]
        return all(client.hkeys(key) == only for key in keys)


def decided(shop: Shop) -> set[str]:
    """The customers of whom a change is published."""
    return {change["customer_id"] for change in shop.changes()}


def test_new_rules_reach_everybody_once(shop: Shop) -> None:
    shop.write_rules(OLD)
    first, second = shop.worker(), shop.worker()
    with shop.storefront(1, SILENT) as storefront:
        wait_until(lambda: first.works() and second.works(), "both to work", 60)
        wait_until(lambda: storefront.sent > 300, "events", 60)
    wait_until(lambda: decided(shop) >= set(SILENT), "the old rules to decide them all", 60)
    with shop.storefront(2, LOUD) as storefront:
        wait_until(lambda: storefront.sent > 100, "events of others", 60)
        shop.write_rules(NEW)
        first.signal(signal.SIGHUP)
        wait_until(lambda: "partition migrated" in first.events(), "the first to renew", 60)
        doomed = shop.worker(fate="commit-after:2:SIGKILL")
        second.kill()
        wait_until(lambda: doomed.process.poll() == -signal.SIGKILL, "its end", 120)
        third = shop.worker()
        wait_until(third.works, "another one to work", 120)
    wait_until(lambda: renewed(shop), "everybody to be renewed", 120)
    expected = shop.expected()
    members = {who: where for who, where in expected.members.items() if where}
    wait_until(lambda: shop.told_members() == members, "everybody to be told", 120)
    said = shop.changes()
    check_told_once(said)
    at: defaultdict[str, set[str]] = defaultdict(set)
    for change in said:
        if change["cause"]["kind"] == "rules":
            at[change["customer_id"]].add(change["at"])
    assert set(SILENT) <= set(at)
    assert {len(instants) for instants in at.values()} == {1}
    shop.judge_members(expected)
