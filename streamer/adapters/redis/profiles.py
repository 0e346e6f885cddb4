"""Profiles of a group, read for people: nothing is claimed and nothing is written."""

from typing import Any

from streamer.adapters.closing import Closing
from streamer.adapters.profiles import FoundProfile
from streamer.adapters.redis.client import Client, connect, server_name
from streamer.adapters.redis.trouble import translated
from streamer.codecs.controls import layouts_and_marks


class RedisProfiles(Closing):
    """Reads the profiles of a group. Connects when it is first asked, so that Redis may be away.

    `find` raises `Unavailable` while the server cannot be used.
    """

    live = True

    def __init__(self, url: str, group: str, patience: float = 2.0) -> None:
        self._where = server_name(url)
        self._url = url
        self._group = group
        self._patience = patience
        self._client: Client | None = None

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def find(self, customer: str, partition: int | None) -> FoundProfile | None:
        """Return a customer's profile, looked for in every partition where it is not known."""
        for one in range(self._partitions()) if partition is None else (partition,):
            profile = self._ask("HGET", self._key(one, "profiles"), customer)
            if profile is not None:
                return self._found(one, profile)
        return None

    def marks(self) -> dict[int, dict[bytes, bytes]]:
        """Return the marks of erased and of suppressed customers, by partition."""
        return {
            one: layouts_and_marks(self._ask("HGETALL", self._key(one, "layouts")))[1]
            for one in range(self._partitions())
        }

    def _partitions(self) -> int:
        """Return how many partitions the group has, 0 where no worker has begun yet."""
        return int(self._ask("HGET", self._key(0, "meta"), "partitions") or 0)

    def _found(self, partition: int, profile: bytes) -> FoundProfile:
        pairs = self._ask("HGETALL", self._key(partition, "layouts"))
        log_time, fired_at = self._ask(
            "HMGET", self._key(partition, "meta"), "log_time", "fired_at"
        )
        return FoundProfile(
            profile,
            partition,
            layouts_and_marks(pairs)[0],
            int(log_time) if log_time else None,
            int(fired_at or 0),
        )

    def _key(self, partition: int, name: str) -> str:
        return f"{{{self._group}:{partition}}}:{name}"

    def _ask(self, *words: str | int) -> Any:  # noqa: ANN401 (each command has its own answer)
        if self._client is None:
            self._client = connect(self._url, allow_volatile=True, patience=self._patience)
        with translated(self._where):
            return self._client.execute_command(*words)
