"""The task of one partition: read, decode, load, decide, commit, publish.

Theory of operation. The numbers are those of the steps in the code. R is the store's next offset,
n its commit number, P the sink's mark.

1. *Claim* the partition: a new epoch fences every earlier owner. Then ask the sink for P, which
   waits until no earlier owner can publish any more. Publish the outbox entries above P: they were
   committed, and their owner died before publishing them. Read on from R. Kafka forgets P some days
   after the last member of the group left; then the store's number counts, the last one known
   to be published when it was written.
2. *Read* a batch of records and decode them. A record that is no event becomes a rejection.
3. *Load* the profiles that the batch needs and the cache misses, in one call. The cache is safe
   because a commit fails once another process owns the partition.
4. *Decide* record by record, each after the wakes of its customer that the log time makes due
   (`batch` orders the other wakes). So the changes depend on the log alone, and not on where a
   batch ends.
5. *Commit* profiles, wakes, R and the outbox entry, all in one step, under the owner, the epoch and
   the number of the commit before.
6. *Publish* the entry, and P with it, in one step. The next commit trims the outbox up to there,
   and so does closing.
7. *Restore.* If R lies before P, the store went back in time, or lost everything. The records up to
   P are decided again. Decisions depend on the log alone, so their changes are those that were
   published before, and none is published again: of no record before P's offset, and of no wake up
   to P's `fired_until`. Later wakes wait until the partition is restored, since P does not say
   whether their changes were published. The first commit continues the numbers of P, not those of
   the store. Until the partition is restored every commit says so, for programs that read it.
8. *Migrate.* If the store holds profiles of other rules, every customer is decided again under the
   present ones, at the instant up to which wakes had fired when these came: the customers that
   step 3 loads, and the silent ones slice by slice, once the partition is restored. The first
   commit writes that instant, so neither a crash nor the order of the slices changes what is
   published. The layouts of the other rules are deleted when all customers have been scanned.

A crash before 5 leaves nothing: the batch is read again, with the same outcome. A crash after 5 is
repaired by 1. A crash inside 6 is one or the other, because the sink publishes in one step.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from streamer.codecs.controls import Joining, layouts_and_marks
from streamer.core.engine.program import RuleSet
from streamer.ports import (
    NOTHING_FIRED,
    Advance,
    Batch,
    Checkpoint,
    DecodedRecords,
    DueWake,
    FencingToken,
    OutboxEntry,
    PublishedMark,
    Sink,
    Store,
)
from streamer.types import FOREVER, Millis, Record
from streamer.worker.engine import Batching, Decoder, PythonEngine
from streamer.worker.states import Act, Lifecycle, State
from streamer.worker.stopwatch import Stopwatch
from streamer.worker.tally import RecordTally

END: Final[DueWake] = (FOREVER, "")
"""Later than every wake."""
_UNHURRIED: Final = 16
"""While restoring, a batch fires so many times more wakes: no reader waits for them."""


class PartitionTask:
    """Works on one partition of a log, a store and a sink.

    After `start`, call `process` with records, `fire_due` where the log has ended, and `migrate`
    while `needs_migration`. Each commits and returns outbox entries; publish them, then call
    `mark_published`. `life` says what the task may do. `owner` names it in the store; every task
    needs another name.
    """

    def __init__(  # noqa: PLR0913 (each is one part of its world)
        self,
        rules: RuleSet,
        store: Store,
        sink: Sink,
        decode: Decoder,
        *,
        partition: int = 0,
        batching: Batching | None = None,
        horizon: Millis = FOREVER,
        owner: str = "",
        watch: Stopwatch | None = None,
        tally: RecordTally | None = None,
        joining: Joining = "at once",
    ) -> None:
        self._rules = rules
        self._store = store
        self._sink = sink
        self._owner = owner
        self._batching = batching or Batching()
        self._decode = decode
        self._watch = watch or Stopwatch()
        self._horizon = horizon
        self._joining = joining
        self._engine = PythonEngine(rules, decode, self._batching)
        self._known: Mapping[bytes, bytes] = {}
        self._epoch = self._number = self._follows = self._published = self._trimmed = 0
        self._restoring: PublishedMark | None = None
        self._cursor = ""
        self.life = Lifecycle()
        self.partition = partition
        self.offset = 0
        self.log_time: Millis | None = None
        self.fired_until: DueWake = NOTHING_FIRED
        self.scanned = 0
        self.tally = tally or RecordTally()

    @property
    def lateness(self) -> Millis:
        """How far time stays behind the newest record, in ms, as the rules set it."""
        return self._rules.lateness

    @property
    def restoring(self) -> PublishedMark | None:
        """The mark up to which the task restores (step 7); None if it does not."""
        return self._restoring

    @property
    def needs_migration(self) -> bool:
        """Whether `migrate` has something to do (step 8): not before the partition is restored.

        `scanned` counts the customers that this task has scanned.
        """
        return self.life.state is State.MIGRATING

    @property
    def has_old_profiles(self) -> bool:
        """Whether the store may still hold profiles that other rules decided last."""
        return any(known != self._engine.codec.id for known in self._known)

    @property
    def cold_segments(self) -> list[str]:
        """The segments and ladders that read cells which other rules did not have.

        These cells begin empty for customers that were last decided under other rules.
        """
        cold = self._engine.codec.cold if self.has_old_profiles else frozenset[int]()
        return [segment.key for segment in self._rules.segments if segment.slots & cold]

    @property
    def new(self) -> bool:
        """Whether nothing was ever committed or published of the partition."""
        return self._number == 0

    def start(self, life: Lifecycle | None = None) -> None:
        """Claim the partition (step 1); `life` is that of its assignment."""
        self.life = life or Lifecycle()
        meta = self._store.claim(self.partition, self._owner)
        self.life.move(State.CLAIMED)
        mark = self._sink.mark(self.partition, meta.before)
        if mark == PublishedMark():
            mark = PublishedMark(meta.published, meta.offset, meta.fired_until)
        self._epoch, self._follows, self.offset = meta.epoch, meta.number, meta.offset
        self.log_time, self.fired_until = meta.log_time, meta.fired_until
        self._known, marks = layouts_and_marks(meta.layouts)
        self._engine = PythonEngine(
            self._rules,
            self._decode,
            self._batching,
            self._known,
            meta.fired_until[0] - 1,
            self._horizon,
            joining=self._joining,
            marks=marks,
        )
        self._cursor, self.scanned = "", 0
        self._number = max(meta.number, mark.number)
        self._published = mark.number
        self._trimmed = meta.published
        behind = (meta.offset, meta.fired_until) < (mark.offset, mark.fired_until)
        self._restoring = mark if behind else None
        left = [one for one in self._store.outbox(self.partition) if one.number > mark.number]
        if left:
            self.life.require(Act.PUBLISH)
            self._sink.publish(left)
            self.mark_published(left[-1])
        self.life.move(State.RESTORING if behind else self._working)

    def process(self, records: Sequence[Record]) -> tuple[list[OutboxEntry], Sequence[Record]]:
        """Process records (steps 2 to 5).

        Returns the outbox entries, and the records that are left for the next call: those before
        which more wakes are due than one batch takes.
        """
        self.life.require(Act.READ)
        return self._take(records)

    def has_due(self, until: Millis) -> bool:
        """Say whether `fire_due` has something to do; changes nothing."""
        if self._restoring is not None:
            return True
        tenure = FencingToken(self._owner, self._epoch, self._follows)
        until = min(until, self._horizon)
        return bool(self._store.due(self.partition, until, 1, tenure))

    def fire_due(self, until: Millis) -> tuple[list[OutboxEntry], bool]:
        """At the end of the log, fire wakes due at or before `until`, as many as a batch takes.

        Moves log time to where it makes them due, so that every later record comes after them.
        Returns the outbox entries, and whether all of these wakes have fired.
        """
        self.life.require(Act.READ)
        if self._restoring is not None:
            self._finish_restoring(self._restoring)
        until = min(until, self._horizon)
        log_time = max(until + self._rules.lateness, self.log_time or 0)
        advance = self._advance(DecodedRecords(), log_time, until)
        if advance.profiles:
            return self._commit(advance), advance.done
        self.log_time, self.fired_until = advance.log_time, advance.fired_until
        return [], advance.done

    def migrate(self, limit: int) -> tuple[list[OutboxEntry], bool]:
        """Migrate about `limit` more customers while the task `needs_migration` (step 8).

        Returns the outbox entries, and whether these were the last customers.
        """
        entries, done = self._migrate(limit)
        if done:
            self.life.move(State.RUNNING)
        return entries, done

    def mark_published(self, entry: OutboxEntry) -> None:
        """Note that everything up to the entry is published (step 6)."""
        self._published = entry.number

    def close(self) -> None:
        """Trim the outbox, so that the store knows what is published when Kafka no longer does."""
        self.trim()
        self.life.move(State.CLOSED)

    def trim(self) -> None:
        """Trim the outbox now, without waiting for the next commit."""
        if self._trimmed < self._published:
            self._commit(self._nothing())

    def progress(self) -> OutboxEntry | None:
        """Return an outbox entry without output, which moves the mark to the task's position.

        None while the task is restoring: the mark is ahead of it, and must not go back.
        """
        if self._restoring is not None:
            return None
        return OutboxEntry(
            self._number, partition=self.partition, offset=self.offset, fired_until=self.fired_until
        )

    @property
    def _working(self) -> State:
        return State.MIGRATING if self.has_old_profiles else State.RUNNING

    def _migrate(self, limit: int) -> tuple[list[OutboxEntry], bool]:
        self._cursor, customers = self._store.scan(self.partition, self._cursor, limit)
        advance = self._advance(DecodedRecords(), self.log_time, None, customers)
        self.scanned += len(customers)
        done = not self._cursor
        dropped = self._engine.codec.others if done else ()
        return self._commit(advance, dropped) if advance.profiles or done else [], done

    def _advance(
        self,
        reading: DecodedRecords,
        log_time: Millis | None,
        until: Millis | None,
        customers: Sequence[str] = (),
    ) -> Advance:
        """Steps 3 and 4: load what the engine misses, and let it decide.

        Of `customers`, which are to be migrated, only those are loaded that are not cached: a
        cached profile was decided under the present rules.
        """
        engine, store, partition = self._engine, self._store, self.partition
        most, boundary = self._batching.wakes, END
        if self._restoring is not None:
            most, boundary = _UNHURRIED * most, self._restoring.fired_until
        due: Sequence[DueWake] = ()
        if until is not None:
            token = FencingToken(self._owner, self._epoch, self._follows)
            due = store.due(partition, min(until, boundary[0]), most, token)
            if len(due) == most:
                boundary = min(due[-1], boundary)
        unmigrated = engine.missing(customers)
        missing = engine.missing([*reading.customers, *(who for _, who in due), *unmigrated])
        stored = store.load(partition, missing) if missing else {}
        users = engine.users_of(reading.customers, stored)
        unread = [one for one in engine.missing(users) if one not in stored]
        if unread:
            stored |= store.load(partition, unread)
        self._watch.lap("load")
        advance = engine.advance(
            Batch(
                reading=reading,
                stored=stored,
                offset=self.offset,
                log_time=log_time,
                fired_until=self.fired_until,
                due=due,
                until=until,
                boundary=boundary,
                customers=[*unmigrated, *users],
            )
        )
        self._watch.lap("decide")
        return advance

    def _nothing(self) -> Advance:
        """Return the output of an empty batch."""
        return self._advance(DecodedRecords(), self.log_time, None)

    def _take(self, records: Sequence[Record]) -> tuple[list[OutboxEntry], Sequence[Record]]:
        """Process one batch; return the outbox entries and the records left for later."""
        batch = records
        if self._restoring is not None:
            batch = [one for one in records if one.offset < self._restoring.offset]
        reading = self._engine.read(batch)
        self._watch.lap("decode")
        until = None
        if reading.appended is not None:
            log_time = max(reading.appended, self.log_time or 0)
            until = min(log_time - self._rules.lateness, self._horizon)
        advance = self._advance(reading, self.log_time, until)
        entries = self._commit(advance)
        mark = self._restoring
        if mark and (self.offset >= mark.offset or len(batch) < len(records)):
            self._finish_restoring(mark)
        return entries, records[advance.taken :]

    def _finish_restoring(self, mark: PublishedMark) -> None:
        """Fire again the wakes up to the mark, then leave the restoring state."""
        while self.fired_until < mark.fired_until:
            self._commit(self._advance(DecodedRecords(), self.log_time, mark.fired_until[0]))
        self._restoring = None
        self._commit(self._nothing())  # it says that the partition is restored
        self.life.move(self._working)

    def _commit(self, advance: Advance, dropped: Sequence[bytes] = ()) -> list[OutboxEntry]:
        """Step 5, and delete these layouts; return the outbox entries."""
        self.life.require(Act.COMMIT)
        number = self._number + 1
        entry = None
        output = advance.changes or advance.rejections or advance.controls or advance.memberships
        if self._restoring is None and output:
            entry = OutboxEntry(
                number,
                advance.changes,
                advance.rejections,
                advance.memberships,
                self.partition,
                advance.offset,
                advance.fired_until,
                advance.lines,
                advance.traceparents,
                advance.controls,
            )
        codec = self._engine.codec
        self._store.commit(
            Checkpoint(
                partition=self.partition,
                owner=self._owner,
                epoch=self._epoch,
                number=number,
                follows=self._follows,
                offset=advance.offset,
                log_time=advance.log_time,
                fired_until=advance.fired_until,
                profiles=advance.profiles,
                wakes=advance.wakes,
                entry=entry,
                published=self._published,
                layouts={**self._unwritten(), **dict.fromkeys(dropped), **advance.marks},
                restoring_until=None if self._restoring is None else self._restoring.offset,
            )
        )
        self._watch.lap("commit")
        self._known = codec.own if dropped else {**self._known, **codec.own}
        self._number = self._follows = number
        self._trimmed = self._published
        self.offset, self.log_time = advance.offset, advance.log_time
        self.fired_until = advance.fired_until
        self._engine.keep(advance)
        self.tally.add(advance)
        if entry is None:
            return []
        self.tally.changes.update((one.segment, one.direction) for one in entry.changes)
        return [entry]

    def _unwritten(self) -> Mapping[bytes, bytes]:
        """Return the layout of the present rules, unless the store has it."""
        codec = self._engine.codec
        return {} if self._known.get(codec.id) == codec.own[codec.id] else codec.own
