"""The Python engine behind the port: decides a batch of records and due wakes.

An engine changes nothing in the store. When a batch fails, the task is dropped together with the
engine and its cache.

Customers are independent, so a wake has to fire before a record only if both are of one customer.
That leaves two orders. *In order*, every wake that a record's log time makes due fires before the
record, for all customers: the order of the output depends on the log alone, so two replays are
equal byte by byte. *At once*, only the wakes of the record's own customer fire before it. The wakes
of other customers fire at the end of the batch, a bounded number in each, so a million wakes due in
one minute delay no event. Each customer's changes are the same in both orders.

A profile that other rules decided last is migrated when it is loaded (`core.engine.migrate`); then
the wakes fire that have fired for the rest of the partition. So no other function here meets one.

A bug while deciding one record rejects that record. The batch is decided again without it, from the
bytes that the profiles had before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias, final

from streamer.codecs.changes import encode_change
from streamer.codecs.profiles import ProfileCodec
from streamer.codecs.tracing import traceparent_of
from streamer.codecs.unusable import note
from streamer.core.engine.decide import Decision, decide
from streamer.core.engine.migrate import migrate
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.errors import InvalidEvent
from streamer.ports import Advance, Batch, DueWake, Reading
from streamer.types import (
    FOREVER,
    Event,
    Membership,
    Millis,
    Record,
    Rejection,
    RejectionKind,
    SegmentChange,
    Unusable,
    Wake,
)
from streamer.worker.bugs import describe
from streamer.worker.cache import Entry, ProfileCache

Decoder: TypeAlias = Callable[[Record], Event]

_REASONS: Final[dict[RejectionKind, str]] = {
    "late": "the event is older than the customer's clock, or its append time, allows",
    "early": "the event is too far ahead of its append time",
    "duplicate": "an event with this id was accepted before",
}


@dataclass(frozen=True, slots=True)
class Batching:
    """How much is processed at once, and in which order.

    A batch takes at most `batch` records and `wakes` wakes. `cache` is how many profiles are
    cached, `renewals` how many customers one slice of a migration takes. `in_order` chooses between
    the two orders of wakes and records.
    """

    batch: int = 500
    wakes: int = 5_000
    cache: int = 100_000
    renewals: int = 500
    in_order: bool = True


@final
class PythonEngine:
    """Decides for the customers of one partition.

    `layouts` and `now` are as for `ProfileCodec`. Events and wakes after `horizon` are left out.
    """

    def __init__(
        self,
        rules: RuleSet,
        decode: Decoder,
        batching: Batching,
        layouts: Mapping[bytes, bytes] | None = None,
        now: Millis = 0,
        horizon: Millis = FOREVER,
    ) -> None:
        self.rules = rules
        self.batching = batching
        self.horizon = horizon
        self.codec = ProfileCodec(rules, layouts, now)
        self.cache = ProfileCache(batching.cache)
        self._decode = decode

    def read(self, records: Sequence[Record]) -> Reading:
        """Decode records; one that is no event becomes the error that says why."""
        events: list[Event | InvalidEvent] = []
        customers: dict[str, None] = {}
        appended: Millis | None = None
        decode = self._decode
        for record in records:
            try:
                event = decode(record)
            except InvalidEvent as error:
                events.append(error)
                continue
            events.append(event)
            customers[event.customer] = None
            if event.appended is not None and (appended is None or event.appended > appended):
                appended = event.appended
        return Reading(records, events, customers, appended)

    def missing(self, customers: Iterable[str]) -> list[str]:
        """Return the customers whose profiles are not cached, each once."""
        cached = self.cache.get
        return [one for one in dict.fromkeys(customers) if cached(one) is None]

    def advance(self, batch: Batch) -> Advance:
        """Decide a batch; pass the result to `keep` once it is committed."""
        refused: dict[int, str] = {}
        while True:
            run = BatchRun(self, batch, refused)
            try:
                return run.result()
            except _Bug as bug:
                refused[bug.index] = bug.reason
                for customer in run.profiles:
                    entry = self.cache.get(customer)
                    if entry is not None:
                        entry.profile = None

    def keep(self, advance: Advance) -> None:
        """Cache the profiles of a committed batch."""
        moved = advance.profiles
        for customer, profile in advance.decoded.items():
            if customer in moved:
                self.cache.keep(customer, Entry(moved[customer], profile))
            else:
                entry = self.cache.get(customer)
                data = advance.loaded.get(customer) if entry is None else entry.data
                if data is not None or profile is None:  # else the cache has just dropped it
                    self.cache.keep(customer, Entry(data, profile))


class _Bug(Exception):
    """An error in deciding the record of this index."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index
        self.reason = reason


@final
class BatchRun:
    """One batch being decided.

    `profiles` are the loaded ones, `moved` the customers whose profile has changed, in order.
    """

    def __init__(self, engine: PythonEngine, batch: Batch, refused: dict[int, str]) -> None:
        self._engine = engine
        self._rules = engine.rules
        self._batch = batch
        self._refused = refused
        self._in_order = engine.batching.in_order
        self._horizon = engine.horizon
        self._lateness = engine.rules.lateness
        self._log_time = batch.log_time
        self._fired_until = batch.fired_until
        self._offset = batch.offset
        self._taken = 0
        self._done = True
        self._changes: list[SegmentChange] = []
        self._traceparents: dict[int, str] = {}
        self._rejections: list[Rejection] = []
        self._outcomes: Counter[str] = Counter()
        self._overflows: Counter[int] = Counter()
        self._unusable: dict[str, Unusable] = {}
        self._applied = 0
        self._migrated = 0
        self._earliest: Millis | None = None
        self._latest: Millis | None = None
        self._due: list[DueWake] = []
        self._limit: Millis = 0
        self.profiles: dict[str, Profile | None] = {}
        self.moved: dict[str, None] = {}

    def result(self) -> Advance:
        """Decide the batch."""
        batch = self._batch
        for customer in batch.customers:
            self._load(customer)
        for customer in batch.reading.customers:
            self._load(customer)
        for _, customer in batch.due:
            self._load(customer)
        if batch.until is not None and (self._in_order or not batch.reading.records):
            self._begin_firing(batch.until)
        self._records()
        if batch.until is not None and self._taken == len(batch.reading.records):
            if not self._limit:
                self._begin_firing(batch.until)
            self._done = self._fire(batch.until)
        return self._advance()

    def _records(self) -> None:
        reading = self._batch.reading
        for index, record in enumerate(reading.records):
            event = reading.events[index]
            if isinstance(event, InvalidEvent):
                self._reject(record, "invalid", event.reason, event.path)
            elif not self._record(index, record, event):
                self._done = False
                return
            self._taken += 1
            self._offset = record.offset + 1

    def _load(self, customer: str) -> None:
        """Load a profile once, and migrate it if other rules decided it last."""
        if customer in self.profiles:
            return
        entry = self._engine.cache.get(customer)
        if entry is not None and (entry.profile is not None or entry.data is None):
            self.profiles[customer] = entry.profile
            return
        data = self._batch.stored.get(customer) if entry is None else entry.data
        if data is None:
            self.profiles[customer] = None
            return
        profile, rules, removed = self._engine.codec.read(customer, data)
        self.profiles[customer] = profile
        if rules is not None:
            self._migrate(customer, profile, removed)

    def _migrate(self, customer: str, profile: Profile, removed: tuple[str, ...]) -> None:
        """Decide a profile under the present rules, then its wakes up to where wakes have fired."""
        effective_from = self._engine.codec.effective_from
        self._take(customer, migrate(self._rules, profile, effective_from, removed))
        self._migrated += 1
        fired_until = self._batch.fired_until
        while (left := self.profiles[customer]) and (left.wake, customer) <= fired_until:
            self._decide(customer, Wake(left.wake))

    def _begin_firing(self, until: Millis) -> None:
        """Make a heap of the due wakes, those of changed profiles included."""
        self._limit = until
        self._due = list(self._batch.due)
        for customer in self.moved:
            profile = self.profiles[customer]
            if profile is not None and profile.wake <= until:
                self._due.append((profile.wake, customer))
        heapify(self._due)

    def _fire(self, until: Millis) -> bool:
        """Fire wakes due at or before `until`; False if some are left for the next batch."""
        due, boundary = self._due, self._batch.boundary
        while due and due[0][0] <= until and due[0] <= boundary:
            at, customer = heappop(due)
            profile = self.profiles.get(customer)
            if profile is not None and profile.wake == at:
                self._decide(customer, Wake(at))
        done = until < boundary[0]
        self._fired_until = max(self._fired_until, (until + 1, "") if done else boundary)
        return done

    def _record(self, index: int, record: Record, event: Event) -> bool:
        """Decide one event; False if wakes that must fire before it are left for the next batch."""
        customer, time = event.customer, event.time
        if event.appended is not None and not self._move_log_time(customer, event.appended):
            return False
        if time > self._horizon:
            return True
        if index in self._refused:
            self._reject(record, "invalid", self._refused[index])
            return True
        try:
            decision = decide(self._rules, self.profiles[customer], event)
        except Exception as error:
            raise _Bug(index, f"cannot be decided: {describe(error)}") from error
        outcome = decision.outcome
        if outcome != "applied":
            self._outcomes[outcome] += 1
            self._rejections.append(Rejection(record, outcome, _REASONS[outcome]))
            return True
        self._applied += 1
        self._take(customer, decision, record)
        if self._latest is None or time > self._latest:
            self._latest = time
        if self._earliest is None or time < self._earliest:
            self._earliest = time
        return True

    def _move_log_time(self, customer: str, appended: Millis) -> bool:
        """Fire what a record's append time makes due before it; False if some must wait."""
        log_time = max(self._log_time or 0, appended)
        until = min(log_time - self._lateness, self._horizon)
        if self._in_order:
            if not self._fire(until):
                return False
        else:
            while (known := self.profiles[customer]) is not None and known.wake <= until:
                self._decide(customer, Wake(known.wake))
        self._log_time = log_time
        return True

    def _decide(self, customer: str, wake: Wake) -> None:
        self._take(customer, decide(self._rules, self.profiles[customer], wake))

    def _take(self, customer: str, decision: Decision, record: Record | None = None) -> None:
        """Record the outcome of a decision; `record` is that of the event, None for a wake."""
        profile, changes, overflows = decision.profile, decision.changes, decision.overflows
        self.profiles[customer] = profile
        self.moved[customer] = None
        if changes:
            if record is not None:
                self._trace(record, changes)
            self._changes.extend(changes)
        if decision.unusable:
            note(self._unusable, decision.unusable)
        if overflows:
            self._overflows.update(overflows)
        if profile is not None and profile.wake <= self._limit:
            heappush(self._due, (profile.wake, customer))

    def _trace(self, record: Record, changes: Sequence[SegmentChange]) -> None:
        """Keep the traceparent of an event's record for the changes that the event caused."""
        traceparent = traceparent_of(record)
        if traceparent is not None:
            for index, change in enumerate(changes, len(self._changes)):
                if change.cause == "event":
                    self._traceparents[index] = traceparent

    def _reject(self, record: Record, kind: RejectionKind, reason: str, path: str = "") -> None:
        self._outcomes[kind] += 1
        self._rejections.append(Rejection(record, kind, reason, path))

    def _advance(self) -> Advance:
        if self._applied:
            self._outcomes["applied"] += self._applied
        encode = self._engine.codec.encode
        profiles: dict[str, bytes | None] = {}
        wakes: dict[str, Millis | None] = {}
        for customer in self.moved:
            profile = self.profiles[customer]
            profiles[customer] = None if profile is None else encode(profile)
            wakes[customer] = None if profile is None else profile.wake
        return Advance(
            profiles=profiles,
            wakes=wakes,
            changes=tuple(self._changes),
            lines=tuple(map(encode_change, self._changes)),
            traceparents=self._traceparents,
            memberships=self._memberships(),
            rejections=tuple(self._rejections),
            outcomes=self._outcomes,
            overflows=self._overflows,
            unusable=self._unusable,
            migrated=self._migrated,
            earliest=self._earliest,
            latest=self._latest,
            taken=self._taken,
            done=self._done,
            offset=self._offset,
            log_time=self._log_time,
            fired_until=self._fired_until,
            decoded=self.profiles,
            loaded=self._batch.stored,
        )

    def _memberships(self) -> tuple[Membership, ...]:
        """Return where every customer with a change stands after the batch."""
        last = {change.customer: change for change in self._changes}
        segments = self._rules.segments
        found: list[Membership] = []
        for customer, change in last.items():
            profile = self.profiles[customer]
            standing = None
            if profile is not None:
                since = profile.since
                standing = tuple(
                    [
                        (segments[index].tiers[number - 1].membership, since[index])
                        for index, number in enumerate(profile.inside)
                        if number
                    ]
                )
            found.append(Membership(customer, change.sequence, change.born, standing))
        return tuple(found)
