"""What was given up: shown, or put back to be tried again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from streamer.adapters.clock import wall_time
from streamer.adapters.redis.client import server_name
from streamer.adapters.redis.trouble import translated
from streamer.instants import iso
from streamer.react.change import read_change
from streamer.react.memory import Entry, Memory

_PATIENCE_S: Final = 5.0


class DeadLetter(NamedTuple):
    """A change that a reaction gave up."""

    reaction: str
    change_id: str
    customer: str
    tries: int
    given_up: str


async def dead_letters(url: str, name: str, reaction: str | None) -> list[DeadLetter]:
    """Return what a service gave up, the oldest first; raises `AdapterError`."""
    async with _memory(url, name) as memory:
        found = []
        for key, letter in (await memory.dead()).items():
            whose, _, change_id = key.partition("/")
            if reaction in {None, whose}:
                customer = read_change(letter["change"].encode()).customer_id
                given_up = iso(letter["given_up"])
                found.append(DeadLetter(whose, change_id, customer, letter["tries"], given_up))
        return sorted(found, key=lambda each: each.given_up)


async def replay_dead(url: str, name: str, reaction: str | None) -> int:
    """Put what was given up behind what waits of its customers; return how many there were."""
    count = 0
    async with _memory(url, name) as memory:
        letters = sorted((await memory.dead()).items(), key=lambda each: each[1]["given_up"])
        for key, letter in letters:
            whose = key.partition("/")[0]
            if reaction not in {None, whose}:
                continue
            line = letter["change"].encode()
            writing = memory.anybodys()
            entry = Entry(line, 0, wall_time())
            memory.append(writing, letter["partition"], whose, read_change(line).customer_id, entry)
            memory.unbury(writing, key)
            await writing.execute()
            count += 1
    return count


@asynccontextmanager
async def _memory(url: str, name: str) -> AsyncIterator[Memory]:
    memory = Memory(url, name, _PATIENCE_S)
    try:
        with translated(server_name(url)):
            yield memory
    finally:
        await memory.close()
