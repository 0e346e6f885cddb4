"""One batch being decided: its records, and the wakes that are due.

Customers are independent, so a wake has to fire before a record only if both are of one customer.
That leaves two orders. *In order*, every wake that a record's log time makes due fires before the
record, for all customers: the order of the output depends on the log alone, so two replays are
equal byte by byte. *At once*, only the wakes of the record's own customer fire before it. The wakes
of other customers fire at the end of the batch, a bounded number in each, so a million wakes due in
one minute delay no event. Each customer's changes are the same in both orders.

A profile that other rules decided last is migrated when it is loaded (`core.engine.migrate`); then
the wakes fire that have fired for the rest of the partition. So no other function here meets one.
"""

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Final, final

from streamer.codecs.changes import encode_change
from streamer.codecs.controls import (
    ControlCodec,
    ControlKey,
    Forward,
    Forwarded,
    mark_id,
)
from streamer.codecs.profiles import ALIAS, ProfileCodec
from streamer.codecs.tracing import traceparent_of
from streamer.codecs.unusable import note
from streamer.core.engine.decide import Decision, decide
from streamer.core.engine.identity import (
    Message,
    stands_alone,
    user_of,
)
from streamer.core.engine.migrate import migrate
from streamer.core.engine.people import People
from streamer.core.engine.program import RuleSet
from streamer.core.marks import Mark
from streamer.core.profile import Profile
from streamer.errors import InvalidEvent
from streamer.ports import Advance, Batch, DueWake, RefusedLink
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
from streamer.worker.cache import ProfileCache
from streamer.worker.marking import Marking

_MOST_REFUSED: Final = 100
"""So many links that were not made are named in a batch; all are counted."""
_REASONS: Final[dict[RejectionKind, str]] = {
    "late": "the event is older than the customer's clock, or its append time, allows",
    "early": "the event is too far ahead of its append time",
    "duplicate": "an event with this id was accepted before",
}
_new: Final = tuple.__new__


class BatchContext:
    """What a batch is decided with: what an engine keeps from one batch to the next.

    `codec` and `cache` are those of the profiles, `marks` those of who was erased or suppressed.
    `joins` says whether ids join, `controls` writes what partitions send each other about ids, if
    they do, and `key` signs it. Events and wakes after `horizon` are left out.
    """

    def __init__(  # noqa: PLR0913 (each is one part of its world)
        self,
        rules: RuleSet,
        codec: ProfileCodec,
        cache: ProfileCache,
        marks: dict[bytes, Mark],
        key: ControlKey | None,
        horizon: Millis,
        *,
        joins: bool,
        in_order: bool,
    ) -> None:
        self.rules = rules
        self.codec = codec
        self.cache = cache
        self.marks = marks
        self.key = key
        self.controls = None if key is None else ControlCodec(rules, key)
        self.horizon = horizon
        self.joins = joins
        self.in_order = in_order


class Bug(Exception):
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

    def __init__(self, context: BatchContext, batch: Batch, refused: dict[int, str]) -> None:
        self._context = context
        self._rules = context.rules
        self._batch = batch
        self._refused = refused
        self._in_order = context.in_order
        self._horizon = context.horizon
        self._lateness = context.rules.lateness
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
        self._controlled = 0
        self._migrated = 0
        self._earliest: Millis = FOREVER
        self._latest: Millis = -FOREVER
        self._due: list[DueWake] = []
        self._limit: Millis = 0
        self.links: dict[str, int] = {}
        self.refused_links: Counter[RefusedLink] = Counter()
        self.record: Record | None = None
        self.profiles: dict[str, Profile | None] = {}
        self.controls: list[Control] = []
        self._marking = Marking(
            context.marks, context.key, context.rules.max_lateness, joins=context.joins
        )
        self._people: _BatchPeople | None = None
        if context.controls is not None:
            self._people = _ToldPeople(context.rules, self, context.controls)
        elif context.joins:
            self._people = _BatchPeople(context.rules, self)
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
        entry = self._context.cache.get(customer)
        if entry is not None and (entry.profile is not None or entry.data is None):
            self.profiles[customer] = entry.profile
            return
        data = self._batch.stored.get(customer) if entry is None else entry.data
        if data is None:
            self.profiles[customer] = None
            return
        if data[0] == ALIAS and not self._context.joins:  # left from rules that joined ids
            self.take(customer, Decision(None))
            return
        profile, rules, removed = self._context.codec.read(customer, data)
        self.profiles[customer] = profile
        if rules is not None:
            self._migrate(customer, profile, removed)

    def _migrate(self, customer: str, profile: Profile, removed: tuple[str, ...]) -> None:
        """Decide a profile under the present rules, then its wakes up to where wakes have fired."""
        effective_from = self._context.codec.effective_from
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
        if self._refused and index in self._refused:
            self._reject(record, "invalid", self._refused[index])
            return True
        refused = self._marking.refusal(event, appended)
        if refused is not None:
            self._outcomes[refused] += 1
            return True
        try:
            outcome = self._happen(record, event)
        except Exception as error:
            raise Bug(index, f"cannot be decided: {describe(error)}") from error
        if outcome != "applied":
            self._outcomes[outcome] += 1
            if outcome == "late" or outcome == "early" or outcome == "duplicate":  # noqa: PLR1714 (so mypy knows)
                self._rejections.append(Rejection(record, outcome, _REASONS[outcome]))
            return True
        self._applied += 1
        self._latest = max(self._latest, time)
        self._earliest = min(self._earliest, time)
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
            if self._people is not None and self._marking.admits(message):
                self._people.deliver(message)
        except Exception as error:
            raise Bug(index, f"cannot be decided: {describe(error)}") from error
        self._controlled += 1
        return True

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
        people = self._people if self._context.joins else None
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
        key = self._context.key
        if key is not None and len(self.refused_links) < _MOST_REFUSED:
            hashed = [mark_id(one, key).hex() for one in (user, anonymous)]
            self.refused_links[RefusedLink(kind, *hashed)] += 1

    def _reject(self, record: Record, kind: RejectionKind, reason: str, path: str = "") -> None:
        self._outcomes[kind] += 1
        self._rejections.append(Rejection(record, kind, reason, path))

    def _advance(self) -> Advance:
        if self._applied:
            self._outcomes["applied"] += self._applied
        if self._controlled:
            self._outcomes["control"] += self._controlled
        codec = self._context.codec
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
            marks=self._marking.changed(self._log_time or 0),
            links=self.links,
            refused_links=self.refused_links,
            overflows=self._overflows,
            unusable=self._unusable,
            migrated=self._migrated,
            earliest=self._earliest if self._applied else None,
            latest=self._latest if self._applied else None,
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
            values = (customer, change.sequence, change.born, standing)
            found.append(_new(Membership, values))  # half the time of a call
        found += [  # who is in none may be in the topic
            Membership(customer, 0, 0, None)
            for customer in self._marking.erased
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
        self.run.links[kind] = self.run.links.get(kind, 0) + 1


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
