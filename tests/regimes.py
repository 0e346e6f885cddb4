"""What customers must be told when rules change in the middle: one customer at a time.

A *regime* is the time in which one rule set decides a partition. When one began, and with what, is
read from the commits that took effect. Then each customer's changes follow from their events alone,
with no worker, no store and no batches: that is what is said, whatever died and whoever decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from streamer.adapters.memory import MemoryStore
from streamer.codecs.events import decode
from streamer.codecs.profiles import Layout, ProfileCodec
from streamer.core.engine.decide import Decision, decide
from streamer.core.engine.migrate import migrate
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.errors import InvalidEvent
from streamer.ports import Checkpoint, DueWake
from streamer.types import Event, Millis, Record, SegmentChange, Wake


@dataclass
class Regime:
    """From when on a rule set decides a partition: before the record `offset`, after `fired_until`.

    `effective_from` is the instant that the store has, `followed` whom these rules have decided.
    """

    rules: RuleSet
    offset: int
    fired_until: DueWake
    effective_from: Millis
    followed: set[str] = field(default_factory=set)


class WatchedStore(MemoryStore):
    """A store that notes which rules decided what, by the owners of the commits."""

    def __init__(self, decided_by: Mapping[str, RuleSet]) -> None:
        super().__init__()
        self._decided_by = decided_by
        self.regimes: dict[int, list[Regime]] = {}

    def commit(self, checkpoint: Checkpoint) -> None:
        partition = checkpoint.partition
        before = self._partitions[partition].meta
        super().commit(checkpoint)
        rules = self._decided_by[checkpoint.owner]
        regimes = self.regimes.setdefault(partition, [])
        if not regimes or regimes[-1].rules is not rules:
            layout = self._partitions[partition].meta.layouts[ProfileCodec(rules).id]
            effective_from = Layout.read(layout).effective_from
            regimes.append(Regime(rules, before.offset, before.fired_until, effective_from))
        regimes[-1].followed.update(checkpoint.profiles)

    def layouts(self) -> list[set[bytes]]:
        """Return under which layouts profiles may be, by partition."""
        return [set(kept.meta.layouts) for kept in self._partitions.values()]


def told_by_regimes(
    records: Sequence[Record], regimes: Sequence[Regime], lateness: Millis, until: Millis
) -> dict[str, list[SegmentChange]]:
    """Return what everybody in a partition must be told up to `until`."""
    events: dict[str, list[tuple[int, Millis, Event]]] = {}
    for record, log_time, event in _events(records):
        events.setdefault(event.customer, []).append((record.offset, log_time - lateness, event))
    told = {
        customer: _told(customer, theirs, regimes, until) for customer, theirs in events.items()
    }
    return {customer: changes for customer, changes in told.items() if changes}


def _events(records: Sequence[Record]) -> Iterator[tuple[Record, Millis, Event]]:
    """Yield valid records with the log time that they make."""
    log_time = 0
    for record in records:
        try:
            event = decode(record)
        except InvalidEvent:
            continue
        log_time = max(log_time, record.appended or 0)
        yield record, log_time, event


def _told(
    customer: str,
    events: Sequence[tuple[int, Millis, Event]],
    regimes: Sequence[Regime],
    until: Millis,
) -> list[SegmentChange]:
    """Return one customer's changes."""
    said: list[SegmentChange] = []
    profile: Profile | None = None
    rules = regimes[0].rules
    for regime, following in zip_longest(regimes, regimes[1:]):
        if not (following is None or customer in regime.followed):
            continue  # other rules came before these had decided the customer
        if profile is not None and regime.rules is not rules:
            profile = _renewed(rules, profile, regime, said)
        rules = regime.rules
        for offset, threshold, event in events:
            if regime.offset <= offset and (following is None or offset < following.offset):
                profile = _reach(rules, profile, (threshold + 1, ""), said)
                profile = _say(decide(rules, profile, event), said)
        fired_until = (until + 1, "") if following is None else following.fired_until
        profile = _reach(rules, profile, fired_until, said)
    return [change for change in said if change.at <= until]


def _renewed(
    before: RuleSet, profile: Profile, regime: Regime, said: list[SegmentChange]
) -> Profile | None:
    """Decide a profile anew, as it comes from its bytes."""
    written = ProfileCodec(before)
    codec = ProfileCodec(regime.rules, written.own)
    stored = codec.read(profile.customer, written.encode(profile))
    return _say(migrate(regime.rules, stored.profile, regime.effective_from, stored.removed), said)


def _reach(
    rules: RuleSet, profile: Profile | None, fired_until: DueWake, said: list[SegmentChange]
) -> Profile | None:
    """Act on a profile's wakes up to and with one."""
    while profile is not None and (profile.wake, profile.customer) <= fired_until:
        profile = _say(decide(rules, profile, Wake(profile.wake)), said)
    return profile


def _say(decision: Decision, said: list[SegmentChange]) -> Profile | None:
    said += decision.changes
    return decision.profile
