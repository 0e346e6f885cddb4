"""How a Redis is reached, and which one is refused: one that can lose what it was given.

Refused are versions before 6.2, a memory policy that drops keys which have no time to live (all
of ours), and a server that writes neither an append-only file nor snapshots.
"""

from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from redis import Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

from streamer.adapters.redis.trouble import translated
from streamer.errors import AdapterError

_OLDEST: Final = (6, 2)


class Client(Protocol):
    """What the store needs of the library's client for one server, or of that for a cluster."""

    def execute_command(self, *words: str | bytes | int) -> Any:  # noqa: ANN401 (as many answers as commands)
        """Send a command and return its answer."""

    def close(self) -> None:
        """Close the connections."""


def server_name(url: str) -> str:
    """Return how messages name the server of an address: without user and password."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
    except ValueError:
        parts, place = urlsplit(""), ""
    # A password with "/", "#" or "?" in it ends the host too early: parts of it are elsewhere.
    whole = "@" not in parts.path + parts.query + parts.fragment
    if parts.scheme not in {"redis", "rediss"} or not whole:
        raise AdapterError(
            "the address of Redis cannot be read: write redis://user:password@host:port/0, or "
            "rediss:// for TLS, with %XX for what is neither letter nor digit in the password"
        )
    return f"Redis at {place}"


def connect(url: str, *, allow_volatile: bool, patience: float) -> Client:
    """Return a client for the server, or the cluster, at the address, once it is found fit.

    Raises `Unavailable` while it is away, and `AdapterError` if it must not be used. Every command
    is sent once and takes at most `patience` seconds. `allow_volatile`: take a server that keeps
    its data in memory only.
    """
    where = server_name(url)
    settings = {
        "protocol": 2,  # the answers that this package expects, whatever the library prefers
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": patience,
        "socket_connect_timeout": patience,
        "socket_keepalive": True,
    }
    with translated(where):
        server = _at(url, settings)
        try:
            facts = server.info("server")
            # Valkey names the mode without the name of Redis
            if facts.get("redis_mode", facts.get("server_mode")) != "cluster":
                _check(server, where, allow_volatile=allow_volatile)
                return server
        except BaseException:
            server.close()
            raise
        server.close()
        return _cluster(url, settings, allow_volatile=allow_volatile)


def _at(url: str, settings: dict[str, Any]) -> Redis:
    try:
        return Redis.from_url(url, **settings)
    except ValueError as error:
        raise AdapterError(f"{server_name(url)} cannot be used as addressed: {error}") from None


def _cluster(url: str, settings: dict[str, Any], *, allow_volatile: bool) -> Client:
    cluster: Any = RedisCluster.from_url(url, **settings)
    try:
        for node in cluster.get_primaries():
            _check(node.redis_connection, f"Redis at {node.name}", allow_volatile=allow_volatile)
    except BaseException:
        cluster.close()
        raise
    return cluster  # type: ignore[no-any-return] # the library leaves it untyped


def _check(server: Redis, where: str, *, allow_volatile: bool) -> None:
    facts = server.info()
    version = str(facts["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < _OLDEST:
        raise AdapterError(f"{where} has version {version}: Streamer needs 6.2 or newer")
    policy = str(facts.get("maxmemory_policy", "noeviction"))
    if policy.startswith("allkeys-"):
        raise AdapterError(
            f"{where} drops keys when its memory is full (maxmemory-policy {policy}), profiles "
            f"among them: set maxmemory-policy to noeviction"
        )
    if not (allow_volatile or facts.get("aof_enabled") or _snapshots(server)):
        raise AdapterError(
            f"{where} forgets everything when it ends: set appendonly to yes, or start with "
            f"--allow-volatile-redis if every profile may be made again from the log"
        )


def _snapshots(server: Redis) -> bool:
    """Say whether the server saves snapshots; a hosted one that does not say is trusted."""
    try:
        return bool(server.config_get("save").get("save"))
    except ResponseError:
        return True
