"""The file of the embedded default, used beside its worker: its events, and one more.

A worker holds the file (`HeldFile`) for as long as it decides what the log has. An event that is
sent here is appended to the log, and decided by that worker; where nobody holds the file, it is
decided here at once, up to the time of the log: nothing else moves time there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

import orjson

from streamer.adapters.database import Database
from streamer.adapters.held import HeldFile
from streamer.adapters.history import RecentEvents
from streamer.adapters.sqlite import SqliteLog, SqliteSink, SqliteStore
from streamer.codecs.events import decode
from streamer.core.engine.program import RuleSet
from streamer.errors import InvalidEvent
from streamer.ports import Log
from streamer.types import Event, Millis, Record
from streamer.worker import Batching, LogRunner, PartitionTask

PARTITION: Final = 0
"""The file of the demo has one."""
_LOOKED_AT: Final = 100_000
"""So many of the latest records are looked through for the events of a customer."""
_ESCAPE: Final = b"\\"


class Sent(NamedTuple):
    """An event that was appended. `decided` says that it was decided here, too."""

    event: Event
    decided: bool


class ShopFile:
    """One file; each call has a connection of its own, so any thread may ask."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def events_of(self, customer: str, partition: int, limit: int) -> RecentEvents:
        """Return the latest events of a customer among the latest records."""
        with Database(self._path) as database:
            rows = database.rows(
                "SELECT offset, value, appended, key FROM (SELECT * FROM log WHERE partition = ? "
                "ORDER BY offset DESC LIMIT ?) WHERE instr(value, ?) OR instr(value, ?) "
                "ORDER BY offset DESC",
                (partition, _LOOKED_AT, customer.encode(), _ESCAPE),
            )
            before = database.rows(
                "SELECT appended FROM log WHERE partition = ? ORDER BY offset DESC "
                "LIMIT 2 OFFSET ?",
                (partition, _LOOKED_AT - 1),
            )
        found: list[Event] = []
        for offset, value, appended, key in rows:
            try:
                event = decode(Record(partition, offset, value, appended, key, ()))
            except InvalidEvent:
                continue
            if event.customer == customer:
                found.append(event)
                if len(found) == limit:
                    break
        return RecentEvents(found, before[0][0] if len(before) > 1 else None)

    @contextmanager
    def whole(self) -> Iterator[Log]:
        """Open every record of the log, however many there are."""
        with Database(self._path) as database:
            yield SqliteLog(database)

    def send(self, body: bytes, rules: RuleSet) -> Sent:
        """Append an event, of now where it names no time, under a new id where it has none.

        Raises `InvalidEvent` for what is no event.
        """
        with Database(self._path) as database:
            now = _now(database, rules.lateness)
            value = _completed(body, now)
            event = decode(Record(PARTITION, 0, value, now, None, ()))
            SqliteLog(database).append(value, now, partition=PARTITION)
            with HeldFile(self._path) as held:
                if held.is_held:
                    _decide(database, rules)
                return Sent(event, held.is_held)


def _now(database: Database, lateness: Millis) -> Millis:
    """Return the time of the log, or up to when wakes have fired if that is later."""
    ((appended,),) = database.rows(
        "SELECT coalesce(max(appended), 0) FROM (SELECT appended FROM log "
        "WHERE partition = ? ORDER BY offset DESC LIMIT 1)",
        (PARTITION,),
    )
    fired = database.rows("SELECT fired_at FROM meta WHERE partition = ?", (PARTITION,))
    return max([int(appended), *(int(at) + lateness for (at,) in fired)])


def _decide(database: Database, rules: RuleSet) -> None:
    batching, sink = Batching(), SqliteSink(database)
    task = PartitionTask(rules, SqliteStore(database), sink, decode, batching=batching)
    runner = LogRunner(task, SqliteLog(database), sink, batching.batch)
    runner.start()
    while runner.step():
        pass


def _completed(body: bytes, now: Millis) -> bytes:
    """Return an event with the id and the time that it lacks; anything else as it is."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if type(event) is not dict:
        return body
    return orjson.dumps({"id": f"page-{uuid4()}", "time": now} | event)
