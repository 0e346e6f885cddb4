"""Which server is taken, which one is refused, and that no message tells a password."""

from contextlib import closing

import pytest

from streamer.adapters.redis import RedisStore
from streamer.errors import AdapterError, Unavailable
from streamer.ports import Checkpoint
from tests.servers import RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

from .answering import answering
from .commits import commit, contents

SECRET = "s3cr3t/#?@:%"  # noqa: S105 (of a server that lives as long as a test)
QUOTED = "s3cr3t%2F%23%3F%40%3A%25"


def refusal(url: str, *, allow_volatile: bool = False) -> str:
    """Return why a server is refused for good."""
    with pytest.raises(AdapterError) as told:
        RedisStore(url, "shop", allow_volatile=allow_volatile)
    assert not isinstance(told.value, Unavailable)
    assert "s3cr3t" not in str(told.value)
    return str(told.value)


def taken(url: str, *, allow_volatile: bool = False) -> bool:
    with closing(RedisStore(url, "shop", allow_volatile=allow_volatile)) as store:
        return store.claim(0).epoch > 0


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
def test_a_server_that_drops_any_key_is_refused(own_redis: RedisServer, policy: str) -> None:
    own_redis.configure(maxmemory_policy=policy)
    assert refusal(own_redis.url) == (
        f"Redis at 127.0.0.1:{own_redis.port} drops keys when its memory is full "
        f"(maxmemory-policy {policy}), profiles among them: set maxmemory-policy to noeviction"
    )


def test_a_server_that_drops_only_keys_with_a_time_to_live_is_taken(own_redis: RedisServer) -> None:
    own_redis.configure(maxmemory_policy="volatile-lru")
    assert taken(own_redis.url)


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
def test_a_server_that_saves_nothing_is_refused_unless_allowed() -> None:
    with RedisServer({"appendonly": "no", "save": ""}) as server:
        assert "forgets everything when it ends: set appendonly to yes, or start with --all" in (
            refusal(server.url)
        )
        assert taken(server.url, allow_volatile=True)
        server.configure(save="3600 1")
        assert taken(server.url)


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
def test_a_hosted_server_that_does_not_tell_its_settings_is_trusted() -> None:
    with RedisServer({"appendonly": "no", "save": ""}) as server:
        server.client.acl_setuser(
            "shop", enabled=True, passwords=f"+{SECRET}", keys="*", commands=["+@all", "-config"]
        )
        assert taken(f"redis://shop:{QUOTED}@127.0.0.1:{server.port}/0")
        server.configure(maxmemory_policy="allkeys-lru")
        assert "maxmemory-policy allkeys-lru" in refusal(
            f"redis://shop:{QUOTED}@127.0.0.1:{server.port}/0"
        )


def test_a_user_that_may_not_do_what_is_needed(own_redis: RedisServer) -> None:
    own_redis.client.acl_setuser(
        "shop", enabled=True, passwords=f"+{SECRET}", keys="*", commands=["-@all"]
    )
    assert "does not let this user do what is needed: allow it all commands on keys {GR" in refusal(
        f"redis://shop:{QUOTED}@127.0.0.1:{own_redis.port}/0"
    )


def test_a_user_with_the_rights_that_the_docs_name_is_enough(own_redis: RedisServer) -> None:
    rights = ["+@all", "-@admin", "-@dangerous", "+info"]
    own_redis.client.acl_setuser(
        "shop", enabled=True, passwords=f"+{SECRET}", keys="{shop:*", commands=rights
    )
    url = f"redis://shop:{QUOTED}@127.0.0.1:{own_redis.port}/0"
    with closing(RedisStore(url, "shop")) as store:
        commit(store, store.claim(0), {"a": b"1"})
        assert contents(store, "a")[:2] == ({"a": b"1"}, [(1, "a")])
        assert store.scan(0, "", 10) == ("", ["a"])


def test_passwords(own_redis: RedisServer) -> None:
    own_redis.configure(requirepass=SECRET)
    place = f"127.0.0.1:{own_redis.port}"
    assert refusal(own_redis.url) == (
        f"Redis at {place} wants a password: put it into the address, redis://:PASSWORD@host:port/0"
    )
    for user in ("", "default", "nobody"):
        assert refusal(f"redis://{user}:s3cr3t@{place}/0") == (
            f"Redis at {place} refuses the user or the password: correct them in the address"
        )
    assert taken(f"redis://:{QUOTED}@{place}/0")


@pytest.mark.parametrize("version", ["2.8.24", "5.0.14", "6.0.16"])
def test_an_old_server_is_refused(version: str) -> None:
    with answering("+OK", redis_version=version) as url:
        assert f"has version {version}: Streamer needs 6.2 or newer" in refusal(url)


@pytest.mark.parametrize("version", ["6.2.0", "7.0.15", "8.2.1", "10.0.0"])
def test_a_newer_server_is_taken(version: str) -> None:
    with answering("+OK", redis_version=version) as url:
        RedisStore(url, "shop").close()


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:6379",
        "http://127.0.0.1:6379",
        "",
        "redis://:s3cr3t@127.0.0.1:port/0",
        "redis://:s3cr3t/more@127.0.0.1:6379/0",
        "redis://:s3cr3t#more@127.0.0.1:6379/0",
        "redis://:6379?s3cr3t@127.0.0.1:6379/0",
        "redis://[s3cr3t@127.0.0.1:6379/0",
    ],
)
def test_an_address_that_cannot_be_read(url: str) -> None:
    assert refusal(url) == (
        "the address of Redis cannot be read: write redis://user:password@host:port/0, or "
        "rediss:// for TLS, with %XX for what is neither letter nor digit in the password"
    )


def test_a_database_that_is_not_there(redis_server: RedisServer) -> None:
    assert "DB index is out of range" in refusal(f"redis://127.0.0.1:{redis_server.port}/99")


def test_a_server_that_is_not_there_may_come() -> None:
    port = free_port()
    with pytest.raises(Unavailable, match=f"Redis at 127.0.0.1:{port} cannot be reached: ") as told:
        RedisStore(f"redis://:s3cr3t@127.0.0.1:{port}/0", "shop")
    assert "s3cr3t" not in str(told.value)


def test_a_server_that_does_not_speak_tls(redis_server: RedisServer) -> None:
    with pytest.raises(Unavailable, match="does not answer in time"):
        RedisStore(f"rediss://:s3cr3t@127.0.0.1:{redis_server.port}/0", "shop", patience=1.0)


def is_whole(server: RedisServer) -> bool:
    return bool(server.client.cluster("INFO")["cluster_state"] == "ok")


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
def test_a_cluster_is_found_out_and_used() -> None:
    port = free_port()
    settings = {
        "cluster-enabled": "yes",
        "cluster-announce-ip": "127.0.0.1",
        "cluster-announce-port": str(port),
    }
    with RedisServer(settings, port) as server:
        with pytest.raises(Unavailable):
            RedisStore(server.url, "shop")  # no slot has a node yet
        server.client.cluster("ADDSLOTS", *range(16384))
        wait_until(lambda: is_whole(server), "the cluster is whole", 10)
        with closing(RedisStore(server.url, "shop")) as store:
            meta = commit(store, store.claim(0), {"a": b"1", "b": b"1"})
            server.client.script_flush()
            commit(store, meta, {"a": b"2", "b": None})
            assert contents(store, "a", "b")[:2] == ({"a": b"2"}, [(2, "a")])
            assert store.scan(0, "", 10) == ("", ["a"])
            for partition in range(1, 20):
                epoch = store.claim(partition).epoch
                store.commit(Checkpoint(partition, epoch, 1, 1, None, {"a": b"1"}, {"a": 1}, 0))
                assert store.load(partition, ["a"]) == {"a": b"1"}
        server.configure(maxmemory_policy="allkeys-lru")
        assert "maxmemory-policy allkeys-lru" in refusal(server.url)
        assert refusal(f"redis://127.0.0.1:{port}/1")  # a cluster has one database
