"""What a service remembers in Redis, under its name; the braces keep it in one slot of a cluster.

    {react:NAME}:owner:PARTITION   the process that has the partition
    {react:NAME}:seen              hash: customer -> born and number of the last change that is done
    {react:NAME}:position          hash: partition -> the next offset
    {react:NAME}:done:REACTION     hash: customer -> born and number of the last change taken over
    {react:NAME}:lane:REACTION:ID  list: what waits of a customer, the first first
    {react:NAME}:due:PARTITION     sorted set: lanes, scored by when their first is due
    {react:NAME}:dead              hash: REACTION/CHANGE -> what was given up, and why

A change is *taken over* by a reaction when its function has ended well, or when it waits. The mark
is written in one transaction with the entry that waits, or with what the function puts into it.

Only the owner of a partition writes what belongs to it. A process that was thought dead, and whose
partition another one has taken over meanwhile, gets `Fenced` in place of its late write. A Redis
that has died may have lost its last second, and with it who the owner is: who writes first is it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import uuid4

import orjson
from redis.asyncio import Redis
from redis.exceptions import WatchError

from streamer.errors import Fenced, Unavailable
from streamer.react.change import ERASURE, Change, read_change
from streamer.types import Millis

_FINISH: Final = """
if redis.call('LINDEX', KEYS[1], 0) == ARGV[1] then
  redis.call('LPOP', KEYS[1])
  local following = redis.call('LINDEX', KEYS[1], 0)
  if following then
    redis.call('ZADD', KEYS[2], cjson.decode(following).due, ARGV[2])
  else
    redis.call('ZREM', KEYS[2], ARGV[2])
  end
end
"""
_SAW: Final = """
local owner = redis.call('GET', KEYS[1])
if not owner then redis.call('SET', KEYS[1], ARGV[1])
elseif owner ~= ARGV[1] then return 0 end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[3], ARGV[4], ARGV[5]) end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[2], ARGV[2], ARGV[3]) end
return 1
"""
"""Writes only for the owner: who of a customer, how far; which position, how far."""
_POSTPONE: Final = """
if redis.call('LINDEX', KEYS[1], 0) == ARGV[1] then
  redis.call('LSET', KEYS[1], 0, ARGV[3])
  redis.call('ZADD', KEYS[2], cjson.decode(ARGV[3]).due, ARGV[2])
end
"""
_AT_ONCE: Final = 100


class Mark(NamedTuple):
    """How far a customer is: the profile's first event, and the number of a change."""

    born: str
    sequence: int

    @classmethod
    def of(cls, change: Change) -> "Mark":
        """Return the mark of a change."""
        return cls(change.born.isoformat(), change.sequence)

    def covers(self, other: "Mark") -> bool:
        """Return whether what the other one marks was before, in the same profile."""
        return self.born == other.born and self.sequence >= other.sequence


@dataclass(frozen=True, slots=True)
class Entry:
    """What waits: a change's JSON, its tries, when it is due; `raw` as Redis has it."""

    line: bytes
    tries: int
    due: Millis
    raw: bytes = b""

    def encode(self) -> bytes:
        """Return it as Redis keeps it."""
        fields = {"due": self.due, "tries": self.tries, "change": self.line.decode()}
        return orjson.dumps(fields)

    @classmethod
    def decode(cls, raw: bytes) -> "Entry":
        """Return what `encode` wrote."""
        fields = orjson.loads(raw)
        return cls(fields["change"].encode(), fields["tries"], fields["due"], raw)


class Standing(NamedTuple):
    """What is known of a customer for one reaction."""

    done: Mark | None
    waiting: bool


class Memory:
    """The keys of one service; every method raises what the library raises."""

    def __init__(self, url: str, name: str, patience: float) -> None:
        self._redis: Any = Redis.from_url(
            url, protocol=2, socket_timeout=patience, socket_connect_timeout=patience
        )
        self._prefix = f"{{react:{name}}}"
        self._process = uuid4().bytes
        self._saw = self._redis.register_script(_SAW)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def own(self, partition: int) -> None:
        """Take a partition over from its owner before."""
        if await self._redis.get(self._owner(partition)) != self._process:
            await self._redis.set(self._owner(partition), self._process)

    @asynccontextmanager
    async def transaction(self, partition: int) -> AsyncIterator[Any]:
        """Have what is put into a pipeline done at the end, as a whole or not at all.

        Raises `Fenced`, with nothing done, where another process has the partition by then, and
        `Unavailable` where Redis has lost who has it, or was away before it had answered: then it
        may be done or not.
        """
        async with self._redis.pipeline(transaction=True) as writing:
            await writing.watch(self._owner(partition))
            await self._check_owner(partition)
            writing.multi()
            yield writing
            try:
                await writing.execute()
            except WatchError:  # which the library raises for a lost connection, too
                await self._check_owner(partition)
                raise Unavailable(
                    f"Redis was away in a transaction of partition {partition}: it is tried again"
                ) from None

    async def _check_owner(self, partition: int) -> None:
        owner = await self._redis.get(self._owner(partition))
        if owner is None:
            await self._redis.set(self._owner(partition), self._process, nx=True)
            raise Unavailable(f"Redis had lost who has partition {partition}: it is tried again")
        if owner != self._process:
            raise _fenced(partition)

    def anybodys(self) -> Any:  # noqa: ANN401 (the library's pipeline)
        """Return a pipeline for what also those may write who own no partition."""
        return self._redis.pipeline(transaction=True)

    async def position(self, partition: int) -> int | None:
        """Return the next offset of a partition, None where nothing is remembered."""
        found = await self._redis.hget(self._key("position"), partition)
        return None if found is None else int(found)

    async def move(self, partition: int, offset: int) -> None:
        """Remember the next offset of a partition."""
        await self._write(partition, b"", b"", offset)

    async def known(
        self, customer: str, reactions: list[str]
    ) -> tuple[Mark | None, dict[str, Standing]]:
        """Return how far a customer is, and for each of the reactions."""
        asked = self._redis.pipeline(transaction=False)
        asked.hget(self._key("seen"), customer)
        for reaction in reactions:
            asked.hget(self._key(f"done:{reaction}"), customer)
            asked.exists(self._lane(reaction, customer))
        seen, *others = await asked.execute()
        pairs = zip(others[::2], others[1::2], strict=True)
        standings = [Standing(_mark(done), bool(waits)) for done, waits in pairs]
        return _mark(seen), dict(zip(reactions, standings, strict=True))

    async def saw(self, change: Change, partition: int, offset: int | None) -> None:
        """Remember that a change is done; the offset is that of its record, None when looked up."""
        following = None if offset is None else offset + 1
        await self._write(partition, change.customer_id, _text(Mark.of(change)), following)

    async def _write(
        self, partition: int, customer: str | bytes, mark: str | bytes, position: int | None
    ) -> None:
        keys = (self._owner(partition), self._key("seen"), self._key("position"))
        place = ("", "") if position is None else (partition, position)
        if not await self._saw(keys, (self._process, customer, mark, *place)):
            raise _fenced(partition)

    async def forget(self, partition: int, customer: str, reactions: Sequence[str]) -> None:
        """Forget a customer who was erased: how far they are, what waits, what was given up.

        What waits, or was given up, of the erasure itself stays: a function has yet to hear of it.
        """
        lanes = {
            reaction: await self._redis.lrange(self._lane(reaction, customer), 0, -1)
            for reaction in reactions
        }
        gone = [name for name, letter in (await self.dead()).items() if _is_of(letter, customer)]
        async with self.transaction(partition) as writing:
            writing.hdel(self._key("seen"), customer)
            for name in gone:
                self.unbury(writing, name)
            for reaction, entries in lanes.items():
                writing.hdel(self._key(f"done:{reaction}"), customer)
                writing.delete(self._lane(reaction, customer))
                writing.zrem(self._due(partition), _member(reaction, customer))
                for entry in map(Entry.decode, entries):
                    if read_change(entry.line).cause.kind == ERASURE:
                        self.append(writing, partition, reaction, customer, entry)

    def take_over(self, reaction: str, change: Change, writing: Any) -> None:  # noqa: ANN401 (a pipeline)
        """Put the mark "handled" into a transaction."""
        writing.hset(self._key(f"done:{reaction}"), change.customer_id, _text(Mark.of(change)))

    def append(self, writing: Any, partition: int, reaction: str, who: str, entry: Entry) -> None:  # noqa: ANN401 (a pipeline, and what an entry is)
        """Put an entry behind those that wait of a customer."""
        writing.rpush(self._lane(reaction, who), entry.encode())
        writing.zadd(self._due(partition), {_member(reaction, who): entry.due}, nx=True)

    async def undo(self, partition: int, reaction: str, customer: str) -> int:
        """Forget what waits of a customer; return how many there were."""
        count = await self._redis.llen(self._lane(reaction, customer))
        async with self.transaction(partition) as writing:
            writing.delete(self._lane(reaction, customer))
            writing.zrem(self._due(partition), _member(reaction, customer))
        return int(count)

    async def due(self, partition: int, now: Millis) -> list[tuple[str, str]]:
        """Return reaction and customer of the lanes that are due, at most a hundred."""
        found = await self._redis.zrangebyscore(
            self._due(partition), "-inf", now, start=0, num=_AT_ONCE
        )
        return [(name, who) for name, _, who in (each.decode().partition("\n") for each in found)]

    async def first(self, reaction: str, customer: str) -> Entry | None:
        """Return the first that waits of a customer."""
        raw = await self._redis.lindex(self._lane(reaction, customer), 0)
        return None if raw is None else Entry.decode(raw)

    def finish(self, partition: int, reaction: str, who: str, entry: Entry, writing: Any) -> None:  # noqa: ANN401 (a pipeline, and what an entry is)
        """Take the first entry of a lane out, if it is still the first."""
        keys = (self._lane(reaction, who), self._due(partition))
        writing.eval(_FINISH, 2, *keys, entry.raw, _member(reaction, who))

    async def postpone(
        self, partition: int, reaction: str, customer: str, entry: Entry, later: Entry
    ) -> None:
        """Replace the first entry of a lane, if it is still the first."""
        keys = (self._lane(reaction, customer), self._due(partition))
        async with self.transaction(partition) as writing:
            writing.eval(
                _POSTPONE, 2, *keys, entry.raw, _member(reaction, customer), later.encode()
            )

    async def pass_over(self, partition: int, reaction: str, customer: str, until: Millis) -> None:
        """Leave a lane alone until then, as it is."""
        await self._redis.zadd(self._due(partition), {_member(reaction, customer): until}, xx=True)

    def bury(self, writing: Any, reaction: str, change: Change, letter: dict[str, object]) -> None:  # noqa: ANN401 (a pipeline)
        """Put a dead letter into a transaction."""
        name = f"{reaction}/{change.change_id}"
        writing.hset(self._key("dead"), name, orjson.dumps(letter))

    async def dead(self) -> dict[str, dict[str, Any]]:
        """Return the dead letters."""
        found = await self._redis.hgetall(self._key("dead"))
        return {name.decode(): orjson.loads(letter) for name, letter in found.items()}

    def unbury(self, writing: Any, name: str) -> None:  # noqa: ANN401 (a pipeline)
        """Take a dead letter out, within a transaction."""
        writing.hdel(self._key("dead"), name)

    async def counts(self, partitions: list[int]) -> tuple[int, int]:
        """Return how many lanes wait in these partitions, and how many letters are dead."""
        asked = self._redis.pipeline(transaction=False)
        asked.hlen(self._key("dead"))
        for partition in partitions:
            asked.zcard(self._due(partition))
        dead, *waiting = await asked.execute()
        return sum(waiting), dead

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    def _owner(self, partition: int) -> str:
        return self._key(f"owner:{partition}")

    def _lane(self, reaction: str, customer: str) -> str:
        return self._key(f"lane:{reaction}:{customer}")

    def _due(self, partition: int) -> str:
        return self._key(f"due:{partition}")


def _fenced(partition: int) -> Fenced:
    return Fenced(f"another process has partition {partition}")


def _is_of(letter: Mapping[str, Any], customer: str) -> bool:
    """Say whether a dead letter is of a customer, and not of the customer's erasure."""
    change = read_change(letter["change"].encode())
    return change.customer_id == customer and change.cause.kind != ERASURE


def _member(reaction: str, customer: str) -> str:
    return f"{reaction}\n{customer}"


def _text(mark: Mark) -> str:
    return f"{mark.born} {mark.sequence}"


def _mark(text: bytes | None) -> Mark | None:
    if text is None:
        return None
    born, _, sequence = text.decode().rpartition(" ")
    return Mark(born, int(sequence))
