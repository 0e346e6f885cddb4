"""Lives of a worker: stories to work on, the ends to work with, and what is left afterwards."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from streamer.adapters.database import Database
from streamer.adapters.memory import MemoryLog, MemorySink, MemoryStore
from streamer.adapters.sqlite import SqliteLog, SqliteSink, SqliteStore
from streamer.codecs.changes import encode_change, rejection_line
from streamer.codecs.events import decode
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.errors import InvalidEvent
from streamer.ports import Log, Sink, Store
from streamer.types import DAY, FOREVER, HOUR, MINUTE, SECOND, Millis, Record
from streamer.worker import Batching, LogRunner, PartitionTask
from tests.crashing import Calls, InterruptedLog, InterruptedSink, InterruptedStore
from tests.engine import compiled, end_of_file

START: Millis = 1_767_225_600_000
RULES = """
segment: cart_abandoner
title: Left something in the cart
purpose: An example in which events, time and settings all cause changes.
when:
  all:
    - performed: product_added
      within: 7d
    - not_performed: order_completed
      since: product_added
    - quiet: 30m
settings: {min_dwell: 5m, cooldown: 1h}
---
segment: worth_a_call
title: Abandoner who looked often
purpose: An example of a reference and of a count.
when:
  all:
    - in_segment: cart_abandoner
    - performed: product_viewed
      within: 24h
      at_least: 2
---
ladder: engagement
title: How engaged a customer is
purpose: An example of a ladder.
tiers:
  - active: {performed: any, at_least: 3, within: 12h}
  - semi_active: {performed: any, within: 2d}
  - passive: otherwise
"""


def story_rules() -> RuleSet:
    """The rules that stories are about."""
    return compiled(RULES)


def story(seed: int, records: int = 24, *, appended: bool) -> list[bytes]:
    """Events of three customers, ties, duplicates, late ones and poison among them."""
    random = Random(seed)  # noqa: S311 - a seed, not secrecy
    lines, now = [], START
    for number in range(records):
        now += random.choice([0, SECOND, MINUTE, 30 * MINUTE, 31 * MINUTE, 9 * HOUR, 2 * DAY])
        if random.random() < 0.1:
            lines.append(random.choice([b"", b"not JSON", b"[]"]))
            continue
        late = random.choice([0, 0, 0, MINUTE, HOUR, 3 * DAY])
        event: dict[str, object] = {
            "id": f"e-{number - random.choice([0] * 9 + [2])}",
            "name": random.choice(["product_viewed", "product_added", "order_completed"]),
            "time": now - late,
            "user_id": f"u-{random.randrange(3)}",
        }
        if appended:
            event["appended"] = now + random.choice([0, SECOND, 3 * SECOND])
        lines.append(json.dumps(event).encode())
    return lines


@dataclass(frozen=True)
class Ends:
    """What a worker connects to. `told` is what subscribers have seen, as bytes, in order."""

    log: Log
    store: Store
    sink: Sink
    told: Callable[[], tuple[list[bytes], list[bytes]]]


Connect = Callable[[], Ends]


@contextmanager
def in_memory(
    lines: Sequence[bytes],
    _folder: Path | None = None,
    *,
    store: MemoryStore | None = None,
    sink: MemorySink | None = None,
) -> Iterator[Connect]:
    """Ends in memory, which outlive the workers that connect to them."""
    log, store, sink = MemoryLog(), store or MemoryStore(), sink or MemorySink()
    for line in lines:
        log.append(line)
    ends = Ends(
        log,
        store,
        sink,
        lambda: (
            [encode_change(change) for change in sink.changes],
            [rejection_line(rejection) for rejection in sink.rejections],
        ),
    )
    yield lambda: ends


@contextmanager
def in_sqlite(lines: Sequence[bytes], folder: Path) -> Iterator[Connect]:
    """Ends in one SQLite file; whoever connects opens the file anew."""
    path = folder / "streamer.db"
    path.write_bytes(_file_of(tuple(lines)))
    opened: list[Database] = []

    def connect() -> Ends:
        database = Database(path)
        database.rows("PRAGMA synchronous = OFF")  # processes crash here, computers do not
        opened.append(database)
        sink = SqliteSink(database)

        def told() -> tuple[list[bytes], list[bytes]]:
            changes = [encode_change(change) for _, change in sink.changes(limit=1 << 30)]
            return changes, sink.rejections()

        return Ends(SqliteLog(database), SqliteStore(database), sink, told)

    try:
        yield connect
    finally:
        for database in opened:
            database.close()


@cache
def _file_of(lines: tuple[bytes, ...]) -> bytes:
    """The bytes of a SQLite file whose log holds these lines."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "streamer.db"
        with Database(path) as database:
            log = SqliteLog(database)
            for line in lines:
                log.append(line)
        return path.read_bytes()


@dataclass(frozen=True)
class Life:
    """How a worker lives: its rules, its batching, and up to when it fires wakes at the end."""

    rules: RuleSet
    batching: Batching
    until: Millis | None = None

    def live(self, ends: Ends, calls: Calls | None = None) -> Millis:
        """Work to the end of the log, then sweep; return up to when."""
        calls = calls or Calls()
        store, sink = InterruptedStore(ends.store, calls), InterruptedSink(ends.sink, calls)
        task = PartitionTask(self.rules, store, sink, decode, batching=self.batching)
        runner = LogRunner(task, InterruptedLog(ends.log, calls), sink, self.batching.batch)
        runner.start()
        while runner.step():
            if task.log_time is not None:
                runner.fire_due(task.log_time - task.lateness)
        until = end_of_file(task) if self.until is None else self.until
        runner.fire_due(until)
        return until


@dataclass(frozen=True)
class Legacy:
    """What a life leaves: what was told, every profile, whose wakes are set, nothing left to tell.

    An answer may end earlier than it needs to, and so a wake may be earlier: how much depends on
    what was decided when. So profiles are compared without both and from one base, and of the wakes
    only whose they are. Where wakes and records do not come in one order, changes are compared
    customer by customer.
    """

    changes: list[bytes]
    rejections: list[bytes]
    profiles: dict[str, bytes]
    wakes: set[str]
    offset: int
    log_time: Millis | None
    untold: int


def thaw_all(rules: RuleSet, profile: Profile) -> None:
    """Decode every cell, so that the profile is encoded from its last event on."""
    for cell in rules.cells:
        cell.state(profile)
    profile.frozen = [None] * len(rules.cells)
    profile.base = profile.last


def legacy(ends: Ends, lines: Sequence[bytes], life: Life) -> Legacy:
    """Look at everything that is left. Claims the partition: whoever still lives is fenced."""
    changes, rejections = ends.told()
    if not life.batching.in_order:
        changes.sort(key=lambda change: str(json.loads(change)["customer_id"]))
    meta = ends.store.claim(0)
    mark = ends.sink.mark(0)
    codec = ProfileCodec(life.rules, meta.layouts)
    stored = ends.store.load(0, customers(lines))
    profiles = {who: codec.decode(who, data) for who, data in stored.items()}
    wakes = {who: at for at, who in ends.store.due(0, FOREVER, 1 << 30)}
    assert wakes == {who: profile.wake for who, profile in profiles.items()}
    for profile in profiles.values():
        thaw_all(life.rules, profile)
        profile.wake = FOREVER
        profile.valid_until = []
    return Legacy(
        changes,
        rejections,
        {who: codec.encode(profile) for who, profile in profiles.items()},
        set(wakes),
        meta.offset,
        meta.log_time,
        sum(entry.number > mark.number for entry in ends.store.outbox(0)),
    )


def customers(lines: Sequence[bytes]) -> list[str]:
    """Everybody who has an event among the lines."""
    found: dict[str, None] = {}
    for offset, line in enumerate(lines):
        try:
            found[decode(Record(0, offset, line)).customer] = None
        except InvalidEvent:
            continue
    return list(found)
