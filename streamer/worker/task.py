"""The worker of one partition: read, decode, load, decide, commit, publish.

Theory of operation. The numbers are those of the steps in the code. R is the store's next offset,
n its commit number, P the sink's mark.

1. *Take over.* Claim the partition: a new epoch fences every owner before. Then ask the sink for P,
   which waits until no owner before can publish any more. Publish what the outbox holds beyond P:
   it was committed, and its owner died before publishing it. Go on from R. Where the sink has
   forgotten P, as Kafka does some days after the last member left, the store's own word counts:
   the last number that was known to be published when it was written.
2. *Read* a batch of records and decode them. What cannot be an event becomes a rejection.
3. *Load* the profiles that the batch needs and that are not in the cache, in one call. The cache
   is safe because a commit fails once somebody else owns the partition.
4. *Decide*, record by record, each after the wakes of its customer that its log time makes due
   (`cycle` says how the others come in). So what is said depends on the log alone, and not on
   where a batch ends.
5. *Commit* profiles, wakes, R and the outbox entry, all in one step, under the owner, the epoch
   and the number of the commit before.
6. *Publish* what was committed, and P with it, in one step. The next commit trims the outbox up to
   there, and so does leaving.
7. *Restore.* If R lies before P, the store went back in time, or lost everything. The records up to
   P are decided again, and because decisions depend on the log alone, what comes of them is what
   was published before. So nothing of it is published: no record before P's offset, and no wake up
   to P's `fired_until`. Wakes beyond that wait until the partition is restored, since P does not
   say whether they were published. The first commit continues the numbers of P, not those of the
   store. Until the partition is restored every commit says so, for those who read the store.

8. *Migrate.* Where profiles of other rules are kept, every customer is decided again under the
   present ones, at the instant up to which wakes had acted when these came: the customers that are
   loaded in 3, and the silent ones slice by slice, once the partition is restored. That instant is
   kept with the first commit, so neither a crash nor the order of the slices changes what is
   published. When all customers have been looked at, the layouts of the other rules are forgotten;
   a task that finds none has nothing to do here.

A crash before 5 leaves nothing: the batch is read again and decided to the same. A crash after 5
is healed by 1. A crash inside 6 is one or the other, because the sink does both in one step.

A bug while deciding one record rejects that record: the customer's profile is made again from the
store and from what was decided in this batch.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from streamer.core.engine.program import RuleSet
from streamer.ports import (
    NOTHING_FIRED,
    Advance,
    Batch,
    Checkpoint,
    DueWake,
    FencingToken,
    OutboxEntry,
    PublishedMark,
    Reading,
    Sink,
    Store,
)
from streamer.types import FOREVER, Millis, Record
from streamer.worker.batch import Decoder, Pace, PythonEngine
from streamer.worker.states import Act, Lifecycle, State
from streamer.worker.stopwatch import Stopwatch
from streamer.worker.tally import Tally

END: Final[DueWake] = (FOREVER, "")
"""Later than every wake."""
_UNHURRIED: Final = 16
"""While restoring, a cycle acts on so many times more wakes: no reader waits for them."""


class PartitionTask:
    """Works on one partition of a log, a store and a sink.

    After `start`, give it records with `process`, let it `fire_due` where the log has ended, and
    `migrate` while it needs to. Each commits and returns what is to be published; once that is done
    say so with `mark_published`. `life` says what it may do. `owner` names it in the store, and
    must be another one for every task.
    """

    def __init__(  # noqa: PLR0913 (each is one part of its world)
        self,
        rules: RuleSet,
        store: Store,
        sink: Sink,
        decode: Decoder,
        *,
        partition: int = 0,
        pace: Pace | None = None,
        owner: str = "",
        watch: Stopwatch | None = None,
        tally: Tally | None = None,
    ) -> None:
        self._rules = rules
        self._store = store
        self._sink = sink
        self._owner = owner
        self._pace = pace or Pace()
        self._decode = decode
        self._watch = watch or Stopwatch()
        self._engine = PythonEngine(rules, decode, self._pace)
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
        self.tally = tally or Tally()

    @property
    def lateness(self) -> Millis:
        """How far time stays behind the newest record, in ms: the rules say it."""
        return self._rules.lateness

    @property
    def restoring(self) -> PublishedMark | None:
        """The mark up to which it restores (step 7); None if it does not."""
        return self._restoring

    @property
    def needs_migration(self) -> bool:
        """Whether `migrate` has something to do (step 8): not before the partition is restored.

        `scanned` counts the customers that this task has looked at for it.
        """
        return self.life.state is State.MIGRATING

    @property
    def has_old_profiles(self) -> bool:
        """Whether there may still be profiles that other rules decided last."""
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
        self._known = meta.layouts
        self._engine = PythonEngine(
            self._rules, self._decode, self._pace, meta.layouts, meta.fired_until[0] - 1
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
        """Work on records (steps 2 to 5).

        Returns what is to be published, and the records that are left for the next call: where
        wakes that come before them are more than one cycle takes.
        """
        self.life.require(Act.READ)
        return self._take(records)

    def has_due(self, until: Millis) -> bool:
        """Say whether `fire_due` has something to do: a look, which changes nothing."""
        if self._restoring is not None:
            return True
        tenure = FencingToken(self._owner, self._epoch, self._follows)
        until = min(until, self._pace.horizon)
        return bool(self._store.due(self.partition, until, 1, tenure))

    def fire_due(self, until: Millis) -> tuple[list[OutboxEntry], bool]:
        """At the end of the log, act on wakes due at or before `until`, up to a cycle's most.

        Log time goes on to where it makes them due, so that no later record finds it before.
        Returns what is to be published, and whether all of them have acted.
        """
        self.life.require(Act.READ)
        if self._restoring is not None:
            self._finish_restoring(self._restoring)
        until = min(until, self._pace.horizon)
        log_time = max(until + self._rules.lateness, self.log_time or 0)
        advance = self._advance(Reading(), log_time, until)
        if advance.profiles:
            return self._commit(advance), advance.done
        self.log_time, self.fired_until = advance.log_time, advance.fired_until
        return [], advance.done

    def migrate(self, limit: int) -> tuple[list[OutboxEntry], bool]:
        """Look at about `limit` more customers while it `needs_migration` (step 8).

        Returns what is to be published, and whether that was the last of them.
        """
        entries, done = self._migrate(limit)
        if done:
            self.life.move(State.RUNNING)
        return entries, done

    def mark_published(self, entry: OutboxEntry) -> None:
        """Note that everything up to the entry is published (step 6)."""
        self._published = entry.number

    def close(self) -> None:
        """Trim what is published, so that the store knows of it for as long as it may take."""
        if self._trimmed < self._published:
            self._commit(self._nothing())
        self.life.move(State.CLOSED)

    def progress(self) -> OutboxEntry | None:
        """Return an outbox entry without output, which says how far the task has come.

        None while it is restoring: the mark is further, and must not go back.
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
        advance = self._advance(Reading(), self.log_time, None, customers)
        self.scanned += len(customers)
        done = not self._cursor
        forgotten = self._engine.codec.others if done else ()
        return self._commit(advance, forgotten) if advance.profiles or done else [], done

    def _advance(
        self,
        reading: Reading,
        log_time: Millis | None,
        until: Millis | None,
        customers: Sequence[str] = (),
    ) -> Advance:
        """Steps 3 and 4: load what the engine misses, and let it decide.

        Customers that are only looked at (`customers`) are loaded where they are not cached: those
        that are cached were decided under the present rules.
        """
        engine, store, partition = self._engine, self._store, self.partition
        most, boundary = self._pace.wakes, END
        if self._restoring is not None:
            most, boundary = _UNHURRIED * most, self._restoring.fired_until
        due: Sequence[DueWake] = ()
        if until is not None:
            token = FencingToken(self._owner, self._epoch, self._follows)
            due = store.due(partition, min(until, boundary[0]), most, token)
            if len(due) == most:
                boundary = min(due[-1], boundary)
        looked_at = engine.missing(customers)
        missing = engine.missing([*reading.customers, *(who for _, who in due), *looked_at])
        stored = store.load(partition, missing) if missing else {}
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
                customers=looked_at,
            )
        )
        self._watch.lap("decide")
        return advance

    def _nothing(self) -> Advance:
        """Return what a batch of nothing yields."""
        return self._advance(Reading(), self.log_time, None)

    def _take(self, records: Sequence[Record]) -> tuple[list[OutboxEntry], Sequence[Record]]:
        """Work on one batch; return what is to be published and the records left for later."""
        batch = records
        if self._restoring is not None:
            batch = [one for one in records if one.offset < self._restoring.offset]
        reading = self._engine.read(batch)
        self._watch.lap("decode")
        until = None
        if reading.appended is not None:
            log_time = max(reading.appended, self.log_time or 0)
            until = min(log_time - self._rules.lateness, self._pace.horizon)
        advance = self._advance(reading, self.log_time, until)
        entries = self._commit(advance)
        mark = self._restoring
        if mark and (self.offset >= mark.offset or len(batch) < len(records)):
            self._finish_restoring(mark)
        return entries, records[advance.taken :]

    def _finish_restoring(self, mark: PublishedMark) -> None:
        """Fire once more the wakes that were published up to the mark, then publish again."""
        while self.fired_until < mark.fired_until:
            self._commit(self._advance(Reading(), self.log_time, mark.fired_until[0]))
        self._restoring = None
        self._commit(self._nothing())  # which says that it is restored
        self.life.move(self._working)

    def _commit(self, advance: Advance, forgotten: Sequence[bytes] = ()) -> list[OutboxEntry]:
        """Step 5, and forget these layouts; return what is to be published."""
        self.life.require(Act.COMMIT)
        number = self._number + 1
        entry = None
        if self._restoring is None and (advance.changes or advance.rejections):
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
                layouts={**self._unwritten(), **dict.fromkeys(forgotten)},
                restoring_until=None if self._restoring is None else self._restoring.offset,
            )
        )
        self._watch.lap("commit")
        self._known = codec.own if forgotten else {**self._known, **codec.own}
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
        """Return the layout of the present rules, unless the store has it as it is."""
        codec = self._engine.codec
        return {} if self._known.get(codec.id) == codec.own[codec.id] else codec.own
