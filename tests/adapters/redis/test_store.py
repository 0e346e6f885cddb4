"""What the contract of `Store` does not say: what happens to a server, and what goes into keys."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from redis.crc import key_slot

from streamer.adapters.redis import RedisStore
from streamer.errors import AdapterError, Fenced, Unavailable, UsageError
from streamer.ports import PartitionMeta
from streamer.types import FOREVER
from tests.contracts.examples import outbox_entry
from tests.servers import RedisServer

from .commits import commit, contents


@pytest.fixture
def store(redis_server: RedisServer, own_name: str) -> Iterator[RedisStore]:
    with closing(RedisStore(redis_server.url, own_name)) as store:
        yield store


def test_a_server_that_forgot_the_scripts_is_told_again(
    own_redis: RedisServer, own_store: RedisStore
) -> None:
    meta = commit(own_store, own_store.claim(0), {"a": b"1"})
    own_redis.client.script_flush()
    meta = commit(own_store, meta, {"a": b"2"})
    own_redis.client.script_flush()
    assert own_store.claim(0).number == meta.number == 2


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_loses_nothing_and_needs_no_new_store(end: str) -> None:
    # With "everysec" Redis may answer before it has written, while the disk is busy.
    with (
        RedisServer({"appendfsync": "always"}) as server,
        closing(RedisStore(server.url, "shop")) as store,
    ):
        meta = commit(store, store.claim(0), {"a": b"1"})
        getattr(server, end)()
        with pytest.raises(Unavailable):
            commit(store, meta, {"a": b"2"})
        server.start()
        commit(store, meta, {"a": b"2"})
        assert contents(store, "a") == ({"a": b"2"}, [(2, "a")], [outbox_entry(2)])


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
def test_an_owner_is_fenced_when_the_store_went_back_under_it() -> None:
    with (
        RedisServer({"appendfsync": "always"}) as server,
        closing(RedisStore(server.url, "shop")) as store,
    ):
        meta = commit(store, store.claim(0), {"a": b"1"})
        then = server.snapshot()
        meta = commit(store, meta, {"a": b"2"})
        server.rewind(then)
        with pytest.raises(Fenced):
            commit(store, meta, {"a": b"3"})
        assert contents(store, "a") == ({"a": b"1"}, [(1, "a")], [outbox_entry(1)])


def test_a_commit_without_an_answer_is_there_whole_or_not_at_all_and_never_after_a_claim(
    own_redis: RedisServer, own_store: RedisStore
) -> None:
    commit(own_store, own_store.claim(0), {"a": b"1"})
    for _ in range(3):
        claimed = own_store.claim(0)
        before = contents(own_store, "a")
        own_redis.pause()
        with pytest.raises(Unavailable, match="does not answer in time"):
            commit(own_store, claimed, {"a": b"%d" % (claimed.number + 1)})
        own_redis.resume()
        number = own_store.claim(0).number
        after = ({"a": b"%d" % number}, [(number, "a")], [outbox_entry(number)])
        assert contents(own_store, "a") == (before if number == claimed.number else after)
        with pytest.raises(Fenced):
            commit(own_store, claimed, {"a": b"late"})


def test_commits_beyond_what_lua_passes_on_at_once(store: RedisStore) -> None:
    everybody = [f"u-{number}" for number in range(20_000)]
    meta = commit(store, store.claim(0), {who: who.encode() for who in everybody})
    even, odd = everybody[::2], everybody[1::2]
    gone: dict[str, bytes | None] = dict.fromkeys(even)
    commit(store, meta, gone | dict.fromkeys(odd, b"2"), dict.fromkeys(everybody))
    assert contents(store, *everybody) == (dict.fromkeys(odd, b"2"), [], [outbox_entry(2)])


def test_profiles_of_many_sizes_keep_apart(store: RedisStore) -> None:
    sizes = [0, 1, 0, 255, 256, 65_535, 65_536, 8_000_000, 0, 3]
    profiles = {f"u-{place}": bytes([place]) * size for place, size in enumerate(sizes)}
    commit(store, store.claim(0), profiles)
    assert store.load(0, profiles) == profiles


def test_customers_of_any_name(store: RedisStore) -> None:
    names = ["\x00", "a\r\nb", "{x}", " ", "}", "*", "ä" * 256, "\U0001f600" * 1000, "-1", "nil"]
    commit(store, store.claim(0), {who: who.encode() for who in names})
    assert contents(store, *names) == (
        {who: who.encode() for who in names},
        [(1, who) for who in sorted(names)],
        [outbox_entry(1)],
    )
    assert sorted(store.scan(0, "", 100)[1]) == sorted(names)


def test_wakes_are_exact_up_to_never(store: RedisStore) -> None:
    wakes = {"a": 0, "b": 4_102_444_800_001, "c": (1 << 53) - 1, "d": FOREVER}
    commit(store, store.claim(0), dict.fromkeys(wakes, b""), wakes)
    in_order = [(at, who) for who, at in wakes.items()]
    assert store.due(0, FOREVER, 10) == in_order
    assert store.due(0, FOREVER - 10_000, 10) == in_order[:3]
    assert store.due(0, 4_102_444_800_000, 10) == in_order[:1]


def named(server: RedisServer, pattern: str) -> list[str]:
    return [bytes(key).decode() for key in server.client.scan_iter(pattern)]


def test_everything_of_a_partition_is_in_one_slot_of_a_cluster_and_stays(
    store: RedisStore, redis_server: RedisServer, own_name: str
) -> None:
    commit(store, store.claim(0), {"a": b"1"})
    keys = named(redis_server, f"{{{own_name}:0}}*")
    assert len(keys) == 4  # and one more once there are layouts
    assert len({key_slot(key.encode()) for key in keys}) == 1
    assert {redis_server.client.ttl(key) for key in keys} == {-1}
    assert key_slot(keys[0].encode()) != key_slot(f"{{{own_name}:1}}:meta".encode())


def test_a_scan_begins_anew_where_another_server_has_taken_over(store: RedisStore) -> None:
    """Servers do not order customers alike, so a cursor of one says nothing to another."""
    customers = {f"u-{number}": b"1" for number in range(2_000)}
    commit(store, store.claim(0), customers)
    cursor, first = store.scan(0, "", 10)
    server, _, place = cursor.partition(":")
    assert len(server) == 40
    assert int(place) > 0
    following, second = store.scan(0, cursor, 10)
    assert set(second).isdisjoint(first)
    assert store.scan(0, f"{'0' * 40}:{place}", 10) == (cursor, first)
    found = {*first, *second}
    while following:
        following, more = store.scan(0, following, 100)
        found.update(more)
    assert found == customers.keys()


def test_groups_are_apart(store: RedisStore, redis_server: RedisServer, own_name: str) -> None:
    commit(store, store.claim(0), {"a": b"1"})
    with closing(RedisStore(redis_server.url, f"{own_name}-other")) as other:
        assert contents(other, "a") == ({}, [], [])
        assert other.claim(0).epoch == 1


def test_a_group_s_name_without_braces(redis_server: RedisServer) -> None:
    with pytest.raises(AdapterError, match=r"the group 'a}b' cannot be used with Redis: .* leave"):
        RedisStore(redis_server.url, "a}b")


def test_an_outbox_that_somebody_else_wrote_to(
    store: RedisStore, redis_server: RedisServer, own_name: str
) -> None:
    redis_server.client.hset(f"{{{own_name}:0}}:outbox", "1", "not ours")
    with pytest.raises(
        AdapterError, match="the outbox holds an entry of version 110; this program"
    ):
        store.outbox(0)


def test_a_key_that_somebody_else_made(
    store: RedisStore, redis_server: RedisServer, own_name: str
) -> None:
    redis_server.client.set(f"{{{own_name}:0}}:meta", "not ours")
    with pytest.raises(AdapterError, match=r"Redis at 127\.0\.0\.1:\d+ cannot do .*WRONGTYPE"):
        store.claim(0)


def test_a_store_that_began_with_another_number_of_partitions_is_refused(
    redis_server: RedisServer, own_name: str
) -> None:
    with closing(RedisStore(redis_server.url, own_name, partitions=4)) as store:
        assert store.claim(3).epoch == 1
        with pytest.raises(UsageError, match=r"more partitions.*another --group"):
            store.claim(4)
    with closing(RedisStore(redis_server.url, own_name, partitions=6)) as store:
        with pytest.raises(UsageError, match=r"more partitions.*another --group"):
            store.claim(3)
        assert store.claim(5).epoch == 1


def test_the_meta_of_the_version_before_is_read_and_becomes_this_one(
    store: RedisStore, redis_server: RedisServer, own_name: str
) -> None:
    key = f"{{{own_name}:0}}:meta"
    of_1: dict[str, str | int] = {
        "owner": "w/1",
        "epoch": 3,
        "number": 7,
        "offset": 70,
        "log_time": 1_700_000_000_009,
        "swept_at": 1_700_000_000_001,
        "swept_who": "u-7",
        "published": 6,
        "restoring_until": "",
        "partitions": 4,
    }
    for field, value in of_1.items():
        redis_server.client.hset(key, field, value)
    fired = (1_700_000_000_001, "u-7")
    expected = PartitionMeta(4, 7, 70, 1_700_000_000_009, {}, fired, "w/1", 6)
    assert store.claim(0, "w/2") == expected
    assert store.claim(0, "w/3") == replace(expected, epoch=5, before="w/2")
    assert redis_server.client.hgetall(key) == {
        b"version": b"2",
        b"owner": b"w/3",
        b"epoch": b"5",
        b"number": b"7",
        b"offset": b"70",
        b"log_time": b"1700000000009",
        b"fired_at": b"1700000000001",
        b"fired_who": b"u-7",
        b"published": b"6",
        b"restoring_until": b"",
        b"partitions": b"4",
    }


def test_the_meta_of_another_version_is_refused_and_stays(
    store: RedisStore, redis_server: RedisServer, own_name: str
) -> None:
    key = f"{{{own_name}:0}}:meta"
    redis_server.client.hset(key, mapping={"version": "3", "epoch": 7})
    refused = r"partition 0 of the group .* has version 3; this program reads version 2 and .* run"
    with pytest.raises(AdapterError, match=refused):
        store.claim(0)
    assert redis_server.client.hgetall(key) == {b"version": b"3", b"epoch": b"7"}


def test_it_measures_what_a_partition_takes(store: RedisStore) -> None:
    assert store.measure(0).customers == store.measure(0).bytes == 0
    commit(store, store.claim(0), {f"u-{number}": b"x" * 300 for number in range(500)})
    found = store.measure(0)
    assert found.customers == 500
    assert 500 * 300 < found.bytes < 500 * 900
    assert found.bytes < found.used
    assert found.limit == 0
