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
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias, final

from streamer.codecs.changes import encode_change
from streamer.codecs.controls import (
    ControlCodec,
    ControlKey,
    Forward,
    Forwarded,
    Joining,
    is_control,
    mark_id,
)
from streamer.codecs.profiles import ALIAS, ProfileCodec, alias_of
from streamer.codecs.tracing import traceparent_of
from streamer.codecs.unusable import note
from streamer.core.engine.decide import Decision, decide
from streamer.core.engine.identity import (
    Erase,
    Join,
    Message,
    Release,
    Suppress,
    stands_alone,
    user_of,
)
from streamer.core.engine.migrate import migrate
from streamer.core.engine.people import People
from streamer.core.engine.program import RuleSet
from streamer.core.links import Link
from streamer.core.marks import Mark
from streamer.core.profile import Profile
from streamer.errors import InvalidEvent
from streamer.ports import Advance, Batch, DueWake, Reading, RefusedLink
from streamer.types import (
    FOREVER,
    Control,
    Event,
    Membership,
    Millis,
    Outcome,
    Record,
    Rejection,
    RejectionKind,
    SegmentChange,
    Unusable,
    Wake,
)
from streamer.worker.bugs import describe
from streamer.worker.cache import DECODED_BYTES, Entry, ProfileCache

Decoder: TypeAlias = Callable[[Record], Event]

_MOST_REFUSED: Final = 100
"""So many links that were not made are named in a batch; all are counted."""
_REASONS: Final[dict[RejectionKind, str]] = {
    "late": "the event is older than the customer's clock, or its append time, allows",
    "early": "the event is too far ahead of its append time",
    "duplicate": "an event with this id was accepted before",
}


@dataclass(frozen=True, slots=True)
class Batching:
    """How much is processed at once, and in which order.

    A batch takes at most `batch` records and `wakes` wakes. `cache` is how many profiles are
    cached, those of `decoded` bytes of them also decoded, and `renewals` how many customers one
    slice of a migration takes. `in_order` chooses between the two orders of wakes and records.
    """

    batch: int = 500
    wakes: int = 5_000
    cache: int = 100_000
    decoded: int = DECODED_BYTES
    renewals: int = 500
    in_order: bool = True


@final
class PythonEngine:
    """Decides for the customers of one partition.

    `joining` says how ids join by rules with `identity`: at once, so that the partition must hold
    all customers; by control records with this key; or, with None, not at all. `layouts` and `now`
    are as for `ProfileCodec`. Events and wakes after `horizon` are left out.
    """

    def __init__(  # noqa: PLR0913 (each is one part of its world)
        self,
        rules: RuleSet,
        decode: Decoder,
        batching: Batching,
        layouts: Mapping[bytes, bytes] | None = None,
        now: Millis = 0,
        horizon: Millis = FOREVER,
        *,
        joining: Joining = "at once",
        marks: Mapping[bytes, bytes] | None = None,
    ) -> None:
        self.rules = rules
        self.joins = rules.joins and joining is not None
        self.controls: ControlCodec | None = None
        self.key = joining if isinstance(joining, ControlKey) else None
        if self.key is not None:
            self.controls = ControlCodec(rules, self.key)
        self._at_once = self.joins and self.controls is None
        self.marks = {one: Mark.unpacked(data) for one, data in (marks or {}).items()}
        self.batching = batching
        self.horizon = horizon
        self.codec = ProfileCodec(rules, layouts, now)
        self.cache = ProfileCache(batching.cache, batching.decoded)
        self._decode = decode

    def read(self, records: Sequence[Record]) -> Reading:
        """Decode records; one that is no event becomes the error that says why."""
        events: list[Event | InvalidEvent | Forwarded | Message] = []
        customers: dict[str, None] = {}
        appended: Millis | None = None
        decode = self._decode
        for record in records:
            try:
                if record.headers and is_control(record):
                    control = self._control(record)
                    events.append(control)
                    customers[control.customer] = None
                    if record.appended is not None:
                        appended = max(record.appended, appended or 0)
                    continue
                event = decode(record)
            except InvalidEvent as error:
                events.append(error)
                continue
            events.append(event)
            customers[event.customer] = None
            if self._at_once and event.user_id is not None and event.anonymous_id is not None:
                customers[event.anonymous_id] = None
            if event.appended is not None and (appended is None or event.appended > appended):
                appended = event.appended
        return Reading(records, events, customers, appended)

    def _control(self, record: Record) -> Forwarded | Message:
        """Decode a control record; raises `InvalidEvent` where it is none of this group."""
        if self.controls is None:
            raise InvalidEvent("a control record, and ids are not joined by control records here")
        control = self.controls.decode(record)
        if not isinstance(control, Forward):
            return control
        event = self._decode(control.record)._replace(customer=control.customer)
        return Forwarded(control.customer, event, control.record)

    def missing(self, customers: Iterable[str]) -> list[str]:
        """Return the customers whose profiles are not cached, each once."""
        cached = self.cache.get
        return [one for one in dict.fromkeys(customers) if cached(one) is None]

    def users_of(self, customers: Iterable[str], stored: Mapping[str, bytes]) -> list[str]:
        """Return the users whom aliases name, each once; `stored` are the profiles not cached."""
        if not self._at_once:
            return []
        users: dict[str, None] = {}
        for customer in customers:
            entry = self.cache.get(customer)
            data = stored.get(customer) if entry is None else entry.data
            if data is not None and data[0] == ALIAS:
                user = alias_of(data)[1].user
                if user is not None:
                    users[user] = None
        return list(users)

    def advance(self, batch: Batch) -> Advance:
        """Decide a batch; pass the result to `keep` once it is committed."""
        refused: dict[int, str] = {}
        while True:
            run = BatchRun(self, batch, refused)
            try:
                return run.result()
            except _Bug as bug:
                refused[bug.index] = bug.reason
                if self.controls is not None:  # what has joined was taken over
                    batch = replace(batch, reading=self.read(batch.reading.records))
                for customer in run.profiles:
                    entry = self.cache.get(customer)
                    if entry is not None:
                        entry.profile = None

    def keep(self, advance: Advance) -> None:
        """Cache the profiles of a committed batch, and know its marks."""
        for one, data in advance.marks.items():
            if data is None:
                self.marks.pop(one, None)
            else:
                self.marks[one] = Mark.unpacked(data)
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
    `links` counts what became of links between ids, `controls` are the records that it tells
    others, and `record` is the one being decided.
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
        self.links: Counter[str] = Counter()
        self.refused_links: Counter[RefusedLink] = Counter()
        self.record: Record | None = None
        self.profiles: dict[str, Profile | None] = {}
        self.controls: list[Control] = []
        self.marks = dict(engine.marks)
        self._erased: dict[str, None] = {}
        self._people: _BatchPeople | None = None
        if engine.controls is not None:
            self._people = _ToldPeople(engine.rules, self, engine.controls)
        elif engine.joins:
            self._people = _BatchPeople(engine.rules, self)
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
            done = True
            if isinstance(event, Event):
                done = self._record(index, record, event, event.appended)
            elif isinstance(event, InvalidEvent):
                self._reject(record, "invalid", event.reason, event.path)
            elif isinstance(event, Forwarded):
                done = self._record(index, event.record, event.event, record.appended)
            else:
                done = self._message(index, record, event)
            if not done:
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
        if data[0] == ALIAS and not self._engine.joins:  # left from rules that joined ids
            self.take(customer, Decision(None))
            return
        profile, rules, removed = self._engine.codec.read(customer, data)
        self.profiles[customer] = profile
        if rules is not None:
            self._migrate(customer, profile, removed)

    def _migrate(self, customer: str, profile: Profile, removed: tuple[str, ...]) -> None:
        """Decide a profile under the present rules, then its wakes up to where wakes have fired."""
        effective_from = self._engine.codec.effective_from
        self.take(customer, migrate(self._rules, profile, effective_from, removed))
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

    def _record(self, index: int, record: Record, event: Event, appended: Millis | None) -> bool:
        """Decide one event; False if wakes that must fire before it are left for the next batch.

        `appended` moves log time; where the event was forwarded, it is the control record's.
        """
        time = event.time
        if appended is not None and not self._move_log_time(event.customer, appended):
            return False
        if time > self._horizon:
            return True
        if index in self._refused:
            self._reject(record, "invalid", self._refused[index])
            return True
        refused = self._marked(event, appended) if self.marks else None
        if refused is not None:
            self._outcomes[refused] += 1
            return True
        try:
            outcome = self._happen(record, event)
        except Exception as error:
            raise _Bug(index, f"cannot be decided: {describe(error)}") from error
        if outcome != "applied":
            self._outcomes[outcome] += 1
            if outcome == "late" or outcome == "early" or outcome == "duplicate":  # noqa: PLR1714 (so mypy knows)
                self._rejections.append(Rejection(record, outcome, _REASONS[outcome]))
            return True
        self._applied += 1
        if self._latest is None or time > self._latest:
            self._latest = time
        if self._earliest is None or time < self._earliest:
            self._earliest = time
        return True

    def _message(self, index: int, record: Record, message: Message) -> bool:
        """Let a message of another profile take effect; as `_record`."""
        customer = message.customer
        if record.appended is not None and not self._move_log_time(customer, record.appended):
            return False
        if index in self._refused:
            self._reject(record, "invalid", self._refused[index])
            return True
        try:
            if self._people is not None and self._concerns(message):
                self._people.deliver(message)
        except Exception as error:
            raise _Bug(index, f"cannot be decided: {describe(error)}") from error
        self._outcomes["control"] += 1
        return True

    def _marked(self, event: Event, appended: Millis | None) -> Outcome | None:
        """Return why an event is not taken: it is of somebody erased or suppressed."""
        key = self._engine.key
        mark = None if key is None else self.marks.get(mark_id(event.customer, key))
        if mark is None:
            return None
        return mark.refuses(event.time, appended, self._rules.max_lateness)

    def _concerns(self, message: Message) -> bool:
        """Say whether a message takes effect here; what is marked is noted."""
        key = self._engine.key
        if key is None:
            return False
        customer = message.customer
        if not self.marks and isinstance(message, Link | Join):
            return self._engine.joins
        one = mark_id(customer, key)
        mark = self.marks.get(one, Mark(None, suppressed=False))
        match message:
            case Erase():
                until = max(message.time, mark.erased or 0)
                self.marks[one] = mark._replace(erased=until)
                self._erased[customer] = None
            case Suppress():
                self.marks[one] = mark._replace(suppressed=True)
            case Release():
                self.marks[one] = mark._replace(suppressed=False)
            case Link():
                return self._engine.joins and not mark.covers(message.time)
            case Join():
                return self._engine.joins and not mark.covers(message.profile.born)
        return True

    def _changed_marks(self) -> dict[bytes, bytes | None]:
        """Return the marks that are new or over, which costs nothing where there are none."""
        before, max_lateness = self._engine.marks, self._rules.max_lateness
        changed: dict[bytes, bytes | None] = {}
        for one, mark in self.marks.items():
            if mark.is_over(self._log_time or 0, max_lateness):
                changed[one] = None
            elif before.get(one) != mark:
                changed[one] = mark.packed()
        return changed

    def _move_log_time(self, customer: str, appended: Millis) -> bool:
        """Fire what a record's append time makes due before it; False if some must wait."""
        log_time = max(self._log_time or 0, appended)
        until = min(log_time - self._lateness, self._horizon)
        if self._in_order:
            if not self._fire(until):
                return False
        else:
            self._fire_own(customer, until)
        self._log_time = log_time
        return True

    def catch_up(self, customer: str) -> None:
        """Fire the wakes that log time has made due, of a customer to whom a record leads."""
        if self._log_time is not None and not self._in_order:
            self._fire_own(customer, min(self._log_time - self._lateness, self._horizon))

    def _fire_own(self, customer: str, until: Millis) -> None:
        """Fire the wakes of one customer that are due."""
        while (known := self.profiles[customer]) is not None and known.wake <= until:
            self._decide(customer, Wake(known.wake))

    def _happen(self, record: Record, event: Event) -> Outcome:
        """Decide an event, and let the ids that it links become one customer."""
        customer = event.customer
        before = self.profiles[customer]
        people = self._people if self._engine.joins else None
        if people is not None and not stands_alone(self._rules, before, event):
            self.record = record
            return people.happen(event)
        decision = decide(self._rules, before, event)
        if decision.outcome == "applied":
            self.take(customer, decision, record)
            if people is not None and decision.profile is not before:
                people.link(event)
        return decision.outcome

    def _decide(self, customer: str, wake: Wake) -> None:
        self.take(customer, decide(self._rules, self.profiles[customer], wake))

    def take(self, customer: str, decision: Decision, record: Record | None = None) -> None:
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

    def refuse_link(self, kind: str, user: str, anonymous: str) -> None:
        """Note which ids were not linked, by the hashes that the audit has of ids."""
        key = self._engine.key
        if key is not None and len(self.refused_links) < _MOST_REFUSED:
            hashed = [mark_id(one, key).hex() for one in (user, anonymous)]
            self.refused_links[RefusedLink(kind, *hashed)] += 1

    def _reject(self, record: Record, kind: RejectionKind, reason: str, path: str = "") -> None:
        self._outcomes[kind] += 1
        self._rejections.append(Rejection(record, kind, reason, path))

    def _advance(self) -> Advance:
        if self._applied:
            self._outcomes["applied"] += self._applied
        codec = self._engine.codec
        profiles: dict[str, bytes | None] = {}
        wakes: dict[str, Millis | None] = {}
        for customer in self.moved:
            profile = self.profiles[customer]
            profiles[customer] = None if profile is None else codec.encode(profile)
            wakes[customer] = None if profile is None else profile.wake
        return Advance(
            profiles=profiles,
            wakes=wakes,
            changes=tuple(self._changes),
            lines=tuple([encode_change(change) for change in self._changes]),
            traceparents=self._traceparents,
            memberships=self._memberships(),
            rejections=tuple(self._rejections),
            outcomes=self._outcomes,
            controls=tuple(self.controls),
            marks=self._changed_marks() if self.marks else {},
            links=self.links,
            refused_links=self.refused_links,
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
            if profile is not None and user_of(profile) is None:
                since = profile.since
                standing = tuple(
                    [
                        (segments[index].tiers[number - 1].membership, since[index])
                        for index, number in enumerate(profile.inside)
                        if number
                    ]
                )
            found.append(Membership(customer, change.sequence, change.born, standing))
        found += [  # who is in none may be in the topic
            Membership(customer, 0, 0, None)
            for customer in self._erased
            if customer not in last and self.profiles[customer] is None
        ]
        return tuple(found)


class _BatchPeople(People):
    """The customers of a batch, whose ids join at once."""

    def __init__(self, rules: RuleSet, run: BatchRun) -> None:
        super().__init__(rules, run.profiles)
        self.run = run

    def catch_up(self, customer: str) -> None:
        self.run.catch_up(customer)

    def took(self, customer: str, decision: Decision, event: Event | None) -> None:
        self.run.take(customer, decision, None if event is None else self.run.record)

    def noted(self, kind: str) -> None:
        self.run.links[kind] += 1


@final
class _ToldPeople(_BatchPeople):
    """The customers of a batch, whose ids join others by control records."""

    def __init__(self, rules: RuleSet, run: BatchRun, codec: ControlCodec) -> None:
        super().__init__(rules, run)
        self._codec = codec

    def not_linked(self, kind: str, user: str, anonymous: str) -> None:
        self.run.refuse_link(kind, user, anonymous)

    def forward(self, event: Event, user: str) -> Outcome:  # noqa: ARG002 (its record says all)
        if self.run.record is not None:
            self.run.controls.append(self._codec.encode(Forward(user, self.run.record)))
        return "forwarded"

    def send(self, message: Message) -> None:
        self.run.controls.append(self._codec.encode(message))
