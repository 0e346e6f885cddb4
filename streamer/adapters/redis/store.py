"""The store: one command to load, one to ask what is due, one script to claim or to commit.

Redis orders members of equal score by their bytes, and the bytes of UTF-8 stand in the order of
code points: so what is due comes in the order that the port asks for. Scores are floating-point
numbers, exact for integers up to 2^53 and for the power of two that stands for never.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from redis.exceptions import NoScriptError

from streamer.adapters.outbox import decode_entry, encode_entry, fenced
from streamer.adapters.readings import Footprint
from streamer.adapters.redis.client import connect, server_name
from streamer.adapters.redis.scripts import (
    CLAIM,
    COMMIT,
    DUE,
    KEYS,
    MEASURE,
    SCAN,
    VERSION,
    Script,
)
from streamer.adapters.redis.trouble import translated
from streamer.errors import AdapterError, UsageError
from streamer.ports import Checkpoint, DueWake, FencingToken, OutboxEntry, PartitionMeta
from streamer.types import Millis

_ENCODER: Final = msgspec.msgpack.Encoder()
_MEASURED: Final = 50
"""Of so many customers the size is taken, to estimate what all of a partition take."""


class RedisStore:
    """Profiles, wakes, outbox and meta of a group's partitions.

    The group's name is part of every key. `partitions` is how many there are: it decides where a
    customer is, so a store that began with another number is refused. `allow_volatile` takes a
    server that keeps its data in memory only. Every method raises `Unavailable` while the server
    cannot be used, another `AdapterError` for what does not pass, and `claim` raises `UsageError`
    where the number of partitions is another one.
    """

    def __init__(
        self,
        url: str,
        group: str,
        *,
        partitions: int | None = None,
        allow_volatile: bool = False,
        patience: float = 5.0,
    ) -> None:
        """Connect, and raise what `connect` raises; no command takes over `patience` seconds."""
        if set("{}") & set(group):
            raise AdapterError(
                f"the group {group!r} cannot be used with Redis: "
                f"its name is part of keys, in which braces have a meaning; leave them out"
            )
        self._where = server_name(url)
        self._client = connect(url, allow_volatile=allow_volatile, patience=patience)
        self._group = group
        self._partitions = partitions

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def claim(self, partition: int, owner: str = "") -> PartitionMeta:
        """Make the caller the owner under a new epoch; every older one is fenced."""
        asked = self._partitions
        version, *rest = self._run(CLAIM, partition, owner, "" if asked is None else asked)
        if not rest:
            raise AdapterError(
                f"what {self._where} keeps of partition {partition} of the group {self._group} has "
                f"version {version.decode()}; this program reads version {VERSION} and the one "
                f"before: run the Streamer that wrote it, or use another --group"
            )
        before, stands, layouts = rest
        epoch, number, offset, log_time, fired_at, fired_who, *others, partitions = stands
        published, restoring_until = others
        if asked is not None and not partition < asked == int(partitions):
            raise UsageError(
                f"the topic of events has got more partitions than when the group {self._group} "
                f"began, and the number decides where a customer's history is: make a new topic "
                f"with as many as you need, publish into that, and run it under another --group"
            )
        pairs = iter(layouts)
        return PartitionMeta(
            int(epoch),
            int(number),
            int(offset or 0),
            int(log_time) if log_time else None,
            dict(zip(pairs, pairs, strict=True)),
            (int(fired_at or 0), (fired_who or b"").decode()),
            (before or b"").decode(),
            int(published or 0),
            int(restoring_until) if restoring_until else None,
        )

    def load(self, partition: int, customers: Iterable[str]) -> dict[str, bytes]:
        """Return the encoded profiles of those customers that have one."""
        asked = list(customers)
        if not asked:
            return {}
        found = self._ask("HMGET", self._key(partition, "profiles"), *asked)
        return {who: it for who, it in zip(asked, found, strict=True) if it is not None}

    def scan(self, partition: int, cursor: str, limit: int) -> tuple[str, list[str]]:
        """Return the next cursor and about `limit` customers, some of them perhaps twice."""
        server, _, before = cursor.partition(":")
        here, following, found = self._run(SCAN, partition, server, before or "0", limit)
        following = "" if following == b"0" else f"{here.decode()}:{following.decode()}"
        return following, [who.decode() for who in found]

    def due(
        self, partition: int, until: Millis, limit: int, tenure: FencingToken | None = None
    ) -> list[DueWake]:
        """Return up to `limit` wakes due at or before `until`, ordered by time, then customer."""
        if tenure is None:
            key = self._key(partition, "wakes")
            found = self._ask("ZRANGEBYSCORE", key, "-inf", until, "WITHSCORES", "LIMIT", 0, limit)
        else:
            found = self._run(DUE, partition, *tenure, until, limit)
            if found is None:
                raise fenced(partition, tenure)
        pairs = iter(found)
        return [(int(float(at)), who.decode()) for who, at in zip(pairs, pairs, strict=True)]

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint whole; raises `Fenced` unless it is the owner's and the next."""
        profiles, wakes, entry = checkpoint.profiles, checkpoint.wakes, checkpoint.entry
        sizes = [None if it is None else len(it) for it in profiles.values()]
        times = [wakes[who] for who in profiles]
        written = self._run(
            COMMIT,
            checkpoint.partition,
            *checkpoint.tenure,
            checkpoint.number,
            checkpoint.offset,
            "" if checkpoint.log_time is None else checkpoint.log_time,
            *checkpoint.fired_until,
            "" if checkpoint.restoring_until is None else checkpoint.restoring_until,
            _ENCODER.encode((list(profiles), sizes, times)),
            b"".join(filter(None, profiles.values())),
            checkpoint.published,
            b"" if entry is None else encode_entry(entry),
            *(word for key, layout in checkpoint.layouts.items() for word in (key, layout or b"")),
        )
        if not written:
            raise fenced(checkpoint.partition, checkpoint.tenure)

    def outbox(self, partition: int) -> list[OutboxEntry]:
        """Return the entries that were committed and not yet trimmed, by number."""
        waiting = self._ask("HGETALL", self._key(partition, "outbox"))
        return [decode_entry(waiting[number]) for number in sorted(waiting, key=int)]

    def measure(self, partition: int) -> Footprint:
        """Return the size of the partition in Redis, estimated from some of its customers."""
        customers, size, used, limit = self._run(MEASURE, partition, _MEASURED)
        return Footprint(customers, size, used, limit)

    def _key(self, partition: int, name: str) -> str:
        return f"{{{self._group}:{partition}}}:{name}"

    def _ask(self, *words: str | int) -> Any:  # noqa: ANN401 (each command has its own answer)
        with translated(self._where):
            return self._client.execute_command(*words)

    def _run(self, script: Script, partition: int, *words: str | int | bytes) -> Any:  # noqa: ANN401 (the same)
        """Run a script by its name, or by its text where the server does not know it yet."""
        keys = [self._key(partition, name) for name in KEYS]
        with translated(self._where):
            try:
                return self._client.execute_command(
                    "EVALSHA", script.name, len(keys), *keys, *words
                )
            except NoScriptError:
                return self._client.execute_command("EVAL", script.text, len(keys), *keys, *words)
