"""Reactions at work: Faust, what is due, the pages for operators, until SIGTERM or SIGINT."""

import asyncio
import contextlib
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Final

import faust
from redis.exceptions import RedisError

from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.lookup import Lookup
from streamer.adapters.kafka.topics import Asked
from streamer.adapters.redis.client import connect
from streamer.app.live import Journal
from streamer.errors import AdapterError, Unavailable
from streamer.react.counts import ReactionCounts
from streamer.react.faust_app import faust_app
from streamer.react.handling import Handling
from streamer.react.memory import Memory
from streamer.react.reactions import Reactions
from streamer.react.watchdog import Watchdog
from streamer.types import SECOND

_PATIENCE_S: Final = 5.0
_TURN_S: Final = 0.2
_COUNT_S: Final = 5.0
_QUIET_S: Final = 10.0
"""When nothing came for so long, the topic is looked at for what should have."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_STILL_S: Final = 60.0
"""Longer than any rebalance; the time that a function may take comes on top."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where Kafka and Redis are, and what the topic of changes is called."""

    connection: Connection
    changes: str
    redis: str = field(repr=False)
    patience: float = _STILL_S


class Reacting:
    """Runs reactions until stopped."""

    def __init__(self, reactions: Reactions, where: Where, journal: Journal) -> None:
        self._reactions = reactions
        self._where = where
        self._journal = journal
        self.counts = ReactionCounts()
        self._handling: Handling | None = None
        self._away: str | None = "not connected yet"

    def unready(self) -> str | None:
        """Return why nothing can be handled just now, None if it can."""
        if self._away is not None or self._handling is None:
            return self._away
        assigned = self._handling.assigned
        if not assigned:
            return "no partitions yet"
        missing = assigned - self._handling.positions.keys()
        return f"catching up with {len(missing)} partitions" if missing else None

    def run(self) -> None:
        """Work until asked to stop; raises `StreamerError` for what a person has to mend."""
        self._journal.say("started", group=self._reactions.name)
        self._wait_for_servers()
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        memory = Memory(self._where.redis, self._reactions.name, _PATIENCE_S)
        handling = self._handling = Handling(
            self._reactions, memory, self._lookup, self.counts, self._journal
        )
        app = faust_app(
            self._reactions.name,
            self._where.connection,
            self._where.changes,
            self._reactions.begin,
            handling.take,
            handling.assign,
            handling.revoke,
        )

        @app.task  # type: ignore[untyped-decorator] # it is Faust's
        async def work_on_what_is_due() -> None:
            await self._tend(handling, memory)

        watchdog = Watchdog(
            lambda: handling.turns,
            self._is_behind,
            self._where.patience + self._reactions.timeout / SECOND,
            self._journal,
        )
        watchdog.start()
        worker = faust.Worker(
            app, loop=loop, quiet=True, loglevel=logging.ERROR, redirect_stdouts=False
        )
        worker.spinner = None
        self._away = None
        try:
            worker.execute_from_commandline()
        except SystemExit as ending:
            if ending.code:
                raise AdapterError(f"Faust has ended by itself, with {ending.code}") from None
        finally:
            watchdog.close()
        self._journal.say("stopped")

    def _wait_for_servers(self) -> None:
        """Return once Kafka has the topic and Redis is there."""
        pause = _FIRST_PAUSE
        while True:
            try:
                Asked(self._where.connection).partitions(self._where.changes)
                connect(
                    self._where.redis,
                    allow_volatile=False,
                    patience=_PATIENCE_S,
                ).close()
            except Unavailable as error:
                self._away = str(error)
                self._journal.say("unavailable", "warning", error=str(error))
                threading.Event().wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

    async def _tend(self, handling: Handling, memory: Memory) -> None:
        """Catch up with partitions, and work on what is due, until cancelled."""
        counted = 0.0
        turns, since = handling.turns, time.monotonic()
        said: set[int] = set()
        while True:
            assigned = sorted(handling.assigned)
            for partition in assigned:
                await handling.catch_up(partition)
            await handling.run_due(assigned)
            caught_up = set(handling.positions)
            for partition in caught_up - said:
                self._journal.say(
                    "partition assigned", partition=partition, offset=handling.positions[partition]
                )
            said = caught_up
            if handling.turns != turns:
                turns, since = handling.turns, time.monotonic()
            elif time.monotonic() - since > _QUIET_S:
                since = time.monotonic()
                for partition in assigned:
                    await handling.sweep(partition)
            if time.monotonic() - counted > _COUNT_S:
                counted = time.monotonic()
                with contextlib.suppress(RedisError):
                    waiting, dead = await memory.counts(assigned)
                    self.counts.waiting.set(waiting)
                    self.counts.dead.set(dead)
            await asyncio.sleep(_TURN_S)

    def _lookup(self) -> Lookup:
        return Lookup(self._where.connection, self._where.changes, self._reactions.name)

    def _is_behind(self) -> bool:
        """Return whether there is a record that this process should have handled; blocks."""
        handling = self._handling
        if handling is None:
            return False
        lookup = self._lookup()
        try:
            count = Asked(self._where.connection).partitions(self._where.changes)
            for partition in handling.positions or range(count):
                start = handling.positions.get(partition, lookup.committed(partition))
                begin, end = lookup.held(partition)
                if start is not None and any(lookup.records(partition, max(start, begin), end)):
                    return True
        except AdapterError:
            return False
        finally:
            lookup.close()
        return False
