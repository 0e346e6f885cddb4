"""One cycle of the worker: from records or due wakes to what is to be committed.

A cycle reads the store and changes nothing in it; when it fails it is thrown away.

Customers are independent of each other, so a wake has to act before a record only if it is of the
record's own customer. Two ways of working follow. *In order*, every wake that a record's log time
makes due acts before the record, whoever's it is: what comes out has one order that the log alone
gives, which makes replays comparable byte by byte. *At once*, only the record's own customer is
brought to its log time, and everybody else's wakes come at the end of the cycle, a bounded number
in each: a million wakes due in one minute keep no event waiting. What each customer's changes are
is the same both ways.

A profile that other rules decided last is decided anew when it is loaded (`core.renew`), and then
brought to where wakes have acted. So nothing else here meets one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

from streamer.codecs.profiles import ProfileCodec, Stored
from streamer.core.decide import Decision, decide
from streamer.core.profile import Profile
from streamer.core.renew import renew
from streamer.core.ruleset import RuleSet
from streamer.errors import InvalidEvent
from streamer.ports import DueWake, FencingToken, Store
from streamer.types import (
    FOREVER,
    SECOND,
    Event,
    Millis,
    Outcome,
    Record,
    Rejection,
    RejectionKind,
    SegmentChange,
    Wake,
)
from streamer.worker.bugs import told_of
from streamer.worker.cache import ProfileCache
from streamer.worker.stopwatch import Stopwatch

Decoder = Callable[[Record], Event]

_REASONS: Final[dict[RejectionKind, str]] = {
    "late": "the event is older than the customer's clock, or its append time, allows",
    "early": "the event is too far ahead of its append time",
    "duplicate": "an event with this id was accepted before",
}
END: Final[DueWake] = (FOREVER, "")


@dataclass(frozen=True, slots=True)
class Pace:
    """How the worker works. What it decides does not depend on it, but for `lateness`, `horizon`.

    `lateness` (ms) is how long after a wake is due its log time comes; `batch` how many records
    and `wakes` how many wakes one cycle takes at most; `cache` how many decoded profiles are kept;
    `renewals` how many customers are looked at together once new rules have come. Nothing after
    `horizon` is decided: later events are left out. `in_order` says in which of the two ways wakes
    and records come together.
    """

    lateness: Millis = 2 * SECOND
    batch: int = 500
    wakes: int = 5_000
    cache: int = 100_000
    renewals: int = 500
    horizon: Millis = FOREVER
    in_order: bool = True


@dataclass(frozen=True, slots=True)
class Desk:
    """What stays the same from cycle to cycle."""

    rules: RuleSet
    codec: ProfileCodec
    store: Store
    decode: Decoder
    cache: ProfileCache
    pace: Pace
    partition: int
    watch: Stopwatch


class Cycle:
    """One batch being decided.

    `profiles` are those at hand, `moved` the customers whose profile changed (in order), `taken`
    how many of the records are done; `offset` and `log_time` stand after them. Every wake up to
    and with `swept` has acted. No wake after `hold` acts but a record's own customer's. `renewed`
    counts the profiles that were decided anew.
    """

    def __init__(
        self,
        desk: Desk,
        tenure: FencingToken,
        offset: int,
        log_time: Millis | None,
        swept: DueWake,
        hold: DueWake = END,
    ) -> None:
        self._desk = desk
        self._tenure = tenure
        self.offset = offset
        self.log_time = log_time
        self.swept = swept
        self.taken = 0
        self.profiles: dict[str, Profile | None] = {}
        self.moved: dict[str, None] = {}
        self.changes: list[SegmentChange] = []
        self.rejections: list[Rejection] = []
        self.outcomes: Counter[str] = Counter()
        self.beyond: Counter[int] = Counter()
        self.renewed = 0
        self.earliest: Millis | None = None
        self.latest: Millis | None = None
        self._journal: list[tuple[str, Event | Wake]] = []
        self._due: list[DueWake] = []
        self._limit: Millis = 0
        self._boundary = hold

    def decide_records(self, records: Sequence[Record]) -> None:
        """Decide the records in order, and the wakes that their log time makes due."""
        events = [self._decoded(record) for record in records]
        self._desk.watch.lap("decode")
        good = [event for event in events if isinstance(event, Event)]
        self._load(event.customer for event in good)
        appended = [event.appended for event in good if event.appended is not None]
        until = self._threshold(max(appended)) if appended else None
        in_order = self._desk.pace.in_order
        if until is not None and in_order:
            self.load_due(until)
        self._desk.watch.lap("load")
        for record, event in zip(records, events, strict=True):
            if isinstance(event, InvalidEvent):
                self._reject(record, "invalid", event.reason, event.path)
            elif not self._decide_record(record, event):
                return
            self.taken += 1
            self.offset = record.offset + 1
        if until is not None and not in_order:
            self.sweep(until)

    def sweep(self, until: Millis) -> bool:
        """Act on wakes due at or before `until`; False if some had to be left for later."""
        self._desk.watch.lap("decide")
        self.load_due(until)
        self._desk.watch.lap("load")
        return self.fire(until)

    def renew(self, customers: Iterable[str]) -> None:
        """Decide those anew whom other rules decided last. Whoever is in the cache is none."""
        cache = self._desk.cache
        self._load(customer for customer in customers if customer not in cache)
        self._desk.watch.lap("renew")

    def load_due(self, until: Millis) -> None:
        """Fetch the wakes due at or before `until` with their profiles.

        If there are more than one cycle takes, nothing after the last of them is acted on.
        """
        most = self._desk.pace.wakes
        self._limit = until
        store, partition = self._desk.store, self._desk.partition
        due = store.due(partition, min(until, self._boundary[0]), most, self._tenure)
        if len(due) == most:
            self._boundary = min(due[-1], self._boundary)
        self._load(customer for _, customer in due)
        moved = ((it.wake, who) for who in self.moved if (it := self.profiles[who]) is not None)
        self._due = [*due, *(wake for wake in moved if wake[0] <= until)]
        heapify(self._due)

    def fire(self, until: Millis) -> bool:
        """Act on wakes due at or before `until`; False if some had to be left for later."""
        due = self._due
        while due and due[0][0] <= until and due[0] <= self._boundary:
            at, customer = heappop(due)
            profile = self.profiles.get(customer)
            if profile is not None and profile.wake == at:
                self._decide(customer, Wake(at))
        done = until < self._boundary[0]
        self.swept = max(self.swept, (until + 1, "") if done else self._boundary)
        return done

    def _threshold(self, appended: Millis) -> Millis:
        """Return up to when wakes are due once log time has reached an append time."""
        log_time = appended if self.log_time is None else max(self.log_time, appended)
        return min(log_time - self._desk.pace.lateness, self._desk.pace.horizon)

    def _decoded(self, record: Record) -> Event | InvalidEvent:
        try:
            return self._desk.decode(record)
        except InvalidEvent as error:
            return error

    def _load(self, customers: Iterable[str]) -> None:
        profiles, cache = self.profiles, self._desk.cache
        absent = []
        for customer in customers:
            if customer not in profiles:
                if customer in cache:
                    profiles[customer] = cache.get(customer)
                else:
                    profiles[customer] = None
                    absent.append(customer)
        if absent:
            stored = self._desk.store.load(self._desk.partition, absent)
            read = self._desk.codec.read
            for customer, data in stored.items():
                kept = read(customer, data)
                profiles[customer] = kept.profile
                if kept.rules is not None:
                    self._renew(customer, kept)

    def _renew(self, customer: str, kept: Stored) -> None:
        """Decide a profile anew that other rules decided last, and what has come since."""
        decision = self._renewed(kept)
        self.profiles[customer] = decision.profile
        self.moved[customer] = None
        self.changes.extend(decision.changes)
        self.renewed += 1
        while (profile := self.profiles[customer]) and (profile.wake, customer) <= self.swept:
            self._decide(customer, Wake(profile.wake))

    def _renewed(self, kept: Stored) -> Decision:
        return renew(self._desk.rules, kept.profile, self._desk.codec.in_force, kept.lost)

    def _decide_record(self, record: Record, event: Event) -> bool:
        """Decide one event; False if wakes that must come before it are left for later."""
        customer, time = event.customer, event.time
        if event.appended is not None:
            threshold = self._threshold(event.appended)
            if self._desk.pace.in_order:
                if not self.fire(threshold):
                    return False
            else:
                self._advance(customer, threshold)
            self.log_time = max(self.log_time or 0, event.appended)
        if time > self._desk.pace.horizon:
            return True
        try:
            outcome = self._decide(customer, event)
        except Exception as error:  # noqa: BLE001 (a bug in one event must not stop the others)
            self._restore(customer)
            self._reject(record, "invalid", f"cannot be decided: {told_of(error)}")
            return True
        if outcome == "applied":
            self.outcomes["applied"] += 1
            if self.latest is None or time > self.latest:
                self.latest = time
            if self.earliest is None or time < self.earliest:
                self.earliest = time
        else:
            self._reject(record, outcome, _REASONS[outcome])
        return True

    def _advance(self, customer: str, until: Millis) -> None:
        """Act on the customer's own wakes due at or before `until`."""
        while (profile := self.profiles[customer]) is not None and profile.wake <= until:
            self._decide(customer, Wake(profile.wake))

    def _decide(self, customer: str, cause: Event | Wake) -> Outcome:
        decision: Decision = decide(self._desk.rules, self.profiles[customer], cause)
        profile, changes, outcome, beyond = decision
        if outcome == "applied":
            self.profiles[customer] = profile
            self.moved[customer] = None
            self._journal.append((customer, cause))
            if changes:
                self.changes.extend(changes)
            if beyond:
                self.beyond.update(beyond)
            if profile is not None and profile.wake <= self._limit:
                heappush(self._due, (profile.wake, customer))
        return outcome

    def _restore(self, customer: str) -> None:
        """Make a profile again that an error left half decided: from the store and this cycle."""
        desk = self._desk
        data = desk.store.load(desk.partition, [customer]).get(customer)
        profile = None
        if data is not None:
            kept = desk.codec.read(customer, data)
            profile = kept.profile if kept.rules is None else self._renewed(kept).profile
        for who, cause in self._journal:
            if who == customer:
                profile = decide(desk.rules, profile, cause).profile
        self.profiles[customer] = profile

    def _reject(self, record: Record, kind: RejectionKind, reason: str, path: str = "") -> None:
        self.outcomes[kind] += 1
        self.rejections.append(Rejection(record, kind, reason, path))
