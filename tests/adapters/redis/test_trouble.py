"""What goes wrong with a server comes out as one line: which one, what, and what to do."""

import threading
from collections.abc import Callable
from contextlib import closing

import pytest
from redis import Redis
from redis.exceptions import RedisError

from streamer.adapters.redis import RedisStore
from streamer.errors import AdapterError, Unavailable
from tests.contracts.examples import outbox_entry
from tests.servers import RedisServer
from tests.servers.ports import free_port
from tests.waiting import wait_until

from .answering import answering
from .commits import commit, contents


def test_a_server_that_is_away_and_comes_back(
    own_redis: RedisServer, own_store: RedisStore
) -> None:
    own_redis.stop()
    for act in every_act(own_store):
        with pytest.raises(Unavailable, match=f"Redis at 127.0.0.1:{own_redis.port} cannot be rea"):
            act()
    own_redis.start()
    for act in every_act(own_store):
        act()


def test_a_server_that_hangs(own_redis: RedisServer, own_store: RedisStore) -> None:
    own_redis.pause()
    for act in every_act(own_store):
        with pytest.raises(Unavailable, match="does not answer in time: it hangs, or the way to"):
            act()
    own_redis.resume()
    for act in every_act(own_store):
        act()


def every_act(store: RedisStore) -> list[Callable[[], object]]:
    return [
        lambda: store.claim(1),
        lambda: store.load(1, ["a"]),
        lambda: store.scan(1, "", 10),
        lambda: store.due(1, 10, 10),
        lambda: store.outbox(1),
    ]


def test_a_replica_can_be_read_and_takes_no_commits(
    own_redis: RedisServer, own_store: RedisStore
) -> None:
    meta = commit(own_store, own_store.claim(0), {"a": b"1"})
    own_redis.client.replicaof("127.0.0.1", free_port())
    with pytest.raises(Unavailable, match="is a replica and takes no writes: if it stays one"):
        commit(own_store, meta, {"a": b"2"})
    assert contents(own_store, "a") == ({"a": b"1"}, [(1, "a")], [outbox_entry(1)])
    own_redis.client.replicaof("NO", "ONE")
    commit(own_store, meta, {"a": b"2"})


def test_a_full_server_takes_nothing_of_a_commit(
    own_redis: RedisServer, own_store: RedisStore
) -> None:
    meta = commit(own_store, own_store.claim(0), {"a": b"1"})
    own_redis.configure(maxmemory=1)
    with pytest.raises(Unavailable, match="is full: raise its maxmemory"):
        commit(own_store, meta, {f"u-{number}": b"2" for number in range(5_000)})
    assert contents(own_store, "a", "u-0") == ({"a": b"1"}, [(1, "a")], [outbox_entry(1)])
    own_redis.configure(maxmemory=0)
    commit(own_store, meta, {"a": b"2"})


def test_a_server_that_wants_replicas_takes_nothing_of_a_commit(
    own_redis: RedisServer, own_store: RedisStore
) -> None:
    if own_redis.version < (7,):
        pytest.skip("Redis 6 does not ask for replicas when a script writes")
    meta = commit(own_store, own_store.claim(0), {"a": b"1"})
    own_redis.configure(min_replicas_to_write=1)
    with pytest.raises(Unavailable, match="has fewer replicas than min-replicas-to-write asks"):
        commit(own_store, meta, {"a": b"2"})
    assert own_store.load(0, ["a"]) == {"a": b"1"}


def test_a_server_busy_with_somebody_s_script(
    own_redis: RedisServer, own_store: RedisStore
) -> None:
    own_redis.configure(lua_time_limit=1)

    def run_for_ever() -> None:
        with closing(Redis(port=own_redis.port)) as other, pytest.raises(RedisError):
            other.eval("while true do end", 0)

    thread = threading.Thread(target=run_for_ever)
    thread.start()
    try:
        wait_until(lambda: is_busy(own_store), "the script keeps the server busy", 10)
    finally:
        wait_until(lambda: killed(own_redis), "the script was there to be killed", 10)
        thread.join()
    own_store.claim(0)


def is_busy(store: RedisStore) -> bool:
    try:
        store.load(0, ["a"])
    except Unavailable as error:
        return "is busy with a script that does not end: SCRIPT KILL" in str(error)
    return False


def killed(server: RedisServer) -> bool:
    try:
        return bool(server.client.script_kill())
    except RedisError:
        return False


PASSING = {
    "LOADING Redis is loading the dataset in memory": "is still loading its data: wait",
    "MISCONF Redis is configured to save RDB snapshots, but": "does not write, because it cannot",
    "MASTERDOWN Link with MASTER is down": "is a replica without its primary",
    "CLUSTERDOWN The cluster is down": "is a cluster in which slots have no node",
    "TRYAGAIN Multiple keys request during rehashing": "is a cluster that is moving the part",
    "ERR Error running script (call to f_1): @user_script:2: @user_script: 2: "
    "-READONLY You can't write against a read only replica.": "is a replica and takes no writes",
    "ERR Error running script (call to f_1): @user_script:2: @user_script: 2: "
    "-OOM command not allowed when used memory > 'maxmemory'.": "is full: raise its maxmemory",
    "ERR max number of clients reached": "cannot be reached: max number of clients reached",
}


@pytest.mark.parametrize("line", PASSING)
def test_what_passes_is_tried_again(line: str) -> None:
    with answering(f"-{line}") as url, closing(RedisStore(url, "shop")) as store:
        for act in every_act(store):
            with pytest.raises(Unavailable, match=PASSING[line]):
                act()


LASTING = {
    "NOPERM this user has no permissions to run the 'evalsha' command": "does not let this user",
    "NOAUTH Authentication required.": "wants a password: put it into the address, redis://:PASS",
    "ERR unknown command 'EVALSHA'": "cannot do what was asked of it: unknown command 'EVALSHA'",
}


@pytest.mark.parametrize("line", LASTING)
def test_what_does_not_pass_is_said(line: str) -> None:
    with answering(f"-{line}") as url, closing(RedisStore(url, "shop")) as store:
        for act in every_act(store):
            with pytest.raises(AdapterError, match=LASTING[line]) as told:
                act()
            assert not isinstance(told.value, Unavailable)
