"""The worker loop: read, decode, load, decide, commit, publish, for one partition.

Theory of operation. The numbers are those of the steps in the code.

1. *Start.* Claim the partition: a new epoch fences every owner before. Publish what the outbox
   holds beyond the sink's mark: it was committed, and its owner died before telling it. Go on
   from the committed offset.
2. *Read* a batch of records and decode them. What cannot be an event becomes a rejection.
3. *Load* the profiles that the batch needs and that are not in the cache, in one call. The cache
   is safe because a commit fails once somebody else owns the partition.
4. *Decide*, record by record. Where the log has a time of its own, every wake due at or before
   that time less `lateness` is acted on before the record, in order of time, then customer,
   whoever's it is. So what is said, and in which order, depends on the log alone, and not on
   where a batch ends.
5. *Commit* profiles, wakes, the next offset and what is to be told, all in one step, under the
   epoch and the next commit number.
6. *Publish* what was committed; the sink keeps its number as the mark. The next commit trims the
   outbox up to there.

A crash before 5 leaves nothing: the batch is read again and decided to the same. A crash after 5
is healed by 1. A crash inside 6 is one or the other, because the sink tells and marks in one step.

A bug while deciding one record rejects that record: the customer's profile is made again from the
store and from what was decided in this batch.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from streamer.codecs.profiles import ProfileCodec
from streamer.core.ruleset import RuleSet
from streamer.ports import Checkpoint, Log, Outgoing, Sink, Store
from streamer.types import Millis, Record
from streamer.worker.cache import ProfileCache
from streamer.worker.cycle import Cycle, Decoder, Desk, Pace


@dataclass(slots=True)
class Tally:
    """What a worker has done so far: records by outcome, and bounds passed by memory slot."""

    outcomes: Counter[str] = field(default_factory=Counter)
    beyond: Counter[int] = field(default_factory=Counter)
    earliest: Millis | None = None
    latest: Millis | None = None
    """The smallest and the largest time of an accepted event."""


class Worker:
    """Works on one partition. Make it, `start` it, then `step` until the log is at its end."""

    def __init__(
        self,
        rules: RuleSet,
        log: Log,
        store: Store,
        sink: Sink,
        decode: Decoder,
        *,
        partition: int = 0,
        pace: Pace | None = None,
    ) -> None:
        self._rules = rules
        self._log = log
        self._store = store
        self._sink = sink
        self._partition = partition
        self._pace = pace or Pace()
        self._cache = ProfileCache(self._pace.cache)
        codec = ProfileCodec(rules)
        self._desk = Desk(rules, codec, store, decode, self._cache, self._pace, partition)
        self._known: Mapping[bytes, bytes] = {}
        self._waiting: Sequence[Record] = ()
        self._epoch = self._number = self._offset = self._published = 0
        self.log_time: Millis | None = None
        self.tally = Tally()

    def start(self) -> None:
        """Take the partition over (step 1)."""
        meta = self._store.claim(self._partition)
        self._epoch, self._number, self._offset = meta.epoch, meta.number, meta.offset
        self.log_time = meta.log_time
        self._known = meta.layouts
        self._desk = replace(self._desk, codec=ProfileCodec(self._rules, meta.layouts))
        self._cache.clear()
        self._published = self._sink.mark(self._partition)
        for outgoing in self._store.outbox(self._partition):
            self._publish(outgoing)

    def step(self) -> bool:
        """Work on one batch (steps 2 to 6); False when the log had nothing to read."""
        records = self._waiting or self._log.read(self._partition, self._offset, self._pace.batch)
        if not records:
            return False
        cycle = Cycle(self._desk, self._offset, self.log_time)
        cycle.decide_records(records)
        self._waiting = records[cycle.taken :]
        self._commit(cycle)
        return True

    def sweep(self, until: Millis) -> None:
        """Act on every wake due at or before `until`, in order of time, then customer."""
        until = min(until, self._pace.horizon)
        while True:
            cycle = Cycle(self._desk, self._offset, self.log_time)
            if not cycle.load_due(until):
                return
            cycle.fire(until)
            self._commit(cycle)

    def _commit(self, cycle: Cycle) -> None:
        """Steps 5 and 6."""
        number = self._number + 1
        outgoing = None
        if cycle.changes or cycle.rejections:
            outgoing = Outgoing(number, tuple(cycle.changes), tuple(cycle.rejections))
        codec = self._desk.codec
        encode = codec.encode
        moved = {customer: cycle.profiles[customer] for customer in cycle.moved}
        self._store.commit(
            Checkpoint(
                partition=self._partition,
                epoch=self._epoch,
                number=number,
                offset=cycle.offset,
                log_time=cycle.log_time,
                profiles={who: encode(it) if it else None for who, it in moved.items()},
                wakes={who: it.wake if it else None for who, it in moved.items()},
                outgoing=outgoing,
                published=self._published,
                layouts={} if codec.id in self._known else codec.own,
            )
        )
        self._known = {**self._known, **codec.own}
        self._number, self._offset, self.log_time = number, cycle.offset, cycle.log_time
        self._cache.keep(cycle.profiles)
        self.tally.outcomes.update(cycle.outcomes)
        self.tally.beyond.update(cycle.beyond)
        if cycle.earliest is not None and cycle.latest is not None:
            tally = self.tally
            tally.earliest = min(cycle.earliest, tally.earliest or cycle.earliest)
            tally.latest = max(cycle.latest, tally.latest or cycle.latest)
        if outgoing is not None:
            self._publish(outgoing)

    def _publish(self, outgoing: Outgoing) -> None:
        if outgoing.number > self._published:
            self._sink.publish(self._partition, outgoing)
            self._published = outgoing.number
