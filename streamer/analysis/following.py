"""Some customers followed closely through a log, in the time that all its events make.

Of all other customers only the times matter, because they move log time and the end. So of an event
of another customer, once that customer is known to have a good event, only the outline is read. A
time counts only if its record is a good event: that is asked of the largest times alone, when the
next event of a followed customer comes, or the end. What is found is what decoding every record
would find.
"""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from streamer.analysis.together import FollowedPeople
from streamer.analysis.watch import CustomerTrace
from streamer.app.inputs import EventReading, read_records
from streamer.app.intake import Refusals
from streamer.codecs.outline import Outline
from streamer.core.engine.decide import MAX_AHEAD
from streamer.core.engine.program import RuleSet
from streamer.errors import InvalidEvent
from streamer.types import FOREVER, Event, Millis, Record

_MOST_UNSETTLED: Final = 2_000
"""How many records wait at most to be asked whether they are good events."""


@dataclass(slots=True)
class FollowedCustomer:
    """One customer that is followed; `refused` counts by kind the events that were not accepted.

    `note` is called with each event that was.
    """

    watch: CustomerTrace
    occurs: bool = False
    refused: Counter[str] = field(default_factory=Counter)
    note: Callable[[Event], object] = lambda _: None


class Following:
    """What happens to some customers by one rule set, up to `at` (None: the end of the log).

    Log time moves a customer just before its next event, and at the end: between them nothing
    happens to the customer that could make a difference.
    """

    def __init__(self, rules: RuleSet, customers: Iterable[str], at: Millis | None) -> None:
        self.rules = rules
        self.at = at
        self.others: Collection[str] = frozenset()
        self.refusals = Refusals()
        self.followed = {customer: FollowedCustomer(CustomerTrace(rules)) for customer in customers}
        self._end: Millis | None = None
        self._at = FOREVER if at is None else at

    def take(self, event: Event, due: Millis | None) -> None:
        """Let an event of a followed customer happen; wakes up to `due` come before it."""
        followed = self.followed[event.customer]
        followed.occurs = True
        if event.time > self._at:
            return
        if due is not None:
            followed.watch.wake(min(due, self._at))
        outcome = followed.watch.take(event)
        if outcome == "applied":
            self._end = _later(self._end, event.time)
            followed.note(event)
        else:
            followed.refused[outcome] += 1

    def finish(self, end: Millis | None, others: Collection[str], refusals: Refusals) -> None:
        """Let time pass up to the end, which the others have moved to `end`.

        `refusals` are the lines that decoding refused; of an outline that was enough it was not
        asked.
        """
        self.others = others
        self.refusals = refusals
        if self.at is None:
            self.at = _later(self._end, end)
        if self.at is not None:
            for followed in self.followed.values():
                followed.watch.pass_to(self.at)


def follow(following: Following, reading: EventReading) -> None:
    """Read a log for a following."""
    if following.rules.joins:
        follow_together(following, reading)
        return
    crowd = _Crowd(reading, following.followed, following.rules)
    for record in read_records(reading.log, reading.watch):
        event = crowd.event_of_followed(record)
        if event is not None:
            following.take(event, crowd.due)
    crowd.settle()
    following.finish(crowd.end, crowd.others, crowd.refusals)


def follow_together(following: Following, reading: EventReading) -> None:
    """Read a log for a following by rules under which ids join."""
    traces = {customer: one.watch for customer, one in following.followed.items()}
    people = FollowedPeople(following.rules, traces, following.at)
    refusals = Refusals()
    for record in read_records(reading.log, reading.watch):
        try:
            people.take(reading.decode(record))
        except InvalidEvent as error:
            refusals.note(record, error)
    for customer, followed in following.followed.items():
        followed.occurs = customer in people.seen
        followed.refused = people.refused[customer]
    following.at = people.end if following.at is None else following.at
    following.others = people.seen - traces.keys()
    following.refusals = refusals
    if following.at is not None:
        people.finish(following.at)


class _Crowd:
    """All customers of a log; `others` are those with a good event who are not followed.

    `end` is where the others move the end of the log, and log time does; `due` is up to when log
    time makes wakes due.
    """

    def __init__(self, reading: EventReading, followed: Container[str], rules: RuleSet) -> None:
        self._decode = reading.decode
        self._outline = reading.outline
        self._followed = followed
        self._max_lateness = rules.max_lateness
        self._lateness = rules.lateness
        self._timed = False
        self._unsettled: list[tuple[Millis, Millis, Record]] = []
        self.others: set[str] = set()
        self.refusals = Refusals()
        self.end: Millis | None = None
        self.due: Millis | None = None

    def event_of_followed(self, record: Record) -> Event | None:
        """Let a record pass; return its event if it is a good one of a followed customer."""
        try:
            found = self._outline(record)
            if found is not None and self._passes(found, record):
                return None
            event = self._decode(record)
        except InvalidEvent as error:
            self.refusals.note(record, error)
            return None
        if (event.appended is not None) is not self._timed:
            self.settle()
            self._timed = not self._timed
        if event.customer not in self._followed:
            self.others.add(event.customer)
            self._move(event.time, event.appended)
            return None
        self.settle()
        self._move(None, event.appended)
        return event

    def settle(self) -> None:
        """Let the largest times count that are of good events, among those that wait."""
        waiting, self._unsettled = self._unsettled, []
        for times in (itemgetter(0), itemgetter(1)) if self._timed else (itemgetter(0),):
            waiting.sort(key=times)
            for _, _, record in reversed(waiting):
                try:
                    event = self._decode(record)
                except InvalidEvent:
                    continue
                self._move(event.time, event.appended)
                break

    def _passes(self, found: Outline, record: Record) -> bool:
        """Whether the outline is enough; of an odd one (`appended` or not) decoding has to say."""
        customer, time, appended = found
        if customer not in self.others or (appended is not None) is not self._timed:
            return False
        counting = time if self._in_time(time, appended) else 0
        self._unsettled.append((counting, appended or 0, record))
        if len(self._unsettled) >= _MOST_UNSETTLED:
            self.settle()
        return True

    def _move(self, time: Millis | None, appended: Millis | None) -> None:
        """Move log time, and the end by it and by the time of an event of another customer."""
        if appended is not None:
            self.due = _later(self.due, appended - self._lateness)
            self.end = _later(self.end, self.due)
        if time is not None and self._in_time(time, appended):
            self.end = _later(self.end, time)

    def _in_time(self, time: Millis, appended: Millis | None) -> bool:
        return appended is None or -self._max_lateness <= time - appended <= MAX_AHEAD


def _later(one: Millis | None, other: Millis | None) -> Millis | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
