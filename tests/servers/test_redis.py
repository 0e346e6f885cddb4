"""A real Redis starts, keeps what it answered, and goes back in time when told."""

import socket

import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError, RedisError
from redis.exceptions import TimeoutError as TookTooLong

from tests.servers import RedisServer


def ask(server: RedisServer, line: bytes) -> bytes:
    """Ask over a bare connection, as no client of ours does."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(line + b"\r\n")
        return connection.recv(1_000)


def test_it_answers(redis_server: RedisServer, own_name: str) -> None:
    assert ask(redis_server, b"SET " + own_name.encode() + b" here") == b"+OK\r\n"
    assert Redis.from_url(redis_server.url).get(own_name) == b"here"


def test_a_kill_loses_nothing_that_was_answered(own_redis: RedisServer) -> None:
    url = own_redis.url
    for number in range(1_000):
        own_redis.client.rpush("list", number)
    own_redis.kill()
    with pytest.raises(RedisError):
        own_redis.client.ping()
    own_redis.start()
    assert own_redis.url == url
    assert own_redis.client.llen("list") == 1_000


def test_a_stop_in_order_keeps_everything(own_redis: RedisServer) -> None:
    own_redis.client.set("key", "value")
    own_redis.restart()
    assert own_redis.client.get("key") == b"value"


def test_a_rewind_brings_back_an_earlier_moment(own_redis: RedisServer) -> None:
    own_redis.client.set("key", "then")
    then = own_redis.snapshot()
    own_redis.client.set("key", "now")
    own_redis.client.set("other", "now")
    own_redis.rewind(then)
    assert own_redis.client.get("key") == b"then"
    assert own_redis.client.get("other") is None
    own_redis.client.set("key", "later")
    own_redis.rewind(then)
    assert own_redis.client.get("key") == b"then"


def test_an_emptied_one_is_empty(own_redis: RedisServer) -> None:
    own_redis.client.set("key", "value")
    own_redis.empty()
    assert own_redis.client.dbsize() == 0
    own_redis.restart()
    assert own_redis.client.dbsize() == 0


def test_a_paused_one_does_not_answer_until_it_is_resumed(own_redis: RedisServer) -> None:
    own_redis.pause()
    with pytest.raises(TookTooLong):
        own_redis.client.ping()
    own_redis.resume()
    assert own_redis.client.ping()


def test_settings_change_while_it_runs(own_redis: RedisServer) -> None:
    own_redis.configure(maxmemory=1, maxmemory_policy="noeviction")
    with pytest.raises(OutOfMemoryError):
        own_redis.client.set("key", "value")


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
def test_the_append_only_file_can_be_written_through_at_every_command() -> None:
    with RedisServer({"appendfsync": "always"}) as server:
        said = server.client.config_get("append*")
        assert (said["appendonly"], said["appendfsync"]) == ("yes", "always")


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
def test_one_that_cannot_start_says_why() -> None:
    with (
        pytest.raises(RuntimeError, match="Bad directive or wrong number of arguments"),
        RedisServer({"no-such-setting": "1"}),
    ):
        pass
