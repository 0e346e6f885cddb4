"""Reactions at work: Faust, what is due, the pages for operators, until SIGTERM or SIGINT."""

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import faust
from redis.exceptions import RedisError

from streamer.adapters.kafka.connection import Connection
from streamer.adapters.kafka.lookup import Lookup
from streamer.adapters.kafka.topics import ClusterMetadata
from streamer.adapters.redis.client import connect
from streamer.app.live import Journal
from streamer.errors import StreamerError, Unavailable
from streamer.react.counts import ReactionCounts
from streamer.react.faust_app import faust_app
from streamer.react.handling import Handling
from streamer.react.looking import Looking
from streamer.react.memory import Memory
from streamer.react.reactions import Reactions
from streamer.react.reading import Reading
from streamer.react.trouble import Trouble
from streamer.react.watchdog import Watchdog
from streamer.types import SECOND

_PATIENCE_S: Final = 5.0
_TURN_S: Final = 0.2
_COUNT_S: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_STILL_S: Final = 60.0
"""Longer than any rebalance; the time that a function may take comes on top."""
_STUCK: Final = "Faust brings nothing although the topic has something"


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
        self._trouble = Trouble(journal)
        self._reading: Reading | None = None
        self._away: str | None = "not connected yet"

    def unready(self) -> str | None:
        """Return why nothing can be handled just now, None if it can."""
        if self._away is not None or self._reading is None:
            return self._away
        assigned = self._reading.assigned
        if not assigned:
            return "no partitions yet"
        missing = assigned - self._reading.positions.keys()
        return f"catching up with {len(missing)} partitions" if missing else None

    def run(self) -> None:
        """Work until asked to stop; raises `StreamerError` for what a person has to mend."""
        self._journal.say("started", group=self._reactions.name)
        with stop_asked() as stop:
            there = self._wait_for_servers(stop)
        if there:
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            with closing(self._lookup()) as lookup:
                self._run(loop, Looking(lookup))
        self._journal.say("stopped")

    def _run(self, loop: asyncio.AbstractEventLoop, looking: Looking) -> None:
        memory = Memory(self._where.redis, self._reactions.name, _PATIENCE_S)
        handling = Handling(
            self._reactions, memory, looking.values, self.counts, self._journal, self._trouble
        )
        reading = self._reading = Reading(
            memory,
            looking,
            self._reactions.begin,
            handling.do,
            self.counts,
            self._journal,
            self._trouble,
        )

        async def revoked(partitions: Collection[int]) -> None:
            await reading.revoke(partitions)
            await handling.finish(partitions)

        app = faust_app(
            self._reactions.name,
            self._where.connection,
            self._where.changes,
            self._reactions.begin,
            reading.take,
            reading.assign,
            revoked,
        )

        @app.task  # type: ignore[untyped-decorator] # it is Faust's
        async def work_on_what_is_due() -> None:
            await self._tend(reading, handling, memory)

        @app.on_before_shutdown.connect  # type: ignore[untyped-decorator] # it is Faust's
        async def finish(*_: Any, **__: Any) -> None:  # noqa: ANN401 (Faust's)
            await revoked(sorted(reading.assigned))

        watchdog = Watchdog(
            lambda: handling.turns,
            lambda: self._is_behind(reading),
            self._where.patience + self._reactions.timeout / SECOND,
            self._journal,
            lambda: self._trouble.fatal or (_STUCK if reading.is_stuck else None),
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
                watchdog.give_up(f"Faust has ended by itself, with {ending.code}")
        finally:
            watchdog.close()

    def _wait_for_servers(self, stop: threading.Event) -> bool:
        """Return once Kafka has the topic and Redis is there; False if asked to stop before."""
        pause = _FIRST_PAUSE
        while not stop.is_set():
            try:
                ClusterMetadata(self._where.connection, _PATIENCE_S).partitions(self._where.changes)
                connect(
                    self._where.redis,
                    allow_volatile=False,
                    patience=_PATIENCE_S,
                ).close()
            except Unavailable as error:
                self._away = str(error)
                self._journal.say("unavailable", "warning", error=str(error))
                stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return not stop.is_set()
        return False

    async def _tend(self, reading: Reading, handling: Handling, memory: Memory) -> None:
        """Begin partitions, look at quiet ones, work on what is due, until cancelled."""
        counted = 0.0
        said: set[int] = set()
        try:
            while True:
                for partition in sorted(reading.assigned):
                    try:
                        await reading.open(partition)
                        await reading.look(partition)
                        await handling.start_due(partition)
                    except Exception as error:  # noqa: BLE001 (the others go on)
                        self._trouble.met(error, partition)
                is_open = set(reading.positions)
                for partition in is_open - said:
                    self._journal.say(
                        "partition assigned",
                        partition=partition,
                        offset=reading.positions[partition],
                    )
                said = is_open
                if time.monotonic() - counted > _COUNT_S:
                    counted = time.monotonic()
                    with contextlib.suppress(RedisError):
                        waiting, dead = await memory.counts(sorted(is_open))
                        self.counts.waiting.set(waiting)
                        self.counts.dead.set(dead)
                    with contextlib.suppress(StreamerError):
                        self.counts.lag.set(await reading.lag())
                await asyncio.sleep(_TURN_S)
        finally:
            await handling.close()
            await memory.close()

    def _lookup(self) -> Lookup:
        return Lookup(self._where.connection, self._where.changes, self._reactions.name)

    def _is_behind(self, reading: Reading) -> bool:
        """Return whether there is a record that this process should have handled; blocks."""
        count = ClusterMetadata(self._where.connection, _PATIENCE_S).partitions(self._where.changes)
        positions = dict(reading.positions)
        with closing(self._lookup()) as lookup:
            for partition in positions or range(count):
                position = positions.get(partition, lookup.committed(partition))
                begin, end = lookup.held(partition)
                if (
                    position is not None
                    and position < end
                    and lookup.page(partition, max(position, begin)).records
                ):
                    return True
        return False


@contextmanager
def stop_asked() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set, for as long as Faust does not heed them yet."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
