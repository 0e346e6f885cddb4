"""The Python engine behind the port: decides a batch of records and due wakes.

An engine changes nothing in the store. When a batch fails, the task is dropped together with the
engine and its cache.

A bug while deciding one record rejects that record. The batch is decided again without it, from the
bytes that the profiles had before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from streamer.codecs.controls import ControlKey, Forward, Forwarded, Joining, is_control
from streamer.codecs.profiles import ALIAS, ProfileCodec, alias_of
from streamer.core.engine.identity import Message
from streamer.core.engine.program import RuleSet
from streamer.core.marks import Mark
from streamer.errors import InvalidEvent
from streamer.ports import Advance, Batch, DecodedRecords
from streamer.types import FOREVER, Event, Millis, Record
from streamer.worker.batch import BatchContext, BatchRun, Bug
from streamer.worker.cache import DECODED_BYTES, CachedProfile, ProfileCache

Decoder: TypeAlias = Callable[[Record], Event]


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
class PythonEngine(BatchContext):
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
        key = joining if isinstance(joining, ControlKey) else None
        super().__init__(
            rules,
            ProfileCodec(rules, layouts, now),
            ProfileCache(batching.cache, batching.decoded),
            {one: Mark.unpacked(data) for one, data in (marks or {}).items()},
            key,
            horizon,
            joins=rules.joins and joining is not None,
            in_order=batching.in_order,
        )
        self._at_once = self.joins and key is None
        self._decode = decode

    def read(self, records: Sequence[Record]) -> DecodedRecords:
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
        return DecodedRecords(records, events, customers, appended)

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
            except Bug as bug:
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
                self.cache.keep(customer, CachedProfile(moved[customer], profile))
            else:
                entry = self.cache.get(customer)
                data = advance.loaded.get(customer) if entry is None else entry.data
                if data is not None or profile is None:  # else the cache has just dropped it
                    self.cache.keep(customer, CachedProfile(data, profile))
